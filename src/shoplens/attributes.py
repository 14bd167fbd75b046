"""Attributes of pictures, put together: the heads beside the encoder, the lexicon, and what a shop does with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from time import monotonic

import numpy as np
import numpy.typing as npt

from shoplens.config import Config
from shoplens.core.ports import Encoder, Filling, PictureDecoder
from shoplens.core.query import QueryPicture
from shoplens.core.spaces import Pixels
from shoplens.encoders.lexicon import load_lexicon
from shoplens.encoders.opening import BUNDLED, split
from shoplens.engine.composing import Composer
from shoplens.engine.doctor import Finding, Store
from shoplens.engine.traits import Traits, wearer_axis
from shoplens.errors import EncoderError, ShopLensError
from shoplens.lexical import LOOKS, lexicon_asking, lexicon_colours, lexicon_looks
from shoplens.pictures import DecodePool, Limits
from shoplens.pictures.photo import Photo, photo_of
from shoplens.understanding.colours import looks
from shoplens.understanding.contradicting import Contradictions
from shoplens.understanding.describing import Describer, PictureAttributes
from shoplens.understanding.filling import Filler
from shoplens.understanding.heads import FILE, Heads, load_heads
from shoplens.understanding.notions import Notion, Notions
from shoplens.understanding.zero_shot import zero_shot

SIDE = 256
"""Shortest side, in pixels, at which a photo is looked at; as when it is indexed."""
LOOKING_S = 20.0
"""Longest time for looking at suspects' pictures: those on the net may answer slowly, or not at all."""
_SMALL = 128
"""The same for a suspect's colours: they are counted at 80."""
_TOLD = 20
"""Contradictions that ``doctor`` prints."""


@cache
def lexicon_notions() -> Notions:
    """The lexicon, for understanding."""
    return Notions(Notion(e.facet, e.key, e.english, e.chinese) for e in load_lexicon().entries)


class Understanding:
    """What is understood of pictures with one encoder; made when first asked for. Safe to use from several threads.

    Args:
        encoder: that looks at the pictures.
        name: what the setting ``encoder`` says; heads may lie in the folder that it names.
    """

    def __init__(self, encoder: Encoder, name: str = BUNDLED) -> None:
        self.encoder = encoder
        self._name = name
        self._lock = threading.Lock()
        self._fitted: Heads | None = None
        self._looked_for = False
        self._describer: Describer | None = None

    def describe(self, pictures: Sequence[Pixels]) -> list[PictureAttributes]:
        """What pictures show. ``pictures``: uint8 [h, w, 3], sRGB, upright.

        Raises:
            EncoderError: the encoder has neither heads nor words; or the heads are damaged.
        """
        return self.describer().describe(self.encoder, pictures)

    def describe_photo(self, photo: QueryPicture, decoder: PictureDecoder) -> PictureAttributes:
        """What a photo shows. Raises PictureError, and what ``describe`` does."""
        side = max(SIDE, self.encoder.card.picture_side)
        (decoded,) = decoder.decode_photos([photo], side)
        return self.describe([decoded.pixels])[0]

    def describer(self) -> Describer:
        """Of the encoder's fitted heads; where it has none, of the lexicon's names as its text tower reads them."""
        heads = self.heads()
        with self._lock:
            if self._describer is None:
                heads = heads or zero_shot(self.encoder, lexicon_notions())
                if heads is None:
                    raise EncoderError(
                        "this encoder can tell no attributes: it has no heads, and reads no words",
                        where=str(self.encoder.card.space),
                        hint="describe with the bundled encoder, or with one that reads words",
                    )
                self._describer = Describer(heads, lexicon_notions())
            return self._describer

    def heads(self) -> Heads | None:
        """The heads that were fitted for this encoder; None where there are none. Raises EncoderError if damaged."""
        with self._lock:
            if not self._looked_for:
                card = self.encoder.card
                folder = self._folder()
                if folder is not None:
                    self._fitted = load_heads(folder / FILE, card.space, card.files.get(FILE, ""))
                self._looked_for = True
            return self._fitted

    def filling(self) -> Filling | None:
        """Fills what products lack; None where nothing was fitted from which to fill."""
        return Filler(self.describer()) if self.heads() is not None else None

    def _folder(self) -> Path | None:
        """Where the encoder's files lie, its heads among them; None for one of a hub."""
        kind, reference = split(self._name)
        if kind == "onnx":
            return Path(reference).expanduser()
        return Path(str(resources.files("shoplens.encoders").joinpath(BUNDLED))) if kind == BUNDLED else None


class ShopAttributes:
    """What a shop understands of its pictures, to be had as ``shop.attributes``.

    Args:
        encoder: the one that serves now, and its name.
        decoder: the pool of processes that decode pictures.
        thumbnail: a picture of the catalogue, by its hash and shortest side, as a JPEG.
    """

    def __init__(
        self,
        encoder: Callable[[], tuple[Encoder, str]],
        store: Store,
        decoder: Callable[[], PictureDecoder],
        thumbnail: Callable[[str, int], bytes],
        fill: bool = True,
    ) -> None:
        self._encoder = encoder
        self._store = store
        self._decoder = decoder
        self._thumbnail = thumbnail
        self._fill = fill
        self._now: Understanding | None = None

    def describe(self, photo: Photo) -> PictureAttributes:
        """Kind, colours with their shares, material and pattern of a photo (a path, bytes or a QueryPicture).

        Raises:
            PictureError: the photo cannot be used.
            EncoderError: the shop's encoder can tell no attributes.
        """
        return self.understanding().describe_photo(photo_of(photo), self._decoder())

    def filling(self) -> Filling | None:
        """What fills products that lack attributes while they are indexed; None where nothing is to be filled."""
        return self.understanding().filling() if self._fill else None

    def contradicted(self) -> list[Finding]:
        """Told by doctor: products whose words name a colour that none of their pictures shows; or damaged heads."""
        understanding = self.understanding()
        try:
            if understanding.heads() is None:
                return []
        except EncoderError as error:  # doctor has more to tell
            return [Finding("error", "heads_damaged", f"{error.where}: {error.message}", error.hint or "")]
        describer = understanding.describer()

        def vectors_of(keys: Sequence[str]) -> Mapping[str, npt.NDArray[np.float16]]:
            return self._store.vectors(describer.heads.space, "picture", keys)

        until = monotonic() + LOOKING_S

        def look(key: str) -> Pixels | None:
            return self._pixels(key) if monotonic() < until else None

        found = Contradictions(describer).find(self._store.scan(), vectors_of, look)
        if not found:
            return []
        return [
            Finding(
                "warning",
                "colour_contradicted",
                f"products or variants that are said to be of a colour that their picture does not show: {len(found)}",
                "look at them: a wrong photo, or a wrong word; of those that are right, one in a hundred is listed too",
                len(found),
                tuple(str(one) for one in found[:_TOLD]),
            )
        ]

    def understanding(self) -> Understanding:
        """That of the encoder that serves now: another one after a switch."""
        encoder, name = self._encoder()
        if self._now is None or self._now.encoder is not encoder:
            self._now = Understanding(encoder, name)
        return self._now

    def _pixels(self, key: str) -> Pixels | None:
        try:
            return self._decoder().decode(self._thumbnail(key, _SMALL), _SMALL).pixels
        except ShopLensError:  # moved or offline: the vector alone decides
            return None


def decode_pool(config: Config) -> DecodePool:
    """The processes that decode pictures, with the limits of the settings."""
    limits = config.pictures
    return DecodePool(
        workers=limits.workers or None,
        limits=Limits(max_bytes=limits.max_bytes, max_pixels=limits.max_pixels),
        timeout_s=limits.timeout_s,
        photo_s=limits.photo_s,
    )


def composer_of(encoder: Encoder, name: str) -> Composer:
    """What edits photos by colours, with what the heads of the encoder tell of pictures.

    Args:
        name: as the setting ``encoder`` says it; heads may lie in the folder that it names.
    """
    understanding = Understanding(encoder, name)
    return Composer(encoder, *lexicon_colours(), lambda: _traits(understanding), lexicon_looks())


def _traits(understanding: Understanding) -> Traits | None:
    """The heads as photos in other colours need them; None where there are none, or damaged ones (doctor tells)."""
    try:
        fitted = understanding.heads()
        if fitted is None or not {"colour", "kind"} <= set(fitted.heads):
            return None
        axis = wearer_axis(understanding.encoder)
    except ShopLensError:
        return None
    keys = fitted.heads["colour"].keys
    lexicon = load_lexicon()
    classes = {e.english[0]: _called(e.key, keys) for facet in ("colour", "shade") for e in lexicon.facet(facet)}
    further = {
        name: (head, {e.english[0]: _among(e.key, head.keys) for e in lexicon.facet(name)})
        for name in LOOKS
        if (head := fitted.heads.get(name)) is not None
    }
    return Traits(fitted.heads["colour"], fitted.heads["kind"], classes, axis, further)


def _among(key: str, keys: Sequence[str]) -> list[int]:
    """Which of a head's classes a material or pattern may be called: itself, else what it is a kind of (pinstriped is
    striped, cowhide is leather)."""
    if key in keys:
        return [keys.index(key)]
    reading = lexicon_asking().reading
    held = [n for n, one in enumerate(keys) if ("material", key) in reading.family(frozenset({("material", one)}))]
    return held or [n for n, one in enumerate(keys) if key.endswith(one)]


def _called(colour: str, keys: Sequence[str]) -> list[int]:
    """Which of the colour head's classes a colour may be called: itself; a shade those of the same basic colour."""
    if colour in keys:
        return [keys.index(colour)]
    basic = looks(colour)[:1]
    return [n for n, key in enumerate(keys) if basic and looks(key)[:1] == basic]

"""A picture -> its kind, colours, material and pattern, each with a calibrated confidence.

Kind, the main colour, material and pattern come from the heads, from a picture's vector alone; so a whole catalogue is
described from its stored vectors. Shares of colours need pixels: what the pixels show, weighed by what the vector says
of the product (a model's skin and a shoe's highlights are colours of pixels, not of the product).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Pixels, Vectors
from shoplens.errors import EncoderError
from shoplens.understanding.colours import BASIC, METALS, anchor_shares, basic_shares, looks
from shoplens.understanding.heads import Head, Heads
from shoplens.understanding.notions import COLOURS, FIELDS, Notions

Row = npt.NDArray[np.float32]

_DOUBT = (0.05, 1.0)
"""What a colour of pixels counts of which the vector says nothing: on a plain product, and on one with a pattern."""
_BELIEF = 0.1
"""What the vector's own belief counts beside the pixels."""
_PLAIN = "plain"
_SMALLEST = 0.06
"""Shares below are noise (edges, reflections) and go to the others."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """``key``: the lexicon's. ``english``, ``chinese``: what it is called. ``confidence``: 0 to 1, calibrated."""

    key: str
    english: str
    chinese: str
    confidence: float


@dataclass(frozen=True, slots=True)
class ColourShare:
    """A basic colour with its share of the product, 0 to 1, and the confidence that the product is called so."""

    key: str
    english: str
    chinese: str
    share: float
    confidence: float


@dataclass(frozen=True, slots=True)
class PictureAttributes:
    """What a picture shows. ``colour``: the one that the product is called by, of the lexicon's base colours.

    ``colours``: basic colours with their shares, the largest first, sum 1; empty where only a vector was looked at.
    ``space``: of the encoder that looked. ``calibrated``: whether confidences were fitted; where they were not, they
    order answers and say no more.
    """

    kind: Attribute | None
    colour: Attribute | None
    material: Attribute | None
    pattern: Attribute | None
    colours: tuple[ColourShare, ...]
    space: str
    calibrated: bool


class Describer:
    """Describes pictures by the heads of one encoder. Safe to use from several threads."""

    def __init__(self, heads: Heads, notions: Notions) -> None:
        self.heads = heads
        self.notions = notions
        self._looks = {key: looks(key) for key in heads.heads["colour"].keys} if "colour" in heads.heads else {}
        keys = tuple(self._looks)
        self._main = np.asarray([[basic == self._looks[k][:1][0] for basic in BASIC] for k in keys], np.float32)
        self._any = np.asarray([[basic in self._looks[k] for basic in BASIC] for k in keys], np.float32)

    def describe(self, encoder: Encoder, pictures: Sequence[Pixels]) -> list[PictureAttributes]:
        """Pictures (uint8 [h, w, 3], sRGB, upright) with the shares of their colours.

        Raises:
            EncoderError: the encoder is not the one that the heads were made for.
        """
        if encoder.card.space != self.heads.space:
            raise EncoderError(
                f"the heads were made for {self.heads.space}",
                where=str(encoder.card.space),
                hint="describe with the encoder whose heads they are",
            )
        return self.describe_vectors(encoder.encode_pictures(pictures), pictures)

    def describe_vectors(self, vectors: Vectors, pictures: Sequence[Pixels] | None = None) -> list[PictureAttributes]:
        """Pictures by their vectors [n, d]; with ``pictures``, the pixels of the same, colours get shares."""
        # A shop stores fp16: a fresh vector is described as it will be when it is read again.
        vectors = np.asarray(vectors, np.float16).astype(np.float32)
        found = {name: head.probabilities(vectors) for name, head in self.heads.heads.items()}
        out = []
        for row in range(len(vectors)):
            told = {name: self.best(self.heads.heads[name], found[name][row]) for name in FIELDS if name in found}
            colours = self._shares(pictures[row], vectors[row]) if pictures and self._looks else ()
            out.append(
                PictureAttributes(
                    told.get("kind"), told.get("colour"), told.get("material"), told.get("pattern"),
                    colours, str(self.heads.space), self.heads.calibrated,
                )
            )  # fmt: skip
        return out

    def colour_probabilities(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """float32 [n, colours of the head]; [n, 0] where there is no such head."""
        head = self.heads.heads.get("colour")
        vectors = np.asarray(vectors, np.float16).astype(np.float32)
        return head.probabilities(vectors) if head else np.zeros((len(vectors), 0), np.float32)

    def basic_probabilities(self, colours: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Probabilities of the head's colours [..., colours] as those of the basic colours [..., BASIC]."""
        return np.asarray(colours @ self._main, dtype=np.float32)

    def plainness(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        """The probability that a picture shows a plain product, [n]; a half where no head tells."""
        head = self.heads.heads.get("pattern")
        if head is None or _PLAIN not in head.keys:
            return np.full(len(vectors), 0.5, np.float32)
        return head.probabilities(vectors)[:, head.keys.index(_PLAIN)]

    def support(self, colours: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The probability that a picture's colour can be taken for each basic one: [..., colours] -> [..., BASIC]."""
        return np.asarray(colours @ self._any, dtype=np.float32)

    def agreement(self, colours: npt.NDArray[np.float32], keys: Sequence[str]) -> npt.NDArray[np.float32]:
        """How probable it is that a picture shows one of the colours ``keys`` of the lexicon, or one that can be taken
        for it (navy for black); a picture of many colours agrees with each. [..., colours] -> [...]."""
        wanted = {basic for key in keys for basic in looks(key)} | {"multi"}
        fits = np.asarray([bool(wanted & set(basics)) for basics in self._looks.values()], np.float32)
        return np.asarray(colours @ fits, dtype=np.float32)

    def named(self, facets: Sequence[str], key: str, confidence: float) -> Attribute:
        """A key of one of the facets with what it is called."""
        notion = next((n for f in facets if (n := self.notions.by_key.get((f, key)))), None)
        english = notion.english[0] if notion else key.replace("-", " ")
        return Attribute(key, english, notion.chinese[0] if notion else "", round(float(confidence), 3))

    def best(self, head: Head, probabilities: Row) -> Attribute:
        """The likeliest class of a head."""
        at = int(probabilities.argmax())
        return self.named(_ordered(head.name), head.keys[at], probabilities[at])

    def _shares(self, picture: Pixels, vector: Row) -> tuple[ColourShare, ...]:
        colours = self.colour_probabilities(vector[None])[0]
        basic, plain = self.basic_probabilities(colours), float(self.plainness(vector[None])[0])
        shares = combined(basic_shares(anchor_shares(picture)), basic, self.support(colours), plain)
        out = []
        for at in np.argsort(-shares, kind="stable"):
            if shares[at] > 0:
                name = self.named(("colour",), BASIC[at], basic[at])
                out.append(ColourShare(name.key, name.english, name.chinese, float(shares[at]), name.confidence))
        return tuple(out)


def combined(pixels: Row, belief: Row, support: Row, plain: float) -> Row:
    """Shares of the basic colours [BASIC], sum 1, from pixels, the vector's belief, and what that belief excuses.

        share ~ (1 - B) * pixels * (D + support + multi) / sum(...) + B * belief      (without "multi")

    D is small where the product is plain (``plain``, 0 to 1): what else there is are highlights, and who wears it.
    Pixels of metal are what its picture shows: where the belief is gold, their yellows and browns count as gold.
    """
    many = BASIC.index("multi")
    pixels = pixels.copy()
    top = BASIC[int(np.argmax(belief))]
    if top in METALS:
        parts = [BASIC.index(name) for name in METALS[top]]
        pixels[BASIC.index(top)] += pixels[parts].sum()
        pixels[parts] = 0
    doubt = _DOUBT[0] + (_DOUBT[1] - _DOUBT[0]) * (1 - plain)
    weighed = pixels * (doubt + np.minimum(support, 1) + belief[many])
    weighed /= max(float(weighed.sum()), 1e-9)
    own = belief.copy()
    own[many] = 0
    shares = (1 - _BELIEF) * weighed + _BELIEF * own
    shares[shares < _SMALLEST * shares.sum()] = 0
    return np.asarray(shares / shares.sum(), dtype=np.float32)


def _ordered(head: str) -> tuple[str, ...]:
    return ("kind", "goods") if head == "kind" else ("colour", "shade") if head == "colour" else (head,)


__all__ = ["COLOURS", "Attribute", "ColourShare", "Describer", "PictureAttributes", "combined"]

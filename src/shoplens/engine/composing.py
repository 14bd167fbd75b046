"""A photo and "the same in red", "but leather", "striped": the photo's vector edited along colours, materials and
patterns, instead of added to the word's.

Of a photo's vector its part in the span of the colours' word vectors is taken away and the wanted colour's direction
put in its place:

    edited = unit(p - U U'p + t),   t = unit(mean over things of E("red thing") - its mean over all colours)

with U an orthonormal base of the centred vectors of all colours. On photos of `fashion` (dev, another colour of the
same kind and gender) it finds 0.26 of ten, the weighted sum of photo and words 0.24 (ADR 0010). Materials and patterns
are edited the same way, each along a span of its own (ADR 0017).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.names import Names
from shoplens.core.ports import Encoder
from shoplens.core.spaces import Calibration, unit
from shoplens.engine.copy_ports import RowIndex
from shoplens.engine.parts import VectorPart
from shoplens.engine.traits import AS_IS, THINGS, Traits, Wanted
from shoplens.errors import ShopLensError

Vector = npt.NDArray[np.float32]

_DIRECTIONS = 12
"""Directions in which colours differ: more change nothing, four leave a trace of the old colour."""

STRENGTH = 1.0
"""Length of the wanted colour's direction beside the photo's unit vector."""
STRENGTHS = {"colour": 1.0, "material": 1.0, "pattern": 1.0}
"""The same by attribute, in these."""
TELLING = 4.0
"""The same where the thing is given and its pictures in several colours are to be told apart."""

_REACH = 0.8
"""Cosines of an edited photo with what it wants, as a share of a photo's with its like (medians on dev: 0.64, 0.80)."""
_FLOOR = 0.7
"""The same of the floors: nine in ten of what is wanted lie above it (dev); what is wanted of these, others tell."""

_ALIKE = 0.7
"""Cosine from which on a picture may show the very thing of the photo, and says so."""

_SILENT = 1e-4
"""Parts of unit vectors that are nothing but rounding."""

_MAX_KEPT = 512
_FILLERS = frozenset(
    """
    a an the this that these those it one ones same like likes but in into with of and or just only please make made
    want wanted show me i'd i would similar such version colour color coloured colored instead other different
    another do you have is are any can get find for to as made from out material fabric pattern print all
    """.split()
)
_CHINESE = """
    同款 同样 一样 这个 这件 这款 这种 那个 那件 但是 但 要 想要 我要 我想要 换成 换 变成 有没有 有 的 款 色 颜色
    版 版本 的话 是 吗 请 给我 找 相同 类似 只是 不过 改成 一件 一个 一款 材质 材料 面料 图案 花纹 花色 做的
"""
_CHINESE_FILLERS = re.compile("|".join(sorted(_CHINESE.split(), key=len, reverse=True)))
_NEGATION = re.compile(
    r"\b(?:not|no|non|never|without|except|less|anything but|instead of|rather than)\b|n['’]t\b"
    r"|(?<![是要])不(?![过错])|(?<!有)没有?|别|除了|非(?!常)"
)
"""What may deny a colour that follows. "This, but red", 不过 and 有没有 do not."""


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour, material or pattern as shoppers say it: ``names`` in every language, the first English; ``base``: one
    of the main ones, which span the space of all (shades lie in it)."""

    names: tuple[str, ...]
    base: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What words beside a photo ask for: ``colours``, ``materials``, ``patterns`` (English names), ``rest`` (what else
    the words say), and what is asked for as it was ``written``."""

    colours: tuple[str, ...]
    rest: str
    written: tuple[str, ...] = field(default=(), compare=False)
    materials: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    @property
    def asked(self) -> dict[str, tuple[str, ...]]:
        """Attribute ("colour", "material", "pattern") -> what it is to be, of those that are asked for."""
        every = {"colour": self.colours, "material": self.materials, "pattern": self.patterns}
        return {name: values for name, values in every.items() if values}

    @property
    def edits(self) -> bool:
        """Whether anything of the photo is to be changed."""
        return bool(self.colours or self.materials or self.patterns)

    @property
    def is_bare(self) -> bool:
        """Whether the words say what is to be changed and nothing else."""
        return self.edits and not self.rest


NO_WISH = Wish((), "")


class Says(Protocol):
    """How much counts beside an edited photo of weight 1: the photo as it is, what heads tell, and the photo as it is
    where they tell. Chosen on dev (docs/adr/0010-composed-queries.md)."""

    @property
    def as_is(self) -> float:
        """Where nothing is told."""

    @property
    def told(self) -> float:
        """For each e-fold of probability."""

    @property
    def same(self) -> float:
        """Beyond the cosine at which it may be the very thing, as far as that has the colour."""

    @property
    def linked(self) -> float:
        """For a thing of which another picture is like it, while it also comes as asked for."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Photos in other colours, as they are looked for: the parts of the query; the vector that tells a product's
    pictures apart; and what candidates' pictures are asked for, None where no heads tell."""

    parts: list[VectorPart]
    telling: Vector
    wanted: Wanted | None


class Composer:
    """Edits photo vectors of one encoder. Safe to call from several threads.

    Args:
        encoder: whose space it is; its word vectors say where the colours lie.
        colours: the colours it knows.
        others: names of other things; those that hold a colour's name ("orange juice", 白菜) speak of no colour.
        traits: what heads tell of pictures in the encoder's space, None where it has none; asked once.
        further: "material" and "pattern" -> those that it knows.
    """

    def __init__(
        self,
        encoder: Encoder,
        colours: Iterable[Colour],
        others: Iterable[str] = (),
        traits: Callable[[], Traits | None] = lambda: None,
        further: Mapping[str, Iterable[Colour]] | None = None,
    ) -> None:
        self._encoder = encoder
        known = {"colour": list(colours), **{name: list(values) for name, values in (further or {}).items()}}
        self._base = {name: [v.names[0] for v in values if v.base] for name, values in known.items()}
        # None: the name of something else. What is a colour, too ("silver"), is one.
        names: dict[str, tuple[str, str] | None] = {name.casefold(): None for name in others}
        named: dict[str, tuple[str, str]] = {}
        for attribute, values in known.items():
            for value in values:
                for name in value.names:
                    named.setdefault(name.casefold(), (attribute, value.names[0]))
        self._names = Names(names | named)
        self._lock = threading.Lock()
        self._spans: dict[str, tuple[Vector, Vector]] = {}
        self._directions: dict[tuple[str, str], Vector] = {}
        self._read_traits = traits
        self._traits: Traits | None = None
        self._read = False

    def warm_up(self) -> None:
        """Reads the colours now, so that the first photo in another colour need not wait for some hundred words."""
        with suppress(ShopLensError):
            for attribute in self._base:
                self._space(attribute)
            self._told()

    def wish(self, words: str) -> Wish:
        """What the words ask for. Words that deny a colour ("not red") are no wish, nor are any where the encoder reads
        no words."""
        text = words.casefold()
        asked: dict[str, dict[str, None]] = {"colour": {}, "material": {}, "pattern": {}}
        written, rest, at = [], [], 0
        for start, end, value in self._names.spans(text):
            if value is None:  # "orange juice", 白菜
                continue
            if _NEGATION.search(text[:start]):
                return NO_WISH
            asked[value[0]].setdefault(value[1])
            written.append(text[start:end])
            rest.append(text[at:start])
            at = end
        rest.append(text[at:])
        if any(asked.values()):
            try:
                self._space()
            except ShopLensError:
                return NO_WISH
        colours, materials, patterns = (tuple(values) for values in asked.values())
        residue = _residue(" ".join(rest))
        return Wish(colours, residue, tuple(dict.fromkeys(written)), materials, patterns)

    def edit(
        self,
        vectors: npt.NDArray[np.float32],
        colours: Sequence[str],
        strength: float = STRENGTH,
        further: Mapping[str, Sequence[str]] | None = None,
    ) -> npt.NDArray[np.float32]:
        """Vectors float32 [n, d] of photos, in these colours and, by ``further``, of these materials and patterns.

        Their length makes up for what `_in_words` leaves out.

        ``strength``: how much each counts beside the photo, 1: as much. Raises what the encoder does.
        """
        asked = {name: values for name, values in {"colour": colours, **(further or {})}.items() if values}
        if not asked:
            return vectors
        spans = [self._space(name)[0] for name in asked]
        span = spans[0] if len(spans) == 1 else np.linalg.qr(np.concatenate(spans).T)[0].T
        wanted = np.sum(
            [
                STRENGTHS[name] * unit(np.sum([self._direction(name, value) for value in values], axis=0))
                for name, values in asked.items()
            ],
            axis=0,
        )
        plain, length = self._in_words(vectors)
        return np.stack([unit(v - span.T @ (span @ v) + strength * wanted) for v in plain]) / length

    def _in_words(self, vectors: Vector) -> tuple[Vector, Vector]:
        """Photos without the dimensions in which no words say anything, as unit vectors; their length before, [n, 1].

        There an encoder may hold what this very photo looks like, its colour included; 1 where it uses all for words.
        """
        shared = vectors.astype(np.float32) * (np.abs(self._space()[0]).max(axis=0) > _SILENT)
        length = np.maximum(np.linalg.norm(shared, axis=1, keepdims=True), _SILENT)
        return shared / length, length

    def edited(
        self,
        wish: Wish,
        vectors: Vector,
        weights: Sequence[float],
        index: RowIndex,
        calibration: Calibration,
        says: Says,
    ) -> Edited:
        """Photos (unit vectors [n, d], each with its weight) in the colours of the wish, as they are looked for.

        ``calibration``: of photos. A photo as it is keeps its say: its own product may not come in the colour, or not
        be shown in it. Where heads tell who has the colour, only what may be the very thing gains by that, and gains
        much. Where the words say more than a colour, another kind of thing may be meant: the photo's is not asked for.
        """
        traits, source = self._told(), "picture>picture"
        further = {name: values for name, values in wish.asked.items() if name != "colour"}
        wanted = None
        if traits is not None:
            wanted = traits.wanted(vectors, weights, wish.colours, says.told, like=wish.is_bare, further=further)
            if wanted.tells:
                wanted = replace(wanted, link=says.linked * calibration.slope)
        tells = wanted is not None and wanted.tells
        as_is, alike = (says.same, _ALIKE) if tells else (says.as_is, None)
        changed, known = self.edit(vectors, wish.colours, further=further), self.calibrated(calibration)
        plain, length = self._in_words(vectors)
        parts = []
        for n, weight in enumerate(weights):
            name, say = f"image {n + 1}", weight * as_is
            same = plain[n] / length[n]
            own = VectorPart(
                source, f"{name} {AS_IS}", same, "picture", index, calibration, say, sure=False, alike=alike
            )
            new = VectorPart(source, name, changed[n], "picture", index, known, weight, sure=not tells)
            parts += [part for part in (own, new) if part.weight and len(index)]
        return Edited(parts, self.edit(vectors, wish.colours, TELLING, further).sum(axis=0), wanted)

    @staticmethod
    def calibrated(photo: Calibration) -> Calibration:
        """The calibration of edited photos, from that of photos: `_REACH` * c says what c says of a photo."""
        return Calibration(photo.slope / _REACH, photo.offset, photo.floor * _FLOOR)

    def _told(self) -> Traits | None:
        with self._lock:
            if not self._read:
                self._read, self._traits = True, self._read_traits()
            return self._traits

    def _space(self, attribute: str = "colour") -> tuple[Vector, Vector]:
        """The base U' of the span of an attribute's values [r, d], and their mean [d]."""
        with self._lock:
            if attribute not in self._spans:
                base = self._base[attribute]
                said = np.stack([self._say(value) for value in base])
                mean = said.mean(axis=0)
                _, _, axes = np.linalg.svd(said - mean, full_matrices=False)
                kept = axes[: min(_DIRECTIONS, len(base) - 1)].astype(np.float32)
                self._spans[attribute] = kept, mean.astype(np.float32)
            return self._spans[attribute]

    def _direction(self, attribute: str, value: str) -> Vector:
        known = self._directions.get((attribute, value))
        if known is None:
            if len(self._directions) >= _MAX_KEPT:
                self._directions.clear()
            known = self._directions[attribute, value] = unit(self._say(value) - self._space(attribute)[1])
        return known

    def _say(self, colour: str) -> Vector:
        said = self._encoder.encode_words([f"{colour} {thing}" for thing in THINGS])
        mean: Vector = np.asarray(said, np.float32).mean(axis=0)
        return mean


def _residue(text: str) -> str:
    """What is left of a text when words that only hold a sentence together are gone."""
    text = _CHINESE_FILLERS.sub(" ", re.sub(r"[^\w']+", " ", text))
    return " ".join(word for word in text.split() if word not in _FILLERS and len(word.strip("'")) > 0)

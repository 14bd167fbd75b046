"""What heads tell of pictures beside an edited photo: who has the colour asked for, and is the same kind of thing.

An edited vector tells where to look, but a cosine is blunt: navy lies beside blue, a woman's top beside a man's shirt.
Heads (linear classifiers over the same vectors) tell these apart. Of a candidate v and a photo q

    colour   p = sum of P(k | v) over the head's classes k that the asked colour may be called; so for a material and a
             pattern; where several are asked for, each adds its own
    kind     p = sum over all kinds k of P(k | q) P(k | v)
    wearer   p = the same of men and women, as a share of the most that a candidate can have: a mug is for everybody;
             P(man | v) = 1 / (1 + exp(-`_STEEP` a'v)), a = unit(E("men's things") - E("women's things")): no head, the
             encoder's words tell it as well

each adds ``weight * log(1 + p / EPSILON)`` to the score: a log probability with a floor. The product of the three is
how probable it is that the candidate is what was asked for; on photos of `fashion` (dev) it comes true within .06
from .2 on (docs/adr/0010-composed-queries.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder, Mask, Numbers, WordMatches
from shoplens.core.spaces import Calibration, unit
from shoplens.engine.called import Called
from shoplens.engine.copy_ports import RowIndex
from shoplens.engine.parts import SAME_PICTURE, PartScores, VectorPart, no_variants, score_words

Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

SOURCE = "picture>attributes"
"""The source of reasons that heads give."""

AS_IS = "as it is"
"""End of the name of a part of the query that is a photo before it was edited."""

THINGS = ("t-shirt", "handbag", "watch", "shoes", "dress", "mug", "chair", "lamp")
"""What a colour, or a wearer, is said of, so that its vector holds that and nothing of one kind of goods."""
_FORMS = ("{0}'s {1}", "{1} for {0}")

EPSILON = float(np.exp(-6.0))
"""Probabilities below say no more than this one: a head that is wrong must not outweigh all the rest."""

LINKED = 0.2
"""Cosine from which on another picture of a product is taken for the photo's thing."""

_STEEP = 25.0
"""Steepness of P(man | v); from 20 to 50 it is all the same on dev."""


class Head(Protocol):
    """Classes of one attribute."""

    @property
    def keys(self) -> tuple[str, ...]:
        """The classes."""

    def probabilities(self, vectors: Vectors) -> Vectors:
        """float32 [n, classes], rows that sum to 1, of unit vectors [n, d]."""


@dataclass(frozen=True, slots=True)
class Traits:
    """The heads of one space. ``classes``: a colour's English name -> the colour head's classes that it may be called;
    ``wearer``: the axis from women's things to men's, float32 [d]. ``further``: the same of "material" and "pattern":
    the head, and its classes by name."""

    colour: Head
    kind: Head
    classes: Mapping[str, Sequence[int]]
    wearer: Vectors
    further: Mapping[str, tuple[Head, Mapping[str, Sequence[int]]]] = field(default_factory=dict)

    def wanted(
        self,
        photos: Vectors,
        weights: Sequence[float],
        colours: Sequence[str],
        told: float,
        *,
        like: bool,
        further: Mapping[str, Sequence[str]] | None = None,
    ) -> Wanted:
        """What is wanted beside photos (unit vectors [n, d]): these colours, by ``further`` these materials and
        patterns, and, if ``like``, the photos' kind.

        ``told``: say of the heads beside a photo of weight 1.
        """
        asked = [self._asked(self.colour, self.classes, colours)] if colours else []
        for name, values in (further or {}).items():
            head, classes = self.further.get(name, (self.colour, {}))
            asked.append(self._asked(head, classes, values))
        known = tuple(one for one in asked if one[1])
        say = told * np.asarray(weights, np.float64)
        every = bool(asked) and len(known) == len(asked)
        if not like:
            return Wanted(self, known, say, photos, None, None, every)
        return Wanted(self, known, say, photos, self.kind.probabilities(photos), self.men(photos), every)

    @staticmethod
    def _asked(head: Head, classes: Mapping[str, Sequence[int]], values: Sequence[str]) -> tuple[Head, tuple[int, ...]]:
        """A head, and those of its classes that the values may be called."""
        return head, tuple(sorted({n for value in values for n in classes.get(value, ())}))

    def men(self, vectors: Vectors) -> Vectors:
        """The probability that a thing is for men and not for women, float32 [n]."""
        return np.asarray(1 / (1 + np.exp(-_STEEP * (vectors @ self.wearer))), np.float32)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What candidates are asked for. ``asked``: heads, each with the classes that are asked for. ``weights`` [n]: the
    heads' say for each of the ``photos`` [n, d]. ``kinds`` [n, classes], ``men`` [n]: what the photos show; None where
    their kind is not asked for. ``every``: whether all that is asked for is among ``asked``. ``link``: what a photo of
    weight 1 counts, for each unit of cosine, for a product of which another picture is like it (`_linked`)."""

    traits: Traits
    asked: Sequence[tuple[Head, tuple[int, ...]]]
    weights: Floats
    photos: Vectors
    kinds: Vectors | None
    men: Vectors | None
    every: bool = True
    link: float = 0.0

    @property
    def tells(self) -> bool:
        """Whether all that is asked for and the kind can be told, so that it can be told who has it."""
        return bool(self.asked) and self.every and self.kinds is not None

    def judge(
        self,
        scores: list[PartScores],
        candidates: Numbers,
        index: RowIndex,
        variants: Mask | None,
        words: WordMatches | None,
        given: Called | None = None,
    ) -> list[PartScores]:
        """The scores of the vectors; what the candidates' pictures say, each candidate by its best one; and what the
        catalogue's words add. That a candidate may be the very thing counts as far as it has the colour.

        ``words``: matches of the colour as it was written: who is called by it has it, whatever the picture shows. A
        candidate without pictures gets the mean, as from vectors. ``given``: what the
        catalogue's fields say.
        """
        vectors, owners = index.vectors_of(candidates, variants)
        if not len(owners):
            return scores
        rows = vectors.astype(np.float32)
        each = [head.probabilities(rows)[:, list(classes)].sum(axis=1).astype(float) for head, classes in self.asked]
        colour = np.prod(each, axis=0) if each else np.zeros(len(rows))
        likes = self._likes(rows)
        by_colour = self.weights.sum() * np.sum([_nats(one) for one in each], axis=0) + np.zeros(len(rows))
        by_kind = [w * (_nats(kind) + _nats(who)) for w, (kind, who) in zip(self.weights, likes, strict=False)]
        best = _best(owners, np.sum([by_colour, *by_kind], axis=0))
        at, n = owners[best], len(candidates)

        def every(values: Floats, other: float) -> Floats:
            out = np.full(n, other)
            out[at] = values[best]
            return out

        def part(name: str, probability: Floats, given: Floats, sure: Floats) -> PartScores:
            told = every(given, float(given[best].mean()))
            return PartScores(SOURCE, name, every(probability, np.nan), told, sure, no_variants, _no_key)

        nobody = np.zeros(n)
        like = [every(kind * who, 0.0) for kind, who in likes]
        same = np.zeros(n)  # the very thing, whichever of its pictures shows the colour
        same[owners[(rows @ self.photos.T >= SAME_PICTURE).any(axis=1)]] = 1.0
        out = scores + [
            part(f"image {number}", kind * who, given, nobody)
            for number, ((kind, who), given) in enumerate(zip(likes, by_kind, strict=True), 1)
        ]
        if not self.asked:
            return out
        said = nobody if words is None else score_words(candidates, words, 1.0).confidence
        if given is not None:
            said = np.maximum(said, given.of(candidates))
        called = np.maximum(every(colour, 0.0), said)
        if self.tells:
            linked = iter(self._linked(index, candidates, given, rows, owners, colour))
            out = [
                replace(s, contributions=called * np.maximum(s.contributions, next(linked, nobody)))
                if s.part.endswith(AS_IS)
                else s
                for s in out
            ]
        sure = called * np.max([same, *like], axis=0) if like else nobody
        shown = part("words", colour, by_colour, sure)
        out.append(shown)
        if words is not None or given is not None:
            more = np.maximum(self.weights.sum() * _nats(said) - shown.contributions, 0.0)
            out.append(PartScores("words", "words", said, np.where(said > 0, more, 0.0), nobody, no_variants, _no_key))
        return out

    def linked(
        self, called: Called | None, photos: Sequence[tuple[str, float, Vectors]], index: RowIndex
    ) -> list[tuple[VectorPart, Mask]]:
        """Where the photos' own things are looked for: among products that come as asked for too, and farther off than
        what is to be like a photo and to have the colour."""
        if not self.tells or called is None or not called.variants.any() or not len(index):
            return []
        known = Calibration(1.0, 0.0, LINKED)
        both = called.others & called.of_products
        return [
            (VectorPart("picture>picture", f"{name} {AS_IS}", vector, "picture", index, known, weight), both)
            for name, weight, vector in photos
            if weight > 0
        ]

    def _linked(
        self, index: RowIndex, candidates: Numbers, called: Called | None, rows: Vectors, owners: Numbers, p: Floats
    ) -> list[Floats]:
        """For each photo what it says of candidates that come in several colours: one of their pictures is like it, and
        is not the one that has what was asked for. Then the thing is the photo's, seen from another side perhaps, and
        the cosine counts from much farther off than where one picture has to be like the photo and have the colour.

        Which picture has it is said by the catalogue's fields (``called``), else by the heads (``p`` of the rows).
        """
        if called is not None:
            vectors, owners = index.vectors_of(candidates, called.others & called.of_products)
            rows, p = vectors.astype(np.float32), np.zeros(len(owners))
        else:  # a single picture cannot be another one than that which has it
            some = np.bincount(owners, minlength=len(candidates))[owners] > 1
            rows, owners, p = rows[some], owners[some], p[some]
        out = []
        for photo, weight in zip(self.photos, self.weights, strict=True):
            best = np.zeros(len(candidates))
            np.maximum.at(best, owners, np.maximum(rows @ photo - LINKED, 0.0) * (1 - p))
            out.append(self.link * (weight / max(float(self.weights.max()), 1e-9)) * best)
        return out

    def _likes(self, rows: Vectors) -> list[tuple[Floats, Floats]]:
        """For each photo the probabilities that rows show the same kind of thing, and for the same wearer."""
        if self.kinds is None or self.men is None:
            return []
        kinds, men = self.traits.kind.probabilities(rows), self.traits.men(rows).astype(np.float64)
        return [
            ((kinds @ kind).astype(np.float64), (man * men + (1 - man) * (1 - men)) / max(man, 1 - man))
            for kind, man in zip(self.kinds, self.men.tolist(), strict=True)
        ]


def wearer_axis(encoder: Encoder) -> Vectors:
    """The axis from women's things to men's, float32 [d], of unit length. Raises what the encoder does."""
    texts = [form.format(who, thing) for who in ("men", "women") for form in _FORMS for thing in THINGS]
    men, women = np.split(np.asarray(encoder.encode_words(texts), np.float32), 2)
    return unit(men.mean(axis=0) - women.mean(axis=0))


def _nats(p: Floats) -> Floats:
    return np.log1p(p / EPSILON)


def _best(owners: Numbers, score: Floats) -> npt.NDArray[np.intp]:
    """The place of the best row of each owner."""
    order = np.lexsort((-score, owners))
    first = np.ones(len(order), np.bool_)
    first[1:] = owners[order][1:] != owners[order][:-1]
    return order[first]


def _no_key(_: int) -> str:
    return ""

"""The use case "what is on this photo": boxes around the things on it, best first, each with a guess of its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder
from shoplens.core.query import Crop
from shoplens.core.spaces import Pixels, Vectors
from shoplens.engine.copy_ports import RowIndex
from shoplens.engine.saliency import Box, apart, contrast, cut, islands, moved, saliency, windows

MOST = 5
"""Most crops that are proposed."""
_LOOKED_AT = 10
"""Windows that are looked at beside what stands out by itself."""
_CONTRAST = 0.3
"""What the contrast of a box counts beside its likeness to the catalogue; chosen on dev composites (ADR 0018)."""
_MOVED, _BY = 3, 0.16
"""How many of the best boxes have their sides moved, and how far."""
_LEAST = 0.05
"""Smallest chance of a proposal."""
_SAME = 0.4
"""Overlap from which on two boxes are one proposal."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a picture seems to show: the lexicon's key, English and Chinese names, and how sure that is, 0 to 1."""

    key: str = ""
    english: str = ""
    chinese: str = ""
    confidence: float = 0.0


NO_GUESS = Guess()
Guesses = Callable[[Vectors], Sequence[Guess]]
"""From vectors of pictures [n, d] to what they show, in order."""


@dataclass(frozen=True, slots=True)
class CropProposal:
    """A part of a photo that seems to be a thing. ``confidence``: the chance that it is one, and framed well (overlaps
    its frame by half at least), 0 to 1. ``likeness``: cosine of the product of the shop that is most like it."""

    crop: Crop
    kind: Guess
    confidence: float
    likeness: float

    def within(self, part: Crop) -> CropProposal:
        """The same of a photo of which only ``part`` was looked at."""
        wide, high = part.x1 - part.x0, part.y1 - part.y0
        x0, x1 = part.x0 + self.crop.x0 * wide, part.x0 + self.crop.x1 * wide
        y0, y1 = part.y0 + self.crop.y0 * high, part.y0 + self.crop.y1 * high
        return replace(self, crop=_crop((x0, y0, x1, y1)))


@dataclass(frozen=True, slots=True)
class Looked:
    """Boxes of a photo with the vectors of what is in them [n, d], what each is worth, and how like the shop it is."""

    boxes: list[Box]
    vectors: Vectors
    worth: npt.NDArray[np.float64]
    likeness: npt.NDArray[np.float64]

    def best(self, most: int, limit: float = _SAME) -> list[int]:
        """Places of the best boxes, best first, none overlapping a better one by more than ``limit``."""
        return apart(self.boxes, self.worth.tolist(), most, limit)


class Cropper:
    """Finds crops with one encoder in one shop. Safe to call from several threads.

    A box is worth its contrast (what is in it is not like the photo's rim, and what is around it is) and its likeness
    to a picture of the catalogue: a frame that holds one thing, all of it and little else, is most like a product's.
    """

    def __init__(self, encoder: Encoder, index: RowIndex) -> None:
        self._encoder, self._index = encoder, index

    def look(self, photo: Pixels, *, closely: bool = True) -> Looked:
        """The boxes of a photo, uint8 [h, w, 3]; ``closely``: those of the best with their sides moved too, which takes
        twice as long."""
        energy = saliency(self._encoder, photo)
        some = _windows()
        worth = contrast(energy, some).tolist()
        # Where nothing stands out, windows far apart; else those that stand out, which may overlap.
        spread = apart(some, worth, _LOOKED_AT, 0.6 if energy.any() else 0.2)
        looked = self._looked(photo, energy, list(dict.fromkeys([*islands(energy), *(some[n] for n in spread)])))
        if closely:
            nearby = [b for n in looked.best(_MOVED, 0.5) for b in moved(looked.boxes[n], _BY)]
            more = self._looked(photo, energy, [b for b in dict.fromkeys(nearby) if b not in looked.boxes])
            looked = Looked(
                looked.boxes + more.boxes,
                np.concatenate([looked.vectors, more.vectors]),
                np.concatenate([looked.worth, more.worth]),
                np.concatenate([looked.likeness, more.likeness]),
            )
        return looked

    def crops(self, photo: Pixels, guesses: Guesses) -> tuple[CropProposal, ...]:
        """Up to five proposals for a photo, uint8 [h, w, 3], best first."""
        looked = self.look(photo)
        best = [n for n in looked.best(MOST) if chance(looked.worth[n]) >= _LEAST]
        kinds = guesses(looked.vectors[best])
        return tuple(
            CropProposal(_crop(looked.boxes[n]), kind, chance(looked.worth[n]), round(float(looked.likeness[n]), 3))
            for n, kind in zip(best, kinds, strict=True)
        )

    def _looked(self, photo: Pixels, energy: npt.NDArray[np.float32], boxes: list[Box]) -> Looked:
        vectors = self._encoder.encode_pictures([cut(photo, box) for box in boxes])
        like = np.array([nearest(self._index, vector) for vector in vectors], np.float64)
        return Looked(boxes, vectors, like + _CONTRAST * contrast(energy, boxes), like)


def nearest(index: RowIndex, vector: npt.NDArray[np.float32]) -> float:
    """Cosine of the product that is most like a vector; 0 in an empty shop."""
    found = index.search(vector, 1)
    return float(found.scores[0]) if len(found.scores) else 0.0


_SLOPE, _MIDDLE = 15.0, 0.88
"""Of ``chance``: fitted on dev composites (ADR 0018)."""


def chance(worth: float) -> float:
    """The chance that a box of this worth frames a thing: 1 / (1 + exp(-15 (worth - 0.88)))."""
    return round(float(1 / (1 + np.exp(-_SLOPE * (worth - _MIDDLE)))), 3)


def _crop(box: Box) -> Crop:
    return Crop(*(round(float(side), 4) for side in box))


@cache
def _windows() -> list[Box]:
    return windows()


__all__ = ["MOST", "NO_GUESS", "CropProposal", "Cropper", "Guess", "Guesses", "chance", "nearest"]

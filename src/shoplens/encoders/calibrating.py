"""A first calibration for an encoder that brings none, from a shop's own pictures and titles.

Cosines mean something else in every space: 0.25 is a good match of words and picture in one and less than chance in
another. Without judgements the best that can be had is how things of different products lie (mean m, spread s): what
is two spreads above chance begins to be "like it", unless that would throw out more than a tenth of what is known to
belong together (a product's title and its own picture). It is never more than halfway from chance to the very same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Calibration, Pixels, Vectors

_SPREADS = 2.0
_STEEP = 2.0
"""Log odds that one spread of cosines is worth; the bundled encoder's, fitted on judgements, are 1.5 to 2.5."""
_STRANGE = 0.975
"""The floor lies no higher than this share of what does not belong together."""
_LOST = 0.1
_LEAST = 30


@dataclass(frozen=True, slots=True)
class Sample:
    """A shop's own pictures and titles. ``picture_owners``, ``text_owners``: the product of each, by a number; parallel
    to them, or empty where it is not known.
    """

    pictures: Sequence[Pixels] = ()
    texts: Sequence[str] = ()
    picture_owners: Sequence[int] = ()
    text_owners: Sequence[int] = ()


def calibrate(encoder: Encoder, sample: Sample) -> dict[str, Calibration]:
    """Calibrations by pair of modalities ("words>picture", ...); none of a pair with fewer than 30 rows on a side."""
    sides: dict[str, tuple[Vectors, npt.NDArray[np.int64]]] = {}
    if len(sample.pictures) >= _LEAST:
        sides["picture"] = encoder.encode_pictures(sample.pictures), _owners(sample.picture_owners, sample.pictures, 1)
    if len(sample.texts) >= _LEAST and "words" in encoder.card.modalities:
        sides["words"] = encoder.encode_words(sample.texts), _owners(sample.text_owners, sample.texts, -1)
    found = {}
    for query, (asked, of_asked) in sides.items():
        for row, (rows, of_rows) in sides.items():
            same = of_asked[:, None] == of_rows[None, :]
            own = np.eye(len(asked), dtype=np.bool_) if query == row else np.zeros(same.shape, np.bool_)
            found[f"{query}>{row}"] = from_cosines(asked @ rows.T, same, ~own)
    return found


def from_cosines(
    cosines: npt.NDArray[np.float32], same: npt.NDArray[np.bool_], counted: npt.NDArray[np.bool_] | None = None
) -> Calibration:
    """The calibration of one pair of modalities.

    Args:
        cosines: float32 [q, n].
        same: bool [q, n], what is known to belong together.
        counted: bool [q, n], what counts at all; everything when None.
    """
    counted = np.ones_like(same) if counted is None else counted
    strange, known = cosines[~same & counted].astype(np.float64), cosines[same & counted]
    if not len(strange):
        return Calibration()
    spread, mean = max(float(strange.std()), 1e-3), float(strange.mean())
    # Cosines are bounded by 1 and often skewed towards it: two spreads above chance may lie beyond the picture itself.
    floor = min(mean + _SPREADS * spread, float(np.quantile(strange, _STRANGE)), (mean + 1) / 2)
    if len(known) >= _LEAST:
        floor = min(floor, float(np.quantile(known, _LOST)))
    slope = _STEEP / spread
    return Calibration(round(slope, 4), round(-slope * floor, 4), round(floor, 4))


def _owners(given: Sequence[int], rows: Sequence[object], unknown: int) -> npt.NDArray[np.int64]:
    """Owners as an array; numbers of their own, of one sign for each modality, where they are not known."""
    if len(given) == len(rows):
        return np.asarray(given, np.int64)
    return unknown * (np.arange(len(rows), dtype=np.int64) + 2**40)


__all__ = ["Sample", "calibrate", "from_cosines"]

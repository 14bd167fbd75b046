"""An encoder's card as plain data, for JSON and for the eye."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shoplens.core.spaces import EncoderCard


def fields_of(card: EncoderCard) -> dict[str, Any]:
    """The card's fields."""
    return {
        "name": card.name,
        "space": str(card.space),
        "dimension": card.dimension,
        "reads": list(card.modalities),
        "languages": list(card.languages),
        "preprocessing": dict(card.preprocessing),
        "calibration": {pair: asdict(found) for pair, found in card.calibration.items()},
        "metrics": dict(card.metrics),
        "data": [dict(row) for row in card.data],
        "files": dict(card.files),
        "licence": card.licence,
        "notes": card.notes,
    }


__all__ = ["fields_of"]

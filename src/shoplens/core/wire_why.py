"""Reasons of a hit as JSON data."""

from __future__ import annotations

from typing import Any

from shoplens.core.why import Heat, Trait, Why


def why_to_fields(why: Why) -> dict[str, Any]:
    """Why a hit is here, as JSON data."""
    return {
        "words": list(why.words),
        "highlights": [
            {"field": h.field, "text": h.text, "ranges": [list(r) for r in h.ranges], "terms": list(h.terms)}
            for h in why.highlights
        ],
        "traits": [_trait(trait) for trait in why.traits],
        "because": why.because,
        "because_zh": why.because_zh,
    }


def heat_to_fields(heat: Heat) -> dict[str, Any]:
    """A heat map as JSON data."""
    return {"picture": heat.picture, "part": heat.part, "energy": [list(row) for row in heat.energy]}


def _trait(trait: Trait) -> dict[str, Any]:
    return {
        "part": trait.part,
        "attribute": trait.attribute,
        "asked": trait.asked,
        "asked_zh": trait.asked_zh,
        "has": trait.has,
        "has_zh": trait.has_zh,
        "agrees": trait.agrees,
        "source": trait.source,
        "confidence": float(trait.confidence),
    }

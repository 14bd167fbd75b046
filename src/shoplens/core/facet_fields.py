"""Facets as JSON data, with filters that can be asked as they stand."""

from __future__ import annotations

from typing import Any

from shoplens.core.answer import Facet, FacetRange, FacetValue
from shoplens.core.where import Has


def facet_to_fields(facet: Facet) -> dict[str, Any]:
    """A facet as JSON data; ``min``, ``max``, ``ranges`` and ``levels`` only where there are any."""
    out: dict[str, Any] = {"field": facet.field, "counts": _counts(facet.values), "missing": int(facet.missing)}
    if facet.minimum is not None and facet.maximum is not None:
        out |= {"min": float(facet.minimum), "max": float(facet.maximum)}
    if facet.ranges:
        out["ranges"] = [_range(facet.field, one) for one in facet.ranges]
    if facet.levels:
        out["levels"] = [{"path": level.path, "counts": _counts(level.values)} for level in facet.levels]
    return out


def range_filter(field: str, one: FacetRange) -> str:
    """The filter that a range stands for: ``price>=20 and price<50``."""
    ends = ((">=", one.low), ("<", one.high))
    return " and ".join(f"{Has(field)}{operator}{limit:.15g}" for operator, limit in ends if limit is not None)


def _range(field: str, one: FacetRange) -> dict[str, Any]:
    ends = {"from": one.low, "to": one.high}
    told = {name: limit for name, limit in ends.items() if limit is not None}
    return {**told, "count": int(one.count), "filter": range_filter(field, one)}


def _counts(values: tuple[FacetValue, ...]) -> list[dict[str, Any]]:
    return [{"value": value.value, "count": int(value.count)} for value in values]

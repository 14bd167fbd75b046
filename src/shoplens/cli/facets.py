"""Facets as the command line prints them: ends, ranges, values, and categories a level a line."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from shoplens.core.answer import Facet, FacetValue

_SHOWN = 12
"""Values of a facet that are printed."""


def facet_lines(facet: Facet) -> list[Text]:
    """The lines of a facet."""
    if facet.levels:
        return [
            Text.assemble((f"{facet.field}: ", "bold"), f"{level.path}: " if level.path else "", _counts(level.values))
            for level in facet.levels
        ]
    ends, ranges = _bounds(facet)
    told = "; ".join(filter(None, (ends, ranges, _counts(facet.values)))) or "no product found has a value"
    return [Text.assemble((f"{facet.field}: ", "bold"), told)]


def _counts(values: Sequence[FacetValue]) -> str:
    return ", ".join(f"{v.value} {v.count}" for v in values[:_SHOWN])


def _bounds(facet: Facet) -> tuple[str, str]:
    """Least and greatest value in full, and ranges, where values are not counted one by one; prices of which one has
    cents as prices are written: 59.90 to 139.00."""
    if facet.minimum is None or facet.maximum is None:
        return "", ""
    ends = sorted({facet.minimum, facet.maximum})
    ranges = [] if facet.values else [f"{_range(facet.field, r.low, r.high)} {r.count}" for r in facet.ranges]
    return " to ".join(_spelt(facet.field, ends)), ", ".join(ranges)


def _range(field: str, low: float | None, high: float | None) -> str:
    told = _spelt(field, [end for end in (low, high) if end is not None])
    return f"under {told[0]}" if low is None else f"{told[0]} and more" if high is None else f"{told[0]} to {told[1]}"


def _spelt(field: str, numbers: Sequence[float]) -> list[str]:
    told = [f"{number:.15g}" for number in numbers]
    places = max((len(text.partition(".")[2]) for text in told), default=0)
    if places and field in ("price", "list_price"):
        told = [f"{number:.{max(places, 2)}f}" for number in numbers]
    return told

"""All kinds of products that can be drawn, by name."""

from __future__ import annotations

from . import bags, tops, vessels
from .kind import Kind

TABLE: dict[str, Kind] = {kind.name: kind for module in (bags, tops, vessels) for kind in module.KINDS}
KINDS: tuple[str, ...] = tuple(TABLE)

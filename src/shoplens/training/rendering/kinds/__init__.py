"""All kinds of products that can be drawn, by name."""

from __future__ import annotations

from . import accessories, bags, bottoms, footwear, furniture, tops, vessels
from .kind import Kind

_MODULES = (bags, tops, bottoms, footwear, accessories, vessels, furniture)
TABLE: dict[str, Kind] = {kind.name: kind for module in _MODULES for kind in module.KINDS}
KINDS: tuple[str, ...] = tuple(TABLE)

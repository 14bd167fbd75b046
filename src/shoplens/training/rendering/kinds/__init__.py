"""All kinds of products that can be drawn, by name."""

from __future__ import annotations

from shoplens.training.rendering.kinds import (
    accessories,
    bags,
    bottoms,
    footwear,
    furniture,
    headwear,
    jewellery,
    layers,
    light_shoes,
    small_clothes,
    tops,
    vessels,
)
from shoplens.training.rendering.kinds.kind import Kind

_MODULES = (
    bags,
    tops,
    layers,
    bottoms,
    small_clothes,
    footwear,
    light_shoes,
    headwear,
    accessories,
    jewellery,
    vessels,
    furniture,
)
TABLE: dict[str, Kind] = {kind.name: kind for module in _MODULES for kind in module.KINDS}
KINDS: tuple[str, ...] = tuple(TABLE)

"""Who is what is asked for by the catalogue's own fields: colour, material, pattern of a photo to be changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shoplens.core.masks import fit
from shoplens.core.ports import Mask, Numbers
from shoplens.core.where import parse_where
from shoplens.engine.asked import Understands
from shoplens.engine.copy_ports import Columns
from shoplens.engine.parts import Floats

_CHANGED = ("color", "material", "pattern")


@dataclass(frozen=True, slots=True)
class Called:
    """Of the allowed variants (bool by number) those that fields call what is asked for, and the others; ``products``:
    bool by product number, has one of the first; ``of_products``: all allowed variants of these."""

    variants: Mask
    others: Mask
    products: Mask
    of_products: Mask

    def shown(self, allowed: Mask) -> Mask:
        """The allowed variants that may be shown: of products that have what is asked for, those that do."""
        return allowed & ~(self.others & self.of_products)

    def of(self, candidates: Numbers) -> Floats:
        """float64 [candidates]: 1 for those that are called so."""
        out = np.zeros(len(candidates))
        known = candidates < len(self.products)
        out[known] = self.products[candidates[known]]
        return out


def called_so(understands: Understands | None, words: str, columns: Columns, allowed: Mask) -> Called | None:
    """The variants that have all colours, materials and patterns that the words name; None where no field tells."""
    if understands is None or not words:
        return None
    chips = [c for c in understands.understand(words, columns).chips if c.boost and c.kind in _CHANGED]
    if not chips:
        return None
    variants = allowed
    for chip in chips:
        variants = variants & fit(columns.mask(parse_where(chip.boost)), len(allowed))
    products, product_of = columns.products(variants), columns.product_of
    size = min(len(allowed), len(product_of))
    whole = np.zeros(len(allowed), np.bool_)
    whole[:size] = allowed[:size] & products[product_of[:size]]
    return Called(variants, allowed & ~variants, products, whole)

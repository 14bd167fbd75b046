"""What of a product is there within a filter: variants outside of it are not, nor what is theirs alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shoplens.core.answer import Hit
from shoplens.core.catalogue import Product, record
from shoplens.core.ports import StoredProduct
from shoplens.core.where import Where


def part_within(product: Product, where: Where | None) -> Product | None:
    """The product with those of its variants alone that meet a filter; None where none does.

    The product's own pictures go too where only variants outside the filter show them.
    """
    if where is None:
        return product
    kept = tuple(variant for variant in product.variants if where.matches(record(product, variant)))
    if len(kept) == len(product.variants):
        return product
    if not kept:
        return None
    shown = not all(one.images for one in kept) or all(one.images for one in product.variants)
    return replace(product, variants=kept, images=product.images if shown else ())


def stored_within(stored: StoredProduct | None, where: Where | None) -> StoredProduct | None:
    """As ``part_within``, of a stored product: its variants' numbers and its pictures' hashes are cut too."""
    part = None if stored is None else part_within(stored.product, where)
    if stored is None or part is None or part is stored.product:
        return None if part is None else stored
    kept = {variant.id for variant in part.variants}
    pairs = zip(stored.product.variants, stored.variant_numbers, strict=True)
    locations = {image.location for image in part.all_images()}
    return replace(
        stored,
        product=part,
        variant_numbers=tuple(number for variant, number in pairs if variant.id in kept),
        pictures={location: key for location, key in stored.pictures.items() if location in locations},
    )


def hits_within(hits: Sequence[Hit], where: Where | None) -> tuple[Hit, ...]:
    """Hits whose products have those variants alone that meet a filter."""
    if where is None:
        return tuple(hits)
    out = []
    for hit in hits:
        part = part_within(hit.product, where)
        if part is not None:
            shown = next((one for one in part.variants if one.id == hit.variant.id), part.variants[0])
            out.append(replace(hit, product=part, variant=shown))
    return tuple(out)


__all__ = ["hits_within", "part_within", "stored_within"]

"""How long the texts of a product may be: far more than any shop writes, and too little to stop a service with.

The bounds are those of one row, whatever it came in: a feed's, or one that was sent. A row beyond one is left out, and
its problem names the field; a text that is cut in silence would be found by half of its words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shoplens.core.catalogue import Product, RowProblem, Variant
from shoplens.feeds.rows import Part
from shoplens.feeds.values import MAX_ADDRESS

MAX_ID = 512
"""Characters of an id, a SKU, a GTIN, an MPN."""
MAX_TITLE = 2_000
MAX_NAME = 500
"""Characters of a brand, of one step of a category, of an attribute's name."""
MAX_DESCRIPTION = 262_144
"""As long as a field of a CSV file may be."""
MAX_VALUE = 10_000
"""Characters of one value of an attribute, of a picture's alt text, of a text that a machine has made."""
MAX_WHOLE = 2_000_000
"""Characters of a row's texts together."""
MAX_SENT_VARIANTS = 10_000
"""Variants of one row: as many as the rows that a product may have."""


def bounded(part: Part) -> Part | RowProblem:
    """What a row says, or the problem of one that says too much."""
    total = 0
    if len(part.variants) > MAX_SENT_VARIANTS:
        return RowProblem(
            part.line, "variants", f"more than {MAX_SENT_VARIANTS} variants", str(len(part.variants)), part.key
        )
    for name, text, limit in _texts(part):
        total += len(text)
        if len(text) > limit:
            reason = f"{len(text):,} characters are more than {limit:,}"
            return RowProblem(part.line, name, reason, text[:80], part.key)
    if total > MAX_WHOLE:
        reason = f"the texts of the row have {total:,} characters, more than {MAX_WHOLE:,}"
        return RowProblem(part.line, "", reason, part.product.title[:80], part.key)
    return part


def _texts(part: Part) -> Iterator[tuple[str, str, int]]:
    """Field, text and bound of all that a row says."""
    product = part.product
    yield "id", part.key, MAX_ID
    yield "title", product.title, MAX_TITLE
    yield "description", product.description, MAX_DESCRIPTION
    yield "brand", product.brand, MAX_NAME
    yield "link", product.link, MAX_ADDRESS
    for path in (product.category, *product.categories):
        for step in path:
            yield "category", step, MAX_NAME
    for one in product.translations:
        yield f"title_{one.language[:20]}", one.title, MAX_TITLE
        yield f"description_{one.language[:20]}", one.description, MAX_DESCRIPTION
        yield "language", one.language, MAX_NAME
    for made in product.derived:
        yield "derived", made.text, MAX_VALUE
        yield "derived", made.field + made.source, MAX_NAME
    yield from _of(product)
    for variant in part.variants:
        yield from (("id", variant.id, MAX_ID), ("sku", variant.sku, MAX_ID), ("gtin", variant.gtin, MAX_ID))
        yield from (("mpn", variant.mpn, MAX_ID), ("link", variant.link, MAX_ADDRESS))
        yield from _of(variant)


def _of(one: Product | Variant) -> Iterator[tuple[str, str, int]]:
    attributes: Mapping[str, tuple[str, ...]] = one.attributes
    for name, values in attributes.items():
        yield name[:80], name, MAX_NAME
        for value in values:
            yield name[:80], value, MAX_VALUE
    for image in one.images:
        yield "image", image.location, MAX_ADDRESS
        yield "image_alt", image.alt, MAX_VALUE

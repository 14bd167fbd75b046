"""Which rows a product has in the copies, and what the encoder reads of it."""

from __future__ import annotations

from shoplens.core.catalogue import Product
from shoplens.core.ports import StoredProduct, VectorRow


def picture_rows(stored: StoredProduct) -> list[VectorRow]:
    """The rows of the picture index for a product: one a picture, with the variants that show it.

    A picture of the product that no variant shows (all have their own) stands for every variant.
    """
    shown: dict[str, list[int]] = {}
    for image in stored.product.all_images():
        if key := stored.pictures.get(image.location):
            shown.setdefault(key, [])
    for variant, number in zip(stored.product.variants, stored.variant_numbers, strict=True):
        for image in stored.product.variant_images(variant):
            key = stored.pictures.get(image.location)
            if key is not None and number not in shown[key]:
                shown[key].append(number)
    return [VectorRow(stored.number, key, tuple(some or stored.variant_numbers)) for key, some in shown.items()]


def text_row(stored: StoredProduct) -> VectorRow:
    """The row of the text index for a product."""
    return VectorRow(stored.number, stored.product.words_hash, stored.variant_numbers)


def encoder_text(product: Product) -> str:
    """What the encoder reads of a product: its title, kind, brand and what sets it apart, the title first.

    Short on purpose: a small text tower reads 48 tokens, and a description dilutes the title.
    """
    parts = [product.title, *(t.title for t in product.translations)]
    if not any(parts):
        parts.append(product.description[:200])
    parts += [product.category[-1] if product.category else "", product.brand]
    for name in ("color", "colour", "material", "pattern"):
        parts += product.attributes.get(name, ())[:2]
    return " ".join(dict.fromkeys(p.strip() for p in parts if p.strip()))

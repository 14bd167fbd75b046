"""What of a product is put before those who judge, people and machines alike."""

from __future__ import annotations

from dataclasses import dataclass

from shoplens.core.catalogue import Product

_ATTRIBUTES = 8
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Card:
    """A product as it is shown. ``picture``: a small JPEG, b"" where there is none. ``link``: http(s) or ""."""

    title: str
    brand: str = ""
    category: str = ""
    price: str = ""
    link: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    description: str = ""
    picture: bytes = b""


def card_of(product: Product, picture: bytes = b"", variant_id: str = "") -> Card:
    """The card of a product, or of one of its variants."""
    variant = next((v for v in product.variants if v.id == variant_id), None)
    shown = variant or next(iter(product.variants), None)
    values = dict(product.attributes)
    if variant is not None:
        values |= dict(variant.attributes)
    else:
        for each in product.variants:
            for name, some in each.attributes.items():
                values[name] = tuple(dict.fromkeys([*values.get(name, ()), *some]))
    told = [(name, ", ".join(some)[:_LONGEST]) for name, some in values.items() if some]
    titles = [product.title, *(t.title for t in product.translations)]
    link = (variant.link if variant is not None else "") or product.link
    return Card(
        title=" / ".join(dict.fromkeys(t for t in titles if t)) or product.id,
        brand=product.brand,
        category=" > ".join(product.category),
        price=str(shown.price) if shown is not None and shown.price is not None else "",
        link=link if link.lower().startswith(("http://", "https://")) else "",
        attributes=tuple(told[:_ATTRIBUTES]),
        description=product.description,
        picture=picture,
    )

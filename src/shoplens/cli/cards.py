"""The products of a report as they are shown: looked up in the shop, with small pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from shoplens.app import Shop
from shoplens.core.ports import StoredProduct
from shoplens.errors import ShopLensError
from shoplens.pictures.redact import repaint

if TYPE_CHECKING:
    from shoplens.evaluation.cards import Card
    from shoplens.evaluation.judgements import JudgedQuery
    from shoplens.evaluation.sheet import Key

SIDE = 128
"""Shortest side of a picture of a report, in pixels."""


def cards_for(shop: Shop, keys: Iterable[Key], *, pictures: bool = True) -> dict[Key, Card]:
    """Cards of those products and variants that the shop has; a picture that cannot be read is left out."""
    from shoplens.evaluation.cards import card_of

    wanted = list(keys)
    found: dict[Key, Card] = {}
    numbers = shop.store.numbers_of([i for by_variant, i in wanted if not by_variant])
    for stored in shop.store.get(list(numbers.values())):
        if stored is not None:
            jpeg = _picture(shop, stored) if pictures else b""
            found[False, stored.product.id] = card_of(stored.product, jpeg)
    if variants := {i for by_variant, i in wanted if by_variant}:
        for some in shop.store.scan():
            for stored in some:
                for variant in stored.product.variants:
                    if variant.id in variants:
                        jpeg = _picture(shop, stored, variant.id) if pictures else b""
                        found[True, variant.id] = card_of(stored.product, jpeg, variant.id)
    return found


def photos_of(shop: Shop, queries: Sequence[JudgedQuery]) -> dict[str, list[bytes]]:
    """Query id -> its photos, small."""
    found: dict[str, list[bytes]] = {}
    for query in queries:
        if query.fields.get("images"):
            with suppress(ShopLensError):
                photos = query.build().pictures
                decoded = [shop.decoder().decode(p.data, SIDE, p.crop) for p in photos]
                found[query.query_id] = [repaint(one, SIDE, quality=75) for one in decoded]
    return found


def _picture(shop: Shop, stored: StoredProduct, variant_id: str = "") -> bytes:
    variant = next((v for v in stored.product.variants if v.id == variant_id), None)
    own = [image.location for image in variant.images] if variant is not None else []
    hashes = [stored.pictures[place] for place in own if place in stored.pictures] or list(stored.pictures.values())
    with suppress(ShopLensError):
        return shop.thumbnail(hashes[0], SIDE) if hashes else b""
    return b""

"""Pictures that a shop lists in a file of their own beside the feed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from shoplens.core.catalogue import ImageRef, Product, RowProblem, Variant
from shoplens.errors import FeedError
from shoplens.feeds.columns import fold
from shoplens.feeds.delimited import Delimited
from shoplens.feeds.text import reading
from shoplens.feeds.values import MAX_ADDRESS, MAX_IMAGES, text

MAX_BYTES = 128 * 1024 * 1024
"""Of a companion, unpacked: a packed one may be a thousand times as large as it looks."""
MAX_ROWS = 1_000_000
"""Different pictures of a companion: all are kept in memory, at about 0.5 KB each."""
_IMAGE = ("image", "imagelink", "imageurl", "filename", "picture")


class Companion:
    """A CSV or TSV named ``*images*`` with the columns product_id and image, and variant, sku or color if it likes.

    A row's picture goes to the variant it names, else to the variants of its colour, else to the product. The limits
    are those of a feed's own columns: addresses of MAX_ADDRESS characters, MAX_IMAGES pictures of a product or variant.
    A file of more than MAX_BYTES or MAX_ROWS is not fit.
    """

    def __init__(self, path: Path, by_product: Mapping[str, Collection[tuple[str, str, str]]]) -> None:
        self.path = path
        self._by_product = by_product

    @classmethod
    def beside(cls, feed: Path) -> Companion | None:
        """The companion of a feed, None where there is none that is fit. One of several: the first by name."""
        for path in sorted(feed.parent.glob("*images*")):
            if (
                path == feed
                or not path.is_file()
                or not path.name.lower().endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz"))
            ):
                continue
            try:
                found = cls._load(path) if _fits(path) else None
            except (FeedError, OSError):
                continue
            if found is not None:
                return found
        return None

    @classmethod
    def _load(cls, path: Path) -> Companion | None:
        reader = Delimited(path)
        headers = {fold(column): column for column in reader.columns}
        image = next((headers[name] for name in _IMAGE if name in headers), None)
        product = headers.get("productid")
        if image is None or product is None:
            return None
        variant = next((headers[name] for name in ("variant", "variantid", "sku") if name in headers), None)
        color = next((headers[name] for name in ("color", "colour") if name in headers), None)
        found: dict[str, dict[tuple[str, str, str], None]] = {}
        count = 0
        for row in reader.rows():
            if isinstance(row, RowProblem):
                continue
            location = text(row.values.get(image))
            key = text(row.values.get(product))
            if location and key and len(location) <= MAX_ADDRESS:
                of = text(row.values.get(variant)) if variant else ""
                listed = found.setdefault(key, {})
                before = len(listed)
                listed[of, text(row.values.get(color)) if color else "", location] = None
                count += len(listed) - before
                if count > MAX_ROWS:
                    return None
        return cls(path, found)

    def add_to(self, product: Product) -> Product:
        """The product with the pictures that are listed for it; those it has stay in front."""
        listed = list(self._by_product.get(product.id, ()))
        if not listed:
            return product
        # Looked up by name, as a product may have hundreds of variants and of pictures.
        numbers: dict[tuple[str, str], list[int]] = {}
        for number, (of, color, _) in enumerate(listed):
            if of or color:
                numbers.setdefault(("of", of) if of else ("color", color.casefold()), []).append(number)
        variants: list[Variant] = []
        used: set[int] = set()
        for variant in product.variants:
            colors = {value.casefold() for value in variant.attributes.get("color", ())}
            keys = {("of", variant.id), ("of", variant.sku), *(("color", color) for color in colors)}
            own = sorted(number for key in keys for number in numbers.get(key, ()))
            used.update(own)
            mine = [ImageRef(listed[number][2]) for number in own[: 2 * MAX_IMAGES]]
            variants.append(replace(variant, images=_once(variant.images, mine)) if mine else variant)
        rest = [ImageRef(location) for number, (_, _, location) in enumerate(listed) if number not in used]
        return replace(product, images=_once(product.images, rest), variants=tuple(variants))


def _fits(path: Path) -> bool:
    if path.stat().st_size > MAX_BYTES:
        return False
    size = 0
    with reading(path) as file:
        while size <= MAX_BYTES and (piece := file.read(1 << 20)):
            size += len(piece)
    return size <= MAX_BYTES


def _once(first: tuple[ImageRef, ...], more: list[ImageRef]) -> tuple[ImageRef, ...]:
    found: dict[str, ImageRef] = {}
    for image in (*first, *more):
        found.setdefault(image.location, image)
    return tuple(list(found.values())[:MAX_IMAGES])

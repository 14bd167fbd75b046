"""Products that are listed twice: the same or nearly the same pictures, and titles that are alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from shoplens.core.catalogue import Product
from shoplens.core.ports import StoredProduct

_ALIKE = 0.6
"""Share of the words of two titles that both have, from which on they are alike."""
_CROWD = 8
"""Products that show one picture from which on it is a placeholder or a chart of sizes, and tells nothing."""

Said = frozenset[str]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two products that seem to be one. ``pictures``: how many of the first one's pictures the second shows, of how
    many; ``titles``: the share of their words that both have, 0 to 1."""

    first: str
    second: str
    pictures: int
    of: int
    titles: float

    def __str__(self) -> str:
        named = "the same title" if self.titles == 1 else f"titles alike by {self.titles:.0%}"
        return f"{self.first} = {self.second}: {self.pictures} of {self.of} pictures the same, {named}"


def duplicates(
    chunks: Iterable[Sequence[StoredProduct]],
    tokens: Callable[[str], Iterable[str]],
    same: Mapping[str, str],
    colours: frozenset[str],
) -> list[Duplicate]:
    """Pairs of products, those that share most first.

    Two listings are one thing if they share a picture, by its bytes or its fingerprint (``same``: picture hash -> one
    for all that are the same picture), and titles alike. Designs in several colours are no duplicates, though listed
    apart with one picture for all: titles or attributes that name different colours (``colours``: tokens of such names)
    are told apart.

    Args:
        chunks: all products.
        tokens: the words of a text, as they are compared.
    """
    owners: dict[str, list[str]] = defaultdict(list)
    said: dict[str, Said] = {}
    shown: dict[str, set[str]] = {}
    coloured: dict[str, Said] = {}
    for chunk in chunks:
        for stored in chunk:
            product = stored.product
            keys = {same.get(key, key) for key in stored.pictures.values()}
            if not keys or not product.title:
                continue
            said[product.id], shown[product.id] = frozenset(tokens(product.title)), keys
            coloured[product.id] = _colours(product)
            for key in keys:
                owners[key].append(product.id)
    pairs = {(a, b) for ids in owners.values() if len(ids) < _CROWD for n, a in enumerate(ids) for b in ids[n + 1 :]}
    found = []
    for a, b in pairs:
        titles = _alike(said[a], said[b])
        mine, theirs = coloured[a], coloured[b]
        other = (said[a] & colours) != (said[b] & colours) or (mine and theirs and mine.isdisjoint(theirs))
        if titles >= _ALIKE and not other:
            found.append(Duplicate(a, b, len(shown[a] & shown[b]), len(shown[a]), round(titles, 2)))
    return sorted(found, key=lambda d: (-d.pictures / d.of, -d.titles, d.first, d.second))


def _colours(product: Product) -> Said:
    """The colours that a product's attributes and its variants' name, as written."""
    some = (product.attributes, *(variant.attributes for variant in product.variants))
    return frozenset(v.lower() for own in some for name in ("color", "colour") for v in own.get(name, ()))


def _alike(a: Said, b: Said) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0

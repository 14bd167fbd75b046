"""How many products in stock have each key, and which keys each product has: what suggestions are counted from."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import Product

_NONE: npt.NDArray[np.int64] = np.zeros(0, np.int64)
MOST_KEYS = 400_000
"""Keys that are counted; beyond it the phrases of one product alone go first."""
MOST_PRODUCTS = 500_000
"""Products whose phrases are counted and whose titles are proposed: those with the lowest numbers."""
MOST_POSTED = 200_000
"""Products up to which phrases are tried together ("red" and "leather bag")."""
_WORDS = "w:"


class Postings:
    """The products of each key, by the key's number. Not changed once made.

    Args:
        starts: int64 [keys + 1]: where each key's products begin.
        products: int32: product numbers.
        size: above the highest of them.
    """

    def __init__(
        self,
        starts: npt.NDArray[np.int64] = _NONE,
        products: npt.NDArray[np.int32] = _NONE.astype(np.int32),
        size: int = 0,
    ) -> None:
        self._starts, self._products, self._size = starts, products, size

    def of(self, key: int) -> npt.NDArray[np.int32]:
        """Product numbers that have a key."""
        if key + 1 >= len(self._starts):
            return self._products[:0]
        return self._products[self._starts[key] : self._starts[key + 1]]

    def mask(self, keys: Iterable[int]) -> npt.NDArray[np.bool_]:
        """bool by product number: has all of the keys."""
        out = np.ones(self._size, bool)
        for key in keys:
            one = np.zeros(self._size, bool)
            one[self.of(key)] = True
            out &= one
        return out


class PhraseCounts:
    """Counts that follow changes of products. Written to by one thread.

    ``seq``: of the last change that is in them. ``titles``: product number -> its id and its titles, joined by tabs.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._numbers: dict[str, int] = {}
        self._keys: list[str] = []
        self._counts = array("i")
        self._held: dict[int, bytes] = {}
        self.titles: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def put(self, number: int, keys: Iterable[str], product: Product | None) -> None:
        """A product has these keys from now on; None for one that is not proposed (gone, or sold out)."""
        before = self._held.pop(number, b"")
        for key in array("i", before):
            self._counts[key] -= 1
        self.titles.pop(number, None)
        if product is None or number > MOST_PRODUCTS:
            return
        own = array("i", (self._number(key) for key in sorted(keys)))
        for key in own:
            self._counts[key] += 1
        self._held[number] = own.tobytes()
        titles = dict.fromkeys(
            " ".join(t.split())[:120] for t in (product.title, *(t.title for t in product.translations))
        )
        self.titles[number] = "\t".join((product.id.replace("\t", " "), *filter(None, titles)))
        if len(self._numbers) > MOST_KEYS:
            self._prune()

    def _number(self, key: str) -> int:
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._keys)
            self._keys.append(key)
            self._counts.append(0)
        return found

    def _prune(self) -> None:
        """Forgets phrases of several words that one product has, and keys that none has, then numbers keys anew. A
        phrase that comes again is counted from there: by then the shop has so many others that nobody is shown it."""
        kept = [
            (key, number)
            for key, number in self._numbers.items()
            if self._counts[number] > 1 or (self._counts[number] and not (key.startswith(_WORDS) and " " in key))
        ]
        kept = sorted(kept, key=lambda pair: -self._counts[pair[1]])[: MOST_KEYS // 2]
        place = {number: at for at, (_, number) in enumerate(kept)}
        for product, held in self._held.items():
            self._held[product] = array("i", (place[n] for n in array("i", held) if n in place)).tobytes()
        self._counts = array("i", (self._counts[number] for _, number in kept))
        self._keys = [key for key, _ in kept]
        self._numbers = {key: at for at, key in enumerate(self._keys)}

    def items(self) -> Iterator[tuple[int, str, int]]:
        """Each key that some product in stock has: its number, itself, and how many have it."""
        return ((at, key, self._counts[at]) for at, key in enumerate(self._keys) if self._counts[at] > 0)

    def postings(self) -> Postings:
        """Which products have each key; none of a shop too large for it."""
        if len(self._held) > MOST_POSTED:
            return Postings()
        keys = np.frombuffer(b"".join(self._held.values()), np.int32)
        sizes = [len(held) // 4 for held in self._held.values()]
        products = np.repeat(np.array(list(self._held), np.int32), sizes)
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(len(self._keys) + 1))
        return Postings(starts, products[order], int(max(self._held, default=0)) + 1)

    # --- as plain data --------------------------------------------------------------------------

    def dump(self) -> tuple[list[str], array[int], list[int], array[int], bytes, list[str]]:
        """Keys, their counts, product numbers, how many keys each has, those keys' numbers, and titles."""
        products = list(self._held)
        sizes = array("i", (len(self._held[n]) // 4 for n in products))
        held = b"".join(self._held[n] for n in products)
        return self._keys, self._counts, products, sizes, held, [self.titles.get(n, "") for n in products]

    @classmethod
    def load(
        cls, seq: int, keys: list[str], counts: Iterable[int], products: Iterable[int], sizes: Iterable[int],
        held: bytes, titles: Iterable[str],
    ) -> PhraseCounts:  # fmt: skip
        """The counts that were dumped. Raises ValueError for what cannot be."""
        out = cls()
        out.seq, out._keys, out._counts = seq, keys, array("i", counts)
        out._numbers = {key: at for at, key in enumerate(keys)}
        at = 0
        for number, size, title in zip(products, sizes, titles, strict=True):
            out._held[number] = held[at : at + 4 * size]
            at += 4 * size
            if title:
                out.titles[number] = title
        if at != len(held) or len(out._counts) != len(keys) or len(out._numbers) != len(keys):
            raise ValueError("the parts do not fit together")
        return out

"""What a search box proposes while a shopper types, and keys that are looked up by how they start."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.core.where import In

SUGGESTION_KINDS = ("query", "brand", "category", "product")
"""What a suggestion leads to."""

_END = "\U0010ffff"
_MANY = 1_000
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One proposal.

    ``text``: what to put into the search box. ``kind``: one of SUGGESTION_KINDS. ``count``: products in stock that
    answer. ``field``, ``value``: of a brand or a category the facet to apply instead of the words; "" for none.
    ``product_id``: of a product.
    """

    text: str
    kind: str
    count: int
    field: str = ""
    value: str = ""
    product_id: str = ""

    @property
    def filter(self) -> str:
        """The facet as a filter (the grammar of ``core.where``); "" for none."""
        return str(In(self.field, (self.value,))) if self.field else ""


def suggestion_to_fields(suggestion: Suggestion) -> Mapping[str, Any]:
    """A suggestion as JSON data; what it does not have is left out."""
    out: dict[str, Any] = {"text": suggestion.text, "kind": suggestion.kind, "count": suggestion.count}
    if suggestion.field:
        out |= {"filter": suggestion.filter, "field": suggestion.field, "value": suggestion.value}
    if suggestion.product_id:
        out["product_id"] = suggestion.product_id
    return out


@dataclass(frozen=True, slots=True)
class Found:
    """A place of the table that starts as was asked: ``entry`` numbers what it stands for, ``score`` orders."""

    entry: int
    score: float
    key: str


class Prefixes:
    """Keys in order, each with the number of what it stands for and a score. Not changed once made.

    Args:
        rows: (key, entry, score) in order of key.
    """

    def __init__(self, rows: Iterable[tuple[str, int, float]] = ()) -> None:
        keys: list[str] = []
        entries: list[int] = []
        scores: list[float] = []
        for key, entry, score in rows:
            keys.append(key)
            entries.append(entry)
            scores.append(score)
        self._keys: Sequence[str] = keys
        self._entries = np.array(entries, np.int32)
        self._scores: npt.NDArray[np.float32] = np.array(scores, np.float32)
        self._kept: dict[tuple[str, int], list[Found]] = {}

    def __len__(self) -> int:
        return len(self._keys)

    def span(self, prefix: str, low: int = 0, high: int | None = None) -> tuple[int, int]:
        """Where keys stand that start so: from, to."""
        low = bisect_left(self._keys, prefix, low, high)
        return low, bisect_left(self._keys, prefix + _END, low, high)

    def starts(self, prefix: str) -> bool:
        """Whether a key starts so."""
        at = bisect_left(self._keys, prefix)
        return at < len(self._keys) and self._keys[at].startswith(prefix)

    def entry(self, key: str) -> int | None:
        """What a whole key stands for; of several the best."""
        low = bisect_left(self._keys, key)
        same = []
        while low < len(self._keys) and self._keys[low] == key:
            same.append(low)
            low += 1
        return int(self._entries[max(same, key=lambda at: self._scores[at])]) if same else None

    def best(self, prefix: str, most: int) -> list[Found]:
        """The keys that start so with the highest scores, best first; ties in order of key. Those of beginnings that
        many keys share are kept."""
        known = self._kept.get((prefix, most))
        if known is not None:
            return known
        low, high = self.span(prefix)
        if low == high:
            return []
        scores = self._scores[low:high]
        if high - low > most:
            cut = np.partition(scores, high - low - most)[high - low - most]
            some = np.flatnonzero(scores >= cut)
        else:
            some = np.arange(high - low)
        some = some[np.lexsort((some, -scores[some]))][:most]
        found = [Found(int(self._entries[low + at]), float(scores[at]), self._keys[low + at]) for at in some.tolist()]
        if high - low >= _MANY and len(self._kept) < _MOST_KEPT:
            self._kept[prefix, most] = found
        return found


def slips(word: str, letters: str) -> Iterator[str]:
    """All that is one letter away from a word: two neighbours swapped, a letter changed, left out or added."""
    for at in range(len(word)):
        head, tail = word[:at], word[at + 1 :]
        if tail and tail[0] != word[at]:
            yield f"{head}{tail[0]}{word[at]}{tail[1:]}"
        for letter in letters:
            if letter != word[at]:
                yield f"{head}{letter}{tail}"
        yield head + tail
        for letter in letters:
            yield f"{head}{letter}{word[at:]}"
    for letter in letters:
        yield word + letter

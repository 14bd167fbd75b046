"""Words of a query -> what they ask for: price limits and denials that must hold, colours, kinds, sizes that count.

By grammar and lexicon alone; nothing is understood that the catalogue cannot tell. Reading left to right, the first of
these has a part of the words: a brand of the catalogue, a price limit, a denial, a size or a measure, a name of the
lexicon or of the catalogue's categories (the longest first).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

from shoplens.core.notes import Note, note
from shoplens.core.understood import Chip, ColumnValues, Understood, rest_of
from shoplens.understanding.prices import price_limits


class Asking:
    """Understands queries of one shop. Safe to use from several threads."""

    def understand(self, words: str, columns: ColumnValues, without: Collection[str] = ()) -> Understood:
        """What the words ask for, as far as the catalogue can tell; ``without``: ids of chips that are not wanted."""
        return understand(words, columns).without(without)


def understand(words: str, columns: ColumnValues) -> Understood:
    """What the words ask for."""
    text = plain(words)
    chips: list[Chip] = []
    notes: list[Note] = []
    if columns.has("price"):
        currencies = columns.values("currency")
        for limit in price_limits(text, currencies):
            written = words[limit.start : limit.end]
            chips.append(Chip(f"price:{written.casefold()}", "price", written, limit.start, limit.end, limit.filter))
            if limit.foreign:
                shop = " ".join(sorted(currencies))
                notes.append(note("price_other_currency", written=written, asked=limit.foreign, currency=shop))
    found = tuple(sorted(chips, key=lambda chip: chip.start))
    return Understood(words, found, rest_of(words, found), tuple(notes))


def plain(words: str) -> str:
    """The words in lower case and without full-width forms, sign by sign, so that places stay the same."""
    return words.lower() if words.isascii() else "".join(map(_plain, words))


def _plain(sign: str) -> str:
    small = unicodedata.normalize("NFKC", sign).lower()
    return small if len(small) == 1 else sign

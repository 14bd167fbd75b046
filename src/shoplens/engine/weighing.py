"""How much each source of one query counts, from how sure the others are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from shoplens.core.ports import WordMatches
from shoplens.engine.balance import Balance
from shoplens.engine.parts import VectorPart


def weighed(parts: Iterable[VectorPart], words: WordMatches | None, balance: Balance) -> list[VectorPart]:
    """The vectors of a query, those of its words against product texts the quieter the surer the words as written are.

    Both read the same texts: where the best matches are called what was asked for, the vector's opinion is little news,
    and of equals it prefers those whose texts are long.
    """
    if words is None or not balance.restraint:
        return list(parts)
    left = 1 - balance.restraint * min(words.coverage, 1.0)
    return [replace(part, weight=part.weight * left) if part.source == "words>text" else part for part in parts]

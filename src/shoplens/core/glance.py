"""What a short look into the word index tells."""

from __future__ import annotations

from dataclasses import dataclass

from shoplens.core.ports import Numbers


@dataclass(frozen=True, slots=True)
class Glance:
    """Some of the best products for words, best first; how many match; and ``guessed`` as in WordMatches."""

    products: Numbers
    count: int
    guessed: tuple[str, ...]

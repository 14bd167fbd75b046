"""Names in a text: which of some thousand words and phrases, in English and Chinese, stand where."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")

_STARTS = re.compile(r"[A-Za-z0-9]+|[^\sA-Za-z0-9]")
"""Where a name may start: at a Latin word, or at any other letter or sign."""


class Names(Generic[T]):
    """Finds names in texts, from the left, the longest first; Latin letters as whole words (Chinese may stand beside
    them). Looked up by how they start and the lengths of the names that start so: one pattern of thousands of names
    takes seconds to compile.

    Args:
        meanings: name, case-folded and stripped -> what it means.
    """

    def __init__(self, meanings: Mapping[str, T]) -> None:
        self._meanings = dict(meanings)
        lengths: dict[str, set[int]] = {}
        for name in self._meanings:
            if start := _STARTS.match(name):
                lengths.setdefault(start[0], set()).add(len(name))
        self._lengths = {start: tuple(sorted(some, reverse=True)) for start, some in lengths.items()}

    def spans(self, text: str) -> Iterator[tuple[int, int, T]]:
        """(start, end, meaning) of each name in a case-folded text; none overlaps another."""
        after = 0
        for start in _STARTS.finditer(text):
            at = start.start()
            if at >= after and (end := self._end(text, at, start[0])):
                yield at, end, self._meanings[text[at:end]]
                after = end

    def at(self, text: str, at: int) -> tuple[int, T] | None:
        """(end, meaning) of the longest name that starts at a place of a case-folded text."""
        start = _STARTS.match(text, at)
        end = self._end(text, at, start[0]) if start and not _cuts(text, at) else 0
        return (end, self._meanings[text[at:end]]) if end else None

    def _end(self, text: str, at: int, start: str) -> int:
        """Where the longest name ends that starts so at ``at``; 0 for none."""
        for length in self._lengths.get(start, ()):
            end = at + length
            if end <= len(text) and text[at:end] in self._meanings and not _cuts(text, end):
                return end
        return 0


def _cuts(text: str, at: int) -> bool:
    """Whether a boundary before text[at] would cut a Latin word."""
    return 0 < at < len(text) and _is_latin(text[at - 1]) and _is_latin(text[at])


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()

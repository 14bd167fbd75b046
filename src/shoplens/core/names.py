"""Names in a text: which of some thousand words and phrases, in English and Chinese, stand where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Names(Generic[T]):
    """Finds names in texts, from the left, the longest first; Latin letters as whole words (Chinese may stand beside
    them). Looked up by the first two letters and the lengths of the names that begin so: one pattern of thousands of
    names takes seconds to compile.

    Args:
        meanings: name, case-folded -> what it means.
    """

    def __init__(self, meanings: Mapping[str, T]) -> None:
        self._meanings = dict(meanings)
        lengths: dict[str, set[int]] = {}
        for name in self._meanings:
            lengths.setdefault(name[:2], set()).add(len(name))
        self._lengths = {start: tuple(sorted(some, reverse=True)) for start, some in lengths.items()}

    def spans(self, text: str) -> Iterator[tuple[int, int, T]]:
        """(start, end, meaning) of each name in a case-folded text; none overlaps another."""
        at = 0
        while at < len(text):
            end = 0 if _cuts(text, at) else self._end(text, at)
            if end:
                yield at, end, self._meanings[text[at:end]]
            at = end or at + 1

    def _end(self, text: str, at: int) -> int:
        """Where the longest name ends that starts at ``at``; 0 for none."""
        lengths = self._lengths.get(text[at : at + 2], ()) + self._lengths.get(text[at], ())
        ends = (at + length for length in lengths if at + length <= len(text))
        return next((end for end in ends if text[at:end] in self._meanings and not _cuts(text, end)), 0)


def _cuts(text: str, at: int) -> bool:
    """Whether a boundary before text[at] would cut a Latin word."""
    return 0 < at < len(text) and _is_latin(text[at - 1]) and _is_latin(text[at])


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()

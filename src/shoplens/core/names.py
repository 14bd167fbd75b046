"""Names in a text: which of some thousand words and phrases, in English and Chinese, stand where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Names(Generic[T]):
    """Finds names in texts, from the left, the longest first; Latin letters as whole words (Chinese may stand beside
    them). Looked up length by length: one pattern of thousands of names takes seconds to compile.

    Args:
        meanings: name, case-folded -> what it means.
    """

    def __init__(self, meanings: Mapping[str, T]) -> None:
        self._meanings = dict(meanings)
        self._longest = max(map(len, self._meanings), default=0)

    def spans(self, text: str) -> Iterator[tuple[int, int, T]]:
        """(start, end, meaning) of each name in a case-folded text; none overlaps another."""
        at = 0
        while at < len(text):
            ends = range(min(len(text), at + self._longest), at, -1)
            end = next((end for end in ends if text[at:end] in self._meanings and _whole(text, at, end)), 0)
            if end:
                yield at, end, self._meanings[text[at:end]]
            at = end or at + 1


def _whole(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] cuts no Latin word."""
    left = start > 0 and _is_latin(text[start - 1]) and _is_latin(text[start])
    return not left and not (end < len(text) and _is_latin(text[end]) and _is_latin(text[end - 1]))


def _is_latin(letter: str) -> bool:
    return letter.isascii() and letter.isalnum()

"""Slips of the pen: what counts as one."""

from __future__ import annotations


def one_letter_away(first: str, second: str) -> bool:
    """Whether one letter was changed, added, left out, or two neighbours swapped."""
    if first == second or abs(len(first) - len(second)) > 1:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(map(len, (first, second)))
    )
    a, b = first[start:], second[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])

"""What a text says that a thing is: a "keyboard cover" is a cover, a "cover for keyboards" too.

English names end in what the thing is, and what it goes with follows a preposition; Chinese names do too, without one.
So of each run of words that are names of things the last is a head ("mouse pad": pad), and only what stands before the
first preposition or dash counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shoplens.indexes.tokens import chunks, is_unspaced, normalise, word
from shoplens.indexes.vocabulary import Vocabulary

MARK = "=="
"""What a head's token begins with: two signs, so that no slip of one letter makes a word a head."""
_GAP = 1
"""Words within a run that are no names of things ("mouse wrist pillow")."""
_PART = re.compile(
    r"\s[-–—|/:]+\s|[,;()\[\]|:]"
    r"|\b(?:for|with|without|by|from|in|to|fits|replaces|compatible|suitable|incl|including|featuring)\b"
    r"|(?<!set)(?<!pair)(?<!pack)(?<!box)\sof\s"
)
_LONGEST = 200


def heads(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The stems, or Chinese names, of the things that a text says it is; none where it names no thing."""
    if not vocabulary.things:
        return ()
    for part in _PART.split(normalise(text[:_LONGEST])):
        found = tuple(dict.fromkeys(_runs(part, vocabulary)))
        if found:
            return found
    return ()


def _runs(part: str, vocabulary: Vocabulary) -> Iterator[str]:
    last, gap = "", 0
    for chunk in chunks(part):
        if is_unspaced(chunk[0]):
            names = [name for name in vocabulary.pieces(chunk) if name in vocabulary.things]
            if names:
                last, gap = names[-1], 0
            continue
        stem = word(chunk).whole
        if stem in vocabulary.things:
            last, gap = stem, 0
        elif last:
            gap += 1
            if gap > _GAP or not stem.isalpha():
                yield last
                last = ""
    if last:
        yield last

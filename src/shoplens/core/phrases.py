"""Phrases of a query as rules compare them: words after NFKC, case folding and without accents; of Chinese each
character is a word, so that a phrase of it is found wherever it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

Phrase = tuple[str, ...]

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])+")
_MARKS = re.compile(r"[\u0300-\u036f]")


@lru_cache(maxsize=1 << 15)
def phrase(text: str) -> Phrase:
    """The words of a text; "T-Shirt" and "t shirt" are the same two."""
    return tuple(_WORD.findall(plain(text)))


def plain(text: str) -> str:
    """A text as it is compared."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    if folded.isascii():
        return folded
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", folded)))


def replacements(text: str, said: str, other: str) -> Iterator[str]:
    """The text, as it is compared, with one phrase put for another: once for each place where it stands."""
    whole, wanted = plain(text), phrase(said)
    words = list(_WORD.finditer(whole))
    for start in range(len(words) - len(wanted) + 1 if wanted else 0):
        here = words[start : start + len(wanted)]
        if tuple(word[0] for word in here) == wanted:
            yield f"{whole[: here[0].start()]}{other}{whole[here[-1].end() :]}"

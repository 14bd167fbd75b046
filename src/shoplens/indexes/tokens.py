"""Text to the tokens of the word index: English stems, numbers and model codes whole and in parts, Chinese by
single characters and pairs.

No word segmenter is used for Chinese, Japanese, Korean and Thai: 皮包 must be found inside 黑色真皮手提包, where it
stands as no word of its own. Stems are those of the Snowball English stemmer (Porter2), as tantivy ships it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import cast

import tantivy

VERSION = 2
"""Raise it when tokens change: indexes that were built with other tokens are then rebuilt."""

MAX_TOKEN = 64
"""Longer runs of letters and digits (base64, keys) are cut."""

_SHORT = 40
_NAME, _NUMBER_OF = 16, 4
"""Letters of the longest name that is joined with its number; signs of the longest number, and of the longest unit."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
_LETTER = rf"(?:(?![{_UNSPACED}])[^\W_])"
_CHUNK = re.compile(rf"[{_UNSPACED}]+|{_LETTER}+(?:[-.,'’&/+_]{_LETTER}+)*")
PIECES = _CHUNK
"""Where words stand in a text as it is written."""
_ASCII_CHUNK = re.compile(r"[a-z0-9]+(?:[-.,'&/+_][a-z0-9]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PIECE = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*")
_SPLIT = re.compile(r"[-'’&/+_]+|(?<!\d)[.,]|[.,](?!\d)")
_INCH = re.compile(r"(?<=\d)\s?(?:\"|″|”|'')")
_MARKS = re.compile(r"[\u0300-\u036f]")

# What the stemmer leaves apart though shoppers mean one thing: irregular plurals, two spellings.
_SAME = {
    "man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth", "mouse": "mice",
    "knives": "knife", "shelves": "shelf", "scarves": "scarf", "leaves": "leaf", "halves": "half", "loaves": "loaf",
    "colour": "color", "colours": "color", "grey": "gray", "jewellery": "jewelry", "aluminium": "aluminum",
    "litre": "liter", "litres": "liter", "metre": "meter", "metres": "meter", "fibre": "fiber", "tyre": "tire",
    "tyres": "tire", "pyjamas": "pajama", "pajamas": "pajama",
}  # fmt: skip
STOP_WORDS = frozenset(["a", "an", "and", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"])
"""English words that a query does without, unless it has no others."""
LIGHT = frozenset("的了和与及个款子儿")
"""Chinese characters that need not be in a product for it to match."""

_STEMMER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())  # one word in, one stem out
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)
_STEMMERS = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).filter(tantivy.Filter.stemmer("english")).build()
)


def normalise(text: str) -> str:
    """NFKC (full-width letters become plain), case folded, accents of Latin letters gone, 15.6" as 15.6 inch."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).casefold()
        if not text.isascii():
            text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFD", text)))
    else:
        text = text.lower()
    return _INCH.sub(" inch ", text) if '"' in text or "″" in text or "”" in text or "''" in text else text


@lru_cache(maxsize=1 << 17)
def stem(word: str) -> str:
    """The stem of one normalised word: shoes -> shoe, running -> run; irregular plurals and spellings united."""
    word = _SAME.get(word, word)
    found = _STEMMER.analyze(word)
    return cast(str, found[0]) if found else word


def stems(words: Iterable[str]) -> list[str]:
    """The stems of many normalised words of letters, read in one go; of none where a word is empty."""
    text = " ".join(_SAME.get(word, word) for word in words)
    return cast("list[str]", _STEMMERS.analyze(text))


@dataclass(frozen=True, slots=True)
class Word:
    """A chunk of normalised text: ``whole`` is it without separators (stemmed), ``parts`` what it consists of.

    dv7-1211ea: dv71211ea; dv, 7, 1211, ea, dv7, 1211ea. A plain word: its stem alone, no parts.
    A Chinese run: ``whole`` "", ``parts`` its characters, ``pairs`` its pairs.
    """

    whole: str
    parts: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """All tokens under which a document with this chunk is found."""
        return (*((self.whole,) if self.whole else ()), *self.parts, *self.pairs, *self.more)


@lru_cache(maxsize=1 << 16)
def word(chunk: str) -> Word:
    """The word of a chunk of normalised text without white space."""
    if chunk.isalpha() and not is_unspaced(chunk):
        return Word(stem(chunk[:MAX_TOKEN]))
    if is_unspaced(chunk):
        return Word("", tuple(chunk), tuple(a + b for a, b in pairwise(chunk)))
    if _NUMBER.fullmatch(chunk):
        return Word(_plain_number(chunk))
    pieces = [p for p in _SPLIT.split(chunk) if p]
    if len(pieces) == 2 and pieces[1] == "s" and "-" not in chunk:  # men's, men’s
        return word(pieces[0])
    parts: list[str] = []
    more: list[str] = []
    for piece in pieces:
        inner = _PIECE.findall(piece)
        parts += [_plain_number(i) if i[0].isdigit() else stem(i[:MAX_TOKEN]) for i in inner]
        if len(inner) > 1 and len(pieces) > 1:
            more.append(piece[:MAX_TOKEN])
    if "/" in chunk and not any(c.isdigit() for c in chunk):  # red/blue: two words, not one
        return Word("", tuple(dict.fromkeys(parts)))
    whole = "".join(pieces)[:MAX_TOKEN]
    whole = stem(whole) if whole.isalpha() else whole
    if len(parts) == 1:
        return Word(parts[0], (), (), () if whole == parts[0] else (whole,))
    return Word(whole, tuple(dict.fromkeys(parts)), (), tuple(dict.fromkeys(more)))


def chunks(text: str) -> list[str]:
    """The chunks of a normalised text: words, codes, numbers; runs of Chinese characters."""
    return (_ASCII_CHUNK if text.isascii() else _CHUNK).findall(text)


@lru_cache(maxsize=1 << 16)
def _tokens_of(chunk: str) -> tuple[str, ...]:
    return word(chunk).tokens


def tokens(text: str) -> Sequence[str]:
    """The tokens under which a document with this text is found, in order of the text.

    A single letter is joined with its neighbours too, so that "t shirt" and "t-shirt" are both found as "tshirt"; a
    name with its number, and a number with its unit (see `numbered`).
    """
    return _short(text) if len(text) <= _SHORT else _tokens(text)


@lru_cache(maxsize=1 << 12)
def _short(text: str) -> tuple[str, ...]:
    # Brands, categories and values of attributes come again and again.
    return tuple(_tokens(text))


def _tokens(text: str) -> list[str]:
    out: list[str] = []
    before = ""
    for chunk in chunks(normalise(text)):
        out += _tokens_of(chunk)
        if (len(chunk) == 1 or len(before) == 1) and before and (joined := join(before, chunk)):
            out.append(joined)
        elif before and (named := numbered(before, chunk)):
            out.append(named)
        before = chunk
    return out


def join(first: str, second: str) -> str:
    """Two neighbouring words written as one ("t", "shirt" -> "tshirt"); "" unless both are plain words of letters."""
    both = first + second
    return stem(both) if both.isascii() and both.isalpha() and len(both) <= 24 else ""


def numbered(first: str, second: str) -> str:
    """A name and its number, or a number and its unit, as one ("windows", "10" -> "windows10"; "16", "gb" -> "16gb");
    "" where they are not one of each, and short. "Windows 10" is then more than a text that has windows and a ten."""
    if not (first.isascii() and second.isascii() and len(first) <= _NAME and len(second) <= _NUMBER_OF):
        return ""
    if first.isalpha() and second.isdigit():
        return first + second
    if first.isdigit() and len(first) <= _NUMBER_OF and second.isalpha() and second not in STOP_WORDS:
        return first + second
    return ""


def is_unspaced(text: str) -> bool:
    """Whether a chunk is a run of a script that writes no spaces."""
    return re.match(f"[{_UNSPACED}]", text) is not None


def _plain_number(text: str) -> str:
    """1,000 -> 1000; 10,5 -> 10.5; leading zeros stay (model codes)."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return text.replace(",", "")
    return re.sub(r",(?=\d+$)", ".", text)

"""Byte-pair encoding as ``training.tokenizer`` trains it, read from ``tokenizer.json`` in plain Python.

The tokenizers library would bring 40 MB into the base install for a few dozen pieces a query; a text of ten words
takes some ten microseconds here once its words have been seen. Held to the library, piece by piece, in the tests.
"""

from __future__ import annotations

import json
import re
import string
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from shoplens.errors import EncoderError

_CHINESE = (
    (0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F),
)  # fmt: skip
_PUNCTUATION = frozenset(string.punctuation)
_LONGEST_WORD = 100
"""Characters of a word that are read: joining takes the square of their number, and no word is longer."""
_CACHED_WORDS = 50_000
_ASCII = dict.fromkeys((*range(32), 127)) | dict.fromkeys(map(ord, "\t\n\r"), " ")
_ASCII_WORDS = re.compile(r"[a-z]+|[^a-z ]")

_PIPELINE = {
    "normalizer": [{"type": "NFKC"}, {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                                      "strip_accents": None, "lowercase": True}],
    "pre_tokenizer": [{"type": "BertPreTokenizer"}, {"type": "Digits", "individual_digits": True}],
}  # fmt: skip


class BytePairTokenizer:
    """Text to piece numbers. Safe to call from several threads.

    Args:
        data: a ``tokenizer.json`` of the tokenizers library: a BPE model behind the steps that this class knows
            (NFKC, then Bert's normaliser with lower case and without accents; Bert's words, single digits).

    Raises:
        EncoderError: another model, other steps, or a file that is none.
    """

    def __init__(self, data: Any, *, where: str = "tokenizer.json") -> None:
        try:
            model = data["model"]
            if model["type"] != "BPE" or any(_steps(data[step]) != known for step, known in _PIPELINE.items()):
                raise EncoderError("a tokenizer of another kind", where=where, hint="export the encoder anew")
            self._pieces: dict[str, int] = dict(model["vocab"])
            pairs = [tuple(pair.split(" ") if isinstance(pair, str) else pair) for pair in model["merges"]]
            self._ranks = {(left, right): rank for rank, (left, right) in enumerate(pairs)}
            self._unknown = self._pieces[model["unk_token"]]
        except (KeyError, TypeError, ValueError) as error:
            raise EncoderError(
                f"not a tokenizer: {error!r}", where=where, hint="install ShopLens anew, or export the encoder anew"
            ) from error
        self._word = lru_cache(_CACHED_WORDS)(self._merge)

    @classmethod
    def from_file(cls, path: Path) -> BytePairTokenizer:
        """Reads ``tokenizer.json``. Raises EncoderError when it cannot be read or is no such tokenizer."""
        try:
            data = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise EncoderError(
                f"cannot be read: {error}", where=str(path), hint="install ShopLens anew, or export the encoder anew"
            ) from error
        return cls(data, where=str(path))

    def __len__(self) -> int:
        return len(self._pieces)

    def encode(self, text: str, longest: int | None = None) -> list[int]:
        """Piece numbers of a text, at most ``longest``; none for a text without anything to read."""
        out: list[int] = []
        for word in words_of(text):
            out += self._word(word[:_LONGEST_WORD])
            if longest is not None and len(out) >= longest:
                return out[:longest]
        return out

    def _merge(self, word: str) -> tuple[int, ...]:
        """Pieces of a word: single characters, joined pair by pair in the order in which training learnt the pairs."""
        # Characters that training never saw stay apart, as None, and join with nothing.
        parts: list[str | None] = [c if c in self._pieces else None for c in word]
        while len(parts) > 1:
            ranked = [
                (rank, n)
                for n in range(len(parts) - 1)
                if (rank := self._ranks.get((parts[n], parts[n + 1]))) is not None
            ]
            if not ranked:
                break
            _, at = min(ranked)
            parts[at : at + 2] = [f"{parts[at]}{parts[at + 1]}"]
        return tuple(self._unknown if part is None else self._pieces[part] for part in parts)


def words_of(text: str) -> Iterator[str]:
    """The words that pieces are made of: lower case, no accents; punctuation, digits, Chinese characters alone."""
    read = normalize(text)
    if read.isascii():
        yield from _ASCII_WORDS.findall(read)
        return
    start = None
    for n, c in enumerate(read):
        alone = c.isnumeric() if not c.isascii() else c.isdigit()
        space = c.isspace()
        if alone or space or _is_punctuation(c):
            if start is not None:
                yield read[start:n]
                start = None
            if not space:
                yield c
        elif start is None:
            start = n
    if start is not None:
        yield read[start:]


def normalize(text: str) -> str:
    """NFKC, then as Bert: no control characters, spaces around Chinese characters, no accents, lower case."""
    text = unicodedata.normalize("NFKC", text)
    if text.isascii():
        return text.translate(_ASCII).lower()
    out = []
    for c in text:
        if c in "\t\n\r":
            out.append(" ")
        elif c == "\ufffd" or unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs"):
            continue
        elif _is_chinese(c):
            out.append(f" {c} ")
        else:
            out.append(c)
    plain = unicodedata.normalize("NFD", "".join(out))
    # Letter by letter: str.lower() of the whole would treat a final sigma as its own letter.
    return "".join(c.lower() for c in plain if unicodedata.category(c) != "Mn")


def _is_chinese(c: str) -> bool:
    return c >= "\u3400" and any(low <= ord(c) <= high for low, high in _CHINESE)


def _is_punctuation(c: str) -> bool:
    return c in _PUNCTUATION if c.isascii() else unicodedata.category(c)[0] == "P"


def _steps(part: Any) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = part.get("normalizers") or part.get("pretokenizers")
    return steps

"""Words to token numbers for towers from the hubs: a ``tokenizer.json`` that already cuts, pads and marks ends.

Read with the tokenizers library (extra ``tokenizers``), since hub models bring four kinds of tokenizers with up to
256,000 pieces. The bundled encoder does without (`shoplens.encoders.bpe`).
"""

from __future__ import annotations

import html
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shoplens.errors import EncoderError, MissingExtraError

_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class WordSteps:
    """How texts become token numbers.

    Args:
        length: tokens that the tower reads at most; more are cut (``tokenizer.json`` holds the same number).
        padded: whether every text is filled up to ``length``: towers that pool at the last place need it. Others get
            each text as long as it is, which is faster.
        clean: what is done to a text first, as open_clip names it: "none", "whitespace", "lower" or "canonicalize".
        masked: whether the tower is given the mask of real tokens; without, it is all ones.
        erased: token number that is replaced by 0 after all else (open_clip's ``strip_sep_token``); -1 for none.
    """

    length: int
    padded: bool = False
    clean: str = "none"
    masked: bool = True
    erased: int = -1

    def __post_init__(self) -> None:
        if self.clean not in CLEANERS:
            raise ValueError(f"no way to clean texts is called {self.clean!r}")
        if not 1 <= self.length <= 100_000:
            raise ValueError(f"texts of {self.length} tokens")

    def to_fields(self) -> dict[str, Any]:
        """As plain data, for a card."""
        return asdict(self)


class WordReader:
    """Texts to (token numbers, mask), each a list. Safe to call from several threads.

    Args:
        path: a ``tokenizer.json`` of the tokenizers library, with truncation and padding set.
        steps: what is to be done around it.

    Raises:
        MissingExtraError: the tokenizers library is not installed, or ftfy where cleaning needs it.
        EncoderError: the file is missing or no tokenizer.
    """

    def __init__(self, path: Path, steps: WordSteps) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError("reading words for a hub encoder", extra="tokenizers") from error
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises plain Exception
            raise EncoderError(
                f"not a tokenizer: {error}", where=str(path), hint="export the encoder anew: shoplens encoder export"
            ) from error
        self.steps = steps
        self._clean = CLEANERS[steps.clean]
        if steps.clean != "none":
            _mended("")  # tells now that ftfy is missing, not at the first query

    def read(self, texts: Sequence[str]) -> list[tuple[list[int], list[int]]]:
        """Token numbers and mask (1 for a token, 0 for padding) of each text; never empty."""
        # Lone surrogates (bytes that were no text) cannot cross into the library.
        cleaned = [self._clean(text).encode("utf-8", "replace").decode("utf-8") for text in texts]
        out = []
        for encoded in self._tokenizer.encode_batch(cleaned):
            ids = [0 if token == self.steps.erased else token for token in encoded.ids] or [0]
            mask = list(encoded.attention_mask) if self.steps.masked and encoded.ids else [1] * len(ids)
            out.append((ids, mask))
        return out


def _mended(text: str) -> str:
    """Mojibake, ligatures, full-width letters, curled quotes set right, entities read: open_clip's basic_clean."""
    try:
        import ftfy
    except ImportError as error:
        raise MissingExtraError("reading words for an open_clip encoder", extra="tokenizers") from error
    return html.unescape(html.unescape(str(ftfy.fix_text(text)))).strip()


def _canonical(text: str) -> str:
    """Lower case without ASCII punctuation, as SigLIP was trained (big_vision's canonicalize_text)."""
    return " ".join(_mended(text).replace("_", " ").translate(_PUNCTUATION).lower().split())


CLEANERS: Mapping[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "whitespace": lambda text: " ".join(_mended(text).split()),
    "lower": lambda text: " ".join(_mended(text).split()).lower(),
    "canonicalize": _canonical,
}

__all__ = ["CLEANERS", "WordReader", "WordSteps"]

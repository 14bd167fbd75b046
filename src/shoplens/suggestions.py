"""A shop's suggestions, put together: while a shopper types, and the spelling that was probably meant."""

from __future__ import annotations

import csv
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from shoplens.core.answer import Answer
from shoplens.core.phrases import plain
from shoplens.core.ports import CatalogueStore
from shoplens.core.query import Query
from shoplens.core.suggestion import Suggestion
from shoplens.core.where import parse_where
from shoplens.engine.copies import Copies
from shoplens.engine.phrase_counts import PhraseCounts
from shoplens.engine.spelling import Speller
from shoplens.engine.suggesting import Suggesting
from shoplens.errors import ConfigError, ShopError, UnknownFieldError
from shoplens.indexes.suggestion_file import SuggestionFile
from shoplens.indexes.tokens import tokens
from shoplens.lexical import lexicon_asking, lexicon_words
from shoplens.stores.query_log import read_log as logged_queries
from shoplens.understanding.phrasing import Phrasing
from shoplens.understanding.pinyin import heard, is_chinese, sounds

DAYS = 90
"""Days of a shop's own log that count."""
LEAST_ASKED = 3
"""What fewer than so many times was asked may be somebody's own affair, and is proposed to nobody."""
MOST_LOGGED = 200_000
"""Queries of a log that are read."""
LARGE = 1 << 30
_COUNT = re.compile(r"[0-9]{1,12}")
_IN_STOCK = parse_where("not in_stock=false")


class ShopSuggestions:
    """Suggestions of one shop. Safe to use from several threads; what is asked never waits for what is being built.

    Args:
        store: the truth.
        copies: the copies that serve now.
        folder: where the shop's copies lie.
        log: a file of queries and how often each was asked, or the folder of a shop's own log; None for none.
    """

    def __init__(self, store: CatalogueStore, copies: Callable[[], Copies], folder: Path, log: Path | None) -> None:
        self._copies = copies
        phrasing = Phrasing(lexicon_asking().reading)
        kept = SuggestionFile(folder / "suggestions" / "counts", PhraseCounts.load, _mark(phrasing))
        asked = read_log(log) if log is not None else {}
        self.copy = Suggesting(store, phrasing, _sounds, tokens, kept, asked, self._logged)

    def suggest(self, typed: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """What may be meant by what was typed so far, the most popular first."""
        return self.copy.suggest(typed, limit)

    def told(self, query: Query, answer: Answer) -> Answer:
        """An answer with the spelling that was probably meant, where the words do not find well."""
        if not query.words or answer.degraded or query.within is not None:
            return answer  # what was meant is looked for in the whole catalogue
        self.copy.follow()
        speller = Speller(self.copy.table, self._matched, tokens, lexicon_words().english, _sounds, self._mentioned)
        meant = speller.meant(query.words, answer)
        if not meant:
            return answer
        kept = set(meant.casefold().split())  # a word that it corrects need not be told again
        notes = tuple(n for n in answer.notes if n.code != "typo" or str(n.values["written"]).casefold() in kept)
        return replace(answer, did_you_mean=meant, notes=notes)

    def wait(self, seconds: float) -> bool:
        """Waits until suggestions are current, at most so long; whether they are."""
        self._copies().refresh()
        return self.copy.wait(seconds)

    def close(self) -> None:
        """Ends the thread that keeps suggestions current."""
        self.copy.close()

    def _matched(self, word: str) -> tuple[int, tuple[str, ...]]:
        try:
            found = self._copies().parts.words.glance(word, 1)
        except ShopError:
            return LARGE, ()
        return found.count, found.guessed

    def _mentioned(self, run: str) -> bool:
        """Whether a run of Chinese is made of names of the lexicon, or stands in a product as it is."""
        vocabulary = lexicon_words()
        if all(piece in vocabulary.others for piece in vocabulary.pieces(run)):
            return True
        try:
            return self._copies().parts.words.mentions(run)
        except ShopError:
            return True

    def _logged(self, words: str) -> int:
        """How many products in stock have all of some words that were asked for."""
        copies = self._copies()
        copies.refresh()
        parts = copies.parts
        try:
            inside = parts.columns.products(parts.columns.mask(_IN_STOCK))
            found = parts.words.search(words, 1, inside)
        except (ShopError, UnknownFieldError):
            return 0
        if found.coverage < 1 or found.guessed or not len(found.products):
            return 0
        matched = found.matched[found.matched < len(inside)]
        return int(inside[matched].sum())


def _mark(phrasing: Phrasing) -> str:
    """Tells one state of the lexicon from another."""
    return f"{zlib.crc32(repr(sorted(phrasing.names())).encode()):08x}"


def _sounds(text: str) -> tuple[str, ...]:
    """How a text may be typed in pinyin: one of Latin letters as it is compared with such."""
    return sounds(text) if is_chinese(text) else (heard(text),)


def read_log(path: Path) -> Mapping[str, int]:
    """Queries, as they are compared, with how often each was asked: from lines "query, count" (CSV or TSV), or from a
    shop's own log (a folder), of which queries count that found something and were asked ``LEAST_ASKED`` times.

    Raises:
        ConfigError: the file cannot be read, or a line has no whole number.
    """
    if path.is_dir():
        kept = (line for line in logged_queries(path, DAYS) if line.found and line.page == 1 and not line.photos)
        own = Counter(" ".join(plain(line.words).split())[:64] for line in kept)
        return {words: count for words, count in own.most_common(MOST_LOGGED) if words and count >= LEAST_ASKED}
    out: dict[str, int] = {}
    hint = "write lines of a query, a comma or tab, and how often it was asked"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            for number, row in enumerate(csv.reader(file, delimiter="\t" if "\t" in first else ","), 1):
                if not row or (number == 1 and not _COUNT.fullmatch(row[-1].strip())):
                    continue  # a heading
                if len(row) < 2 or not _COUNT.fullmatch(row[-1].strip()):
                    raise ConfigError(f"line {number} has no count: {row[-1][:40]!r}", where=str(path), hint=hint)
                words = " ".join(plain(row[0]).split())[:64]
                if words:
                    out[words] = out.get(words, 0) + int(row[-1])
                if len(out) >= MOST_LOGGED:
                    break
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"the query log cannot be read: {error}", where=str(path), hint=hint) from error
    return out

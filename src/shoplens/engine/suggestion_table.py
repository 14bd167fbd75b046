"""The table that suggestions are read from: texts by how they start, as they are written and as they sound."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from shoplens.core.phrases import plain
from shoplens.core.suggestion import Found, Prefixes, Suggestion, slips
from shoplens.engine.phrase_counts import PhraseCounts, Postings

MIN_SLIP, MAX_SLIP = 4, 20
"""Letters of a first word in which one may be wrong."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ALSO, _SLIPPED, _FIRST_LETTER = 2.0, 1.0, 2.0
"""What a score loses: found by a later word, by a word with a slip, by a slip in its very first letter."""
_ASKED = 2.0
_BONUS = {"brand": 0.5, "category": 0.2, "query": 0.0, "product": 0.0}
_MOST = {"brand": 3, "category": 3, "product": 3}
"""Suggestions of these kinds beside others."""
_LOOKED_AT = 6
_JOINING = {"for"}
_NOWHERE = np.zeros(0, bool)
_LATER_NAME = 0.05
"""What a score loses for each name of a thing that is more usual."""
_WHOLE = 0.9
"""A phrase of which so large a share of the products goes on in one way is proposed with what it goes on with."""
_LATER_WORDS = 20_000
"""Products up to which titles are found by their later words, too."""
_LONG_RUN = 6
"""Characters of the key of a Chinese run beyond which it is more than a word."""
_LOGGED = 2_000
"""Queries of the log that are no phrase of the shop and are tried out."""


class Form(Protocol):
    """A text that is proposed for a key."""

    @property
    def text(self) -> str:
        """As it is shown."""

    @property
    def kind(self) -> str:
        """One of SUGGESTION_KINDS."""

    @property
    def field(self) -> str:
        """Of the facet that stands for it; "" for none."""

    @property
    def value(self) -> str:
        """Of that facet."""

    @property
    def also(self) -> tuple[str, ...]:
        """Parts of it under which it is found, too."""


@dataclass(slots=True)
class _Entry:
    """What stands behind places of the table. ``key``: its number in the counts; ``group``: of one thing's names in one
    script, of which one is proposed."""

    suggestion: Suggestion
    key: int = -1
    group: int = -1


@dataclass(slots=True)
class SuggestionTable:
    """Not changed once made. Safe to use from several threads.

    ``written``: by text as it is compared; ``sounding``: Chinese texts by pinyin; ``titles``: of products.
    """

    entries: Sequence[_Entry] = ()
    written: Prefixes = field(default_factory=Prefixes)
    sounding: Prefixes = field(default_factory=Prefixes)
    titles: Prefixes = field(default_factory=Prefixes)
    sounds: Callable[[str], Sequence[str]] = lambda _: ()
    stems: Callable[[str], Iterable[str]] = lambda _: ()
    postings: Postings = field(default_factory=Postings)

    def __len__(self) -> int:
        return len(self.entries)

    def count(self, text: str) -> int:
        """How many products in stock are called so; 0 for a text that is not in the table."""
        at = self.written.entry(plain(text))
        return 0 if at is None else self.entries[at].suggestion.count

    def beside(self, words: Iterable[str]) -> Callable[[str], int]:
        """Tells of a word how many products in stock have it together with some others, as far as these are known."""
        found = [self.written.entry(plain(word)) for word in words]
        inside = self.postings.mask(self.entries[at].key for at in found if at is not None)

        def count(word: str) -> int:
            at = self.written.entry(plain(word))
            return 0 if at is None or not len(inside) else int(inside[self.postings.of(self.entries[at].key)].sum())

        return count

    def sounding_like(self, pinyin: str) -> list[Suggestion]:
        """The texts that sound just so, the most popular first."""
        found = self.sounding.best(pinyin, 16)
        return [self.entries[one.entry].suggestion for one in found if one.key == pinyin]

    def suggest(self, typed: str, limit: int) -> tuple[Suggestion, ...]:
        """See ``Suggesting.suggest``."""
        text = " ".join(plain(typed).split()) + (" " if typed[-1:].isspace() else "")
        if not text.strip() or not limit:
            return ()
        chosen = _Chosen(self, text, limit)
        most = _LOOKED_AT * limit
        written = self.written.best(text, most)
        chosen.add(written)
        if not chosen.full and (not written or len(text) > 2):
            chosen.add(self._spoken(text, most))
        if not chosen.full:
            chosen.add(self._named(text, most))
        if not chosen.some:
            chosen.add(self._slipped(text, most))
        if not chosen.some:
            return self._continued(text, limit)
        return chosen.suggestions()

    def _spoken(self, text: str, most: int) -> list[Found]:
        """By pinyin, typed as such or meant by other characters."""
        if len(text) < 2 or (text.isascii() and not text.replace(" ", "").replace("'", "").isalpha()):
            return []
        return [one for sound in self.sounds(text) for one in self.sounding.best(sound, most)]

    def _slipped(self, text: str, most: int) -> list[Found]:
        """With one letter of the first word wrong."""
        first, space, rest = text.partition(" ")
        if not (MIN_SLIP <= len(first) <= MAX_SLIP and first.isascii() and first.isalpha()):
            return []
        reach = next((n for n in range(1, len(first) + 1) if not self.written.starts(first[:n])), len(first) + 1)
        out: dict[int, Found] = {}
        for other in dict.fromkeys(slips(first, _LETTERS)):
            if len(other) < MIN_SLIP - 1 or (other[0] != first[0] and len(first) == MIN_SLIP):
                continue
            if reach <= len(first) and other[:reach] == first[:reach]:  # nothing starts so
                continue
            loss = _SLIPPED + (_FIRST_LETTER if other[0] != first[0] else 0.0)
            for one in self.written.best(other + space + rest, 4):
                if one.entry not in out or out[one.entry].score < one.score - loss:
                    out[one.entry] = Found(one.entry, one.score - loss, one.key)
        return sorted(out.values(), key=lambda one: (-one.score, one.key))[:most]

    def _continued(self, text: str, limit: int) -> tuple[Suggestion, ...]:
        """Where no phrase goes on from all words: the first words with what goes on from the last two, or the last, as
        far as products have both."""
        words = text.rstrip().split(" ")
        out: list[Suggestion] = []
        for cut in range(max(1, len(words) - 2), len(words)):
            tail = " ".join(words[cut:]) + (" " if text.endswith(" ") else "")
            head = [self.written.entry(word) for word in words[:cut]]
            keys = [self.entries[at].key for at in head if at is not None]
            found = self.written.best(tail, 2 * _LOOKED_AT) if len(tail) > 1 and len(keys) == len(head) <= 4 else []
            inside = self.postings.mask(keys) if found else _NOWHERE
            for entry in (self.entries[one.entry] for one in found):
                said = entry.suggestion
                if said.kind == "query" and len(out) < limit and not set(said.text.split()) & set(words[:cut]):
                    count = int(inside[self.postings.of(entry.key)].sum()) if entry.key >= 0 and len(inside) else 0
                    if count:
                        out.append(Suggestion(f"{' '.join(words[:cut])} {said.text}", "query", count))
            if out:
                break
        return _apart(sorted(out, key=lambda one: (-one.count, -len(one.text))), self.stems)

    def _named(self, text: str, most: int) -> list[Found]:
        """Products by their titles."""
        if len(text) < (3 if text.isascii() else 2):
            return []
        found = self.titles.best(text, most)
        return found or [one for sound in self.sounds(text) if not text.isascii() for one in self.titles.best(sound, 4)]


def _apart(some: Sequence[Suggestion], stems: Callable[[str], Iterable[str]]) -> tuple[Suggestion, ...]:
    """Without those of which another one, as popular, says the same or goes on."""
    kept: list[Suggestion] = []
    seen: set[tuple[int, tuple[str, ...]]] = set()
    for one in some:
        own = tuple(stems(one.text))
        if (one.count, own) not in seen:
            kept.append(one)
        seen.update((one.count, own[:end]) for end in range(1, len(own) + 1))
    return tuple(kept)


EMPTY = SuggestionTable()


class _Chosen:
    """Picks suggestions that differ."""

    def __init__(self, table: SuggestionTable, typed: str, limit: int) -> None:
        self._table, self._typed, self._limit = table, typed, limit
        self._picked: list[Suggestion] = []
        self._seen: set[tuple[str, ...]] = set()
        self._groups: set[int] = set()
        self._of: dict[str, int] = {}

    @property
    def some(self) -> bool:
        """Whether there is any."""
        return bool(self._picked)

    @property
    def full(self) -> bool:
        """Whether there are as many as were asked for."""
        return len(self._picked) >= self._limit

    def add(self, found: Sequence[Found]) -> None:
        some = sorted({one.entry: one for one in reversed(found)}.values(), key=lambda one: (-one.score, one.key))
        for one in some:
            if self.full:
                return
            entry = self._table.entries[one.entry]
            said = entry.suggestion
            if self._of.get(said.kind, 0) >= _MOST.get(said.kind, self._limit) or self._goes_on(said, one, some):
                continue
            stems = tuple(self._table.stems(said.text))
            same = (said.product_id,) if said.product_id else (said.field, said.value) if said.field else stems
            if same in self._seen or entry.group in self._groups:
                self._groups |= {entry.group} - {-1}  # the thing is there, under whatever name
                continue
            self._seen |= {same} if said.product_id else {same, stems}
            self._groups |= {entry.group} - {-1}
            self._of[said.kind] = self._of.get(said.kind, 0) + 1
            self._picked.append(said)

    def _goes_on(self, said: Suggestion, one: Found, others: Sequence[Found]) -> bool:
        """Whether nearly all that is called so is called by a longer text that is a choice, too: then that one is."""
        if said.kind != "query" or " " in said.text or one.key == self._typed.rstrip():
            return False
        return any(
            other.key.startswith(one.key + " ")
            and self._table.entries[other.entry].suggestion.count >= _WHOLE * said.count
            for other in others
        )

    def suggestions(self) -> tuple[Suggestion, ...]:
        return tuple(self._picked)


def _proposed(text: str, kind: str, count: int, field: str = "", value: str = "", product_id: str = "") -> Suggestion:
    return Suggestion(" ".join(text.split()), kind, count, field, value, product_id)


def build(
    counts: PhraseCounts,
    forms: Callable[[str], Sequence[Form]],
    sounds: Callable[[str], Sequence[str]],
    stems: Callable[[str], Iterable[str]],
    asked: Mapping[str, int],
    logged: Callable[[str], int],
    rest: Callable[[], None],
) -> SuggestionTable:
    """A table of the counts as they are.

    A suggestion's score is ln(1 + products in stock) + 2 ln(1 + times asked): what many ask for goes before what the
    shop has much of. ``rest``: called between small steps.
    """
    entries: list[_Entry] = []
    best: dict[tuple[str, str], int] = {}
    loss: dict[int, float] = {}
    said = {stem for _, key, _ in counts.items() if key.startswith("w:") and " " not in key for stem in stems(key[2:])}
    for number, key, count in counts.items():
        if count == 1 and key.startswith("w:") and (" " in key or (len(key) > _LONG_RUN and not key.isascii())):
            continue  # a part of one title: the title itself is proposed
        for place, form in enumerate(forms(key)):
            if key.startswith("n:") and form.text.isascii() and not said.issuperset({*stems(form.text)} - _JOINING):
                continue  # no product says so, and words are looked for as they are written
            same = (plain(form.text), form.field and form.value)
            at = best.get(same)
            if at is None:
                at = best[same] = len(entries)
                entries.append(_Entry(_proposed(form.text, form.kind, count, form.field, form.value), number))
            if entries[at].suggestion.count < count:
                entries[at].suggestion, entries[at].key = replace(entries[at].suggestion, count=count), number
            if key.startswith("n:"):
                entries[at].group = 2 * number + form.text.isascii()
                loss[at] = _LATER_NAME * place
        rest()
    for text, _ in sorted(asked.items(), key=lambda pair: (-pair[1], pair[0]))[:_LOGGED]:
        if (text, "") not in best and (count := logged(text)):
            best[text, ""] = len(entries)
            entries.append(_Entry(_proposed(text, "query", count)))
        rest()
    written: list[tuple[str, int, float]] = []
    sounding: list[tuple[str, int, float]] = []
    for (text, _), at in best.items():
        own = entries[at].suggestion
        score = math.log1p(own.count) + _ASKED * math.log1p(asked.get(text, 0)) + _BONUS[own.kind] - loss.get(at, 0.0)
        written.append((text, at, score))
        if not text.isascii():
            sounding += [(sound, at, score) for sound in sounds(text)]
        rest()
    for _, key, _ in counts.items():
        if key.startswith("n:") and "+" in key:
            for form in forms(key):
                at = best.get((plain(form.text), form.field and form.value), -1)
                if at < 0:
                    continue
                score = math.log1p(entries[at].suggestion.count) - _ALSO - loss.get(at, 0.0)
                written += [(name, at, score) for part in form.also for name in (plain(part),)]
        rest()
    titles = list(_titles(counts, entries, sounds))
    return SuggestionTable(
        entries,
        Prefixes(_sorted(written, rest)),
        Prefixes(_sorted(sounding, rest)),
        Prefixes(_sorted(titles, rest)),
        sounds,
        stems,
        counts.postings(),
    )


def _titles(
    counts: PhraseCounts, entries: list[_Entry], sounds: Callable[[str], Sequence[str]]
) -> Iterator[tuple[str, int, float]]:
    later = len(counts.titles) <= _LATER_WORDS
    for line in counts.titles.values():
        product_id, *titles = line.split("\t")
        for title in titles:
            at = len(entries)
            entries.append(_Entry(_proposed(title, "product", 1, product_id=product_id)))
            text = " ".join(plain(title).split())
            yield text, at, 0.0
            if later:
                words = text.split(" ")
                yield from ((" ".join(words[n:]), at, -_ALSO) for n in range(1, min(len(words), 6)))
            if not text.isascii():
                yield from ((sound[:24], at, 0.0) for sound in sounds(text[:12])[:1])


def _sorted(rows: Iterable[tuple[str, int, float]], rest: Callable[[], None]) -> Iterator[tuple[str, int, float]]:
    """In order of key; by small heaps, as sorting all at once would hold Python's lock for long."""
    heaps: dict[str, list[tuple[str, int, float]]] = {}
    for row in rows:
        heaps.setdefault(row[0][:3], []).append(row)
        rest()
    for start in sorted(heaps):
        yield from sorted(heaps[start])
        rest()

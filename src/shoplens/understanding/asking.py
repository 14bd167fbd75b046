"""Words of a query -> what they ask for: price limits and denials that must hold, colours, kinds, sizes that count.

By grammar and lexicon alone; nothing is understood that the catalogue cannot tell. A part of the words belongs to one
chip at most: to a brand of the catalogue first, then to a price limit, a denial, a size or a measure, and then to a
name of the lexicon or of the catalogue's categories, the longest from the left.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from threading import Lock

from shoplens.core.notes import Note, note
from shoplens.core.understood import Chip, ColumnValues, Denial, Understood, rest_of
from shoplens.core.where import In, Not, Where
from shoplens.understanding.denials import Denied, denials, freed
from shoplens.understanding.known import CATEGORY, MEASURES, Known, amount_of, joined, size_of, state_of
from shoplens.understanding.notions import Notion
from shoplens.understanding.prices import price_limits
from shoplens.understanding.reading import Meanings, Reading, kind_of, of_group

MOST_CHIPS, MOST_DENIALS = 24, 8
"""Chips of one query, and those of them that deny something, each of which is held against the whole catalogue; a text
with more of them is no query, and is looked for as it is written."""
LONGEST = 200
"""Characters that are read; what follows is looked for as it is written."""
_KEPT = 8
"""Catalogues whose words are kept ready: those of a process's shops, and of a shop that changes."""

_SIZE = re.compile(
    r"(?<![\w.])(?:(?:in\s)?(?:shoe\s|dress\s|ring\s)?sizes?\s?:?\s?(?:eu|uk|us|eur)?\s?"
    r"(?P<a>\d{1,3}(?:\.5)?|x{0,4}[sml]|[2-6]xl|x{2,4}l|small|medium|large|extra\s(?:small|large)|one\ssize|free\ssize)"
    r"|(?:eu|uk|us|eur)\s?(?P<b>\d{1,2}(?:\.5)?)|(?P<c>xxs|xs|x{1,4}l|[2-6]xl))(?![\w.])"
)
_CHINESE_SIZE = re.compile(
    r"(?<![a-z0-9.])(?P<d>\d{2,3}(?:\.5)?|xxs|xs|[sml]|x{1,4}l|[2-6]xl)\s?[码号]|尺码\s?:?\s?(?P<e>\d{2,3}|x{0,4}[sml])|(?P<f>均码)"
)
_LETTER = re.compile(r"(?<![\w.'’&-])[SML](?![\w.'’&-])")

Span = tuple[int, int]


class Asking:
    """Understands queries. Safe to use from several threads.

    Args:
        notions: the lexicon.
    """

    def __init__(self, notions: Iterable[Notion]) -> None:
        self.reading = Reading(notions)
        self._known: dict[tuple[object, ...], Known] = {}
        self._lock = Lock()

    def understand(self, words: str, columns: ColumnValues, without: Collection[str] = ()) -> Understood:
        """What the words ask for, as far as the catalogue can tell; ``without``: ids of chips that are not wanted."""
        return understand(words, self.known(columns), self.reading).without(without)

    def known(self, columns: ColumnValues) -> Known:
        """What a catalogue can tell; made anew when it has learnt a brand, a colour, a category."""
        state = (columns.has("price"), *state_of(columns))
        found = self._known.get(state)
        if found is None:
            with self._lock:
                found = self._known.get(state) or Known(columns, self.reading)
                while len(self._known) >= _KEPT:
                    self._known.pop(next(iter(self._known)))
                self._known[state] = found
        return found

    def says(self, texts: Iterable[str], denial: Denial) -> bool:
        """Whether one of the texts says what is denied."""
        if not denial.facets:  # a brand
            return any(text.casefold().strip() in denial.names for text in texts)
        return any(self.reading.says(text, denial.facets, denial.itself) for text in texts)


def understand(words: str, known: Known, reading: Reading) -> Understood:
    """What the words ask for.

    Args:
        words: of a query, white space tidied.
        known: what the catalogue can tell.
        reading: what names mean.
    """
    text = plain(words)
    if len(text) > LONGEST:  # not through a number: "under 500" is not "under 50"
        text = text[:LONGEST].rstrip("0123456789.,").rpartition(" ")[0] or text[:LONGEST].rstrip("0123456789.,")
    notes: list[Note] = []
    taken: list[Span] = []
    chips: list[Chip] = []

    def add(chip: Chip | None) -> None:
        if chip is not None:
            chips.append(chip)
            taken.append((chip.start, chip.end))

    def free(start: int, end: int) -> bool:
        return all(end <= a or start >= b for a, b in taken)

    def made(kind: str, at: Span, boost: Where | None) -> Chip | None:
        return _chip(words, kind, *at, boost=str(boost)) if boost is not None else None

    for start, end, brands in list(known.brands.spans(text)):
        if _is_brand(text[start:end], reading):
            denied = next((d for d in denials(text, _only(start, end), lambda _: False) if d.end >= end), None)
            if denied is not None and free(denied.start, denied.end):
                must = str(Not(In("brand", brands)))
                denial = Denial(tuple(b.casefold() for b in brands))
                add(replace(_chip(words, "brand", denied.start, denied.end, filter=must), denial=denial))
            elif free(start, end):
                add(made("brand", (start, end), In("brand", brands)))
    if known.prices:
        for limit in price_limits(text, known.currencies):
            if free(limit.start, limit.end):
                chip = _chip(words, "price", limit.start, limit.end, filter=limit.filter)
                add(chip)
                if limit.foreign:
                    shop = " ".join(sorted(known.currencies))
                    notes.append(note("price_other_currency", written=chip.text, asked=limit.foreign, currency=shop))

    def deniable(place: int) -> tuple[int, Meanings] | None:
        found = reading.at(text, place)
        if found is None or not kind_of(found[1]):  # a category of the catalogue means nothing to the lexicon
            step = known.steps.at(text, place)
            found = None if step is None else (step[0], frozenset())
        return found if found is not None and free(place, found[0]) else None

    every = [d for d in denials(text, deniable, lambda phrase: bool(reading.means(phrase))) if free(d.start, d.end)]
    if len(chips) > MOST_CHIPS or len(every) > MOST_DENIALS:
        return _not_understood(words, [chip.text for chip in chips], [text[d.start : d.end] for d in every])
    for denied in every:
        if free(denied.start, denied.end):
            add(_denial(words, denied, known, reading))
    for match in (*_SIZE.finditer(text), *(_CHINESE_SIZE.finditer(text) if not text.isascii() else ())):
        if free(*match.span()):
            size = next(value for value in match.groupdict().values() if value)
            add(made("size", match.span(), joined(known.sizes.get(size_of(size), ()))))
    for match in _LETTER.finditer(words, 0, len(text)):
        if free(*match.span()):
            add(made("size", match.span(), joined(known.sizes.get(match[0].lower(), ()))))
    for match in MEASURES.finditer(text):
        if free(*match.span()):
            add(made("measure", match.span(), joined(known.measures.get(amount_of(match), ()))))
    for start, end, meant in _named(text, known, reading):
        if not free(start, end):
            continue
        kind = kind_of(meant)
        gone = freed(text, start, end) if kind in ("color", "material", "feature", "kind") else None
        if gone is not None:
            claim = _denial(words, gone, known, reading)
            add(None if claim is None else replace(claim, stays=gone.claim))
        elif kind or not meant:
            add(
                made(
                    "kind" if kind in ("", "feature") else kind,
                    (start, end),
                    _boost(kind, meant, text[start:end], known),
                )
            )
    denying = [chip.text for chip in chips if chip.denial is not None]
    if len(chips) > MOST_CHIPS or len(denying) > MOST_DENIALS:
        return _not_understood(words, [chip.text for chip in chips], denying)
    found = _numbered(sorted(chips, key=lambda chip: chip.start))
    return Understood(words, found, rest_of(words, found), tuple(notes))


def _not_understood(words: str, wishes: Sequence[str], denied: Sequence[str]) -> Understood:
    """The words as they are written; told where they are not just the same few again and again."""
    many = len(set(wishes)) > MOST_CHIPS or len(set(denied)) > MOST_DENIALS
    notes = (note("not_understood", chips=MOST_CHIPS, denials=MOST_DENIALS),) if many else ()
    return Understood(words, (), words, notes)


def _only(start: int, end: int) -> Callable[[int], tuple[int, object] | None]:
    return lambda place: (end, ()) if place == start else None


def _is_brand(name: str, reading: Reading) -> bool:
    """Whether a brand's name is taken for the brand: not where it is a colour, a size or the like ("Red", "Men")."""
    return kind_of(reading.means(name)) in ("", "kind", "feature")


def _named(text: str, known: Known, reading: Reading) -> Iterator[tuple[int, int, Meanings]]:
    """The names of the lexicon and of the catalogue's own categories (which mean nothing), the longer of two first."""
    every = [(start, end, meant) for start, end, meant in reading.names.spans(text)]
    every += [(start, end, frozenset()) for start, end, _ in known.steps.spans(text)]
    at = 0
    for start, end, meant in sorted(every, key=lambda one: (one[0], -one[1])):
        if start >= at:
            yield start, end, meant
            at = end


def _boost(kind: str, meant: Meanings, name: str, known: Known) -> Where | None:
    if kind in ("", "feature"):
        return joined((CATEGORY, path) for _, _, paths in known.steps.spans(name) for path in paths)
    wanted = of_group(meant, kind)
    found = known.values(kind, wanted)
    if found is None and kind == "age" and ("age", "child") in wanted:
        found = known.values("gender", frozenset({("gender", "boys"), ("gender", "girls")}))
    if found is None and kind == "color" and (other := kind_of(frozenset(m for m in meant if m not in wanted))):
        return _boost(other, frozenset(m for m in meant if m not in wanted), name, known)
    return found


def _denial(words: str, denied: Denied, known: Known, reading: Reading) -> Chip | None:
    """The chip of a denial; None for what cannot be denied."""
    meant = reading.means(denied.name)
    kind = kind_of(meant)
    if not kind and not denied.people and (stands := _boost("", meant, denied.name, known)) is not None:
        return _chip(words, "kind", denied.start, denied.end, filter=str(Not(stands)))
    if not kind or (kind in ("gender", "age")) != denied.people:
        return None
    if ("feature" in {facet for facet, _ in meant}) and kind != "color":
        kind, wanted = "feature", frozenset(one for one in meant if one[0] in ("feature", "part", "pattern"))
        itself = wanted
    else:
        itself = of_group(meant, kind)
        wanted = reading.family(itself)
    names, unless = reading.sayings(wanted, itself)
    has = known.values("pattern" if kind == "feature" else kind, wanted)
    told = known.told("color", wanted) if kind == "color" else None
    spared = known.branded(names) if kind in ("color", "material") else None
    denial = Denial(
        names, unless, "" if told is None else str(told), "" if spared is None else str(spared), wanted, itself
    )
    chip = _chip(words, kind, denied.start, denied.end, filter="" if has is None else str(Not(has)))
    return replace(chip, denial=denial)


def _chip(words: str, kind: str, start: int, end: int, *, filter: str = "", boost: str = "") -> Chip:
    while start < end and words[start].isspace():
        start += 1
    while end > start and words[end - 1].isspace():
        end -= 1
    written = words[start:end]
    return Chip(f"{kind}:{written.casefold()}", kind, written, start, end, filter, boost)


def _numbered(chips: list[Chip]) -> tuple[Chip, ...]:
    """The chips; of those with one id the later ones are numbered."""
    seen: dict[str, int] = {}
    out = []
    for chip in chips:
        count = seen[chip.id] = seen.get(chip.id, 0) + 1
        out.append(chip if count == 1 else replace(chip, id=f"{chip.id}#{count}"))
    return tuple(out)


def plain(words: str) -> str:
    """The words in lower case and without full-width forms, sign by sign, so that places stay the same."""
    return words.lower() if words.isascii() else "".join(map(_plain, words))


def _plain(sign: str) -> str:
    small = unicodedata.normalize("NFKC", sign).lower()
    return small if len(small) == 1 else sign

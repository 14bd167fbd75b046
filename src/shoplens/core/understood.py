"""What was understood of a query's words: chips, each a part of the words that became a filter or a boost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from shoplens.core.notes import Note

KINDS = ("price", "color", "material", "pattern", "size", "measure", "gender", "age", "brand", "kind", "feature")
"""What a chip may speak of."""


@dataclass(frozen=True, slots=True)
class Denial:
    """What no hit may be called by, of a chip that denies something.

    ``names``: how a product would say it, case folded; ``unless``: longer names that hold one of them and mean
    something else ("orange juice"). ``told``: a filter; of variants that meet it their fields have told already, and
    what the product is called does not count ("" for none). ``spared``: a filter; what meets it is called so by its
    brand, and has to be read ("Red Wing"). ``facets``: the lexicon's (facet, key) that are denied, with all that are a
    kind of what is denied ``itself``.
    """

    names: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    told: str = ""
    spared: str = ""
    facets: frozenset[tuple[str, str]] = frozenset()
    itself: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Chip:
    """A part of the words, text[start:end] = ``text``, and what became of it.

    ``filter`` (the grammar of ``core.where``) must hold; of a chip that denies something, ``denial`` must hold, too.
    ``boost``, in the same grammar, counts in favour of what meets it. A chip with neither was understood and not used;
    a note tells why. ``stays``: its words are looked for, too ("sugar-free" is what such a product says of itself).
    ``id`` stays the same for the same words, and removes the chip (``Query.without_chips``).
    """

    id: str
    kind: str
    text: str
    start: int
    end: int
    filter: str = ""
    boost: str = ""
    denial: Denial | None = None
    stays: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether its words are gone from those that are looked for: it says what must be so, or was not used."""
        return not (self.boost or self.stays)


@dataclass(frozen=True, slots=True)
class Understood:
    """Words and what was understood of them; ``rest``: the words that are left to look for."""

    words: str
    chips: tuple[Chip, ...] = ()
    rest: str = ""
    notes: tuple[Note, ...] = ()

    def without(self, ids: Collection[str]) -> Understood:
        """Without some chips: their words are looked for as they are written."""
        if not ids or not self.chips:
            return self
        kept = tuple(chip for chip in self.chips if chip.id not in ids)
        if len(kept) == len(self.chips):
            return self
        gone = {chip.text for chip in self.chips} - {chip.text for chip in kept}
        notes = tuple(n for n in self.notes if n.values.get("written") not in gone)
        return replace(self, chips=kept, rest=rest_of(self.words, kept), notes=notes)


class ColumnValues(Protocol):
    """What the catalogue can tell, by field."""

    def has(self, field: str) -> bool:
        """Whether any variant has had a value of the field."""

    def values(self, field: str) -> Sequence[str]:
        """The different texts of a field, in no order; a list that only grows while it is the same list."""


_DANGLING = " ,，、;；"
_EMPTY = frozenset(
    """
    anything something everything nothing things thing items item products product stuff goods show me find a an the any
    some i want please and or but not no with both also too that is are
    东西 商品 产品 的 款 有什么 都 要 我要 我想要 找 请 不要 和 且 并且 而且 但 但是
    """.split()
)
"""Words that ask for nothing by themselves."""


def rest_of(words: str, chips: Sequence[Chip]) -> str:
    """The words without those of chips that must hold; as they are written where there is no such chip, and nothing
    where those that are left ask for nothing ("anything")."""
    gone = sorted((chip.start, chip.end) for chip in chips if chip.is_gone)
    if not gone:
        return words
    parts, at = [], 0
    for start, end in gone:
        parts.append(words[at:start].strip(_DANGLING))
        at = max(at, end)
    parts.append(words[at:].strip(_DANGLING))
    left = " ".join(" ".join(parts).split())
    return "" if all(word in _EMPTY for word in left.lower().split()) else left

"""The bilingual product lexicon: kinds of goods, colours, materials, patterns ... in English and Chinese.

Our own work, shipped as ``lexicon.tsv``. The encoder's captions are made from it, and search may use its
synonyms. ``labels`` ties an entry to the labels of the data sets that the encoder was trained on.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Entry:
    """One notion. ``english`` and ``chinese``: its words, the usual one first (kinds: singular, then plural)."""

    facet: str
    key: str
    english: tuple[str, ...]
    chinese: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All entries, by (facet, key) and by the label of a data set."""

    entries: tuple[Entry, ...]
    by_key: Mapping[tuple[str, str], Entry]
    by_label: Mapping[tuple[str, str], Entry]

    def facet(self, name: str) -> tuple[Entry, ...]:
        """Entries of one facet ("kind", "colour", "gender", "material", ...), in the order of the file."""
        return tuple(entry for entry in self.entries if entry.facet == name)


@cache
def load_lexicon() -> Lexicon:
    """The lexicon that ships with the package."""
    source = resources.files("shoplens.encoders").joinpath("lexicon.tsv")
    entries = []
    with source.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            entries.append(
                Entry(
                    facet=row["facet"],
                    key=row["key"],
                    english=_split(row["en"], ";"),
                    chinese=_split(row["zh"], ";"),
                    labels=_split(row["labels"], ","),
                )
            )
    return Lexicon(
        entries=tuple(entries),
        by_key={(entry.facet, entry.key): entry for entry in entries},
        by_label={(entry.facet, label): entry for entry in entries for label in entry.labels},
    )


@cache
def load_compounds() -> Mapping[str, tuple[str, ...]]:
    """English words -> what is such a thing though written as one word: a handbag is a bag (an earring is no ring)."""
    source = resources.files("shoplens.encoders").joinpath("compounds.tsv")
    with source.open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["head"]: _split(row["compounds"], ";") for row in rows}


def _split(cell: str, separator: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(separator) if part.strip())

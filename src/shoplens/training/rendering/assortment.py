"""What the demo shop carries, read from assortment.tsv: departments, prices, and the lines of each kind."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True)
class Line:
    """A design that is sold in one or more colours."""

    material: str
    pattern: str
    colours: int


@dataclass(frozen=True)
class Shelf:
    """How one kind is sold. Prices in whole US dollars, from and to."""

    kind: str
    category: tuple[str, ...]
    price: tuple[int, int]
    gender: tuple[str, ...]
    sizes: tuple[str, ...]
    brands: tuple[str, ...]
    lines: tuple[Line, ...]
    classics: tuple[str, ...]
    """Colours that a shopper expects this kind to come in; these are sold first."""
    new_lines: tuple[Line, ...]
    """What came later: listed behind the first lines of all shelves, so that these keep their ids."""


@cache
def shelves() -> tuple[Shelf, ...]:
    """All shelves, in the order of the file."""
    source = resources.files("shoplens.training.rendering").joinpath("assortment.tsv")
    lines = source.read_text(encoding="utf-8").splitlines()
    return tuple(_shelf(row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _shelf(row: dict[str, str]) -> Shelf:
    return Shelf(
        row["kind"],
        tuple(row["category"].split(" > ")),
        (int(row["from_usd"]), int(row["to_usd"])),
        _split(row["gender"]),
        _split(row["sizes"]),
        _split(row["brands"]),
        _lines(row["lines"]),
        _split(row["classics"]),
        _lines(row["new_lines"]),
    )


def _lines(cell: str) -> tuple[Line, ...]:
    fields = [text.split(", ") for text in _split(cell)]
    return tuple(Line(material, pattern, int(colours)) for material, pattern, colours in fields)


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(" | ")) if text else ()


NAMES: tuple[str, ...] = (
    "Elin",
    "Harbour",
    "Juno",
    "Willow",
    "Atlas",
    "Fjord",
    "Clover",
    "Mira",
    "Otto",
    "Sable",
    "Linden",
    "Iris",
    "Quill",
    "Bram",
    "Nell",
    "Orla",
    "Tarn",
    "Wren",
    "Sol",
    "Vega",
    "Hazel",
    "Luca",
    "Opal",
    "Rowan",
    "Saga",
    "Theo",
    "Una",
    "Vera",
    "Alba",
    "Bay",
    "Cedar",
    "Dune",
    "Ember",
    "Fern",
    "Gale",
    "Heath",
    "Isla",
    "Jasper",
    "Kite",
    "Lark",
    "Moss",
    "Nora",
    "Pebble",
    "Reef",
    "Sorrel",
    "Tide",
    "Umber",
    "Vale",
    "West",
    "Yarrow",
    "Zephyr",
    "Briar",
    "Coast",
)
"""Names of designs; with kind and material they tell products apart."""

PARTNERS: dict[str, tuple[str, ...]] = {
    "black": ("white", "cream", "mustard"),
    "white": ("navy", "red", "blue", "green"),
    "grey": ("white", "yellow", "navy"),
    "beige": ("brown", "white", "teal"),
    "cream": ("navy", "burgundy", "teal", "coral"),
    "brown": ("cream", "beige"),
    "tan": ("cream", "navy", "white"),
    "red": ("white", "navy", "cream"),
    "burgundy": ("cream", "pink"),
    "pink": ("white", "burgundy", "red"),
    "coral": ("white", "cream", "navy"),
    "orange": ("white", "cream", "navy"),
    "yellow": ("white", "grey", "navy"),
    "mustard": ("cream", "white", "navy"),
    "olive": ("cream", "beige", "mustard"),
    "green": ("white", "cream", "pink"),
    "mint": ("white", "coral", "navy"),
    "teal": ("cream", "white", "mustard"),
    "light blue": ("white", "navy", "cream"),
    "blue": ("white", "cream", "yellow"),
    "navy": ("white", "cream", "red", "mustard"),
    "purple": ("white", "lavender"),
    "lavender": ("white", "purple"),
    "gold": ("red", "green", "blue", "white"),
    "silver": ("blue", "purple", "teal", "white"),
    "rose gold": ("pink", "white", "purple"),
}
"""Second colours that go well with the first."""

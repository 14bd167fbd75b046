"""Banks of captions: for each thing that can be said about a picture, all the classes and their words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.encoders.lexicon import Lexicon
from shoplens.training import captions
from shoplens.training.data import Item, entry_or_none
from shoplens.training.rendering.words import COLOUR_WORDS, KIND_WORDS

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bank:
    """Classes with their captions in both languages, and the class of each item (-1: none).

    Only classes that some training picture has are in it; captions[i][0] is the plain one.
    """

    name: str
    weight: float
    smoothing: float
    english: tuple[tuple[str, ...], ...]
    chinese: tuple[tuple[str, ...], ...]
    labels: Labels


Say = Callable[[Item], tuple[list[str], list[str]]]


def make_banks(items: Sequence[Item], lexicon: Lexicon) -> list[Bank]:
    """The banks of the recipe. Sources keep banks of their own where their labels overlap in meaning only

    ("shoes" of clothing and "casual shoes" of fashion must not compete for one picture).
    """

    def say(kind: bool, colour: bool, gender: bool) -> Say:
        def words(item: Item) -> tuple[list[str], list[str]]:
            k = entry_or_none(lexicon, "kind", item.kind) if kind else None
            c = entry_or_none(lexicon, "colour", item.colour) if colour else None
            g = entry_or_none(lexicon, "gender", item.gender) if gender else None
            return captions.english(k, c, g), captions.chinese(k, c, g)

        return words

    def title(item: Item) -> tuple[list[str], list[str]]:
        plain = item.title
        return [plain, f"a photo of {plain}", plain.lower()], [item.title_zh] if item.title_zh else []

    def goods(item: Item) -> tuple[list[str], list[str]]:
        entry = lexicon.by_label["goods", f"grocery:{item.group}"]
        return list(entry.english), list(entry.chinese)

    def drawn(item: Item) -> tuple[list[str], list[str]]:
        return list(item.words), list(item.words_zh)

    def drawn_kind(item: Item) -> tuple[list[str], list[str]]:
        return list(KIND_WORDS[item.traits[0]][0]), list(KIND_WORDS[item.traits[0]][1])

    def drawn_colour(item: Item) -> tuple[list[str], list[str]]:
        return list(COLOUR_WORDS[item.traits[1]][0]), list(COLOUR_WORDS[item.traits[1]][1])

    plans: list[tuple[str, float, float, str, Callable[[Item], object], Say]] = [
        ("fashion-all", 1.0, 0.05, "fashion", lambda i: (i.colour, i.kind, i.gender), say(True, True, True)),
        ("fashion-colour-kind", 0.3, 0.05, "fashion", lambda i: (i.colour, i.kind), say(True, True, False)),
        ("fashion-kind", 0.5, 0.05, "fashion", lambda i: i.kind, say(True, False, False)),
        ("fashion-colour", 0.4, 0.05, "fashion", lambda i: i.colour, say(False, True, False)),
        ("fashion-gender", 0.2, 0.05, "fashion", lambda i: i.gender, say(False, False, True)),
        ("clothing-kind", 1.0, 0.1, "clothing", lambda i: i.kind, say(True, False, False)),
        ("grocery-product", 0.7, 0.1, "grocery", lambda i: i.product, title),
        ("grocery-group", 0.5, 0.1, "grocery", lambda i: i.group, goods),
        ("rendered-all", 1.0, 0.05, "rendered", lambda i: i.traits, drawn),
        ("rendered-kind", 0.7, 0.05, "rendered", lambda i: i.traits[0], drawn_kind),
        ("rendered-colour", 0.5, 0.05, "rendered", lambda i: i.traits[1], drawn_colour),
    ]
    banks = [_bank(items, *plan) for plan in plans]
    return [bank for bank in banks if bank.english]


def _bank(
    items: Sequence[Item],
    name: str,
    weight: float,
    smoothing: float,
    source: str,
    key: Callable[[Item], object],
    say: Say,
) -> Bank:
    first: dict[object, Item] = {}
    for item in items:
        if item.source == source and item.split == "train":
            first.setdefault(key(item), item)
    classes = {k: i for i, k in enumerate(first)}
    labels = [classes.get(key(item), -1) if item.source == source else -1 for item in items]
    words = [say(item) for item in first.values()]
    return Bank(
        name=name,
        weight=weight,
        smoothing=smoothing,
        english=tuple(tuple(pair[0]) for pair in words),
        chinese=tuple(tuple(pair[1]) for pair in words),
        labels=np.asarray(labels, dtype=np.int64),
    )

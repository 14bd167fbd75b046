"""Sentences for the text tower: what each one says in English and Chinese, and the point it should be sent to.

A `Notion` is one meaning with all its wordings. Its target is the mean of the teacher's vectors of its English
wordings, so that word order and plurals, which the teacher hears, do not move the student.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shoplens.encoders.lexicon import Entry, Lexicon
from shoplens.training import captions
from shoplens.training.data import Item, entry_or_none

_HAN = re.compile(r"[一-鿿]")


@dataclass(frozen=True, slots=True)
class Notion:
    """One meaning. ``taught``: English wordings whose teacher vectors make the target; ``said``: all wordings."""

    family: str
    taught: tuple[str, ...]
    said: tuple[str, ...]


def notions_of_items(items: Sequence[Item], lexicon: Lexicon) -> list[Notion]:
    """Every combination of labels that a training picture of fashion has, and each label alone."""
    found: dict[tuple[str, str, str, str], None] = {}
    for item in items:
        if item.source != "fashion" or item.split != "train":
            continue
        k, c, g, u = item.kind, item.colour, item.gender, item.usage
        for key in ((k, c, g, u), (k, c, g, ""), (k, c, "", ""), (k, "", g, ""), ("", c, g, ""), (k, "", "", u)):
            if key != ("", "", "", ""):
                found.setdefault(key)
    return [_attributes(lexicon, *key) for key in found]


def notions_of_crossings(lexicon: Lexicon, count: int, seed: int) -> list[Notion]:
    """Combinations of kind, colour and gender drawn from the whole lexicon, seen on pictures or not."""
    rng = random.Random(seed)
    kinds = [e.key for e in lexicon.facet("kind")] + [e.key for e in lexicon.facet("goods")]
    colours = [e.key for e in lexicon.facet("colour")]
    genders = [e.key for e in lexicon.facet("gender")] + ["", "", "", ""]
    drawn: dict[tuple[str, str, str, str], None] = {}
    while len(drawn) < count:
        drawn.setdefault((rng.choice(kinds), rng.choice(colours), rng.choice(genders), ""))
    return [_attributes(lexicon, *key) for key in drawn]


def notions_of_lexicon(lexicon: Lexicon) -> list[Notion]:
    """Each entry alone, and each of its English synonyms."""
    found = []
    for entry in lexicon.entries:
        found.append(Notion("lexicon", entry.english, entry.english + entry.chinese))
        found.extend(Notion("lexicon", (word,), (word,)) for word in entry.english[1:])
    return found


def notions_with_qualities(lexicon: Lexicon, count: int, seed: int) -> list[Notion]:
    """Kinds with a material, pattern, style or occasion, and maybe a colour ("striped shirt", "条纹衬衫")."""
    rng = random.Random(seed)
    kinds = lexicon.facet("kind") + lexicon.facet("goods")
    qualities = [e for f in ("material", "pattern", "style", "occasion", "usage", "shade") for e in lexicon.facet(f)]
    colours = lexicon.facet("colour")
    found: list[Notion] = []
    while len(found) < count and qualities:
        kind, quality = rng.choice(kinds), rng.choice(qualities)
        colour = rng.choice(colours) if rng.random() < 0.5 else None
        found.append(_quality(kind, quality, colour))
    return found


def notions_of_titles(items: Sequence[Item], lexicon: Lexicon) -> list[Notion]:
    """Titles of training items, with a Chinese reading: brand kept, the rest said by the labels."""
    found = []
    for item in items:
        if item.split != "train" or not item.title or item.source == "rendered":
            continue
        said = [item.title]
        if item.source == "fashion":
            brand = _brand(item, lexicon)
            kind = entry_or_none(lexicon, "kind", item.kind)
            colour = entry_or_none(lexicon, "colour", item.colour)
            gender = entry_or_none(lexicon, "gender", item.gender)
            said.append(f"{brand}{captions.chinese(kind, colour, gender)[0]}")
        elif item.title_zh:
            said.append(item.title_zh)
        found.append(Notion("title", (item.title,), tuple(said)))
    return found


def notions_of_drawn(items: Sequence[Item]) -> list[Notion]:
    """Captions of rendered pictures: one notion a design, and one for each of its English wordings.

    The wordings say more or less of the design, so their mean alone would blur what each one says.
    """
    found: dict[tuple[str, ...], Notion] = {}
    for item in items:
        if item.source == "rendered":
            found.setdefault(item.traits, Notion("drawn", item.words, item.words + item.words_zh))
    single = [Notion("drawn", (text,), (text,)) for n in found.values() for text in n.taught[:3]]
    return [*found.values(), *single]


def notions_of_categories(root: Path) -> list[Notion]:
    """The category names of the data set ``lexicon``."""
    with (root / "lexicon" / "categories_en_zh.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Notion("category", (row["en"],), (row["en"], row["zh"])) for row in rows]


def notions_of_electronics(root: Path, count: int) -> list[Notion]:
    """Titles of ``chorus_icecat``, cut to ten words: plain English product text, for the distillation only."""
    with gzip.open(root / "chorus_icecat" / "products.jsonl.gz", "rt", encoding="utf-8") as lines:
        titles = [" ".join(json.loads(line)["title"].split()[:10]) for line in itertools.islice(lines, count)]
    return [Notion("electronics", (title,), (title,)) for title in titles if title]


def is_chinese(text: str) -> bool:
    """Whether a text has a Chinese character."""
    return _HAN.search(text) is not None


def _attributes(lexicon: Lexicon, kind: str, colour: str, gender: str, usage: str) -> Notion:
    facet = "goods" if kind and ("kind", kind) not in lexicon.by_key else "kind"
    k = entry_or_none(lexicon, facet, kind)
    c = entry_or_none(lexicon, "colour", colour)
    g = entry_or_none(lexicon, "gender", gender)
    u = entry_or_none(lexicon, "usage", usage)
    english = captions.english(k, c, g, u)
    # Double weight for Chinese and the plain caption: they are fewer, and both languages count alike.
    said = english + captions.chinese(k, c, g, u) + (captions.mixed(k, c, g) if k else [])
    return Notion("attributes", tuple(english[:6]), tuple(said))


def _quality(kind: Entry, quality: Entry, colour: Entry | None) -> Notion:
    one, many = captions.singular(kind), captions.plural(kind)
    e, z = quality.english[0], quality.chinese[0]
    e2, z2 = quality.english[-1], quality.chinese[-1]
    c, cz = (colour.english[0], colour.chinese[0]) if colour else ("", "")
    k, k2 = kind.chinese[0], kind.chinese[-1]
    english = [f"{c} {e} {one}", f"{e} {c} {many}", f"{one} {c} {e}", f"{many} in {c} {e}" if c else f"{e} {many}"]
    chinese = [f"{cz}{z}{k}", f"{z}{cz}{k}", f"{cz}{k2} {z}", f"{z2}{k}{cz}", f"{z2}的{cz}{k}"]
    both = [f"{e} {k}", f"{z} {one}", f"{c} {z2}{k2}", f"{e2} {c} {one}"]
    tidy = [" ".join(text.split()) for text in english + chinese + both]
    return Notion("quality", tuple(tidy[: len(english)]), tuple(dict.fromkeys(tidy)))


def _brand(item: Item, lexicon: Lexicon) -> str:
    """The words of a title before the first one that names a gender, with a space behind; "" if none."""
    words = item.title.split()
    genders = {word.lower() for entry in lexicon.facet("gender") for word in entry.english}
    for place, word in enumerate(words):
        if word.lower() in genders:
            return " ".join(words[: min(place, 3)]) + " " if place else ""
    return words[0] + " " if words else ""

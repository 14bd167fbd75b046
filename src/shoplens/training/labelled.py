"""What the heads of the encoder learn from: for each head its classes, and which of them each picture may be.

Labels of different sources overlap in meaning: a photo called "shoes" shows a sneaker or a sandal. So a picture allows
a set of classes, and the loss asks for the sum of their probabilities (`shoplens.training.probing.fit`).

* kind: labels of fashion, clothing and grocery; drawn kinds by the lexicon.
* colour: labels of fashion; drawn colours that are base colours of the lexicon.
* material, pattern: what a title of fashion says ("Solid", "Check", "leather"), and what was drawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from shoplens.encoders.lexicon import Lexicon
from shoplens.training.data import Item

HEADS = ("kind", "colour", "material", "pattern")

_KINDS: Mapping[str, tuple[str, ...]] = {
    # Labels of clothing that say less than those of fashion.
    "shoes": ("casual-shoes", "sports-shoes", "formal-shoes", "flats", "boots", "loafers", "sandals", "heels"),
    "pants": ("trousers", "jeans", "track-pants", "capris", "leggings"),
    "outerwear": ("jacket", "blazer", "waistcoat"),
    "undershirt": ("innerwear-vest",),
    "longsleeve": ("longsleeve", "sweatshirt", "sweater"),
    "top": ("top", "tunic"),
}  # fmt: skip
"""A label -> the classes that it allows; any other label allows itself."""

_DRAWN_KINDS = {
    "jumper": "sweater", "sneaker": "casual-shoes", "heel": "heels", "tote bag": "handbag", "boot": "boots",
    "loafer": "loafers", "sandal": "sandals", "glove": "gloves", "plant pot": "plant-pot", "beanie": "beanie",
}  # fmt: skip
_DRAWN_PATTERNS = {"stripes": "striped", "polka dots": "dotted", "checks": "checked", "plaid": "checked"}
_TITLE_PATTERNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"solid|plain", ("plain",)),
    (r"check|checks|checked|checkered|plaid|gingham", ("checked",)),
    (r"stripe|stripes|striped", ("striped",)),
    (r"polka dots?|dotted", ("dotted",)),
    (r"floral|flower print", ("floral",)),
    (r"print|printed|graphic", ("printed",)),
    (r"camouflage|camo", ("camouflage",)),
    (r"colou?r ?blocked|colou?r ?block", ("colour-block",)),
)
_TITLE_MATERIALS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"leather", ("leather",)),
    (r"suede", ("suede",)),
    (r"denim", ("denim",)),
    (r"canvas", ("canvas",)),
    (r"cotton", ("cotton",)),
    (r"knit|knitted", ("knit",)),
    (r"woollen|wool", ("wool", "knit")),
    (r"silk", ("silk",)),
    (r"linen", ("linen",)),
    (r"satin", ("satin",)),
    (r"rubber", ("rubber",)),
)


def classes_of(head: str, item: Item, lexicon: Lexicon) -> tuple[str, ...]:
    """The lexicon keys that a picture may be by a head; () where nothing is known of it."""
    if head == "kind":
        return _kinds(item, lexicon)
    if head == "colour":
        return (item.colour,) if item.colour not in ("", "na") else ()
    if item.source == "rendered":
        drawn = item.traits[3] if head == "material" else item.traits[4]
        return (_DRAWN_PATTERNS.get(drawn, drawn),)
    if item.source != "fashion":
        return ()
    said = _TITLE_MATERIALS if head == "material" else _TITLE_PATTERNS
    found = [keys for words, keys in said if re.search(rf"\b(?:{words})\b", item.title.casefold())]
    return found[0] if len(found) == 1 else ()  # "Solid Striped" says nothing for certain


def facets_of(head: str) -> tuple[str, ...]:
    """The facets of the lexicon in which a head's classes are found, the first that has the key."""
    return ("kind", "goods") if head == "kind" else (head,)


def _kinds(item: Item, lexicon: Lexicon) -> tuple[str, ...]:
    if item.source == "grocery":
        return (lexicon.by_label["goods", f"grocery:{item.group}"].key,)
    if item.source == "rendered":
        return (_drawn_kind(item.traits[0], lexicon),)
    if item.source == "clothing":
        return _KINDS.get(item.kind, (item.kind,)) if item.kind else ()
    return (item.kind,) if item.kind else ()


def _drawn_kind(word: str, lexicon: Lexicon) -> str:
    return _DRAWN_KINDS.get(word) or next(
        e.key for facet in ("kind", "goods") for e in lexicon.facet(facet) if word in e.english
    )

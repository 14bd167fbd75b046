"""Captions of products in English and Chinese: templates rich in word order, plurals and synonyms.

The first caption of every list is the plain one ("black handbag for women", "女士黑色手提包"); measures use it.
"""

from __future__ import annotations

import random

from shoplens.encoders.lexicon import Entry

_FOR = {
    "men": ("for men", "men's", "men"),
    "women": ("for women", "women's", "women"),
    "unisex": ("for men and women", "unisex", "unisex"),
    "boys": ("for boys", "boys'", "boys"),
    "girls": ("for girls", "girls'", "girls"),
}


def plural(kind: Entry) -> str:
    """The English plural of a kind: by convention its second word in the lexicon."""
    return kind.english[1] if len(kind.english) > 1 else kind.english[0]


def singular(kind: Entry) -> str:
    """The English singular of a kind, without the "pair of" that plural-only goods carry there."""
    return kind.english[0].removeprefix("pair of ")


def english(kind: Entry | None, colour: Entry | None, gender: Entry | None, usage: Entry | None = None) -> list[str]:
    """Captions in English of what is known about a product, about ten of them; the first is the plain one."""
    c = colour.english[0] if colour else ""
    c2 = colour.english[-1] if colour else ""
    u = usage.english[0] if usage else ""
    one, many = (singular(kind), plural(kind)) if kind else ("product", "products")
    synonym = kind.english[-1] if kind else "item"
    whom, whose, who = _FOR[gender.key] if gender else ("", "", "")
    found = [
        f"{c} {many} {who}",
        f"{c} {one} {whom}",
        f"{whose} {c} {one}",
        f"{c} {many} {whom}",
        f"a photo of a {c} {one} {whom}",
        f"{whose} {many} in {c}" if c else f"{whose} {many}",
        f"{one} {c} {who}",
        f"{c2} {synonym} {whom}",
        f"{whose} {c} {synonym}",
        f"{u} {c} {one} {whom}",
        f"{who} {u} {many} {c}",
    ]
    return _tidy(found)


def chinese(kind: Entry | None, colour: Entry | None, gender: Entry | None, usage: Entry | None = None) -> list[str]:
    """Captions in Chinese, in the orders in which shoppers type them; the first is the plain one."""
    c = colour.chinese[0] if colour else ""
    c2 = colour.chinese[-1] if colour else ""
    k = kind.chinese[0] if kind else "商品"
    k2 = kind.chinese[1 % len(kind.chinese)] if kind else "产品"
    k3 = kind.chinese[-1] if kind else "单品"
    g = gender.chinese[0] if gender else ""
    g2 = gender.chinese[-1] if gender else ""
    u = usage.chinese[0] if usage else ""
    found = [
        f"{g}{c}{k}",
        f"{c}{k}{g}",
        f"{c}的{k}" if c else k,
        f"{c2}{g}{k}",
        f"{g2}{c}{k2}",
        f"{c} {k2} {g2}",
        f"{k} {c} {g}",
        f"{c}{u}{k3}",
        f"{g}{k3}{c}",
        f"{u}{g}{c}{k}",
    ]
    return _tidy(found)


def mixed(kind: Entry, colour: Entry | None, gender: Entry | None) -> list[str]:
    """Captions that mix the languages, as bilingual shoppers type them ("red 连衣裙", "黑色 handbag")."""
    found = [f"{plural(kind)} {gender.chinese[0]}" if gender else ""]
    if colour:
        found += [
            f"{colour.english[0]} {kind.chinese[0]}",
            f"{colour.chinese[0]} {singular(kind)}",
            f"{colour.chinese[0]}{kind.english[-1]}",
            f"{colour.english[-1]}{kind.chinese[-1]}",
        ]
    return [caption for caption in _tidy(found) if caption]


def typo(text: str, rng: random.Random) -> str:
    """``text`` with one slip in a Latin word of at least four letters: dropped, doubled, swapped or wrong letter.

    Texts without such a word come back as they are.
    """
    words = text.split(" ")
    places = [i for i, word in enumerate(words) if len(word) >= 4 and word.isascii() and word.isalpha()]
    if not places:
        return text
    i = rng.choice(places)
    word = words[i]
    at = rng.randrange(1, len(word))
    slip = rng.randrange(4)
    if slip == 0:
        word = word[:at] + word[at + 1 :]
    elif slip == 1:
        word = word[:at] + word[at] + word[at:]
    elif slip == 2:
        word = word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    else:
        word = word[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]
    words[i] = word
    return " ".join(words)


def _tidy(captions: list[str]) -> list[str]:
    """Spaces collapsed, empty ones and repetitions dropped, order kept."""
    seen = dict.fromkeys(" ".join(caption.split()) for caption in captions)
    return [caption for caption in seen if caption]

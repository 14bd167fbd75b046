"""What a shopper might call a drawn product, in English and Chinese, in several orders and with synonyms."""

from __future__ import annotations

from shoplens.training.rendering.design import Design
from shoplens.training.rendering.words import COLOUR_WORDS, KIND_WORDS, MATERIAL_WORDS, PATTERN_WORDS, PLURAL


def captions(design: Design, language: str) -> list[str]:
    """Phrases that are true of the design, the shortest (its kind alone) first; "en" or "zh".

    Every phrase names the kind; most name one or more of colour, pattern and material; every synonym occurs.
    Raises ValueError for another language.
    """
    if language == "en":
        phrases = _english(design)
    elif language == "zh":
        phrases = _chinese(design)
    else:
        raise ValueError(f"captions are written in 'en' and 'zh', not {language!r}")
    return list(dict.fromkeys(phrases))


def _english(d: Design) -> list[str]:
    kinds, colours = KIND_WORDS[d.kind][0], COLOUR_WORDS[d.colour][0]
    patterns, material = PATTERN_WORDS[d.pattern][0], MATERIAL_WORDS[d.material][0]
    second = COLOUR_WORDS[d.second_colour][0][0]
    kind, colour = kinds[0], colours[0]
    noun = {"knitted": "knit", "wooden": "wood"}.get(material, material)
    pattern = next(p for p in patterns if not p.startswith("with "))
    article = "" if d.kind in PLURAL else "an " if colour[0] in "aeiou" else "a "
    out = [
        *kinds,
        *(f"{c} {k}" for c in colours for k in kinds),
        *(f"{material} {k}" for k in kinds),
        f"{colour} {material} {kind}",
        f"{material} {kind} in {colour}",
        f"{kind}, {colour}",
        f"{colour} {kind} made of {noun}",
        f"{article}{colour} {kind}",
        f"{kind} in {colour} {noun}",
    ]
    if d.pattern == "plain":
        out += [f"plain {colour} {kind}", f"solid {colour} {material} {kind}"]
        return out
    for word in patterns:
        if word.startswith("with "):
            out += [f"{kind} {word}", f"{colour} {kind} {word}"]
        else:
            out += [f"{word} {kind}", f"{colour} {word} {kind}", f"{word} {kind} in {colour}"]
    out += [
        f"{colour} and {second} {kind}",
        f"{colour} and {second} {pattern} {kind}",
        f"{pattern} {material} {kind} in {colour} and {second}",
        f"{material} {kind}, {pattern}, {colour}",
    ]
    return out


def _chinese(d: Design) -> list[str]:
    kinds, colours = KIND_WORDS[d.kind][1], COLOUR_WORDS[d.colour][1]
    patterns, material = PATTERN_WORDS[d.pattern][1], MATERIAL_WORDS[d.material][1]
    second = COLOUR_WORDS[d.second_colour][1][0]
    kind, colour = kinds[0], colours[0]
    out = [
        *kinds,
        *(f"{c}{k}" for c in colours for k in kinds),
        *(f"{c}的{kind}" for c in colours),
        *(f"{material}{k}" for k in kinds),
        f"{colour}{material}{kind}",
        f"{material}{kind} {colour}",
        f"{kind} {colour}",
        f"一款{colour}{kind}",
    ]
    if d.pattern == "plain":
        return [*out, *(f"{p}{kind}" for p in patterns), f"{colour}{patterns[0]}{kind}"]
    for word in patterns:
        out += [f"{word}{kind}", f"{colour}{word}{kind}", f"{word}{material}{kind} {colour}"]
    return [*out, f"{colour}{second}{patterns[0]}{kind}", f"{colour}和{second}相间的{kind}"]

"""Numbers as shoppers write them: 1,299.90, 1.299,90, 19,99, 2k, fifty, 两百五, 1千2."""

from __future__ import annotations

import re

_ONES = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
}
_TENS = {word: 10 * n for n, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES = {"hundred": 100, "thousand": 1000}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}

_SMALL = "|".join(sorted([*_ONES, *_TENS], key=len, reverse=True))
FIGURES = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,3}(?:\.\d{3})+,\d{1,2}|\d{1,9}(?:[.,]\d{1,3})?"
"""A number in figures."""
ENGLISH = (
    rf"(?:(?:{FIGURES})(?:\s?k(?![a-z0-9]))?|(?:(?:a|{_SMALL})(?:[\s-](?:{_SMALL}))?\s)?(?:hundred|thousand)|"
    rf"(?:{_SMALL})(?:[\s-](?:{_SMALL}))?)"
)
"""A number in an English query."""
CHINESE = rf"(?:(?:{FIGURES})[百千万kw]?|[零〇一二两三四五六七八九十百千万]{{1,9}})"
"""A number in a Chinese query."""


def number_of(text: str) -> float | None:
    """The number that a text spells, in figures or words, lower case; None for none.

    "1.299" with three decimals is a thousand and some: no price has three.
    """
    text = text.strip()
    if not text:
        return None
    if text[0].isdigit() and text[0].isascii():
        return _figures(text)
    return _english(text) if text.isascii() else _chinese(text)


def spelt(number: float) -> str:
    """A number as filters write it: no exponent, no needless zeros."""
    return f"{number:.3f}".rstrip("0").rstrip(".")


def _figures(text: str) -> float | None:
    scale = 1.0
    tail = text[-1]
    if not tail.isdigit():
        scale = {"k": 1e3, "w": 1e4, "百": 1e2, "千": 1e3, "万": 1e4}.get(tail, 0.0)
        text = text[:-1].strip()
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", text):
        text = re.sub(r"[.,]", "", text)
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d{1,2}", text):  # 1.299,90 as it is written in Europe
        text = text.replace(".", "").replace(",", ".")
    elif "," in text and "." not in text:
        text = text.replace(",", ".")
    text = text.replace(",", "")
    try:
        return float(text) * scale or None
    except ValueError:
        return None


def _english(text: str) -> float | None:
    total, some = 0, 0
    for word in re.split(r"[\s-]+", text):
        if word == "a":
            some = 1
        elif word in _SCALES:
            total += (some or 1) * _SCALES[word]
            some = 0
        elif word in _ONES or word in _TENS:
            some += _ONES.get(word, 0) + _TENS.get(word, 0)
        else:
            return None
    return float(total + some) or None


def _chinese(text: str) -> float | None:
    total, part, digit, unit = 0, 0, -1, 1
    for sign in text:
        if sign in _DIGITS:
            if digit >= 0 and sign != "零":
                return None  # 一二三: a list, no number
            digit = _DIGITS[sign]
            if sign in "零〇":
                digit, unit = -1, 1
        elif sign == "万":
            total += (part + max(digit, 0)) * 10_000 or 10_000
            part, digit, unit = 0, -1, 10_000
        elif sign in _UNITS:
            unit = _UNITS[sign]
            part += (digit if digit >= 0 else 1) * unit
            digit = -1
        else:
            return None
    if digit >= 0:  # 三百五 is 350, 三百零五 is 305
        part += digit * (unit // 10 if unit >= 100 else 1)
    return float(total + part) or None

"""Why a hit is here, beside the parts of its score: words with their places, attributes held against what was asked."""

from __future__ import annotations

from dataclasses import dataclass, field

ATTRIBUTES = ("kind", "color", "material", "pattern", "gender", "brand")
"""What a trait may speak of."""

FEED, PICTURE = "feed", "picture"
"""Where a trait is read: in what the shop says, or in the picture, where the shop says nothing."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """Where a text of the product says what was asked.

    ``field``: "title", "brand", "category", "attributes", "description" (of which ``text`` is a snippet) or "derived"
    (told from pictures). ``text``: one value of it. ``ranges``: [start, end) in characters of ``text``, rising, none
    overlaps another. ``terms``: the query's words that stand there, as written.
    """

    field: str
    text: str
    ranges: tuple[tuple[int, int], ...]
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trait:
    """An attribute that a part of the query asks for, and what the product has of it.

    ``part``: "words", "image 1", "like P7". ``attribute``: one of `ATTRIBUTES`. ``asked`` and ``has`` are names, in
    English and Chinese ("" where there is none). ``source``: `FEED`, or `PICTURE` where a head looked, with its
    ``confidence`` (1 for what the shop says).
    """

    part: str
    attribute: str
    asked: str
    asked_zh: str
    has: str
    has_zh: str
    agrees: bool
    source: str = FEED
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Why:
    """The reasons of one hit that are no numbers.

    ``words``: of the query, as written, that the product has. ``because``: what the photos and seeds of the query share
    with it, as a sentence; "" where there are none.
    """

    words: tuple[str, ...] = ()
    highlights: tuple[Highlight, ...] = ()
    traits: tuple[Trait, ...] = ()
    because: str = ""
    because_zh: str = ""


@dataclass(frozen=True, slots=True)
class Heat:
    """Where on a picture a query is: ``energy`` rows of shares, from the top, that add up to 1; ``picture`` its hash;
    ``part`` what was looked for ("words", "image 1", "like P7"). The map covers the picture, edge to edge."""

    picture: str
    part: str
    energy: tuple[tuple[float, ...], ...] = field(repr=False)

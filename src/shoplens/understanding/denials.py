"""Denials in a query: "not red", "without laces", leather-free, 不要皮的, 非黑色; only of what has a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")
NameAt = Callable[[int], tuple[int, T] | None]
"""Place -> end and meaning of the name that stands there."""

_ENGLISH = re.compile(
    r"(?<![\w'’-])(?:but\s)?(?:(?P<mild>not|no|nor|neither|non(?:e\sof)?|never)|without|w/o|except(?:\sfor)?|excluding|exclude|"
    r"minus|anything\sbut|other\sthan|nothing|avoid|free\s(?:of|from)|(?:i\s)?do(?:es)?\s?n[o'’]?t\s(?:want|like|need|have))"
    r"(?:(?P<people>\sfor)|\s(?:a|an|any|the|in|made\sof|made\sfrom|with|from|of|have|having))*(?:\s|(?<=non)-)"
)
_CHINESE = re.compile(
    r"(?:我)?(?:不想要|不需要|不要有|不要|别要|不含有|不含|不带有|不带|不是|不喜欢|(?<!有)没有|(?P<mild>无|非(?!常))|除了|去掉|拒绝|排除)"
    r"(?:任何|那种|带有?|有|用)?\s?"
)
_CUES = re.compile(r"no|neither|without|w/o|except|exclud|minus|but|than|avoid|free|n['’]t|[不别没无非除去拒排]")
_AFTER_ENGLISH = re.compile(r"(?:\s|-)?(?:colou?red|colou?rs?|ones?)(?![a-z])")
_AFTER_CHINESE = re.compile(r"(?:色系?|颜色)?(?:款式?|材质|面料)?的?(?:就行|都行|都可以|以外|之外|除外)?的?")
_FREE = re.compile(
    r"[-\s]free(?![a-z])(?!\s(?:size|people|soul|time|shipping|delivery|gift|spirit|standing|style|run))"
)
_EXCEPT_CHINESE = re.compile(r"(?:色|的)*(?:除外|不要|就算了)(?![\w])")
_NEXT = re.compile(r"\s?(?:,|，|、|/|\bor\b|\bnor\b|\band\b|&|和|或者?|与|跟|以及)\s?(?:(?:any|the|a)\s)?")


@dataclass(frozen=True, slots=True)
class Denied:
    """text[start:end] denies what ``name`` means. ``people``: it is said of whom a thing is for; ``claim``: it is what
    such a product says of itself ("sugar-free")."""

    start: int
    end: int
    name: str
    people: bool = False
    claim: bool = False


def denials(text: str, name_at: NameAt[object], is_name: Callable[[str], bool]) -> Iterator[Denied]:
    """What a lower-case text denies, from the left.

    Args:
        text: the query.
        name_at: what stands at a place, if it may be denied.
        is_name: whether a whole phrase is a name of its own ("non-stick", 无钢圈): then it denies nothing.
    """
    if not _CUES.search(text):
        return
    at = 0
    for match in _ENGLISH.finditer(text):
        if match.start() >= at:
            for one in _chain(text, match, name_at, is_name, _AFTER_ENGLISH):
                yield one
                at = one.end
    if not text.isascii():
        for match in _CHINESE.finditer(text):
            if match.start() >= at:
                for one in _chain(text, match, name_at, is_name, _AFTER_CHINESE):
                    yield one
                    at = one.end


def freed(text: str, start: int, end: int) -> Denied | None:
    """A name that is denied by what follows it: leather-free, 红色除外."""
    claim = _FREE.match(text, end)
    after = claim or _EXCEPT_CHINESE.match(text, end)
    return Denied(start, after.end(), text[start:end], claim=claim is not None) if after else None


def _chain(
    text: str, match: re.Match[str], name_at: NameAt[object], is_name: Callable[[str], bool], after: re.Pattern[str]
) -> Iterator[Denied]:
    """The denied name behind a denying word, and those that "or" joins to it."""
    groups = match.groupdict()
    people = bool(groups.get("people"))
    start, place = match.start(), match.end()
    first = True
    while (found := name_at(place)) is not None:
        end = found[0]
        if first and groups["mild"] and is_name(text[start:end]):
            return
        name = text[place:end]
        tail = after.match(text, end)
        end = tail.end() if tail else end
        yield Denied(start, end, name, people)
        first = False
        more = _NEXT.match(text, end)
        if more is None:
            return
        start, place = end, more.end()

"""Cuts the items out of an XML feed's text, one by one, so that memory stays flat and a broken item costs itself only.

Comments and CDATA are heeded: an item in a comment is none, and an end tag in a description ends nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import TextIOBase

from shoplens.core.catalogue import RowProblem
from shoplens.errors import FeedError
from shoplens.feeds.text import mend

MAX_ITEM = 1024 * 1024
"""Characters of one item, and of what stands before the first."""

MAX_NAMES = 8
"""Different names of items in one feed: "item" and "entry", each with its prefix."""

_TAG = r"(?:\w+:)?(?:item|entry)"
_OUTSIDE = re.compile(rf"<!--|<!\[CDATA\[|<(?P<tag>{_TAG})(?=[\s>/])")
_CLOSES = {"<!--": "-->", "<![CDATA[": "]]>"}


def cut_items(source: TextIOBase, where: str, on_head: Callable[[str], None]) -> Iterator[tuple[int, str] | RowProblem]:
    """(line, text) of each item, from "<item" to its end tag; problems of items that have no end.

    Args:
        source: the feed's text.
        where: its name, for errors.
        on_head: called with what stands before the first item.

    Raises:
        FeedError: the feed breaks off within an item or a comment, or its items have more than MAX_NAMES names.
    """
    names: set[str] = set()
    text, line = "", 1
    heading: list[str] | None = []
    hidden, since = "", 0  # what ends the comment or CDATA outside of items that we are in, and its line
    while True:
        raw = source.read(65536)
        piece, problem = mend(raw, line + text.count("\n"))
        if problem is not None:
            yield problem
        text += piece
        ahead = _Ahead(text)
        done = 0  # up to which character of ``text`` all is handed on; ``line`` is that character's
        inside = False  # an item whose end is not here yet
        while True:
            mark = None if hidden else _OUTSIDE.search(text, done)
            if hidden:
                close = text.find(hidden, done)
                to = close + len(hidden) if close >= 0 else max(done, len(text) - 2)
            elif mark is None:
                to = max(done, text.rfind("<", max(0, len(text) - 64)))  # a tag may be cut in two
            else:
                to = mark.start() if mark["tag"] else mark.end()
            if heading is not None:
                heading.append(text[done:to])
            line += text.count("\n", done, to)
            done = to
            if hidden:
                if close < 0:
                    break
                hidden = ""
                continue
            if mark is None:
                break
            if mark["tag"] is None:
                hidden, since = _CLOSES[mark[0]], line
                continue
            names.add(mark["tag"])
            if len(names) > MAX_NAMES:
                raise FeedError(
                    f"items of more than {MAX_NAMES} different names", where=where, hint="use one name: <item>"
                )
            if heading is not None:
                on_head("".join(heading))
                heading = None
            fits = len(text) - done <= MAX_ITEM
            end, again = _end(ahead, done, mark["tag"])
            if end < 0 and not (fits and raw):
                end, again = _plain_end(text, done, mark["tag"])
            if end < 0 and fits:
                inside = True
                break
            if again > done:
                yield RowProblem(line, "", "an item that is not closed", text[done : done + 120])
                end = again
            elif end < 0 or end - done > MAX_ITEM:
                reason = f"an item that does not end within {MAX_ITEM} characters"
                yield RowProblem(line, "", reason, text[done : done + 120])
                end = end if end >= 0 else len(text)
            else:
                yield line, text[done:end]
            line += text.count("\n", done, end)
            done = end
        text = text[done:]
        if heading is not None and sum(map(len, heading)) > MAX_ITEM:
            return
        if not raw:
            if inside or hidden:
                what = f"the item on line {line}" if inside else f"a comment that began on line {since}"
                raise FeedError(f"the XML breaks off within {what}", where=where, hint="fetch it again")
            return


class _Ahead:
    """What comes next in a text. What was found, or is missing from somewhere on, is not looked for again: else each
    item with a comment that has no end would cost all of the text behind it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._known: dict[tuple[str, str], tuple[int, re.Match[str] | None]] = {}

    def ends(self, tag: str, begins: str, at: int) -> re.Match[str] | None:
        """What ends, from ``at`` on, the comment or CDATA that ``begins`` in an item."""
        since, found = self._known.get((tag, begins), (at + 1, None))
        if since > at or (found is not None and found.start() < at):
            found = _marks(tag)[1][begins].search(self.text, at)
            self._known[tag, begins] = at, found
        return found


@lru_cache(2 * MAX_NAMES)
def _marks(tag: str) -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """What matters within an item; and, by what begins it, what ends a comment or CDATA: the next item's start too,
    as then its own end is missing."""
    closed = rf"</{tag}\s*>"
    ends = {begins: re.compile(rf"{re.escape(ends)}|{closed}\s*<{tag}(?=[\s>/])") for begins, ends in _CLOSES.items()}
    return re.compile(rf"<!--|<!\[CDATA\[|<{tag}(?=[\s>/])|{closed}"), ends


def _end(ahead: _Ahead, start: int, tag: str) -> tuple[int, int]:
    """Where the item that starts at ``start`` ends (-1: not here), and where within it another one starts (-1)."""
    marks, ends = _marks(tag)
    text = ahead.text
    at, again = start + 1, -1
    while found := marks.search(text, at):
        at = found.end()
        if found[0] in ends:
            close = ahead.ends(tag, found[0], at)
            if close is None:
                return -1, again
            if close[0] not in _CLOSES.values():
                return text.index(">", close.start()) + 1, again
            at = close.end()
        elif found[0].startswith("</"):
            return at, again
        else:
            again = found.start()
    return -1, again


def _plain_end(text: str, start: int, tag: str) -> tuple[int, int]:
    """As ``_end``, whatever is said in comments and CDATA: for an item in which one of them has no end."""
    close = f"</{tag}>"
    end = text.find(close, start)
    again = text.rfind(f"<{tag}", start + 1, end if end >= 0 else len(text))
    if again > start and not _OUTSIDE.match(text, again):
        again = -1
    return end + len(close) if end >= 0 else -1, again

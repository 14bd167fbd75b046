"""JSON lines, and JSON files that hold one list of products, read piece by piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any

from shoplens.core.catalogue import RowProblem
from shoplens.errors import FeedError, FeedFormatError
from shoplens.feeds.rows import Row
from shoplens.feeds.text import detect_encoding, lines, mend, open_text, reading

LISTS = ("products", "items", "data", "results", "rows", "entries", "catalog", "catalogue")
"""Names under which a JSON file may hold its list of products."""
MAX_OBJECT = 4 * 1024 * 1024
"""Characters of one product."""

_SAMPLE_ROWS = 200
_SAMPLE_CHARACTERS = 1024 * 1024
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\]]', re.DOTALL)
_LIST = re.compile(rf'"(?:{"|".join(LISTS)})"\s*:\s*\[', re.IGNORECASE)


def parse(text: str, line: int) -> Row | RowProblem:
    """One product's JSON -> a row, or why not."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also numbers of thousands of digits
        reason = str(error)
        if isinstance(error, json.JSONDecodeError):  # "Unterminated string starting at"
            reason = f"{error.msg.removesuffix(' at').removesuffix(' starting')} (character {error.pos + 1})"
        return RowProblem(line, "", f"no valid JSON: {reason}", text[:120].strip())
    if not isinstance(value, dict):
        return RowProblem(line, "", "a JSON object is expected", text[:120].strip())
    return Row(line, value)


class JsonLines:
    """One JSON object a line."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self._path = path
        self._encoding = encoding or detect_encoding(path)
        self.columns = _columns(self.rows())
        if not self.columns:
            raise FeedFormatError(
                "no line of its beginning is a JSON object", where=str(path), hint="one product a line is expected"
            )

    def rows(self) -> Iterator[Row | RowProblem]:
        """All rows; blank lines are left out."""
        with reading(self._path) as file:
            for line in lines(file, self._encoding):
                if isinstance(line, RowProblem):
                    yield line
                elif line.text.strip():
                    yield parse(line.text, line.number)


class JsonFile:
    """A JSON list of objects, or an object that holds one under a usual name (see LISTS)."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self._path = path
        self._encoding = encoding or detect_encoding(path)
        self.columns = _columns(self.rows())
        if not self.columns:
            names = ", ".join(LISTS)
            raise FeedFormatError(
                "holds no list of products", where=str(path), hint=f"a list, or an object with one under {names}"
            )

    def rows(self) -> Iterator[Row | RowProblem]:
        """All rows. Raises FeedError when the file breaks off."""
        with reading(self._path) as file:
            pieces = _Pieces(file, self._encoding)
            start = pieces.up_to_list()
            yield from pieces.problems()
            if start is None:
                return
            for text, line in self._objects(pieces, *start):
                yield from pieces.problems()
                yield parse(text, line)

    def _objects(self, pieces: _Pieces, text: str, line: int) -> Iterator[tuple[str, int]]:
        """Each object's text and first line. ``text`` starts behind the list's bracket, on ``line``."""
        begin = scanned = depth = 0  # of the object that is being read: start, how far looked through, how deep
        while True:
            for token in _TOKEN.finditer(text, scanned):
                sign = token[0][0]
                if sign == '"':
                    if not token[1]:  # the text's end has cut it
                        scanned = token.start()
                        break
                elif sign in "{[":
                    if depth == 0:
                        line += text.count("\n", begin, token.start())
                        begin = token.start()
                    depth += 1
                else:
                    depth -= 1
                    if depth < 0:
                        return
                    if depth == 0:
                        yield text[begin : token.end()], line
                        line += text.count("\n", begin, token.end())
                        begin = token.end()
                scanned = token.end()
            if depth == 0 and scanned > begin:  # a value between objects: of no use
                line += text.count("\n", begin, scanned)
                begin = scanned
            if len(text) - begin > MAX_OBJECT:
                raise FeedError(
                    f"what starts near line {line} does not end within {MAX_OBJECT} characters",
                    where=str(self._path),
                    hint="check its quotes and brackets",
                )
            more = pieces.take(len(text) - begin)
            if not more:
                raise FeedError(f"the JSON breaks off after line {line}", where=str(self._path), hint="fetch it again")
            scanned -= begin
            text, begin = text[begin:] + more, 0


class _Pieces:
    """A file's text, piece by piece, mended."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._text = open_text(file, encoding)
        self._line = 1
        self._problems: list[RowProblem] = []

    def take(self, at_least: int = 0) -> str:
        """More text, "" at the end."""
        try:
            raw = self._text.read(max(65536, at_least))
        except UnicodeError as error:
            raise FeedError(f"line {self._line} breaks off: {error}", hint="give the feed as UTF-8") from error
        text, problem = mend(raw, self._line)
        if problem is not None:
            self._problems.append(problem)
        self._line += raw.count("\n")
        return text or (self.take(at_least) if raw else "")

    def problems(self) -> list[RowProblem]:
        """What was wrong since last asked."""
        found, self._problems = self._problems, []
        return found

    def up_to_list(self) -> tuple[str, int] | None:
        """The text behind the bracket that opens the list of products, and that bracket's line."""
        text = ""
        while len(text) < MAX_OBJECT and (more := self.take()):
            text += more
            start = len(text) - len(text.lstrip())
            if text[start : start + 1] == "[":
                return text[start + 1 :], 1 + text.count("\n", 0, start)
            if match := _LIST.search(text):
                return text[match.end() :], 1 + text.count("\n", 0, match.end())
        return None


def _columns(rows: Iterator[Row | RowProblem]) -> list[str]:
    """The keys of the first rows, in the order in which they first come; nested ones as ``outer.inner``."""
    found: dict[str, None] = {}
    characters = 0
    for row in islice(rows, _SAMPLE_ROWS):
        if isinstance(row, Row):
            for name, value in row.values.items():
                found[name] = None
                characters += len(name) + len(str(value))
                if isinstance(value, dict):
                    found.update((f"{name}.{inner}", None) for inner in value)
        if characters > _SAMPLE_CHARACTERS:
            break
    return list(found)


def holds_list(text: str) -> bool:
    """Whether a file that begins like this is one object with a list of products, not an object a line."""
    first, _, rest = text.partition("\n")
    try:
        value: Any = json.loads(first)
    except (ValueError, RecursionError):
        # An object over many lines, or a first line that is longer than the sample.
        return bool(_LIST.search(text)) or bool(rest and not first.rstrip().endswith("}"))
    listed = [value.get(name) for name in value if name.lower() in LISTS] if isinstance(value, dict) else []
    return any(isinstance(each, list) and bool(each) and isinstance(each[0], dict) for each in listed)

"""CSV and TSV: text -> rows, in bounded memory, with the line on which each row starts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shoplens.core.catalogue import RowProblem
from shoplens.errors import FeedFormatError
from shoplens.feeds.rows import Row
from shoplens.feeds.text import Line, detect_encoding, lines, reading

DELIMITERS = (",", "\t", ";", "|")
MAX_RECORD = 1024 * 1024
"""Characters of a row; what is longer has lost its closing quote."""
MAX_FIELD = 256 * 1024
"""Characters of a field; the rest is cut off and reported."""
MAX_COLUMNS = 4096

# Characters that may be read a second time after quotes that never close, before whole stretches are given up.
_REREAD_BUDGET = 8 * MAX_RECORD


class Syntax(NamedTuple):
    """How rows of one delimiter look, as expressions that take linear time on any text."""

    delimiter: str
    complete: re.Pattern[str]
    closes: re.Pattern[str]
    field: re.Pattern[str]


def syntax(delimiter: str) -> Syntax:
    """As the csv module reads it: a quote counts only at a field's start; after the closing quote text is text."""
    d = re.escape(delimiter)
    rest = rf'[^"]*+(?:""[^"]*+)*+"[^{d}]*+'
    plain = rf'(?:[^"{d}][^{d}]*+)?+'
    one = rf'(?:"{rest}|{plain})'
    return Syntax(
        delimiter,
        re.compile(rf"(?:{one}{d})*+{one}"),
        re.compile(rf"{rest}(?:{d}(?:{one}{d})*+{one})?+"),
        re.compile(rf'(?:"([^"]*+(?:""[^"]*+)*+)"([^{d}]*+)|([^{d}]*+)){d}'),
    )


def split(text: str, form: Syntax) -> list[str]:
    """The fields of a complete row without its line end."""
    if '"' not in text:
        return text.split(form.delimiter)
    return [
        (quoted.replace('""', '"') + after) if quoted or after else plain
        for quoted, after, plain in form.field.findall(text + form.delimiter)
    ]


class Record(NamedTuple):
    """The fields of a row and the line on which it starts."""

    line: int
    fields: list[str]


def records(source: Iterator[Line | RowProblem], form: Syntax) -> Iterator[Record | RowProblem]:
    """Rows of lines; blank lines are left out. A quote that does not close costs its own line only."""
    again: list[Line] = []  # lines to be read once more, the next one last
    budget = _REREAD_BUDGET
    while True:
        line = again.pop() if again else next(source, None)
        if line is None:
            return
        if isinstance(line, RowProblem):
            yield line
            continue
        text = line.text.rstrip("\r\n")
        if not text:
            continue
        if '"' not in text or form.complete.fullmatch(text):
            yield Record(line.number, split(text, form))
            continue
        taken, size = [line], len(line.text)
        closed = False
        while size <= MAX_RECORD:
            more = again.pop() if again else next(source, None)
            if more is None:
                break
            if isinstance(more, RowProblem):
                yield more
                continue
            taken.append(more)
            size += len(more.text)
            if '"' in more.text and form.closes.fullmatch(more.text.rstrip("\r\n")):
                closed = True
                break
        if closed:
            yield Record(line.number, split("".join(each.text for each in taken).rstrip("\r\n"), form))
            continue
        budget -= size
        reason = "a quote opens here and does not close"
        if budget < 0:
            reason += f"; the lines up to {taken[-1].number} are left out too"
        else:
            again.extend(reversed(taken[1:]))
        yield RowProblem(line.number, "", reason, text[:120])


class Delimited:
    """A file with a header and one row a record."""

    def __init__(self, path: Path, delimiter: str | None = None, encoding: str | None = None) -> None:
        self._path = path
        self._encoding = encoding or detect_encoding(path)
        self.delimiter = delimiter or _sniff(path, self._encoding)
        self._syntax = syntax(self.delimiter)
        self._skip, self.columns = self._header()

    def rows(self) -> Iterator[Row | RowProblem]:
        """Rows as column -> text. A short or long row is reported; when it cannot be told what is what, left out."""
        width = len(self.columns)
        columns = self.columns
        with reading(self._path) as file:
            for record in records(self._lines(file, self._skip), self._syntax):
                if isinstance(record, RowProblem):
                    yield record
                    continue
                line, fields = record
                if not any(fields):
                    continue
                if len(fields) != width:
                    long = len(fields) > width and any(field.strip() for field in fields[width:])
                    if long or len(fields) < width:
                        skipped = long or 2 * len(fields) < width
                        reason = f"{len(fields)} fields where the header has {width}"
                        yield RowProblem(line, "", reason, self.delimiter.join(fields)[:120], skipped=skipped)
                        if skipped:
                            continue
                values = dict(zip(columns, fields, strict=False))
                if sum(map(len, fields)) > MAX_FIELD:
                    for name, value in values.items():
                        if len(value) > MAX_FIELD:
                            values[name] = value[:MAX_FIELD]
                            yield RowProblem(
                                line, name, f"longer than {MAX_FIELD} characters: cut off", value[:80], skipped=False
                            )
                yield Row(line, values)

    def _lines(self, file: object, skip: int) -> Iterator[Line | RowProblem]:
        for line in lines(file, self._encoding):  # type: ignore[arg-type]
            if isinstance(line, RowProblem):
                if line.line > skip:
                    yield line
            elif line.number > skip:
                yield line

    def _header(self) -> tuple[int, list[str]]:
        """(lines up to the first row, the columns)."""
        with reading(self._path) as file:
            source = self._lines(file, 0)
            last = 0

            def counted() -> Iterator[Line | RowProblem]:
                nonlocal last
                for line in source:
                    last = line.number if isinstance(line, Line) else line.line
                    yield line

            for record in records(counted(), self._syntax):
                if isinstance(record, RowProblem):
                    continue
                if record.fields[0].lower() in ("sep=", f"sep={self.delimiter}") and not any(record.fields[1:]):
                    continue  # Excel's own line about the delimiter
                if not any(field.strip() for field in record.fields):
                    continue
                if len(record.fields) > MAX_COLUMNS:
                    raise FeedFormatError(f"more than {MAX_COLUMNS} columns", where=str(self._path))
                return last, _names(record.fields)
        raise FeedFormatError("the feed is empty", where=str(self._path), hint="its first line must name the columns")


def _names(fields: list[str]) -> list[str]:
    names: list[str] = []
    taken: set[str] = set()
    for position, field in enumerate(fields, 1):
        base = name = field.strip().lstrip("\ufeff") or f"column_{position}"
        count = 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        names.append(name)
    return names


def _sniff(path: Path, encoding: str) -> str:
    """The delimiter that cuts the header into most columns."""
    with reading(path) as file:
        for line in lines(file, encoding):
            if isinstance(line, RowProblem) or not line.text.strip():
                continue
            text = line.text.strip("\r\n")
            if re.fullmatch(r"sep=[,;|\t]", text, re.IGNORECASE):
                return text[4]
            text = text[:65536]
            return max(DELIMITERS, key=lambda d: len(split(text, syntax(d))))
    return ","

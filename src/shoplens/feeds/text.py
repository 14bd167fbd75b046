"""Bytes of a feed -> lines of text: gzip, encodings, wrong bytes, lines without end."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from shoplens.core.catalogue import RowProblem
from shoplens.errors import FeedError, FeedFormatError

SAMPLE = 256 * 1024
"""Bytes from which the encoding is told, counted from the first one that is not ASCII."""
MAX_LINE = 4 * 1024 * 1024
"""Characters of a line; a longer one is skipped and reported."""

_SEARCH = 64 * 1024 * 1024
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WRONG = re.compile("[\x00\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its end; ``number`` counts from 1."""

    number: int
    text: str


@contextmanager
def reading(path: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked if it is gzip.

    Raises:
        FeedError: it cannot be opened, or breaks off (a damaged archive must not pass for a short feed).
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if packed:
                with gzip.open(raw, "rb") as unpacked:
                    yield cast("IO[bytes]", unpacked)
            else:
                yield raw
    except FileNotFoundError as error:
        raise FeedError("there is no such file", where=str(path), hint="check the path of the feed") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        hint = "fetch the feed again; nothing is concluded from what is missing"
        raise FeedError(f"the gzip archive is damaged or breaks off: {error}", where=str(path), hint=hint) from error
    except OSError as error:
        hint = "check that the file can be read"
        raise FeedError(f"cannot be read: {error.strerror or error}", where=str(path), hint=hint) from error


def sample(path: Path) -> bytes:
    """The feed's first bytes, unpacked."""
    with reading(path) as file:
        return file.read(SAMPLE)


def detect_encoding(path: Path) -> str:
    """The encoding of a text file: by its byte order mark, else by what its bytes can be.

    Strict UTF-8 over a sample; UTF-16 by its zero bytes; UTF-8 with a few wrong bytes stays UTF-8; GB18030 when the
    high bytes come in pairs as in Chinese text; else cp1252. A file that begins in ASCII is sampled where that ends.
    """
    with reading(path) as file:
        head = file.read(SAMPLE)
        for bom, name in _BOMS:
            if head.startswith(bom):
                return name
        wide = _utf16_without_bom(head)
        if wide:
            return wide
        whole = len(head) < SAMPLE
        searched = len(head)
        while head.isascii() and not whole and searched < _SEARCH:
            head = file.read(SAMPLE)
            whole = len(head) < SAMPLE
            searched += len(head)
    return _encoding_of(head, whole)


def _encoding_of(data: bytes, whole: bool) -> str:
    if data.isascii() or _decodes(data, "utf-8", whole):
        return "utf-8"
    text = data.decode("utf-8", "surrogateescape")
    wrong = sum(1 for _ in re.finditer("[\udc80-\udcff]+", text))
    valid = sum(1 for _ in re.finditer("[^\x00-\x7f\udc80-\udcff]+", text))
    if valid >= 4 * wrong:
        return "utf-8"
    high = sum(len(run) for run in re.findall(rb"[\x80-\xff]+", data))
    paired = 2 * len(re.findall(rb"[\x81-\xfe][\xa1-\xfe]", data))
    if paired >= 0.8 * high and _decodes(data, "gb18030", whole, tolerance=0.02):
        return "gb18030"
    return "cp1252"


def _decodes(data: bytes, encoding: str, whole: bool, tolerance: float = 0.0) -> bool:
    """Whether the bytes are valid in an encoding; a character cut off at the sample's end does not count."""
    decoder = codecs.getincrementaldecoder(encoding)("strict" if not tolerance else "replace")
    try:
        text = decoder.decode(data, final=whole)
    except UnicodeDecodeError:
        return False
    return text.count("�") <= tolerance * sum(1 for _ in re.finditer(r"[^\x00-\x7f]", text))


def _utf16_without_bom(head: bytes) -> str:
    head = head[:4096]
    if len(head) < 4:
        return ""
    even, odd = head[0::2].count(0) / (len(head) / 2), head[1::2].count(0) / (len(head) / 2)
    if odd > 0.3 and even < 0.1:
        return "utf-16-le"
    if even > 0.3 and odd < 0.1:
        return "utf-16-be"
    return ""


def open_text(file: IO[bytes], encoding: str) -> io.TextIOWrapper:
    """Decoded text; line ends stay as they are. Wrong bytes become lone surrogates or U+FFFD, see ``mend``."""
    escapes = encoding in ("utf-8", "utf-8-sig", "gb18030")
    try:
        return io.TextIOWrapper(
            cast("io.BufferedReader", file), encoding, "surrogateescape" if escapes else "replace", newline=""
        )
    except LookupError as error:
        raise FeedFormatError(f"unknown encoding {encoding!r}") from error


def mend(text: str, number: int) -> tuple[str, RowProblem | None]:
    """Text without wrong bytes and NULs, and the report of them if there were any."""
    if text.isascii() and "\x00" not in text:
        return text, None
    match = _WRONG.search(text)
    if match is None:
        return text, None
    around = text[max(0, match.start() - 20) : match.end() + 20].replace("\x00", "␀")
    fixed = re.sub("[\ud800-\udfff]", "�", text.replace("\x00", ""))
    what = "a NUL byte, left out" if match[0] == "\x00" * len(match[0]) else "bytes that are wrong in its encoding"
    return fixed, RowProblem(number, "", what, re.sub("[\ud800-\udfff]", "�", around).strip(), skipped=False)


def lines(file: IO[bytes], encoding: str, start: int = 1) -> Iterator[Line | RowProblem]:
    """All lines; the report of what is wrong with one comes right before it."""
    text = open_text(file, encoding)
    number = start
    try:
        while line := text.readline(MAX_LINE):
            if len(line) == MAX_LINE and line[-1] not in "\r\n":
                yield RowProblem(number, "", f"a line of more than {MAX_LINE} characters", line[:80])
                while (line := text.readline(MAX_LINE)) and line[-1] not in "\r\n":
                    pass
                number += 1
                continue
            fixed, problem = mend(line, number)
            if problem is not None:
                yield problem
            yield Line(number, fixed)
            number += 1
    except UnicodeError as error:
        raise FeedError(f"line {number} breaks off: {error}", hint="give the feed as UTF-8") from error

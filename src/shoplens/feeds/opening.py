"""A path -> a feed: which file, which kind, which reader and which interpreter."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from shoplens.core.catalogue import ColumnUse, Product, RowProblem
from shoplens.errors import FeedError, FeedFormatError
from shoplens.feeds.columns import check_mapping, fold, need_id, recognise
from shoplens.feeds.companion import Companion
from shoplens.feeds.delimited import Delimited
from shoplens.feeds.general import General
from shoplens.feeds.grouping import Hashes, products, scattered
from shoplens.feeds.jsonrows import JsonFile, JsonLines, holds_list
from shoplens.feeds.magento import Magento, is_magento
from shoplens.feeds.merchant import MerchantXml
from shoplens.feeds.money import ISO
from shoplens.feeds.parquet import ParquetRows
from shoplens.feeds.rows import Interpreter, Reader, Row
from shoplens.feeds.shopify import Shopify, is_shopify
from shoplens.feeds.text import detect_encoding, open_text, reading, sample

KINDS = ("csv", "tsv", "jsonl", "json", "parquet", "merchant-xml", "merchant-tsv", "shopify", "magento")
"""What ``format`` can insist on."""
SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".xml", ".rss", ".atom", ".parquet", ".pq")

_NO_FEEDS = ((b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"))
"""Files that people name by mistake, by their first bytes."""
_FEED_NAMES = re.compile(
    r"(?:all_?|shop_?|my_?)?(?:products?|items?|catalogu?e?s?|feeds?|articles?|商品|产品)(?:_export|_feed)?", re.I
)
_MERCHANT = frozenset(
    fold(name) for name in ("title", "link", "image_link", "availability", "google_product_category", "condition")
)


class OpenFeed:
    """A feed that has been recognised; a ``core.ports.Feed``.

    ``path``: the file. ``base``: the folder to which relative picture paths refer. ``kind``: one of KINDS.
    ``columns``: the columns, so far as the feed's beginning shows.
    """

    def __init__(self, path: Path, kind: str, reader: Reader, interpreter: Interpreter) -> None:
        self.path = path
        self.base = path.parent
        self._kind = kind
        self._reader = reader
        self._interpreter = interpreter
        self._apart: tuple[tuple[int, int], dict[str, int]] | None = None

    def __repr__(self) -> str:
        return f"OpenFeed({str(self.path)!r}, kind={self._kind!r})"

    @property
    def kind(self) -> str:
        """One of KINDS."""
        return self._kind

    @property
    def columns(self) -> list[str]:
        """The columns, so far as the feed's beginning shows."""
        return list(self._reader.columns)

    def uses(self) -> tuple[ColumnUse, ...]:
        """What each column is taken for, in the feed's order."""
        return tuple(self._interpreter.uses(self.columns))

    def watched(self, check: Callable[[], None]) -> OpenFeed:
        """The same feed, which asks at every row that it reads, in each of its passes, whether to go on: ``check``
        raises what is to stop it."""
        return OpenFeed(self.path, self._kind, _Watched(self._reader, check), self._interpreter)

    def count(self) -> int:
        """How many products it has, about: ids that differ. Reads the feed through, without looking at what it says.

        Raises:
            FeedError: the file cannot be read to its end.
        """
        self._interpreter.prepare(self._reader)
        seen = Hashes()
        for row in self._reader.rows():
            if isinstance(row, Row) and (key := self._interpreter.key(row)):
                seen.add(key)
        return len(seen)

    def read(self) -> Iterator[Product | RowProblem]:
        """Products, and rows or fields that could not be used, in the feed's order. Can be called again.

        A product whose rows lie apart comes where its last row stands. A feed with groups is looked through once
        (for ids only) before the first product comes.

        Raises:
            FeedError: the file cannot be read to its end.
        """
        companion = Companion.beside(self.path)
        for found in products(self._reader, self._interpreter, self._scattered()):
            yield companion.add_to(found) if companion is not None and isinstance(found, Product) else found

    def _scattered(self) -> dict[str, int]:
        try:
            state = self.path.stat()
        except OSError as error:
            raise FeedError("the file has gone", where=str(self.path), hint="check the path of the feed") from error
        version = (state.st_size, state.st_mtime_ns)
        if self._apart is None or self._apart[0] != version:
            self._interpreter.prepare(self._reader)
            apart = scattered(self._reader, self._interpreter.key) if self._interpreter.grouped else {}
            self._apart = (version, apart)
        return self._apart[1]


class _Watched:
    """A reader that asks at every row whether to go on: a row may take a second, and millions of them minutes."""

    def __init__(self, reader: Reader, check: Callable[[], None]) -> None:
        self._reader, self._check = reader, check

    @property
    def columns(self) -> list[str]:
        return self._reader.columns

    def rows(self) -> Iterator[Row | RowProblem]:
        for row in self._reader.rows():
            self._check()
            yield row
        self._check()


def open_feed(
    path: str | Path,
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    currency: str | None = None,
) -> OpenFeed:
    """Opens a feed; its kind is told from its content.

    Args:
        path: a file (gzip is unpacked), or a folder with one feed in it.
        format: one of KINDS, where the content is not to decide.
        mapping: target -> column of the feed, for columns with unusual names: {"title": "productDisplayName"}.
        currency: ISO code for prices that name none, or only a sign that several currencies share.

    Raises:
        FeedError: there is no such file, it cannot be read, or the folder holds none or several feeds.
        FeedFormatError: its kind is not recognised, it has no id, or the mapping does not fit it.
        MissingExtraError: a Parquet file, and pyarrow is not installed.
    """
    path = Path(path)
    currency = (currency or "").strip().upper()
    if currency and currency not in ISO:
        raise FeedFormatError(f"{currency!r} is no currency", where=str(path), hint="an ISO 4217 code, such as EUR")
    if format is not None and format not in KINDS:
        raise FeedFormatError(f"{format!r} is no kind of feed", where=str(path), hint="one of: " + ", ".join(KINDS))
    if path.is_dir():
        path = feed_in(path, format, mapping)
    elif not path.exists():
        raise FeedError("there is no such file or folder", where=str(path), hint="check the path of the feed")
    try:
        return _open(path, format or recognise_kind(path), dict(mapping or {}), currency)
    except FeedError as error:
        if error.where is None:
            error.where = str(path)
        raise


def _open(path: Path, kind: str, mapping: dict[str, str], currency: str) -> OpenFeed:
    reader = _READERS[kind](path)
    interpreter: Interpreter
    where = str(path)
    if kind == "shopify" or kind == "magento":
        if mapping:
            raise FeedFormatError(
                f"a {kind} feed has fixed columns: a mapping is not for it",
                where=where,
                hint='read it as another kind to map its columns: --format csv (in Python: format="csv")',
            )
        right = is_shopify if kind == "shopify" else is_magento
        if not right(reader.columns):
            raise FeedFormatError(
                f"has not the columns of a {kind} export",
                where=where,
                hint="the columns are: " + ", ".join(reader.columns[:40]),
            )
        interpreter = Shopify(currency) if kind == "shopify" else Magento(currency)
    else:
        check_mapping(mapping, reader.columns, where)
        need_id(recognise(reader.columns, mapping), reader.columns, where)
        interpreter = General(mapping, currency, slashes=kind.startswith("merchant"))
    return OpenFeed(path, kind, reader, interpreter)


_READERS: dict[str, Callable[[Path], Reader]] = {
    "csv": Delimited,
    "tsv": lambda path: Delimited(path, "\t"),
    "merchant-tsv": lambda path: Delimited(path, "\t"),
    "shopify": Delimited,
    "magento": Delimited,
    "jsonl": JsonLines,
    "json": JsonFile,
    "parquet": ParquetRows,
    "merchant-xml": MerchantXml,
}


def recognise_kind(path: Path) -> str:
    """The kind of a feed by its content. Raises FeedFormatError when it is none."""
    head = sample(path)
    where = str(path)
    if not head.strip(b"\x00 \r\n\t"):
        raise FeedFormatError("the feed is empty", where=where, hint="export it again")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"PK\x03\x04"):
        hint = "unpack it first; save a spreadsheet as CSV (UTF-8)"
        raise FeedFormatError("a zip archive or a spreadsheet is no feed", where=where, hint=hint)
    for magic, name in _NO_FEEDS:
        if head.startswith(magic):
            raise FeedFormatError(f"{name} is no feed", where=where, hint="export the products as CSV (UTF-8)")
    encoding = detect_encoding(path)
    with reading(path) as file:
        text = open_text(file, encoding).read(65536).lstrip("\ufeff \t\r\n")
    if text.startswith("<"):
        if re.search(r"<(?:\w+:)?(?:rss|feed|channel|item|entry)\b", text[:20000]):
            return "merchant-xml"
        raise FeedFormatError("XML, but neither RSS nor Atom", where=where, hint="a Google Merchant feed is expected")
    if text.startswith("["):
        return "json"
    if text.startswith("{"):
        return "json" if holds_list(text) else "jsonl"
    if _is_binary(head, encoding):
        hint = "CSV, TSV, JSON lines, Parquet and Google Merchant XML are; if it is one of them, say so with --format"
        raise FeedFormatError("not text, and no kind of feed that is known", where=where, hint=hint)
    reader = Delimited(path, encoding=encoding)
    if is_shopify(reader.columns):
        return "shopify"
    if is_magento(reader.columns):
        return "magento"
    if reader.delimiter == "\t":
        names = {fold(column) for column in reader.columns}
        return "merchant-tsv" if "id" in names and len(names & _MERCHANT) >= 3 else "tsv"
    return "csv"


def _is_binary(head: bytes, encoding: str) -> bool:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or encoding.startswith("utf-16"):
        return False
    odd = sum(head.count(bytes([code])) for code in (*range(9), *range(14, 27), *range(28, 32)))
    return odd > max(16, 0.02 * len(head))


def feed_in(folder: Path, format: str | None = None, mapping: Mapping[str, str] | None = None) -> Path:
    """The one feed of a folder: by its name (products, items, catalogue, feed ...), else the only one with an id.

    Raises:
        FeedError: there is none or are several; they are named.
    """
    try:
        files = sorted(path for path in folder.iterdir() if path.is_file() and _suffix(path) in SUFFIXES)
    except OSError as error:
        raise FeedError(f"cannot be read: {error.strerror}", where=str(folder), hint="check the folder") from error
    named = [path for path in files if _FEED_NAMES.fullmatch(_stem(path))]
    candidates = named if len(named) == 1 else [path for path in named or files if _is_feed(path, format, mapping)]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        seen = ", ".join(path.name for path in files[:20]) or "no CSV, TSV, JSON, XML or Parquet file"
        raise FeedError(
            f"there is no feed in this folder (seen: {seen})",
            where=str(folder),
            hint="give the path of the feed itself",
        )
    names = ", ".join(path.name for path in candidates[:20])
    raise FeedError(
        f"there are {len(candidates)} feeds in this folder: {names}",
        where=str(folder),
        hint=f"give one of them, such as {candidates[0]}",
    )


def _is_feed(path: Path, format: str | None, mapping: Mapping[str, str] | None) -> bool:
    try:
        _open(path, format or recognise_kind(path), dict(mapping or {}), "")
    except FeedError:
        return False
    return True


def _suffix(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _stem(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).stem

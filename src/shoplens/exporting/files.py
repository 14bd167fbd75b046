"""An export as a file: written beside its place and put there when it is whole."""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from shoplens.core.catalogue import Product
from shoplens.errors import ConfigError
from shoplens.exporting import agents, google
from shoplens.exporting.agents import Publishing
from shoplens.exporting.jsonld import jsonld, script

FORMATS = ("google", "acp", "openai", "jsonld")
_ENDINGS = {
    "google": (".xml", ".tsv", ".txt"),
    "acp": (".jsonl",),
    "openai": (".jsonl", ".csv", ".tsv"),
    "jsonld": (".jsonld", ".json"),
}
_GOOGLE_NEEDS = ("title", "description", "link", "image_link", "availability", "price")


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written. ``lacking``: field -> rows without it, of the fields that the format asks for. ``paths``: rows
    that name a picture by its path on this machine, which nobody else can fetch."""

    products: int = 0
    rows: int = 0
    lacking: dict[str, int] = field(default_factory=dict)
    paths: int = 0


def export(products: Iterable[Product], format: str, out: str | Path, publishing: Publishing | None = None) -> Exported:
    """Writes products as a feed. ``out``: a file, whose ending says which form (.xml or .tsv, .jsonl or .csv; .gz after
    it compresses), or ``-`` for standard output.

    Raises:
        ConfigError: the format or the ending is unknown, or the file cannot be written.
    """
    if format not in FORMATS:
        raise ConfigError(f"there is no format {format!r}", where="format", hint="one of: " + ", ".join(FORMATS))
    ending = _ending(str(out), format)
    told: Counter[str] = Counter()
    with _opened(out) as file:
        for text in _lines(products, format, ending, publishing or Publishing(), told):
            file.write(text)
    fields = {name[1:]: count for name, count in told.items() if name.startswith("-")}
    return Exported(told["products"], told["rows"], fields, told["paths"])


def _ending(out: str, format: str) -> str:
    known = _ENDINGS[format]
    if out == "-":
        return known[0]
    found = Path(out.lower().removesuffix(".gz")).suffix
    if found not in known:
        raise ConfigError(
            f"{format} is not written as {found or 'a file without an ending'}",
            where=out,
            hint="end its name with " + " or ".join(known),
        )
    return found


def _lines(
    products: Iterable[Product], format: str, ending: str, publishing: Publishing, told: Counter[str]
) -> Iterator[str]:
    if format == "google":
        yield from _google(products, ending, publishing, told)
    elif format == "openai":
        yield from _openai(products, ending, publishing, told)
    elif format == "acp":
        for product in products:
            _count(told, len(product.variants))
            yield json.dumps(agents.acp(product, publishing), ensure_ascii=False, separators=(",", ":")) + "\n"
    else:
        yield '{"@context":"https://schema.org","@graph":['
        for n, product in enumerate(products):
            _count(told, len(product.variants))
            yield (",\n" if n else "\n") + script(jsonld(product, publishing))
        yield "\n]}\n"


def _google(products: Iterable[Product], ending: str, publishing: Publishing, told: Counter[str]) -> Iterator[str]:
    xml = ending == ".xml"
    yield google.head(publishing.seller or "Products", publishing.seller_url) if xml else google.HEADER
    for product in products:
        _count(told, len(product.variants))
        for row in google.rows(product, publishing.pictures_url):
            told.update(f"-{name}" for name in _GOOGLE_NEEDS if name not in row)
            shown = (*row.get("image_link", ()), *row.get("additional_image_link", ()))
            told["paths"] += any(one and not one.lower().startswith(("http://", "https://")) for one in shown)
            yield google.item(row) if xml else google.line(row)
    if xml:
        yield google.FOOT


def _openai(products: Iterable[Product], ending: str, publishing: Publishing, told: Counter[str]) -> Iterator[str]:
    delimiter = {".csv": ",", ".tsv": "\t"}.get(ending, "")
    if delimiter:
        yield agents.table_line(None, delimiter)
    for product in products:
        _count(told, len(product.variants))
        for row in agents.openai(product, publishing):
            told.update(f"-{name}" for name in agents.lacking(row))
            yield agents.table_line(row, delimiter) if delimiter else json.dumps(row, ensure_ascii=False) + "\n"


def _count(told: Counter[str], rows: int) -> None:
    told["products"] += 1
    told["rows"] += rows


@contextmanager
def _opened(out: str | Path) -> Iterator[IO[Any]]:
    if str(out) == "-":
        yield sys.stdout
        sys.stdout.flush()
        return
    path = Path(out)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        file: IO[Any]
        if path.name.lower().endswith(".gz"):
            file = gzip.open(part, "wt", encoding="utf-8", newline="", compresslevel=6)  # noqa: SIM115
        else:
            file = part.open("w", encoding="utf-8", newline="")
        with file:
            yield file
        part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror or error}", where=str(path), hint="name another place with --out"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()

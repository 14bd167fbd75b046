"""``shoplens queries``: what shoppers ask, and what they do not find, out of the shop's log of queries."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Table
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json
from shoplens.errors import ConfigError, ShopError, ShopNotFoundError

if TYPE_CHECKING:
    from shoplens.core.logged import QueryCount


def queries(
    shop: ShopFolder = None,
    top: Annotated[
        bool, typer.Option("--top", help="Queries by how often they were asked (without a choice, too).")
    ] = False,
    no_result: Annotated[bool, typer.Option("--no-result", help="Queries that found nothing.")] = False,
    low_confidence: Annotated[
        bool, typer.Option("--low-confidence", help="Queries with hits of which none was certain.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, help="Days to look back, today being one.")] = 30,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Queries to list.")] = 20,
    export: Annotated[
        Path | None,
        typer.Option(help="Write them to a file: .jsonl for evaluate and compare, .csv with words and count."),
    ] = None,
    json: AsJson = False,
) -> None:
    """List what shoppers ask: the most frequent queries, those without results, those of which nothing was certain.

    Queries are kept only where the setting query_log.enabled is on (docs/reference/query-log.md).
    """
    from shoplens.config import Config
    from shoplens.core import logged
    from shoplens.stores.query_log import FOLDER, read_log

    if top + no_result + low_confidence > 1:
        raise ConfigError(
            "two lists are asked for", where="shoplens queries", hint="one of --top, --no-result, --low-confidence"
        )
    config = Config.load(shop)
    folder = Path(config.shop)
    if not folder.is_dir():
        raise ShopNotFoundError(
            "there is no shop here", where=str(folder), hint=f"run: shoplens index FEED --shop {folder}"
        )
    lines = list(read_log(folder / FOLDER, days))
    choose = logged.without_results if no_result else logged.unsure_of if low_confidence else logged.top
    all_of_them = choose(lines)
    found, total = all_of_them[:limit], logged.totals(lines)
    if export is not None:
        _export(export, found)
    if json:
        print_json(
            {
                "days": days,
                "enabled": config.query_log.enabled,
                "totals": asdict(total),
                "queries": [one.to_fields() for one in found],
            }
        )
        return
    if not total.asked:
        console.print("No query is in the log." if config.query_log.enabled else _OFF, markup=False)
        return
    nothing, unsure = (f"{n} ({n / total.asked:.1%})" for n in (total.nothing, total.unsure))
    console.print(
        f"{total.asked} queries in {days} days, {total.different} different, {total.photos} with photos; nothing found:"
        f" {nothing}, nothing certain: {unsure}; p50 {total.ms_p50:.1f} ms, p99 {total.ms_p99:.1f} ms"
    )
    console.print(_table(found, no_result))
    if len(all_of_them) > len(found):
        console.print(f"and {len(all_of_them) - len(found)} more: --limit N")
    if export is not None:
        console.print(f"written to {export}", markup=False)


_OFF = (
    "Queries are not logged in this shop. To turn it on: enabled = true under [query_log] in shoplens.toml "
    "(what is kept: docs/reference/query-log.md)"
)


def _table(found: Sequence[QueryCount], with_filter: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("asked", "nothing", "unsure", "found", "sure"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("last", no_wrap=True)
    for name in ("words", *(("filter", "why") if with_filter else ())):
        table.add_column(name, overflow="fold")
    for one in found:
        sure = "" if one.confidence is None else f"{one.confidence:.2f}"
        cells = [str(one.asked), str(one.nothing), str(one.unsure), str(one.found), sure, one.last[:10], _words(one)]
        cells += [one.where, ", ".join(one.notes)] if with_filter else []
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _words(one: QueryCount) -> str:
    parts = [one.words]
    parts += [f"({n} {what}{'s' if n > 1 else ''})" for n, what in ((one.photos, "photo"), (one.seeds, "product")) if n]
    return " ".join(part for part in parts if part)


def _export(path: Path, found: Sequence[QueryCount]) -> None:
    """Queries of words alone: the log has no photos to ask with."""
    asked = [one for one in found if one.words and not one.photos and not one.seeds]
    if path.suffix == ".csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("query", "count"))
        # A spreadsheet would take a cell that begins so for a formula.
        writer.writerows((f"'{one.words}" if one.words[0] in "=+-@" else one.words, one.asked) for one in asked)
        data = text.getvalue().encode()
    elif path.suffix == ".jsonl":
        rows = [
            {"query_id": str(n), "q": one.words} | ({"filter_by": one.where} if one.where else {})
            for n, one in enumerate(asked, 1)
        ]
        data = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    else:
        raise ConfigError(
            f"{path.suffix or 'no ending'} is not known", where=str(path), hint="end it in .jsonl or .csv"
        )
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ShopError(f"cannot be written: {error.strerror}", where=str(path), hint="check the path") from error

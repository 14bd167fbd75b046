"""``shoplens index``: bring a shop in line with a feed."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, paragraph, print_json, stderr
from shoplens.config import Config
from shoplens.core.catalogue import RowProblem
from shoplens.engine import indexing
from shoplens.errors import ConfigError
from shoplens.feeds import open_feed
from shoplens.pictures import open_pictures
from shoplens.pictures.sources import pictures_option

if TYPE_CHECKING:
    from shoplens.app import Shop


def index(
    feed: Annotated[Path, typer.Argument(help="The product feed: a file, or the folder that holds one.")],
    shop: ShopFolder = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Folder or zip of the feed's pictures; if not given, that of the last run, else beside the feed."
        ),
    ] = None,
    format: Annotated[str | None, typer.Option(help="Insist on a kind of feed instead of recognising it.")] = None,
    map: Annotated[
        list[str] | None, typer.Option(help="A column with an unusual name: title=productDisplayName. Repeatable.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of prices that name none, such as EUR.")] = None,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Remove even more than half of the catalogue.")
    ] = False,
    keep_missing: Annotated[
        bool, typer.Option("--keep-missing", help="Keep products that the feed no longer has.")
    ] = False,
    recheck_pictures: Annotated[
        bool, typer.Option("--recheck-pictures", help="Ask again for pictures on the net that are known already.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Where to write the rows that could not be used (report.jsonl in the shop).")
    ] = None,
    no_pictures: Annotated[
        bool, typer.Option("--no-pictures", help="Do not look at pictures: words, prices and stock only.")
    ] = False,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="First build the search indexes anew from the store.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Bring a shop in line with a product feed; only what changed is done again."""
    from shoplens.app import open_shop

    options = indexing.IndexOptions(
        remove_missing=not keep_missing,
        max_removed=1.0 if allow_removals else 0.5,
        recheck_pictures=recheck_pictures,
        pictures=not no_pictures,
    )
    told = missing = 0

    def on_problem(problem: RowProblem) -> None:
        nonlocal told, missing
        told += 1
        missing += problem.reason.startswith("missing:")
        if told <= 10 and not json:
            stderr.print(_told(problem), markup=False)
        elif told == 11 and not json:
            stderr.print("... further problems go to the report only")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[read]:,} products read, {task.fields[encoded]:,} pictures encoded"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
    )
    config = Config.load(shop, **({"currency": currency} if currency else {}))
    mapping = _mapping(map or ())
    # Before the shop is made: a feed that is none leaves no folder behind.
    base = open_feed(feed, format=format, mapping=mapping, currency=config.currency or None).base
    open_pictures(pictures, base, Path(config.shop) / "cache" / "web").close()
    with (
        open_shop(config, create=True, rebuild=rebuild) as opened,
        Progress(*columns, console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar,
    ):
        task = bar.add_task("", total=None, read=0, encoded=0)

        def on_progress(progress: indexing.Progress) -> None:
            bar.update(task, read=progress.report.read, encoded=progress.report.pictures_encoded)

        done = opened.index(
            feed,
            pictures=pictures,
            format=format,
            mapping=mapping,
            options=options,
            report=report,
            on_problem=on_problem,
            on_progress=on_progress,
        )
        folder = opened.folder
        words = _words_of(opened)
    if json:
        print_json(dataclasses.asdict(done))
        return
    _tell_columns(done)
    console.print(
        f"{done.read:,} products read: {done.added:,} new, {done.changed:,} changed, "
        f"{done.unchanged:,} unchanged, {done.removed:,} removed"
    )
    console.print(f"{done.pictures_encoded:,} pictures encoded, {done.pictures_rejected:,} rejected")
    if missing and pictures is None:
        stderr.print(
            f"{missing:,} pictures are missing, looked for beside the feed or where the last run found them: "
            f"say where they lie: {pictures_option(Path(base))}",
            markup=False,
        )
    if done.problems:
        console.print(
            f"problems: {done.problems:,}, rows left out: {done.rows_skipped:,}; "
            f"see {report or folder / 'report.jsonl'}"
        )
    console.print(f"{done.seconds:.1f} s.", end="")
    if words:
        console.print(f" Next: shoplens search --shop {shlex.quote(str(folder))} {words}", end="", markup=False)
    console.print()


def _told(problem: RowProblem) -> str:
    """A problem in one line: where, which field, why, and what was left out."""
    place = [f"line {problem.line}"] if problem.line else []
    place += [f"product {problem.product_id}"] if problem.product_id else []
    what = "row left out" if problem.skipped else "left out"
    named = f": {problem.value}: " in problem.reason  # a picture, by the reason why it could not be used
    value = f" ({what}: {problem.value[:80]!r})" if problem.value and not named else ""
    return f"{': '.join(', '.join(p) for p in (place, [problem.field]) if p and p[0])}: {problem.reason}{value}".lstrip(
        ": "
    )


def _tell_columns(done: indexing.IndexReport) -> None:
    """How the feed was understood: so that a price that went to the extra fields is seen at once."""
    fields = [
        u.column if u.column == u.field else f"{u.column} -> {u.field}" for u in done.columns if u.kind == "field"
    ]
    extra = [u.column for u in done.columns if u.kind == "extra"]
    unused = [u.column for u in done.columns if u.kind == "unused"]
    paragraph(f"feed: {done.format}; columns understood: {', '.join(fields)}")
    if extra:
        paragraph(f"kept as extra fields, to filter by and to show: {', '.join(extra)}")
    if unused:
        paragraph(f"not used: {', '.join(unused)}")
    if extra or unused:
        console.print("a column is something else? run again with --map FIELD=COLUMN", markup=False)


def _words_of(shop: Shop) -> str:
    """Words to try in this shop, as they are typed: the first words of a title that has some; "" in an empty shop."""
    for product in shop.search(per_page=10).hits:
        titles = (product.product.title, *(t.title for t in product.product.translations))
        words = next((found for title in titles if (found := re.findall(r"[^\W_]+(?:-[^\W_]+)*", title))), [])
        if words:
            return " ".join(words[:4])
    return ""


def _mapping(pairs: list[str] | tuple[str, ...]) -> dict[str, str]:
    out = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (equals and ours.strip() and theirs.strip()):
            raise ConfigError(f"{pair!r} maps nothing", where="--map", hint="write --map title=productDisplayName")
        out[ours.strip()] = theirs.strip()
    return out

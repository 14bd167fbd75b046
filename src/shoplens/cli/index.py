"""``shoplens index``: bring a shop in line with a feed."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json, stderr
from shoplens.config import Config
from shoplens.core.catalogue import RowProblem
from shoplens.engine import indexing
from shoplens.errors import ConfigError


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
    told = 0

    def on_problem(problem: RowProblem) -> None:
        nonlocal told
        told += 1
        if told <= 10 and not json:
            where = f"line {problem.line}, " if problem.line else ""
            what = "row left out" if problem.skipped else "left out"
            stderr.print(f"{where}{problem.field}: {problem.reason} ({what}: {problem.value[:80]!r})", markup=False)
        elif told == 11 and not json:
            stderr.print("... further problems go to the report only")

    columns = (
        SpinnerColumn(),
        TextColumn("{task.fields[read]:,} products read, {task.fields[encoded]:,} pictures encoded"),
        BarColumn(bar_width=20),
        TimeElapsedColumn(),
    )
    with (
        open_shop(
            Config.load(shop, **({"currency": currency} if currency else {})), create=True, rebuild=rebuild
        ) as opened,
        Progress(*columns, console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar,
    ):
        task = bar.add_task("", total=None, read=0, encoded=0)

        def on_progress(progress: indexing.Progress) -> None:
            bar.update(task, read=progress.report.read, encoded=progress.report.pictures_encoded)

        done = opened.index(
            feed,
            pictures=pictures,
            format=format,
            mapping=_mapping(map or ()),
            options=options,
            report=report,
            on_problem=on_problem,
            on_progress=on_progress,
        )
        folder = opened.folder
    if json:
        print_json(dataclasses.asdict(done))
        return
    console.print(
        f"{done.read:,} products read: {done.added:,} new, {done.changed:,} changed, "
        f"{done.unchanged:,} unchanged, {done.removed:,} removed"
    )
    console.print(f"{done.pictures_encoded:,} pictures encoded, {done.pictures_rejected:,} rejected")
    if done.problems:
        console.print(
            f"problems: {done.problems:,}, rows left out: {done.rows_skipped:,}; "
            f"see {report or folder / 'report.jsonl'}"
        )
    console.print(f"{done.seconds:.1f} s. Next: shoplens search --shop {folder} black leather bag")


def _mapping(pairs: list[str] | tuple[str, ...]) -> dict[str, str]:
    out = {}
    for pair in pairs:
        ours, equals, theirs = pair.partition("=")
        if not (equals and ours.strip() and theirs.strip()):
            raise ConfigError(f"{pair!r} maps nothing", where="--map", hint="write --map title=productDisplayName")
        out[ours.strip()] = theirs.strip()
    return out

"""``shoplens evaluate``: how good a shop's search is, and whether it beats another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from shoplens.cli.options import AsJson, Judged, ShopFolder
from shoplens.cli.output import console, print_json, stderr
from shoplens.core.answer import Answer
from shoplens.core.query import Query


def evaluate(
    queries: Annotated[Path, typer.Option(help="Queries as JSON lines: query_id and any field of /v1/search.")],
    qrels: Judged,
    shop: ShopFolder = None,
    run: Annotated[
        Path | None,
        typer.Option(help="A run in TREC format to compare with; if there is no such file, this run is written to it."),
    ] = None,
    save_run: Annotated[Path | None, typer.Option(help="Write this run to a file, in TREC format.")] = None,
    depth: Annotated[int, typer.Option(help="Hits taken of each query, 1 to 250.")] = 100,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            show_default="one a core from 200 queries on",
            help="Processes that ask; with 1, latencies mean something.",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Measure a shop's search against judgements, with intervals, and compare it with another run.

    Needs an optional part: pip install 'shoplens[evaluation]'.
    """
    from shoplens import evaluation
    from shoplens.app import open_shop
    from shoplens.evaluation.asking import processes_for
    from shoplens.evaluation.measures import need_measures

    need_measures()  # told before anything is read or opened
    asked = evaluation.read_queries(queries)
    judgements = evaluation.read_qrels(qrels)
    other = evaluation.read_run(run) if run is not None and run.exists() else None
    with (
        open_shop(shop) as opened,
        Progress(console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar,
    ):
        opened.warm_up()
        task = bar.add_task("queries", total=len(asked))
        report, found = evaluation.evaluate(
            opened.search,
            asked,
            judgements,
            other=other,
            other_name=str(run) if other is not None else "",
            depth=depth,
            workers=workers or processes_for(len(asked)),
            opening=partial(_search_of, shop),
            on_answer=lambda: bar.advance(task),
            catalogue=opened.store,
        )
    written = [path for path in (save_run, run if other is None else None) if path is not None]
    for path in written:
        evaluation.write_run(found, path)
    if json:
        print_json(report.to_fields() | {"written": [str(path) for path in written]})
    else:
        console.print(report.render())
        for path in written:
            console.print(f"run written to {path}", markup=False)


def _search_of(shop: Path | None) -> Callable[[Query], Answer]:
    """A shop's search, in a process of its own."""
    from shoplens.app import open_shop

    opened = open_shop(shop)
    opened.warm_up()
    return opened.search

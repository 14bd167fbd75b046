"""``shoplens evaluate``: how good a shop's search is, and whether it beats another."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from shoplens.cli.options import AsJson, MachineJudged, MaybeJudged, ShopFolder
from shoplens.cli.output import console, print_json, stderr
from shoplens.errors import EvaluationError


def evaluate(
    queries: Annotated[Path, typer.Option(help="Queries as JSON lines: query_id and any field of /v1/search.")],
    qrels: MaybeJudged = None,
    shop: ShopFolder = None,
    run: Annotated[
        Path | None,
        typer.Option(help="A run in TREC format to compare with; if there is no such file, this run is written to it."),
    ] = None,
    save_run: Annotated[Path | None, typer.Option(help="Write this run to a file, in TREC format.")] = None,
    machine_qrels: MachineJudged = None,
    report: Annotated[
        Path | None, typer.Option(help="Write a page of the answers to this HTML file; hits can be judged on it.")
    ] = None,
    show: Annotated[int, typer.Option(min=1, max=100, help="Hits of a query that the page shows.")] = 10,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Whether the page has pictures of the products.")
    ] = True,
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

    Judgements are needed (--qrels), unless a page is written on which hits are to be judged (--report).
    Measures need an optional part: pip install 'shoplens[evaluation]'.
    """
    from shoplens import evaluation
    from shoplens.cli.comparing import read_judged, write_report
    from shoplens.cli.sides import Side, opened, search_of
    from shoplens.evaluation.asking import processes_for
    from shoplens.evaluation.contrast import Contender, contrast

    if qrels is None and machine_qrels is None and report is None:
        raise EvaluationError(
            "there are no judgements to measure against",
            where="--qrels",
            hint="give --qrels FILE, or --report FILE.html to judge the hits on a page",
        )
    judged = read_judged(qrels, machine_qrels)
    asked = evaluation.read_queries(queries)
    other = evaluation.read_run(run) if run is not None and run.exists() else None
    size, side = 0, Side(name=str(shop or "this shop"), shop=shop)
    with (
        opened(side) as (here, search),
        Progress(console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar,
    ):
        task = bar.add_task("queries", total=len(asked))
        measured = evaluation.judged_ids(asked, judged.used, here.store) if judged.used else None
        if judged.used:
            evaluation.measurable(asked, judged.used)  # told before anything is asked
        found, timings = evaluation.run_queries(
            asked,
            search,
            depth=depth,
            workers=workers or processes_for(len(asked)),
            opening=partial(search_of, side),
            on_answer=lambda: bar.advance(task),
        )
        theirs = Contender(str(run), other) if other is not None else None
        made = contrast(asked, Contender(side.name, found, timings), theirs, judged, depth=depth)
        if report is not None:
            size = write_report(report, made, [here], show, pictures)
    written = [path for path in (save_run, run if other is None else None) if path is not None]
    for path in written:
        evaluation.write_run(found, path)
    told = {"written": [str(path) for path in written], "report": str(report) if report else None}
    first = next(iter(made.reports), None)
    if json:
        fields = first.with_judged_ids(measured).to_fields() if first else {"queries": len(asked), "depth": depth}
        print_json(fields | {"judged_by": judged.by, "warning": judged.warning} | told)
        return
    if first is not None:
        console.print(first.with_judged_ids(measured).render())
    if made.overlap is not None:
        console.print(made.overlap.text)
    if judged.warning:
        stderr.print(f"note: {judged.warning}", style="yellow", markup=False)
    for path in written:
        console.print(f"run written to {path}", markup=False)
    if report is not None:
        console.print(f"report written to {report}, {size / 1e6:.1f} MB: open it in a browser", markup=False)

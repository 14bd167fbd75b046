"""``shoplens compare``: two configurations of a shop, or a shop and today's engine, on the shop's queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from shoplens import __version__
from shoplens.cli.options import AsJson, MachineJudged, MaybeJudged, ShopFolder
from shoplens.cli.output import console, print_json, stderr
from shoplens.errors import EvaluationError

if TYPE_CHECKING:
    from shoplens.app import Shop
    from shoplens.cli.sides import Side
    from shoplens.evaluation.asking import Search
    from shoplens.evaluation.cards import Card
    from shoplens.evaluation.contrast import Contender, Contrast, Judged
    from shoplens.evaluation.judgements import JudgedQuery
    from shoplens.evaluation.sheet import Key

_SIDE = (
    "Settings of side {}: a file like shoplens.toml, or NAME=VALUE: any setting (search.semantic_ratio=0.8,"
    " encoder=..., shop=DIR), balance.FIELD, rules=off, understand=off, name=... Repeatable; none: the shop as it is."
)


def compare(
    queries: Annotated[Path, typer.Option(help="Queries as JSON lines, as shoplens evaluate reads them.")],
    shop: ShopFolder = None,
    a: Annotated[list[str] | None, typer.Option("--a", "-a", help=_SIDE.format("A"))] = None,
    b: Annotated[list[str] | None, typer.Option("--b", "-b", help=_SIDE.format("B"))] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="What another engine answers, as side B: a TREC run, or JSON lines of query and ids."),
    ] = None,
    qrels: MaybeJudged = None,
    machine_qrels: MachineJudged = None,
    report: Annotated[Path | None, typer.Option(help="Write a side-by-side page to this HTML file.")] = None,
    show: Annotated[int, typer.Option(min=1, max=100, help="Hits of a query that the page shows, of each side.")] = 10,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Whether the page has pictures of the products.")
    ] = True,
    measure: Annotated[str, typer.Option(help="By which queries are told apart.")] = "nDCG@10",
    depth: Annotated[int, typer.Option(help="Hits taken of each query, 1 to 250.")] = 100,
    workers: Annotated[
        int | None,
        typer.Option(min=1, show_default="one a core from 200 queries on", help="Processes that ask."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Compare two configurations of a shop, or the shop with today's engine, on the same queries.

    With judgements: measures, intervals, a paired test. Without: how far the rankings agree. The page shows both side
    by side, and hits can be judged on it. Measures need an optional part: pip install 'shoplens[evaluation]'.
    """
    from shoplens import evaluation
    from shoplens.cli.sides import opened, side_of
    from shoplens.evaluation.answers import read_answers
    from shoplens.evaluation.contrast import Contender, contrast

    if run is not None and b:
        raise EvaluationError("side B is given twice", where="--run", hint="give --run or --b, not both")
    if run is None and not (a or b):
        raise EvaluationError(
            "there is nothing to compare with", where="compare", hint="give --b NAME=VALUE, or --run FILE"
        )
    asked = evaluation.read_queries(queries)
    judged = read_judged(qrels, machine_qrels)
    sides = [side_of(a or (), shop, "--a")] + ([] if run is not None else [side_of(b or (), shop, "--b")])
    answers = read_answers(run, asked) if run is not None else None
    with ExitStack() as stack, Progress(console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar:
        found: list[Contender] = []
        shops: list[Shop] = []
        for n, side in enumerate(reversed(sides)):  # A's shop stays open: its catalogue is what the page shows
            last = n == len(sides) - 1
            with ExitStack() as own:
                place = stack if last or side.shop != sides[0].shop else own
                shop_here, search = place.enter_context(opened(side))
                task = bar.add_task(side.name, total=len(asked))
                found.insert(0, _ask(side, search, asked, depth, workers, partial(bar.advance, task)))
                if place is stack:
                    shops.insert(0, shop_here)
        other = found[1] if answers is None else Contender(str(run), answers)
        made = contrast(asked, found[0], other, judged, measure=measure, depth=depth)
        warnings = _warnings(shops, made)
        size = write_report(report, made, shops, show, pictures) if report is not None else 0
    if json:
        print_json(made.to_fields() | {"warnings": warnings, "report": str(report) if report else None})
        return
    for warning in warnings:
        stderr.print(f"warning: {warning}", markup=False)
    console.print(made.render())
    if report is not None:
        console.print(f"report written to {report}, {size / 1e6:.1f} MB: open it in a browser", markup=False)


def read_judged(qrels: Path | None, machine_qrels: Path | None) -> Judged:
    """The judgements that were given; what has none of a machine's needs no word about it."""
    from shoplens import evaluation
    from shoplens.evaluation.by_machine import read_machine
    from shoplens.evaluation.contrast import Judged
    from shoplens.evaluation.measures import need_measures

    if qrels is not None or machine_qrels is not None:
        need_measures()  # told before anything is opened
    return Judged(
        evaluation.read_qrels(qrels) if qrels is not None else {},
        read_machine(machine_qrels) if machine_qrels is not None else {},
    )


def write_report(path: Path, made: Contrast, shops: list[Shop], show: int, pictures: bool) -> int:
    """Writes the page; what the first shop does not have is looked up in the second. Returns its bytes."""
    from shoplens.cli.cards import cards_for, photos_of
    from shoplens.evaluation.sheet import wanted, write_sheet

    keys = wanted(made, show)
    cards: dict[Key, Card] = {}
    for shop in shops:
        cards |= cards_for(shop, [key for key in keys if key not in cards], pictures=pictures)
    photos = photos_of(shops[0], made.queries) if pictures else {}
    return write_sheet(path, made, cards, photos, show=show, version=__version__)


def _ask(
    side: Side,
    search: Search,
    queries: Sequence[JudgedQuery],
    depth: int,
    workers: int | None,
    on_answer: Callable[[], None],
) -> Contender:
    from shoplens.cli.sides import search_of
    from shoplens.evaluation.asking import processes_for
    from shoplens.evaluation.contrast import Contender
    from shoplens.evaluation.runs import run_queries

    run, timings = run_queries(
        queries,
        search,
        depth=depth,
        workers=workers or processes_for(len(queries)),
        opening=partial(search_of, side),
        on_answer=on_answer,
    )
    return Contender(side.name, run, timings)


def _warnings(shops: list[Shop], made: Contrast) -> list[str]:
    """Ids of the other engine's, or of judgements, that the shop does not have."""
    from shoplens.evaluation.judged_ids import judged_ids

    told = []
    store = shops[0].store
    if made.judged.used:
        found = judged_ids(made.queries, made.judged.used, store)
        if found.missing:
            told.append(f"{found.text} ({found.hint})")
    if made.second is not None and not made.second.timings.latencies_ms:  # a file of answers
        answered = {q.query_id: dict.fromkeys(made.second.run.ids(q.query_id)[: made.depth], 0) for q in made.queries}
        try:
            found = judged_ids(made.queries, answered, store)
        except EvaluationError as error:
            raise EvaluationError(
                error.message.replace("judged ids", "ids answered"), where=made.second.name, hint=error.hint
            ) from error
        if found.missing:
            what = (
                f'{found.of_variants[0]} is a variant: "group_by": "variant" in the queries'
                if found.of_variants
                else ""
            )
            hint = what or "ids must be those of this shop, as shoplens search --json names them"
            told.append(f"{made.second.name}: {found.text.replace('judged ids', 'ids answered')} ({hint})")
    return told

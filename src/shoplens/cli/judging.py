"""``shoplens judge``: a language model judges hits where people have not; told as a machine's wherever it counts."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from shoplens.cli.options import AsJson, MaybeJudged, ShopFolder
from shoplens.cli.output import console, print_json, stderr
from shoplens.errors import EvaluationError


def judge(
    queries: Annotated[Path, typer.Option(help="Queries as JSON lines, as shoplens evaluate reads them.")],
    out: Annotated[Path, typer.Option(help="File of the judgements, JSON lines; what it holds is not judged again.")],
    shop: ShopFolder = None,
    run: Annotated[
        list[Path] | None,
        typer.Option(help="Judge the first hits of this run too (TREC, or JSON lines of query and ids). Repeatable."),
    ] = None,
    qrels: MaybeJudged = None,
    top: Annotated[int, typer.Option(min=1, max=250, help="First hits of each query that are judged.")] = 10,
    shared: Annotated[
        int, typer.Option(min=0, help="Pairs of --qrels judged too, to tell how far the machine judges as people do.")
    ] = 50,
    trec: Annotated[Path | None, typer.Option(help="Write all of them in TREC format too, for other tools.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Send; without it the cost is told and nothing is sent.")] = False,
    json: AsJson = False,
) -> None:
    """Have a language model judge the first hits of a shop, where people have not.

    The service is set by judge.base_url, judge.model and judge.api_key (SHOPLENS_JUDGE__API_KEY). Texts of products are
    sent to it, pictures only where judge.pictures is on. Its grades are kept apart from people's.
    """
    from shoplens import evaluation
    from shoplens.cli.cards import cards_for, photos_of
    from shoplens.cli.sides import Side, opened
    from shoplens.evaluation.by_machine import agreement, write_machine_qrels
    from shoplens.evaluation.judging import judge_all, left_to_judge, to_judge
    from shoplens.evaluation.machine import MachineJudge, Pair

    asked = evaluation.read_queries(queries)
    people = evaluation.read_qrels(qrels) if qrels is not None else {}
    runs = [evaluation.read_answers(path, asked) for path in run or ()]
    by_id = {query.query_id: query for query in asked}
    with opened(Side(name="", shop=shop)) as (here, search):
        settings = here.config.judge
        with closing(MachineJudge(settings)) as machine:
            runs.insert(0, evaluation.run_queries(asked, search, depth=top)[0])
            wanted = to_judge(asked, runs, people, top=top, shared=shared)
            left = left_to_judge(wanted, out, machine.model)
            key = {pair: (by_id[pair[0]].fields.get("group_by") == "variant", pair[1]) for pair in left}
            cards = cards_for(here, dict.fromkeys(key.values()), pictures=settings.pictures)
            photos = photos_of(here, asked) if settings.pictures else {}
            # A query of photos alone says nothing to whoever does not see them.
            seen = [p for p in left if key[p] in cards and (by_id[p[0]].fields.get("q") or p[0] in photos)]
            pairs = [Pair(by_id[q], i, cards[key[q, i]], photos.get(q, ())) for q, i in seen]
            cost = machine.cost(pairs)
            if not json:
                stderr.print(f"{machine.model} at {machine.address}: {cost.text}", markup=False)
                stderr.print(f"{len(wanted) - len(left)} are in {out} already", markup=False)
                if len(left) > len(pairs):
                    stderr.print(f"{len(left) - len(pairs)} cannot be shown to it: no words, or not in this shop")
            if not yes:
                if json:
                    print_json({"sent": False, "model": machine.model, "cost": asdict(cost)})
                else:
                    console.print("Nothing was sent. To send them: --yes")
                return
            with Progress(console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar:
                task = bar.add_task("judgements", total=len(pairs))
                done = judge_all(machine, pairs, out, parallel=settings.parallel, on_judged=lambda: bar.advance(task))
    if trec is not None:
        write_machine_qrels(done.judgements, trec)
    agreed = agreement(people, done.judgements)
    if json:
        print_json(
            {
                "sent": True,
                "model": settings.model,
                "cost": asdict(cost),
                "judged": done.judged,
                "failed": list(done.failed),
                "agreement": asdict(agreed) if agreed else None,
                "written": [str(path) for path in (out, trec) if path is not None],
            }
        )
    else:
        console.print(f"{done.judged} judged by {settings.model}, written to {out}", markup=False)
        if agreed is not None:
            console.print(
                f"against people, on {agreed.pairs} pairs: the same grade {agreed.same:.0%}, at most one apart "
                f"{agreed.near:.0%}, kappa {agreed.kappa:.2f}"
            )
        for line in done.failed[:5]:
            stderr.print(f"no judgement: {line}", markup=False)
        console.print(f"Next: shoplens compare ... --machine-qrels {out} --report FILE.html", markup=False)
    if done.failed and not done.judged:
        raise EvaluationError(
            f"none of {len(done.failed)} judgements came back: {done.failed[0]}",
            where=machine.address,
            hint="see that the service runs; what was judged is kept, and the same command goes on",
        )

"""``shoplens jobs``: what a service imports or encodes, looked at and stopped from beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json
from shoplens.config import Config
from shoplens.stores.job_store import ORDERS, Job, JobStore

group = typer.Typer(
    name="jobs",
    help="Imports and encodings that a service does: list, show, pause, resume, cancel.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

JobId = Annotated[str, typer.Argument(help="The job's id, as `shoplens jobs list` has it.")]


@group.command("list")
def list_(
    shop: ShopFolder = None,
    most: Annotated[int, typer.Option(help="Jobs to list, the newest first.")] = 20,
    json: AsJson = False,
) -> None:
    """List the jobs of a shop, the newest first."""
    with _jobs(shop) as jobs:
        found = jobs.page(max(most, 1))
    if json:
        print_json([_fields(job) for job in found])
        return
    if not found:
        console.print("no jobs")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("id", "kind", "state", "products", "created", "by"):
        whole = name in ("id", "state")  # an id that is cut in two cannot be copied
        table.add_column(name, overflow="fold", no_wrap=whole, justify="right" if name == "products" else "left")
    for job in found:
        table.add_row(*(Text(text) for text in (job.id, job.kind, job.state, _done(job), job.created[:19], job.by)))
    console.print(table)


@group.command()
def show(job: JobId, shop: ShopFolder = None, json: AsJson = False) -> None:
    """Show a job: what was ordered, its state, and how far it has come."""
    with _jobs(shop) as jobs:
        _show(jobs.get(job), json)


@group.command()
def pause(job: JobId, shop: ShopFolder = None, json: AsJson = False) -> None:
    """Stop a job after the batch that is being written; `resume` goes on with it."""
    with _jobs(shop, write=True) as jobs:
        _show(jobs.move(job, ORDERS["pause"]), json)


@group.command()
def resume(
    job: JobId,
    shop: ShopFolder = None,
    allow_removals: Annotated[
        bool, typer.Option("--allow-removals", help="Let its feed remove more than half of the catalogue.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Go on with a job that was paused or has failed; the service that runs, or the next one, does it."""
    with _jobs(shop, write=True) as jobs:
        body = {**jobs.get(job).body, "allow_removals": True} if allow_removals else None
        _show(jobs.move(job, ORDERS["resume"], body=body), json)


@group.command()
def cancel(job: JobId, shop: ShopFolder = None, json: AsJson = False) -> None:
    """Stop a job for good; what it has written stays."""
    with _jobs(shop, write=True) as jobs:
        _show(jobs.move(job, ORDERS["cancel"]), json)


@contextmanager
def _jobs(shop: ShopFolder, *, write: bool = False) -> Iterator[JobStore]:
    from shoplens.stores import open_as_is, open_store
    from shoplens.switching import DATABASE

    config = Config.load(shop)
    url = config.store_url or str(config.shop / DATABASE)
    with open_store(url) if write else open_as_is(url) as store:
        yield JobStore(store.database)


def _fields(job: Job) -> dict[str, Any]:
    asked = {name: value for name, value in job.body.items() if name != "request"}
    told = {"id": job.id, "kind": job.kind, "state": job.state, "request": asked, "progress": dict(job.progress)}
    return {**told, "created": job.created, "changed": job.changed, "by": job.by}


def _show(job: Job, json: bool) -> None:
    fields = _fields(job)
    if json:
        print_json(fields)
        return
    console.print(Text.assemble((job.id, "bold"), f"  {job.kind}, {job.state}, {_done(job)} products"))
    for name, value in (*fields["request"].items(), *fields["progress"].items()):
        if name != "error" or job.state in ("failed", "cancelled"):
            console.print(Text(f"    {name}: {value}"))


def _done(job: Job) -> str:
    done, total = job.progress.get("products", 0), job.progress.get("total")
    return f"{done:,}" if total is None else f"{done:,} of {total:,}"

"""``shoplens demo``: the demo shop, or one of public photos, indexed and served."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from shoplens.cli.output import console, stderr
from shoplens.config import Config
from shoplens.engine.indexing import IndexReport
from shoplens.engine.indexing import Progress as Indexing
from shoplens.errors import ConfigError


class Data(enum.StrEnum):
    """What to show."""

    own = "own"
    grocery = "grocery"
    clothing = "clothing"


def demo(
    shop: Annotated[
        Path | None, typer.Option("--shop", "-s", help="Folder to make the shop in (demo-shop, demo-grocery, ...).")
    ] = None,
    data: Annotated[
        Data,
        typer.Option(
            help="own: the shop that ships with ShopLens. Real photos from the net: grocery (81 product pages, "
            "5,000 phone photos) or clothing (5,000 photos of second-hand clothes)."
        ),
    ] = Data.own,
    source: Annotated[
        str, typer.Option("--from", help="Another address of the data's archive, or the file (tar.gz) itself.")
    ] = "",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    serve: Annotated[bool, typer.Option(help="Serve the shop after indexing it.")] = True,
) -> None:
    """Index the demo shop that ships with ShopLens, or a public data set, and serve it."""
    from shoplens.demo import index_demo
    from shoplens.server import run

    folder = shop or Path("demo-shop" if data is Data.own else f"demo-{data.value}")
    # What is asked of a demo shop is kept: the back office shows what was not found, and mends it.
    config = Config.load(folder, server={"host": host, "port": port}, query_log={"enabled": True})
    if data is Data.own and source:
        raise ConfigError("the own demo shop is not fetched", where="--from", hint="add --data grocery or clothing")
    report = index_demo(config) if data is Data.own else _public(config, data.value, source)
    console.print(
        f"demo shop in {folder}: {report.read:,} products, {report.pictures_encoded:,} pictures encoded "
        f"in {report.seconds:.1f} s"
    )
    if serve:
        at = f"[{host}]" if ":" in host else host
        console.print(f"Open http://{at}:{port} in a browser; Ctrl+C ends it.", markup=False, highlight=False)
        key = f"shoplens key create --name office --scope admin --shop {folder}"
        console.print(f"The back office is at /office/; a key for it: {key}", markup=False, highlight=False)
        run(config)


def _public(config: Config, name: str, source: str) -> IndexReport:
    from shoplens.demo.public import PUBLIC, index_public

    chosen = PUBLIC[name]
    console.print(f"{name}: {source or chosen.url}\nlicence: {chosen.licence}", markup=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=20), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True, disable=not stderr.is_terminal) as bar:
        task = bar.add_task("fetching", total=None)

        def on_bytes(got: int, whole: int) -> None:
            bar.update(task, description=f"{got / 1e6:,.0f} MB fetched", completed=got, total=whole or None)

        def on_progress(progress: Indexing) -> None:
            told = f"{progress.report.pictures_encoded:,} pictures encoded"
            bar.update(task, description=told, completed=0, total=None)

        return index_public(config, name, source, on_bytes, on_progress)

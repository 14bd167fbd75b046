"""``shoplens demo``: the demo shop, indexed and served."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoplens.cli.output import console
from shoplens.config import Config


def demo(
    shop: Annotated[Path, typer.Option("--shop", "-s", help="Folder to make the demo shop in.")] = Path("demo-shop"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    serve: Annotated[bool, typer.Option(help="Serve the shop after indexing it.")] = True,
) -> None:
    """Index the demo shop that ships with ShopLens, and serve it."""
    from shoplens.demo import index_demo
    from shoplens.server import run

    config = Config.load(shop, server={"host": host, "port": port})
    report = index_demo(config)
    console.print(
        f"demo shop in {shop}: {report.read} products, {report.pictures_encoded} pictures encoded "
        f"in {report.seconds:.1f} s"
    )
    if serve:
        run(config)

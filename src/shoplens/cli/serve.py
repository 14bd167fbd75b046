"""``shoplens serve``: the HTTP service and the search page."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoplens.cli.options import ShopFolder
from shoplens.config import Config


def serve(
    shop: ShopFolder = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (setting: server.host).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (setting: server.port).")] = None,
) -> None:
    """Serve a shop: the HTTP API under /v1 and a search page."""
    from shoplens.server import run

    server: dict[str, Any] = {}
    if host is not None:
        server["host"] = host
    if port is not None:
        server["port"] = port
    chosen = {"server": server} if server else {}
    run(Config.load(shop, **chosen), lambda: Config.load(shop, **chosen))

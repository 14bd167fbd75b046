"""``shoplens mcp``: the catalogue for shop agents, by the Model Context Protocol."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import structlog
import typer

from shoplens.cli.options import ShopFolder
from shoplens.config import Config


def mcp(
    shop: ShopFolder = None,
    http: Annotated[
        bool, typer.Option("--http", help="Serve over streamable HTTP at /mcp, beside the whole service.")
    ] = False,
    host: Annotated[str | None, typer.Option(help="Address to listen on with --http (setting: server.host).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on with --http (setting: server.port).")] = None,
) -> None:
    """Offer the shop to agents: search_catalog, lookup_catalog, get_product, read-only (extra: mcp).

    Without --http it speaks on standard input and output, as clients that start it themselves expect.
    """
    if http:
        from shoplens.server import run

        server: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        run(Config.load(shop, agents={"mcp": True}, **({"server": server} if server else {})))
        return
    # Standard output belongs to the protocol: whatever is logged goes to standard error.
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    from shoplens.app import open_shop
    from shoplens.server.mcp import serve_stdio

    with open_shop(Config.load(shop)) as opened:
        serve_stdio(opened)

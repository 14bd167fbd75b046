"""``shoplens serve``: the HTTP service and the search page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from shoplens.config import Config


def serve(
    shop: Annotated[
        list[Path] | None,
        typer.Option(
            "--shop", "-s", help="The shop's folder (setting: shop); repeat it to serve several under /shops/NAME/."
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (setting: server.host).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (setting: server.port).")] = None,
) -> None:
    """Serve a shop, or several: the HTTP API under /v1 and a search page."""
    from shoplens.server import names_of, run, run_several

    server: dict[str, Any] = {}
    if host is not None:
        server["host"] = host
    if port is not None:
        server["port"] = port
    chosen = {"server": server} if server else {}
    folders = list(shop or ())
    if len(folders) > 1:
        names = names_of(folders)
        configs = {name: Config.load(folder, **chosen) for name, folder in names.items()}
        run_several(configs, lambda: {name: Config.load(folder, **chosen) for name, folder in names.items()})
        return
    one = folders[0] if folders else None
    run(Config.load(one, **chosen), lambda: Config.load(one, **chosen))

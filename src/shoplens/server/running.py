"""Runs the service in this process until it is told to stop."""

from __future__ import annotations

import socket

import structlog
import uvicorn

from shoplens.app import open_shop
from shoplens.config import Config
from shoplens.errors import ConfigError
from shoplens.server.http import create_app
from shoplens.server.settling import metrics_at, set_log, when_ready

log = structlog.get_logger("shoplens")


def run(config: Config) -> None:
    """Serves a shop; returns after a graceful stop (SIGINT or SIGTERM).

    Raises:
        ShopError: the shop cannot be opened.
        ConfigError: the address is not free, or that of the metrics.
    """
    set_log(config.observe)
    with open_shop(config) as shop:
        listener = _listen(config.server.host, config.server.port)
        host, port = listener.getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        log.info("serving", shop=str(shop.folder), url=f"http://{name}:{port}", encoder=str(shop.space))
        app = create_app(shop)
        when_ready(app)
        settings = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=30,
            limit_concurrency=None,
        )
        with metrics_at(config.observe.metrics_address, app.state.watch.metrics.registry):
            uvicorn.Server(settings).run(sockets=[listener])
        shop.copies.save_if_worth()
        log.info("stopped", shop=str(shop.folder))


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            where="server.port",
            hint="choose another one with --port",
        ) from error
    return listener

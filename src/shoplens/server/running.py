"""Runs the service in this process until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable

import structlog
import uvicorn

from shoplens.app import open_shop
from shoplens.config import Config
from shoplens.errors import ConfigError
from shoplens.server import systemd
from shoplens.server.http import create_app
from shoplens.server.reloading import take_up
from shoplens.server.settling import metrics_at, set_log, when_ready
from shoplens.server.stopping import Door, Service

log = structlog.get_logger("shoplens")


def run(config: Config, again: Callable[[], Config] | None = None) -> None:
    """Serves a shop; returns after a graceful stop (SIGINT or SIGTERM).

    Args:
        again: reads the settings again (SIGHUP); None: they stay.

    Raises:
        ShopError: the shop cannot be opened.
        ConfigError: the address is not free, or that of the metrics.
    """
    set_log(config.observe)
    with open_shop(config) as shop:
        listener = systemd.listener() or _listen(config.server.host, config.server.port)
        host, port = listener.getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        log.info("serving", shop=str(shop.folder), url=f"http://{name}:{port}", encoder=str(shop.space))
        app = create_app(shop)
        when_ready(app)
        door = Door(app)

        def reload() -> None:
            if again is not None:
                read = take_up(shop, again())
                log.info("settings read again", now=read.now, after_restart=read.after_restart)

        settings = uvicorn.Config(
            door,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=max(1, round(config.server.stop_s)),
            timeout_keep_alive=30,
            limit_concurrency=None,
        )
        with metrics_at(config.observe.metrics_address, app.state.watch.metrics.registry):
            Service(
                settings,
                door,
                drain_s=config.server.drain_s,
                ready=lambda: bool(app.state.health["ready"]),
                reload=reload,
            ).run(sockets=[listener])
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

"""Runs the service in this process until it is told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping

import structlog
import uvicorn
from starlette.types import ASGIApp

from shoplens.app import Shop, open_shop
from shoplens.config import Config
from shoplens.errors import ConfigError
from shoplens.server import systemd
from shoplens.server.connections import protocol_of
from shoplens.server.http import create_app
from shoplens.server.reloading import take_up
from shoplens.server.settling import log_written, metrics_at, set_log, set_memory, when_ready
from shoplens.server.stopping import Door, Service
from shoplens.server.tenants import create_tenants, open_shops

log = structlog.get_logger("shoplens")


def run(config: Config, again: Callable[[], Config] | None = None) -> None:
    """Serves a shop; returns after a graceful stop (SIGINT or SIGTERM).

    Args:
        again: reads the settings again (SIGHUP); None: they stay.

    Raises:
        ShopError: the shop cannot be opened.
        ConfigError: the address is not free, or that of the metrics.
    """
    set_memory()
    set_log(config.observe)
    with log_written(), open_shop(config) as shop:
        listener = systemd.listener() or _listen(config.server.host, config.server.port)
        host, port = listener.getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        log.info("serving", shop=str(shop.folder), url=f"http://{name}:{port}", encoder=str(shop.space))
        app = create_app(shop)
        when_ready(app)

        def reload() -> None:
            if again is not None:
                _take_up(shop, again())

        with metrics_at(config.observe.metrics_address, app.state.watch.metrics.registry):
            _serve(app, config, listener, lambda: bool(app.state.health["ready"]), reload)
        shop.copies.save_if_worth()
        log.info("stopped", shop=str(shop.folder))


def run_several(configs: Mapping[str, Config], again: Callable[[], Mapping[str, Config]] | None = None) -> None:
    """Serves several shops under ``/shops/NAME/``; address, capacity and log are those of the first one's settings.

    Args:
        configs: name in the address -> the settings of that shop; one at least.
        again: reads the settings again (SIGHUP); None: they stay.

    Raises:
        ShopError: one of the shops cannot be opened.
        ConfigError: the address is not free; metrics have an address of their own, which is for one shop.
    """
    config = next(iter(configs.values()))
    if any(one.observe.metrics_address for one in configs.values()):
        raise ConfigError(
            "the metrics of several shops have no common address",
            where="observe.metrics_address",
            hint="leave it out, and ask each shop: /shops/NAME/metrics",
        )
    set_memory()
    set_log(config.observe)
    with log_written(), open_shops(configs) as shops:
        listener = systemd.listener() or _listen(config.server.host, config.server.port)
        host, port = listener.getsockname()[:2]
        log.info("serving", shops=[str(shop.folder) for shop in shops.values()], host=host, port=port)
        app = create_tenants(shops)
        for one in app.apps.values():
            when_ready(one)

        def reload() -> None:
            for name, read in again().items() if again is not None else ():
                _take_up(shops[name], read)

        _serve(app, config, listener, lambda: app.ready, reload)
        for shop in shops.values():
            shop.copies.save_if_worth()
        log.info("stopped")


def _take_up(shop: Shop, config: Config) -> None:
    read = take_up(shop, config)
    log.info("settings read again", shop=str(shop.folder), now=read.now, after_restart=read.after_restart)


def _serve(
    app: ASGIApp, config: Config, listener: socket.socket, ready: Callable[[], bool], reload: Callable[[], None]
) -> None:
    door = Door(app)
    settings = uvicorn.Config(
        door,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # ours: only from guard.trusted_proxies
        http=protocol_of(config.guard),
        ws="none",
        timeout_graceful_shutdown=max(1, round(config.server.stop_s)),
        timeout_keep_alive=30,
        limit_concurrency=None,
    )
    Service(settings, door, drain_s=config.server.drain_s, ready=ready, reload=reload).run(sockets=[listener])


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

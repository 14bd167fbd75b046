"""What a process does that is a service and nothing else: settings of the whole interpreter, its log, its metrics' own
address. Never called by whoever makes an application to put it into a process of their own."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from typing import Any

import orjson
import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, start_http_server

from shoplens.config import ObserveSettings
from shoplens.core.secrets import mask_event, masked
from shoplens.errors import ConfigError
from shoplens.server.lines import Lines, lines, open_lines
from shoplens.server.requests import request_id

SWITCH_S = 0.001
"""How long a thread may hold Python's lock while another waits. A fifth of the usual: refusals and health must not wait
for searches, which hold it one after the other."""
YOUNG = (50_000, 20, 100)
"""New objects before a collection, and collections of one generation before one of the next. A search makes some
thousands of objects and no cycles worth mentioning; the usual 700 cost some of each search."""


ARENAS = 2
"""Heaps of the C library. Usually each thread gets one of its own, up to eight a core, and what was needed once stays
in each: memory grew by megabytes for thousands of requests. Python's lock lets few threads allocate at once anyway."""
_M_ARENA_MAX = -8


def set_memory() -> None:
    """Has the C library keep few heaps, where it is one that can (glibc). To be called before threads are started."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


def set_log(settings: ObserveSettings) -> None:
    """Writes the log as the settings say, to the standard error."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _name_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper("iso"),
        structlog.processors.format_exc_info,
        mask_event,  # the last: tracebacks are texts by now
    ]
    for name in ("uvicorn", "uvicorn.error", "asyncio"):
        logging.getLogger(name).addFilter(_mask_record)
    only = structlog.make_filtering_bound_logger(logging.DEBUG if settings.log_level == "debug" else logging.INFO)
    json, colours = settings.log_format == "json", sys.stderr.isatty()
    # Colours are for people who watch, and then there is no hurry.
    open_lines(Lines(sys.stderr.buffer, json=json) if settings.access_log and (json or not colours) else None)
    if json:
        structlog.configure(
            [*before, structlog.processors.JSONRenderer(orjson.dumps)],
            wrapper_class=only,
            logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
            cache_logger_on_first_use=True,
        )
    else:
        structlog.configure(
            [*before, structlog.dev.ConsoleRenderer(colors=colours)],
            wrapper_class=only,
            logger_factory=structlog.PrintLoggerFactory(sys.stderr),
            cache_logger_on_first_use=True,
        )


@contextmanager
def log_written() -> Iterator[None]:
    """Writes all that waits to be logged when the block is left."""
    try:
        yield
    finally:
        if (written := lines()) is not None:
            open_lines(None)
            written.close()


def _name_request(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor for structlog: messages tell of which request they are."""
    if number := request_id():
        event.setdefault("request_id", number)
    return event


def _mask_record(record: logging.LogRecord) -> bool:
    """What others log has no secrets either."""
    record.msg, record.args = masked(record.getMessage()), ()
    if record.exc_info and not record.exc_text:
        record.exc_text = masked(_PLAIN.formatException(record.exc_info))
    return True


_PLAIN = logging.Formatter()


def settle_now() -> None:
    """After the warm-up: what is loaded stays, and is not gone through again by every collection of garbage.

    On a shop of 20,000 products a full collection stops all threads for some 60 ms without this.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*YOUNG)
    sys.setswitchinterval(SWITCH_S)


def when_ready(app: FastAPI) -> None:
    """Has ``settle_now`` called once the application is warm."""
    app.state.when_ready = settle_now


@contextmanager
def metrics_at(address: str, registry: CollectorRegistry) -> Iterator[None]:
    """Tells metrics at an address of their own, without a key, while the block runs; "" for none.

    Raises:
        ConfigError: the address is not free.
    """
    if not address:
        yield
        return
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {address}: {error.strerror or error}",
            where="observe.metrics_address",
            hint="choose another port",
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)

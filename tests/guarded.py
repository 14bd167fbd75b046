"""A small shop's service with other settings, asked without a socket, from an address of one's choice."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import httpx

from shoplens.app import Shop
from shoplens.server import create_app

T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """As ``asyncio.run``, in a thread of its own: a browser's tests leave a running loop in theirs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def ask(shop: Shop, method: str, path: str, server: Mapping[str, Any] | None = None, **more: Any) -> httpx.Response:
    """One request to a service of the shop with other settings."""
    guard = more.pop("guard", {})
    address = more.pop("address", "127.0.0.1")
    return run_async(ask_all([(method, path, more)], service(shop, server, guard), address))[0]


def service(shop: Shop, server: Mapping[str, Any] | None = None, guard: Mapping[str, Any] | None = None) -> Any:
    """A service of the shop with other settings."""
    before = shop.config
    config = before.model_copy(
        update={
            "server": before.server.model_copy(update=dict(server or {})),
            "guard": before.guard.model_copy(update=dict(guard or {})),
        }
    )
    shop.config = config
    try:
        return create_app(shop)
    finally:
        shop.config = before


async def ask_all(requests: list[tuple[str, str, dict[str, Any]]], app: Any, address: str) -> list[httpx.Response]:
    """Several requests, one after the other, from an address."""
    transport = httpx.ASGITransport(app, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        return [await client.request(method, path, **more) for method, path, more in requests]

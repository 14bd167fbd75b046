"""The clients: ``Client`` waits for its answers, ``AsyncClient`` is for asyncio. Both are safe to share."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, cast

import httpx

from shoplens.client import types as t
from shoplens.client.asking import AGAIN, Ask, Patience, Photos, answer_of, new_key, retry_after_of
from shoplens.client.endpoints import Endpoints
from shoplens.client.endpoints_async import AsyncEndpoints
from shoplens.client.errors import NoAnswerError

T = TypeVar("T")
KEY_VARIABLE = "SHOPLENS_API_KEY"
"""Where a key is looked for that is not given."""
TIMEOUT_S = 30.0
POLL_S = 0.5
"""How often a job is asked for while it is waited for, in seconds."""
_GOING_ON = frozenset({"queued", "running", "pausing", "cancelling"})


def _settings(base_url: str, api_key: str | None, shop: str, timeout_s: float) -> dict[str, Any]:
    key = os.environ.get(KEY_VARIABLE, "") if api_key is None else api_key
    address = base_url.rstrip("/") + (f"/shops/{shop}" if shop else "")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    # No redirects: a key is for the address that it was given for.
    return {"base_url": address, "headers": headers, "timeout": timeout_s, "follow_redirects": False}


def _lost(ask: Ask, error: httpx.HTTPError) -> NoAnswerError:
    why = "not in time" if isinstance(error, httpx.TimeoutException) else str(error) or type(error).__name__
    return NoAnswerError(f"no answer to {ask.method} {ask.address}: {why}")


class Client(Endpoints):
    """Asks a ShopLens service.

    Args:
        base_url: where it listens, such as ``http://127.0.0.1:8000``.
        api_key: a key with the scope that the calls need; None: the variable SHOPLENS_API_KEY, if it is set.
        shop: of a service that holds several, the name of the one to ask.
        timeout_s: longest wait for a connection and for each part of an answer, in seconds.
        patience: how often a request is sent again after 429, 503 or a broken connection. Writes carry an
            ``Idempotency-Key``, so that one that was done is not done twice.
        transport: of httpx, for tests and proxies of your own.

    Raises (all calls):
        ApiError: the service refused; its subclasses tell how.
        NoAnswerError, UnreadableError: there was no answer of the service.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        shop: str = "",
        timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._http = httpx.Client(**_settings(base_url, api_key, shop, timeout_s), transport=transport)

    def ask(self, kind: type[T], ask: Ask) -> T:
        """Sends a request, again if need be, and reads the answer; for what has no method of its own, too."""
        key = new_key()
        attempt = 0
        while True:
            wait: float | None
            try:
                answer = self._http.request(ask.method, ask.address, **ask.parts(key))
            except httpx.HTTPError as error:
                wait = self._patience.wait(attempt, None)
                if wait is None:
                    raise _lost(ask, error) from error
            else:
                again = answer.status_code in AGAIN
                wait = self._patience.wait(attempt, retry_after_of(answer.headers)) if again else None
                if wait is None:
                    return cast("T", answer_of(answer.status_code, answer.headers, answer.content))
            time.sleep(wait)
            attempt += 1

    def hits(self, q: str = "", *, photos: Photos = (), **fields: Unpack[t.SearchFields]) -> Iterator[t.Hit]:
        """All hits of a search, page by page as they are taken."""
        while True:
            answer = self.search(q, photos=photos, **fields)
            yield from answer["hits"]
            if not answer["next_cursor"] or not answer["hits"]:
                return
            fields["cursor"] = answer["next_cursor"]

    def wait_for(self, job: t.Job, *, longest_s: float = 3_600.0) -> t.Job:
        """A job once it is over, paused or failed; NoAnswerError if it takes longer than may be waited."""
        end = time.monotonic() + longest_s
        while job["state"] in _GOING_ON:
            if time.monotonic() > end:
                raise NoAnswerError(f"the job {job['id']} is not over after {longest_s:g} seconds")
            time.sleep(POLL_S)
            job = self.job(job["id"])
        return job

    def close(self) -> None:
        """Gives the connections back."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(AsyncEndpoints):
    """As ``Client``, for asyncio: every method is awaited."""

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        api_key: str | None = None,
        shop: str = "",
        timeout_s: float = TIMEOUT_S,
        patience: Patience | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._http = httpx.AsyncClient(**_settings(base_url, api_key, shop, timeout_s), transport=transport)

    async def ask(self, kind: type[T], ask: Ask) -> T:
        """Sends a request, again if need be, and reads the answer; for what has no method of its own, too."""
        key = new_key()
        attempt = 0
        while True:
            wait: float | None
            try:
                answer = await self._http.request(ask.method, ask.address, **ask.parts(key))
            except httpx.HTTPError as error:
                wait = self._patience.wait(attempt, None)
                if wait is None:
                    raise _lost(ask, error) from error
            else:
                again = answer.status_code in AGAIN
                wait = self._patience.wait(attempt, retry_after_of(answer.headers)) if again else None
                if wait is None:
                    return cast("T", answer_of(answer.status_code, answer.headers, answer.content))
            await asyncio.sleep(wait)
            attempt += 1

    async def hits(self, q: str = "", *, photos: Photos = (), **fields: Unpack[t.SearchFields]) -> AsyncIterator[t.Hit]:
        """All hits of a search, page by page as they are taken."""
        while True:
            answer = await self.search(q, photos=photos, **fields)
            for hit in answer["hits"]:
                yield hit
            if not answer["next_cursor"] or not answer["hits"]:
                return
            fields["cursor"] = answer["next_cursor"]

    async def wait_for(self, job: t.Job, *, longest_s: float = 3_600.0) -> t.Job:
        """A job once it is over, paused or failed; NoAnswerError if it takes longer than may be waited."""
        end = time.monotonic() + longest_s
        while job["state"] in _GOING_ON:
            if time.monotonic() > end:
                raise NoAnswerError(f"the job {job['id']} is not over after {longest_s:g} seconds")
            await asyncio.sleep(POLL_S)
            job = await self.job(job["id"])
        return job

    async def aclose(self) -> None:
        """Gives the connections back."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

"""What can go wrong when a service is asked.

ClientError
├── NoAnswerError        no answer came: no connection, or not in time
├── UnreadableError      an answer came that is not the service's
└── ApiError             the service refused: code, detail, hint, where, request id
    ├── NotAllowedError  401, 403: the key is missing, wrong, or may not do this
    ├── NotFoundError    404
    ├── ConflictError    409, 412: somebody else was first
    ├── InvalidError     400, 413, 415, 422: the request makes no sense
    └── BusyError        429, 503: try again later, ``retry_after`` tells when
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ClientError(Exception):
    """Base of all that a client raises."""


class NoAnswerError(ClientError):
    """No answer came: the service cannot be reached, or did not answer in time."""


class UnreadableError(ClientError):
    """What answered is not the service (a proxy's page of HTML, say), or speaks another language than we do."""


class ApiError(ClientError):
    """The service refused a request and said why (a problem document, RFC 9457).

    ``status``: of HTTP. ``code``: stable; docs/reference/errors.md lists them. ``detail``: for people. ``where``: the
    field concerned, ``hint``: what to do next; "" where there is none. ``request_id``: finds the request in the
    service's log. ``retry_after``: seconds, where the service names them. ``problem``: the whole document.
    """

    def __init__(
        self,
        status: int,
        problem: Mapping[str, Any],
        *,
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = str(problem.get("code") or f"http_{status}")
        self.detail = str(problem.get("detail") or problem.get("title") or "refused")
        self.where = str(problem.get("where") or "")
        self.hint = str(problem.get("hint") or "")
        self.request_id = request_id
        self.retry_after = retry_after
        self.problem = dict(problem)
        super().__init__(str(self))

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        number = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.status} {self.code}: {where}{self.detail}{hint}{number}"

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross the border of processes; the keyword arguments must survive pickling.
        return (_again, (type(self), self.status, self.problem, self.request_id, self.retry_after))


class NotAllowedError(ApiError):
    """The key is missing, unknown, expired, or has not the scope that this needs."""


class NotFoundError(ApiError):
    """There is no such thing in the shop."""


class ConflictError(ApiError):
    """Somebody else has changed it meanwhile, or the same idempotency key was used for another request."""


class InvalidError(ApiError):
    """The request makes no sense to the service: ``where`` names the field, ``hint`` what to write instead."""


class BusyError(ApiError):
    """The service has no room for the request now, and the client has asked as often as it may."""


_KINDS: Mapping[int, type[ApiError]] = {
    400: InvalidError,
    401: NotAllowedError,
    403: NotAllowedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    413: InvalidError,
    415: InvalidError,
    422: InvalidError,
    429: BusyError,
    503: BusyError,
}


def error_of(
    status: int, problem: Mapping[str, Any], *, request_id: str = "", retry_after: float | None = None
) -> ApiError:
    """The error of a refusal, by its status."""
    return _KINDS.get(status, ApiError)(status, problem, request_id=request_id, retry_after=retry_after)


def _again(
    kind: type[ApiError], status: int, problem: Mapping[str, Any], request_id: str, retry_after: float | None
) -> ApiError:
    return kind(status, problem, request_id=request_id, retry_after=retry_after)

"""A typed client of the service: ``from shoplens.client import Client, AsyncClient``.

It knows nothing of the engine: a program that asks a service loads neither models nor indexes.
"""

from shoplens.client import types
from shoplens.client.asking import Ask, Patience, Photo, Photos, etag_of
from shoplens.client.calling import AsyncClient, Client
from shoplens.client.errors import (
    ApiError,
    BusyError,
    ClientError,
    ConflictError,
    InvalidError,
    NoAnswerError,
    NotAllowedError,
    NotFoundError,
    UnreadableError,
)

__all__ = [
    "ApiError",
    "Ask",
    "AsyncClient",
    "BusyError",
    "Client",
    "ClientError",
    "ConflictError",
    "InvalidError",
    "NoAnswerError",
    "NotAllowedError",
    "NotFoundError",
    "Patience",
    "Photo",
    "Photos",
    "UnreadableError",
    "etag_of",
    "types",
]

"""The HTTP edge: the API under /v1 and the search page."""

from __future__ import annotations

from shoplens.server.http import create_app
from shoplens.server.running import run

__all__ = ["create_app", "run"]

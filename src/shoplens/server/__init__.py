"""The HTTP edge: the API under /v1 and the search page."""

from __future__ import annotations

from shoplens.server.http import create_app
from shoplens.server.running import run, run_several
from shoplens.server.tenants import create_tenants, names_of

__all__ = ["create_app", "create_tenants", "names_of", "run", "run_several"]

"""The command line: one verb per use case."""

from __future__ import annotations

from shoplens.cli.app import app, main

__all__ = ["app", "main"]

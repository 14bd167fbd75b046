"""What the tests of feeds share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from shoplens.core.catalogue import Product, RowProblem
from shoplens.feeds import open_feed

DATA = Path(os.environ.get("SHOPLENS_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


def read(path: Path, **options: Any) -> tuple[list[Product], list[RowProblem]]:
    """All products and all problems of a feed."""
    products, problems = [], []
    for found in open_feed(path, **options).read():
        (products if isinstance(found, Product) else problems).append(found)
    return products, problems


def real(name: str) -> Path:
    """A file of the real data; the test is skipped where there is none."""
    path = DATA / name
    if not path.exists():
        pytest.skip(f"needs the real data: {name} below SHOPLENS_DATA or ../shared/data")
    return path

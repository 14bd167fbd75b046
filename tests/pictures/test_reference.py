"""The reference names every reason and every warning, with its meaning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shoplens.pictures import FORMATS, REASONS, WARNINGS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("table", [REASONS, WARNINGS], ids=["reasons", "warnings"])
def test_every_word_is_documented(table: dict[str, str]) -> None:
    page = (ROOT / "docs" / "reference" / "pictures.md").read_text()
    for word, meaning in table.items():
        assert f"| `{word}` | {meaning} |" in page


def test_no_other_reason_is_raised() -> None:
    raised = set()
    for path in (ROOT / "src" / "shoplens" / "pictures").glob("*.py"):
        raised |= set(re.findall(r'reason="([^"]*)"', path.read_text()))
    assert raised
    assert raised <= set(REASONS)


def test_every_format_is_documented() -> None:
    page = (ROOT / "docs" / "reference" / "pictures.md").read_text()
    for format in FORMATS:
        assert f"`{format}`" in page

"""Variants nested in a product pay in its currency, unless they name their own."""

from __future__ import annotations

import json
from pathlib import Path

from shoplens.core.catalogue import Money, Product
from shoplens.feeds import open_feed


def test_nested_variants_inherit_the_currency(tmp_path: Path) -> None:
    variants = [{"id": "a", "price": 5}, {"id": "b", "price": 6, "currency": "EUR"}, {"id": "c"}]
    row = {"id": "p", "price": "7.50", "currency": "usd", "variants": variants}
    (tmp_path / "feed.jsonl").write_text(json.dumps(row))
    (found,) = open_feed(tmp_path / "feed.jsonl").read()
    assert isinstance(found, Product)
    assert [v.price for v in found.variants] == [Money(500, "USD"), Money(600, "EUR"), Money(750, "USD")]

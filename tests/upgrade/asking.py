"""Two hundred queries of a small shop of coloured things, and what two shops that are the same must agree on."""

from __future__ import annotations

import itertools
from typing import Any

from shoplens.app import Shop
from tests.support import COLOURS
from tests.upgrade.first import THINGS

Asked = tuple[str, dict[str, Any]]


def queries(count: int = 200) -> list[Asked]:
    """Words in both languages, alone and with filters, sorts and seeds; the same ones at each call."""
    words = [f"{colour} {thing}" for colour in COLOURS for thing, _, _ in THINGS]
    words += [f"{sign}{chinese}" for sign in "红绿蓝黄白黑" for _, chinese, _ in THINGS]
    words += [*COLOURS, *(thing for thing, _, _ in THINGS), "Luma", "redd cushon", "nothing like it"]
    more: list[dict[str, Any]] = [
        {},
        {"where": "in_stock"},
        {"where": "price<20 and brand in [Luma, Orto]"},
        {"sort_by": "price:asc"},
        {"semantic_ratio": 0.0},
        {"semantic_ratio": 1.0},
    ]
    asked: list[Asked] = [("", {"like": [f"{thing}-{n}"]}) for thing, _, _ in THINGS for n in range(6)]
    asked += [(said, how) for how, said in itertools.product(more, words)]
    return asked[:count]


def top_tens(shop: Shop, asked: list[Asked]) -> list[list[tuple[str, float]]]:
    """Ids and scores of the first ten hits of each query. Scores to 1e-3: sums of float32 go by the number of rows."""
    found = []
    for words, how in asked:
        answer = shop.search(words, per_page=10, **how)
        assert answer.degraded == ()
        found.append([(hit.product.id, round(hit.score, 3)) for hit in answer.hits])
    return found


def products(shop: Shop) -> dict[str, object]:
    """All products, pictures' hashes included."""
    return {s.product.id: (s.product.to_dict(), dict(s.pictures)) for part in shop.store.scan() for s in part}

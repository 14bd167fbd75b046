"""An exact identifier is never lost: its product is first whatever else is asked, unless the words are switched off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from shoplens.app import Shop, open_shop
from shoplens.core.ports import WordMatches
from shoplens.core.query import Query, QueryPicture, Seed
from shoplens.engine.balance import Balance
from shoplens.engine.parts import VectorPart, score_words
from shoplens.engine.weighing import weighed

COLOURS = {"red": (200, 30, 40), "blue": (30, 60, 200), "green": (30, 160, 60), "black": (20, 20, 20)}
ROWS = [
    # id, title, brand, sku, gtin, mpn, picture
    ("A1", "Red cotton dress", "Luma", "DR-RED-7", "4006381333931", "LM-4711", "red"),
    ("A2", "Red linen dress", "Luma", "DR-RED-8", "4006381333948", "LM-4712", "blue"),
    ("A3", "Blue dress", "Fila", "DR-BLU-7", "4006381333955", "LM-471", "green"),
    ("A4", "Keyboard cover LM 47110", "Fila", "KC-1001", "4006381333986", "FX-100", "black"),
    ("A5", "Running shoe for LM-4711 fans", "Fila", "RS-10", "4006381334006", "FX-1001", ""),
]


def photo(colour: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 64), COLOURS[colour]).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("exact")
    for colour in COLOURS:
        (folder / f"{colour}.png").write_bytes(photo(colour))
    lines = [",".join([*row[:6], f"{row[6]}.png" if row[6] else ""]) for row in ROWS]
    feed = folder / "feed.csv"
    feed.write_text("\n".join(["id,title,brand,sku,gtin,mpn,image", *lines]), encoding="utf-8")
    shop = open_shop(folder / "shop", create=True)
    shop.index(feed)
    yield shop
    shop.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    row=st.sampled_from(ROWS),
    code=st.sampled_from([0, 3, 4, 5]),
    ratio=st.one_of(st.none(), st.sampled_from([0.0, 0.3, 0.5, 0.9, 0.99])),
    shown=st.sampled_from([None, *COLOURS]),
    like=st.sampled_from([None, "A2", "A3"]),
    spelling=st.sampled_from([str, str.lower, str.upper, lambda text: text.replace("-", " ")]),
    understand=st.booleans(),
)
def test_an_exact_identifier_is_first_whatever_else_is_asked(
    shop: Shop,
    row: tuple[str, ...],
    code: int,
    ratio: float | None,
    shown: str | None,
    like: str | None,
    spelling: Callable[[str], str],
    understand: bool,
) -> None:
    pictures = (QueryPicture(photo(shown)),) if shown else ()
    seeds = (Seed(like),) if like and like != row[0] else ()
    query = Query(spelling(row[code]), pictures, seeds, semantic_ratio=ratio, understand=understand)
    answer = shop.search(query)
    assert answer.hits[0].product.id == row[0]
    assert answer.hits[0].score == pytest.approx(sum(r.contribution for r in answer.hits[0].reasons))
    assert np.all(np.diff([hit.score for hit in answer.hits]) <= 1e-6)


def test_with_the_words_switched_off_the_photo_decides(shop: Shop) -> None:
    off = shop.search(Query("LM-4711", (QueryPicture(photo("red")),), words_weight=0.0)).hits
    assert off
    assert not [reason for hit in off for reason in hit.reasons if reason.source == "words"]


def test_a_photo_chooses_among_what_the_words_name() -> None:
    """The words' share of the best is levelled, and the photo counts more, where it stands beside words."""
    candidates, card = np.array([1, 2, 3]), Balance()
    words = WordMatches(candidates[:2], np.array([10.0, 6.0], np.float32), candidates[:2])
    alone = score_words(candidates, words, card.words).contributions
    level = score_words(candidates, words, card.words, card.level).contributions
    assert level == pytest.approx([card.words, card.words * 0.6**card.level, 0.0])
    assert alone == pytest.approx([card.words, card.words * 0.6**2, 0.0])
    picture = VectorPart("picture>picture", "p", np.zeros(2, np.float32), "picture", None, None, 1.0)  # type: ignore[arg-type]
    text = replace(picture, source="words>text")
    assert [p.weight for p in weighed([picture, text], words, card, True)] == [card.beside, 1 - card.restraint]
    assert [p.weight for p in weighed([picture, text], words, card)] == [1.0, 1 - card.restraint]
    assert [p.weight for p in weighed([picture, text], None, card, True)] == [1.0, 1.0]

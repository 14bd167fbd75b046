"""Search by one encoder alone: the best row of each product by exact cosine, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shoplens.app import Shop
from shoplens.core.query import Query, QueryPicture, Seed
from shoplens.core.spaces import Modality, exact_top_k, unit
from shoplens.core.where import parse_where
from shoplens.engine.alone import Embedded, EncoderAlone, embed
from shoplens.errors import EvaluationError, NotFoundError, PictureError, QueryError
from shoplens.evaluation import JudgedQuery, side_by_side
from shoplens.pictures import open_pictures
from tests.conftest import SmallShop
from tests.support import COLOURS, ColourEncoder, picture


def embedded(small: SmallShop, shop: Shop, encoder: ColourEncoder, modality: Modality = "picture") -> Embedded:
    source = open_pictures(small.pictures, small.folder, small.folder / "cache")
    products = [stored for some in shop.store.scan() for stored in some]
    return embed(encoder, products, modality, shop.store, source, shop.decoder())


def alone(small: SmallShop, shop: Shop, encoder: ColourEncoder, modality: Modality = "picture") -> EncoderAlone:
    products = [stored for some in shop.store.scan() for stored in some]
    vectors = embedded(small, shop, encoder, modality).vectors
    return EncoderAlone(encoder, products, vectors, modality, shop.decoder())


@pytest.fixture
def shop(coloured: Callable[[], Shop]) -> Shop:
    return coloured()


def test_what_the_store_has_is_not_embedded_again_and_nothing_is_written(small: SmallShop, shop: Shop) -> None:
    before = (shop.store.last_seq(), shop.store.spaces())
    same, other = embedded(small, shop, small.encoder), embedded(small, shop, ColourEncoder("others"))
    assert (same.made, other.made) == (0, 7)
    assert same.vectors.keys() == other.vectors.keys()
    for key, vector in other.vectors.items():
        assert same.vectors[key] == pytest.approx(vector, abs=1e-3), "the store keeps halves"
    assert (shop.store.last_seq(), shop.store.spaces()) == before


def test_hits_are_the_products_of_the_best_rows(small: SmallShop, shop: Shop) -> None:
    search = alone(small, shop, ColourEncoder("others"))
    products = [stored for some in shop.store.scan() for stored in some]
    found = embedded(small, shop, ColourEncoder("others")).vectors
    rows = np.stack(list(found.values()))
    owner = {key: s.product.id for s in products for key in s.pictures.values()}
    for words in ("red", "blue cushion", "黑色", "nothing that it knows"):
        (numbers,), (scores,) = exact_top_k(small.encoder.encode_words([words]), rows, len(rows))
        expected: dict[str, float] = {}
        for number, score in zip(numbers, scores, strict=True):
            expected.setdefault(owner[list(found)[number]], float(score))
        answer = search.search(Query(words))
        assert {hit.product.id: hit.score for hit in answer.hits} == pytest.approx(expected, abs=1e-6)
        assert [hit.score for hit in answer.hits] == sorted(expected.values(), reverse=True)
        assert answer.found == 6
    assert search.search(Query("red")).model_version == f"others@1/{len(COLOURS) + 9}"


def test_a_mug_is_shown_in_the_colour_asked_for_and_each_variant_may_be_a_hit(small: SmallShop, shop: Shop) -> None:
    search = alone(small, shop, small.encoder)
    mug = next(hit for hit in search.search(Query("blue")).hits if hit.product.id == "M1")
    assert mug.variant.id == "M1-blue"
    hits = search.search(Query("blue", group_by="variant")).hits
    assert [hit.variant.id for hit in hits if hit.product.id == "M1"] == ["M1-blue", "M1-red"]
    assert len(hits) == 7


def test_parts_add_up_and_weights_push_away(small: SmallShop, shop: Shop) -> None:
    search, encoder = alone(small, shop, small.encoder), small.encoder
    photo = QueryPicture(picture("green"), weight=-0.5)
    words, seen = encoder.encode_words(["red"])[0], encoder.encode_pictures([np.full((8, 8, 3), COLOURS["green"])])[0]
    wanted = unit(words - 0.5 * seen)
    rows = embedded(small, shop, encoder).vectors
    best = max(float(vector @ wanted) for vector in rows.values())
    hits = search.search(Query("red", pictures=(photo,))).hits
    assert hits[0].score == pytest.approx(best, abs=1e-3)
    assert (hits[0].product.attributes.get("color"), hits[-1].product.id) == (("red",), "C2")
    like = search.search(Query(seeds=(Seed("C3"),))).hits
    assert (like[0].product.id, like[0].variant.id) == ("M1", "M1-blue"), "a seed is not its own answer"


def test_filters_and_hidden_products_count_and_pages_follow(small: SmallShop, shop: Shop) -> None:
    search = alone(small, shop, small.encoder)
    assert [
        hit.product.id for hit in search.search(Query("red", where=parse_where("brand=Fila and price<35"))).hits
    ] == ["C3"]
    blue = search.search(Query("red", where=parse_where("in_stock and color=blue"))).hits
    assert [hit.variant.id for hit in blue] == ["M1-blue"], "the row of an allowed variant, not the best of all"
    assert "C1" not in [hit.product.id for hit in search.search(Query("red", hidden_hits=("C1",))).hits]
    whole = [hit.product.id for hit in search.search(Query("red")).hits]
    paged = [hit.product.id for page in (1, 2, 3, 4) for hit in search.search(Query("red", page=page, per_page=2)).hits]
    assert paged == whole


def test_texts_are_rows_of_their_own(small: SmallShop, shop: Shop) -> None:
    assert alone(small, shop, small.encoder, "words").search(Query("黑色")).hits[0].product.id == "C5"


def test_pictures_that_are_gone_are_named(small: SmallShop, shop: Shop) -> None:
    (small.pictures / "red.png").unlink()
    found = embedded(small, shop, ColourEncoder("others"))
    assert (found.made, len(found.vectors), len(found.lost)) == (6, 6, 1)
    assert "red.png" in next(iter(found.lost.values()))


def test_a_picture_that_is_another_file_by_now_is_not_taken_for_it(small: SmallShop, shop: Shop) -> None:
    small.paint("red.png", "green", shade=2)
    found = embedded(small, shop, ColourEncoder("others"))
    assert (found.made, len(found.lost)) == (6, 1)
    assert "another one than was indexed" in next(iter(found.lost.values()))


def test_what_cannot_be_asked_is_told(small: SmallShop, shop: Shop) -> None:
    search = alone(small, shop, small.encoder)
    with pytest.raises(QueryError, match="nothing in this query"):
        search.search(Query(where=parse_where("price<10")))
    with pytest.raises(NotFoundError, match="ghost"):
        search.search(Query(seeds=(Seed("ghost"),)))
    with pytest.raises(PictureError):
        search.search(Query(pictures=(QueryPicture(b"no picture"),)))
    empty = EncoderAlone(small.encoder, [], {}, "picture", shop.decoder())
    assert empty.search(Query("red")).hits == ()


class Backwards(ColourEncoder):
    """Words mean the opposite: it finds the wrong colours first."""

    def encode_words(self, texts: Any) -> Any:
        """As its parent's, turned round."""
        return -super().encode_words(texts)


def test_the_better_encoder_wins_by_the_paired_test(small: SmallShop, shop: Shop) -> None:
    pytest.importorskip("ir_measures", reason="measures need the extra `evaluation`")
    good, bad = alone(small, shop, small.encoder), alone(small, shop, Backwards("backwards"))
    colours = {"red": "C1", "green": "C2", "blue": "C3", "yellow": "C4", "black": "C5"}
    queries = [JudgedQuery(name, {"q": f"{name} cushion"}, small.folder, name) for name in colours]
    judged = {name: {number: 1} for name, number in colours.items()}
    report = side_by_side((good.search, bad.search), ("good", "bad"), queries, judged, measure="P@1")
    assert report.first.comparison is not None
    found = report.first.comparison["P@1"]
    assert (found.ours, found.theirs, found.wins, found.losses) == (report.first.measures["P@1"].mean, 0.0, 5, 0)
    assert found.ours == 1.0
    assert found.p_value == pytest.approx(2 * 0.5**5), "five of five: exact sign flips"
    assert [one.difference for one in report.differences] == [1.0] * 5
    assert {one.query_id: one.first_hit for one in report.differences} == colours
    turned = side_by_side((bad.search, good.search), ("bad", "good"), queries, judged, measure="P@1")
    assert [one.difference for one in turned.differences] == [-1.0] * 5
    fields = turned.to_fields()
    assert fields["comparison"]["P@1"]["difference"]["mean"] == -1.0
    assert (fields["first"]["name"], fields["second"]["measures"]["P@1"]["mean"]) == ("bad", 1.0)
    same = side_by_side((good.search, good.search), ("good", "good"), queries, judged)
    assert same.differences == ()
    with pytest.raises(EvaluationError, match="no measure"):
        side_by_side((good.search, bad.search), ("good", "bad"), queries, judged, measure="speed")

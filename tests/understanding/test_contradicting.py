"""Words that name a colour that no picture shows are told; true ones, and what could be meant otherwise, are not."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from shoplens import attributes
from shoplens.app import open_shop
from shoplens.attributes import ShopAttributes, lexicon_notions
from shoplens.core.catalogue import ImageRef, Product, Translation, Variant
from shoplens.core.ports import StoredProduct
from shoplens.core.spaces import Pixels, Space
from shoplens.errors import PictureError
from shoplens.understanding.contradicting import Contradiction, Contradictions
from shoplens.understanding.describing import Describer
from shoplens.understanding.heads import Head, Heads
from tests.understanding.pictures import DEMO, rows, square

KEYS = ("red", "blue", "navy-blue", "black", "multi")
LIMITS = {"contradiction": 0.05, "trace": 0.1, "alone": 0.02}
RED, BLUE, NAVY = ImageRef("red.jpg"), ImageRef("blue.jpg"), ImageRef("navy.jpg")


def finder(limits: Mapping[str, float] = LIMITS) -> Contradictions:
    """A head that reads the colour off a vector: its entries are the scores of the colours."""
    head = Head("colour", KEYS, np.eye(len(KEYS), dtype=np.float32), np.zeros(len(KEYS), np.float32))
    return Contradictions(Describer(Heads(Space("eye", "1", len(KEYS)), {"colour": head}, limits), lexicon_notions()))


def vector(**scores: float) -> npt.NDArray[np.float16]:
    return np.asarray([scores.get(key.replace("-", "_"), 0.0) for key in KEYS], np.float16)


VECTORS = {"red.jpg": vector(red=9), "blue.jpg": vector(blue=9), "navy.jpg": vector(navy_blue=9)}


def found(*products: Product, pixels: Pixels | None = None, **vectors: npt.NDArray[np.float16]) -> list[str]:
    known = VECTORS | {f"{name}.jpg": v for name, v in vectors.items()}

    def vectors_of(keys: Sequence[str]) -> Mapping[str, npt.NDArray[np.float16]]:
        return {key: known[key] for key in keys if key in known}

    stored = [
        StoredProduct(n, p, tuple(range(len(p.variants))), {i.location: i.location for i in p.all_images()}, n)
        for n, p in enumerate(products)
    ]
    return [str(one) for one in finder().find([stored], vectors_of, lambda _: pixels)]


def test_a_title_that_says_another_colour_is_told() -> None:
    assert found(Product("P12", title="Red bag", images=(BLUE,))) == ["P12: title says red, picture is blue (1.00)"]
    assert found(Product("P12", title="Bag", translations=(Translation("zh", "红色手提包"),), images=(BLUE,))) == [
        "P12: title says 红色, picture is blue (1.00)"
    ]
    assert found(Product("P12", attributes={"color": ("Red",)}, images=(BLUE,))) == [
        "P12: color says red, picture is blue (1.00)"
    ]


@pytest.mark.parametrize(
    "product",
    [
        Product("1", title="Red bag", images=(RED,)),
        Product("1", title="Black bag", images=(NAVY,)),  # one can be taken for the other
        Product("1", title="Blue and red bag", images=(RED,)),
        Product("1", title="Red bag", images=(BLUE, RED)),  # one of the pictures shows it
        Product("1", title="Red Tape bag", brand="Red Tape", images=(BLUE,)),
        Product("1", title="Red wine glass", images=(BLUE,)),
        Product("1", title="Multicolour bag", images=(BLUE,)),
        Product("1", title="Bag", images=(BLUE,)),
        Product("1", title="Red bag"),
        Product("1", title="Red bag", images=(ImageRef("unknown.jpg"),)),
        Product("1", description="also comes in red", images=(BLUE,)),
    ],
)
def test_what_is_true_or_could_be_is_not_told(product: Product) -> None:
    assert found(product) == []


def test_a_picture_of_many_colours_contradicts_none() -> None:
    assert found(Product("1", title="Red bag", images=(ImageRef("many.jpg"),)), many=vector(multi=9)) == []


def test_each_variant_is_held_against_its_own_picture() -> None:
    right = Variant("a", attributes={"color": ("blue",)}, images=(BLUE,))
    wrong = Variant("b", attributes={"color": ("red",)}, images=(NAVY,))
    assert found(Product("P", title="Bag", variants=(right, wrong))) == ["b: color says red, picture is blue (1.00)"]
    # Without pictures of their own nobody knows which of them the product's shows.
    shared = tuple(Variant(key, attributes={"color": (c,)}) for key, c in (("a", "blue"), ("b", "red")))
    assert found(Product("P", title="Bag", variants=shared, images=(BLUE,))) == []


def test_a_title_that_repeats_the_field_is_told_once() -> None:
    assert len(found(Product("P", title="Red bag", attributes={"color": ("red",)}, images=(BLUE,)))) == 1


def test_pixels_excuse_and_without_them_the_vector_must_be_surer() -> None:
    product = Product("P", title="Red bag", images=(ImageRef("doubt.jpg"),))
    doubt = vector(blue=9, red=5.6)  # red has .032, between "alone" and "contradiction"
    assert found(product, doubt=doubt) == []
    assert len(found(product, doubt=doubt, pixels=square((30, 60, 200)))) == 1
    assert found(product, doubt=doubt, pixels=square((200, 25, 35))) == []


def test_the_surest_come_first_and_heads_that_were_not_fitted_accuse_nobody() -> None:
    products = [Product(name, title="Red bag", images=(ImageRef(f"{name}.jpg"),)) for name in ("weak", "strong")]
    told = found(*products, pixels=square((30, 60, 200)), weak=vector(blue=9, red=5.6), strong=vector(blue=9))
    assert [line.split(":")[0] for line in told] == ["strong", "weak"]
    assert finder({}).find([[StoredProduct(1, products[0], (1,), {}, 1)]], lambda _: {}) == []


def test_doctor_lists_swapped_colours_of_the_demo_shop(tmp_path: Path) -> None:
    """Every fourth product that names its one colour is given another one, far from it."""
    far = {"red": "blue", "blue": "red", "green": "purple", "black": "yellow", "white": "purple", "orange": "blue"}
    said: list[Mapping[str, Any]] = []
    swapped = []
    for row in rows():
        colours = {v.get("color") for v in row["variants"]}
        if len(colours) != 1 or next(iter(colours)) not in far:
            continue
        own = str(next(iter(colours)))
        wrong = len(said) % 4 == 0
        title = f"{far[own] if wrong else own} {row['category'][-1]}"
        said.append({"id": row["id"], "title": title, "images": row["images"][:1], "category": row["category"]})
        swapped += [row["id"]] if wrong else []
    feed = tmp_path / "feed.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in said[:80]), "utf-8")
    with open_shop(tmp_path / "shop", create=True, pictures={"workers": 1}) as shop:
        shop.index(feed, pictures=DEMO)
        told = next((f for f in shop.doctor() if f.code == "colour_contradicted"), None)
    assert told is not None
    assert told.level == "warning"
    assert len(told.examples) == min(told.count, 20)
    accused = {line.split(":")[0] for line in told.examples}
    there = {row["id"] for row in said[:80]}
    assert len(accused & set(swapped)) >= 0.5 * len(there & set(swapped))
    assert len(accused - set(swapped)) <= 0.05 * len(there)


def test_pictures_that_do_not_answer_do_not_hold_doctor_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    black = next(v["images"][0] for row in rows() for v in row["variants"] if v.get("color") == "black")
    feed = tmp_path / "feed.jsonl"
    feed.write_text(json.dumps({"id": "1", "title": "Yellow article", "images": [black]}) + "\n", "utf-8")
    with open_shop(tmp_path / "shop", create=True, pictures={"workers": 1}) as shop:
        shop.index(feed, pictures=DEMO)
        looked: list[str] = []

        def thumbnail(key: str, side: int) -> bytes:
            looked.append(key)
            raise PictureError("no answer", reason="missing")

        served = lambda: (shop.encoder, "bundled")  # noqa: E731
        asked = ShopAttributes(served, shop.store, shop.decoder, thumbnail)
        told = asked.contradicted()
        assert len(looked) == 1
        monkeypatch.setattr(attributes, "LOOKING_S", 0.0)
        assert asked.contradicted() == told  # by the vector alone
        assert len(looked) == 1


def test_a_contradiction_is_data(tmp_path: Path) -> None:
    stored = StoredProduct(1, Product("P", title="Red bag", images=(BLUE,)), (1,), {"blue.jpg": "blue.jpg"}, 1)
    one = finder().find([[stored]], lambda keys: {key: VECTORS[key] for key in keys})[0]
    assert isinstance(one, Contradiction)
    assert (one.product_id, one.picture, one.seen.key, one.claim.where) == ("P", "blue.jpg", "blue", "title")
    assert one.probability < LIMITS["alone"]

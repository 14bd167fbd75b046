"""Products that lack an attribute get it from their pictures, once, and those that have it keep their words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from shoplens.app import Shop, open_shop
from shoplens.attributes import lexicon_notions
from shoplens.core.catalogue import DerivedText, ImageRef, Product, Translation, Variant
from shoplens.encoders.onnx_dual import bundled_encoder
from shoplens.understanding.colours import looks
from tests.understanding.pictures import DEMO, rows, shown, understanding


@pytest.mark.parametrize(
    ("product", "lacking"),
    [
        (Product("1"), ["kind", "colour", "material", "pattern"]),
        (Product("1", title="Article 7"), ["kind", "colour", "material", "pattern"]),
        (Product("1", title="Red handbag"), ["material", "pattern"]),
        (Product("1", translations=(Translation("zh", "红色手提包"),)), ["material", "pattern"]),
        (Product("1", title="Quill", category=("Bags", "Handbags")), ["colour", "material", "pattern"]),
        (Product("1", title="Quill", description="Goes with any handbag. Striped cotton, navy."), ["kind"]),
        (Product("1", attributes={"color": ("Midnight",)}), ["kind", "material", "pattern"]),
        (Product("1", attributes={"color": (" ",)}), ["kind", "colour", "material", "pattern"]),
        (Product("1", attributes={"color_zh": ("红",), "article_type": ("X",)}), ["material", "pattern"]),
        (Product("1", variants=(Variant("a", attributes={"material": ("oak",)}),)), ["kind", "colour", "pattern"]),
        (Product("1", derived=(DerivedText("pattern", "paisley", "tagger", 0.9),)), ["kind", "colour", "material"]),
        (Product("1", attributes={"style": ("striped",)}), ["kind", "colour", "material"]),
    ],
)
def test_what_a_product_lacks(product: Product, lacking: list[str]) -> None:
    assert lexicon_notions().lacking(product) == lacking


def test_the_fruit_is_no_colour() -> None:
    assert "colour" in lexicon_notions().lacking(Product("1", title="Orange juice press"))


def filled(product: Product, hashes: Mapping[str, str], vectors: Mapping[str, npt.NDArray[np.float16]]) -> Product:
    filler = understanding().filling()
    assert filler is not None

    def vectors_of(keys: Sequence[str]) -> Mapping[str, npt.NDArray[np.float16]]:
        return {key: vectors[key] for key in keys if key in vectors}

    return filler.fill([product], hashes, vectors_of)[0]


@pytest.fixture(scope="module")
def vectors() -> Mapping[str, npt.NDArray[np.float16]]:
    """location -> vector of some of the demo shop's pictures (the location stands for its hash)."""
    some = shown()[:60]
    encoded = bundled_encoder().encode_pictures([each.pixels() for each in some]).astype(np.float16)
    return dict(zip((each.location for each in some), encoded, strict=True))


def test_what_is_filled_is_sure_and_said_in_both_languages(vectors: Mapping[str, npt.NDArray[np.float16]]) -> None:
    heads = understanding().heads()
    assert heads is not None
    least = {"product_type": heads.limits["kind"], "material": heads.limits["material"]}
    least |= {"pattern": heads.limits["pattern"], "color": min(heads.limits["colour"], heads.limits["basic"])}
    texts = []
    for location in vectors:
        got = filled(Product("1", images=(ImageRef(location),)), {location: location}, vectors)
        fields = [text.field for text in got.derived]
        assert [f for f in fields if not f.endswith("_zh")] == [f[:-3] for f in fields if f.endswith("_zh")]
        for text in got.derived:
            assert text.confidence >= least[text.field.removesuffix("_zh")] - 0.005
            assert text.source == f"shoplens-bundled-heads@{heads.space.revision}"
        texts += got.derived
    assert {text.field for text in texts} >= {"product_type", "color", "pattern"}


def test_colours_of_the_demo_shop_are_filled_rightly(vectors: Mapping[str, npt.NDArray[np.float16]]) -> None:
    notions = lexicon_notions()
    right = []
    for each in shown()[:60]:
        got = filled(Product("1", images=(ImageRef(each.location),)), {each.location: each.location}, vectors)
        true = {name for colour in notions.colours_in(each.color) for name in looks(colour.key)}
        for text in got.derived:
            if text.field == "color" and true:
                right.append(bool(true & set(looks(notions.colours_in(text.text)[0].key))))
    assert len(right) >= 20
    assert np.mean(right) >= 0.9


def test_variants_in_several_colours_have_each_its_own(vectors: Mapping[str, npt.NDArray[np.float16]]) -> None:
    def only(location: str) -> list[str]:
        got = filled(Product("1", images=(ImageRef(location),)), {location: location}, vectors)
        return [text.text for text in got.derived if text.field == "color"]

    one, other = next((a, b) for a in vectors for b in vectors if only(a) and only(b) and only(a) != only(b))
    both = Product("1", variants=(Variant("a", images=(ImageRef(one),)), Variant("b", images=(ImageRef(other),))))
    got = filled(both, {one: one, other: other}, vectors)
    assert [text.text for text in got.derived if text.field == "color"] == only(one) + only(other)


def test_nothing_is_filled_without_a_picture_or_a_vector(vectors: Mapping[str, npt.NDArray[np.float16]]) -> None:
    product = Product("1", images=(ImageRef("a.jpg"),))
    assert filled(product, {}, vectors) is product
    assert filled(product, {"a.jpg": "unknown"}, vectors) is product


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[tuple[Shop, Path]]:
    """A shop of twelve products whose feed says an id and a picture, and of four that say everything."""
    some = [
        {"id": row["id"], "title": f"Article {n}", "images": row["images"][:1]} for n, row in enumerate(rows()[:12])
    ]
    feed = tmp_path / "feed.jsonl"
    feed.write_text("".join(json.dumps(row) + "\n" for row in [*some, *rows()[12:16]]), "utf-8")
    with open_shop(tmp_path / "shop", create=True, pictures={"workers": 1}) as shop:
        yield shop, feed


def derived(shop: Shop) -> dict[str, tuple[DerivedText, ...]]:
    return {stored.product.id: stored.product.derived for chunk in shop.store.scan() for stored in chunk}


def test_indexing_fills_once_and_an_unchanged_feed_does_no_work(bare: tuple[Shop, Path]) -> None:
    shop, feed = bare
    first = shop.index(feed, pictures=DEMO)
    assert (first.added, first.pictures_rejected) == (16, 0)
    got = derived(shop)
    complete = [row["id"] for row in rows()[12:16]]
    assert all(got[key] == () for key in complete)
    assert sum(bool(texts) for texts in got.values()) >= 6
    seq = shop.store.last_seq()
    second = shop.index(feed, pictures=DEMO)
    assert (second.unchanged, second.changed, second.texts_encoded, second.pictures_encoded) == (16, 0, 0, 0)
    assert shop.store.last_seq() == seq
    assert derived(shop) == got


def test_what_is_filled_is_found_by_its_words(bare: tuple[Shop, Path]) -> None:
    shop, feed = bare
    shop.index(feed, pictures=DEMO)
    found = next((key, text) for key, texts in derived(shop).items() for text in texts if text.field == "product_type")
    hits = shop.search(found[1].text, semantic_ratio=0.0).hits
    assert found[0] in [hit.product.id for hit in hits]


def test_what_the_shop_says_itself_takes_the_place_of_what_was_filled(bare: tuple[Shop, Path]) -> None:
    shop, feed = bare
    shop.index(feed, pictures=DEMO)
    key = next(key for key, texts in derived(shop).items() if any(text.field == "color" for text in texts))
    said: list[Any] = [json.loads(line) for line in feed.read_text("utf-8").splitlines()]
    feed.write_text(
        "".join(json.dumps(r | ({"color": "teal"} if r["id"] == key else {})) + "\n" for r in said), "utf-8"
    )
    assert shop.index(feed, pictures=DEMO).changed == 1
    assert not any(text.field.startswith("color") for text in derived(shop)[key])


def test_the_setting_turns_filling_off(tmp_path: Path, bare: tuple[Shop, Path]) -> None:
    with open_shop(tmp_path / "other", create=True, pictures={"workers": 1}, fill_attributes=False) as shop:
        shop.index(bare[1], pictures=DEMO)
        assert not any(derived(shop).values())

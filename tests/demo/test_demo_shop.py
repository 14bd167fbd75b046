"""The demo shop: its feed is whole, and its pictures are what the generator draws."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shoplens import open_shop
from shoplens.config import Config
from shoplens.demo import index_demo
from shoplens.feeds import open_feed
from shoplens.training.rendering import COLOURS
from shoplens.training.rendering.shop import PICTURE_SIZE, QUALITY, catalogue

SHOP = Path(str(resources.files("shoplens.demo") / "shop"))
CJK = re.compile(r"[\u4e00-\u9fff]")

LAST_OF_THE_FIRST = "Kite Burgundy Floral Cotton Armchair"
FIRST_TITLES = "2601ce85569fdd6441ceaa994bdf7ecfa22655a18779e2a05a5942135374c0a4"
"""SHA-256 of ids and titles (both languages) of the 174 products of the first demo shop."""


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    text = (SHOP / "products.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_there_is_enough_to_search_in(rows: list[dict[str, Any]]) -> None:
    assert len(rows) >= 300
    assert len({tuple(row["category"]) for row in rows}) >= 20
    assert len({row["brand"] for row in rows}) >= 15
    several = [row for row in rows if len({variant["color"] for variant in row["variants"]}) > 1]
    assert len(several) >= len(rows) / 5
    assert {color for row in rows for color in (v["color"] for v in row["variants"])} <= set(COLOURS)


def test_products_are_seen_in_several_views(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        first = row["variants"][0]
        assert row["images"][: len(first["images"])] == first["images"], row["id"]
        assert len(first["images"]) >= 2, row["id"]
        for variant in row["variants"]:
            assert variant["images"], variant["id"]
    assert sum(len(row["variants"][0]["images"]) >= 3 for row in rows) >= len(rows) / 6
    # Colours of one product share no picture: each shows its own.
    for row in rows:
        by_colour = {variant["color"]: set(variant["images"]) for variant in row["variants"]}
        assert sum(map(len, by_colour.values())) == len(set().union(*by_colour.values())), row["id"]


def test_what_was_there_before_keeps_its_ids(rows: list[dict[str, Any]]) -> None:
    """Documents, judgements and bookmarks name products of the demo shop."""
    assert [row["id"] for row in rows] == [f"sl-{number:03d}" for number in range(1, len(rows) + 1)]
    titles = {row["id"]: row["title"] for row in rows}
    assert titles["sl-001"] == "Quill Leather Handbag"
    assert titles["sl-174"] == LAST_OF_THE_FIRST
    told = "\n".join(f"{row['id']}\t{row['title']}\t{row['title_zh']}" for row in rows[:174])
    assert hashlib.sha256(told.encode()).hexdigest() == FIRST_TITLES


def test_ids_are_unique(rows: list[dict[str, Any]]) -> None:
    products = [row["id"] for row in rows]
    variants = [variant["id"] for row in rows for variant in row["variants"]]
    assert len(set(products)) == len(products)
    assert len(set(variants)) == len(variants)


def test_titles_tell_products_apart(rows: list[dict[str, Any]]) -> None:
    for language in ("title", "title_zh"):
        repeated = [title for title, count in Counter(row[language] for row in rows).items() if count > 1]
        assert repeated == []


def test_words_stand_in_both_languages(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        assert row["title"].isascii(), row["id"]
        assert row["description"].isascii(), row["id"]
        assert not CJK.search(row["title"] + row["description"])
        assert CJK.search(row["title_zh"]), row["id"]
        assert CJK.search(row["description_zh"]), row["id"]
        assert all(CJK.search(variant["color_zh"]) for variant in row["variants"])
    openings = {(row["category"][-1], row["description"].split(". ")[0]) for row in rows}
    assert len(openings) == 2 * len({row["category"][-1] for row in rows})  # not all of a kind say the same


def test_prices_and_stock_make_sense(rows: list[dict[str, Any]]) -> None:
    variants = [variant for row in rows for variant in row["variants"]]
    for variant in variants:
        assert 1 <= variant["price"] <= 1000
        assert round(variant["price"], 2) == variant["price"]
        assert variant["in_stock"] == (variant["quantity"] > 0)
        assert variant.get("sale_price", 0) < variant["price"]
    assert any("sale_price" in variant for variant in variants)
    assert any(not variant["in_stock"] for variant in variants)


def test_every_picture_is_a_jpeg_of_the_stated_size_and_none_is_left_over(rows: list[dict[str, Any]]) -> None:
    named = {path for row in rows for path in row["images"]}
    assert named == {path for row in rows for variant in row["variants"] for path in variant["images"]}
    assert {f"pictures/{path.name}" for path in (SHOP / "pictures").iterdir()} == named
    total = (SHOP / "products.jsonl").stat().st_size
    for path in sorted(named):
        with Image.open(SHOP / path) as image:
            assert image.format == "JPEG", path
            assert image.size == (PICTURE_SIZE, PICTURE_SIZE), path
            image.load()
        total += (SHOP / path).stat().st_size
    assert total <= 15_000_000  # of the wheel


def test_the_feed_is_what_the_catalogue_says(rows: list[dict[str, Any]]) -> None:
    assert rows == [listing.row for listing in catalogue()]


def test_the_feeds_module_reads_it_without_a_problem(rows: list[dict[str, Any]]) -> None:
    found = list(open_feed(SHOP / "products.jsonl").read())
    products = [each for each in found if hasattr(each, "variants")]
    assert found == products, [each for each in found if not hasattr(each, "variants")][:3]
    assert [product.id for product in products] == [row["id"] for row in rows]
    for product, row in zip(products, rows, strict=True):
        assert [variant.id for variant in product.variants] == [variant["id"] for variant in row["variants"]]
        assert {translation.language for translation in product.translations} == {"zh"}
        assert product.category == tuple(row["category"])


def test_it_is_indexed_whole_within_a_minute_and_answers_in_both_languages(
    rows: list[dict[str, Any]], tmp_path: Path
) -> None:
    config = Config.load(tmp_path / "shop")
    report = index_demo(config)
    assert (report.read, report.problems, report.pictures_rejected) == (len(rows), 0, 0)
    assert report.pictures_encoded == len({path for row in rows for path in row["images"]})
    assert report.seconds < 60
    colours = {row["id"]: {variant["color"] for variant in row["variants"]} for row in rows}
    kinds = {row["id"]: row["category"][-1] for row in rows}
    with open_shop(config) as shop:
        for words in ("red handbag", "红色手提包"):
            first = shop.search(words).hits[0].product.id
            assert kinds[first] == "Handbags"
            assert "red" in colours[first]
        # A product in its setting is found by its setting's picture, and by that before the wall.
        for row in rows[::40]:
            photo = SHOP / row["variants"][0]["images"][1]
            assert shop.search(photos=photo).hits[0].product.id == row["id"]


def test_committed_pictures_are_what_the_generator_draws() -> None:
    listings = catalogue()
    for listing in (listings[0], listings[60], listings[110], listings[-1]):
        path, shot = list(listing.shots.items())[-1]
        drawn = shot.render()
        with Image.open(SHOP / path) as image:
            kept = np.asarray(image.convert("RGB"), dtype=np.float64)
        buffer = io.BytesIO()
        Image.fromarray(drawn).save(buffer, "JPEG", quality=QUALITY)
        same = np.asarray(Image.open(buffer).convert("RGB"), dtype=np.float64)
        # The same source through the same quality: only rounding of another Pillow or numpy may differ.
        assert np.abs(kept - same).mean() < 0.5, path
        # And close to the source itself: what JPEG takes away is little, even of leather's grain.
        assert np.abs(kept - drawn).mean() < 6, path

"""``shoplens encoder``, run as a person would: what there is, what one is, which of two is better, and an export."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import command as run
from tests.edges.test_cli import answer
from tests.encoders.hub.models import clip
from tests.encoders.hub.towers import card_of, picture_tower, tokenizer, words_tower
from tests.support import COLOURS, picture


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an indexed shop of six colours, queries with judgements, and two encoders of ONNX towers."""
    pytest.importorskip("onnx", reason="draws ONNX towers with the package onnx (extra `hub`)")
    pytest.importorskip("tokenizers", reason="reads words with the package tokenizers (extra `tokenizers`)")
    folder = tmp_path_factory.mktemp("encoders")
    (folder / "photos").mkdir()
    rows = []
    for colour in COLOURS:
        (folder / "photos" / f"{colour}.png").write_bytes(picture(colour, side=200))
        rows.append({"id": colour.upper(), "title": f"{colour} towel", "images": [f"{colour}.png"]})
    (folder / "feed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, words in (("two", True), ("eyes", False)):
        (folder / "encoders" / name).mkdir(parents=True)
        picture_tower(folder / "encoders" / name / "image.onnx")
        if words:
            pieces = tokenizer(folder / "encoders" / name / "tokenizer.json")
            words_tower(folder / "encoders" / name / "text.onnx", pieces)
        card_of(folder / "encoders" / name, name=name)
    worded = [{"query_id": c, "q": f"{c} towel"} for c in COLOURS]
    seen = [{"query_id": c, "images": [f"photos/{c}.png"]} for c in COLOURS]
    for name, queries in (("words", worded), ("photos", seen)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    (folder / "qrels.trec").write_text("".join(f"{c} 0 {c.upper()} 1\n" for c in COLOURS))
    done = run("index", "feed.jsonl", "--pictures", "photos", "--shop", "shop", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def compared(shop: Path, a: str, b: str, queries: str, *more: str) -> dict[str, Any]:
    given = ("--queries", f"{queries}.jsonl", "--qrels", "qrels.trec", "--shop", "shop")
    return answer("encoder", "compare", a, b, *given, *more, cwd=shop)


def test_list_has_what_ships_what_was_exported_and_what_a_hub_has(shop: Path) -> None:
    rows = {row["name"]: row for row in json.loads(run("encoder", "list", "--json", cwd=shop).stdout)}
    assert rows["bundled"]["used"]
    assert rows["bundled"]["ready"] == "ready"
    assert rows[f"onnx:{Path('encoders/two')}"]["what"].startswith("pictures and words; two@1/12")
    assert rows[f"onnx:{Path('encoders/eyes')}"]["what"].startswith("pictures only")
    assert "open_clip:hf-hub:Marqo/marqo-ecommerce-embeddings-B" in rows
    told = run("encoder", "list", cwd=shop, SHOPLENS_ENCODER="onnx:encoders/two").stdout
    assert next(line.split()[1] for line in told.splitlines() if line.startswith("* ")) == "onnx:encoders/two"
    (shop / "encoders" / "broken").mkdir()
    (shop / "encoders" / "broken" / "card.json").write_text("{")
    assert "damaged" in run("encoder", "list", cwd=shop).stdout


def test_show_is_the_card(shop: Path) -> None:
    card = answer("encoder", "show", "encoders/eyes", cwd=shop)
    assert (card["space"], card["reads"], card["dimension"]) == ("eyes@1/12", ["picture"], 12)
    assert set(card["files"]) == {"image.onnx"}
    told = run("encoder", "show", "bundled", cwd=shop).stdout
    assert "space: shoplens-bundled@" in told
    assert "image.onnx: " in told


def test_compare_by_words_finds_the_encoder_that_knows_them(shop: Path) -> None:
    """The towers of chance know no words; the bundled encoder knows colours."""
    found = compared(shop, "bundled", "onnx:encoders/two", "words", "--measure", "RR")
    assert found["searched"] == {"what": "pictures", "rows": 6, "products": 6, "unreadable": 0}
    assert found["embedded"] == [0, 6], "the shop has the pictures in the bundled encoder's space"
    mean = {which: found[which]["measures"]["RR"]["mean"] for which in ("first", "second")}
    assert mean["first"] > mean["second"]
    assert found["comparison"]["RR"]["difference"]["mean"] == pytest.approx(mean["first"] - mean["second"])
    assert 0 < found["comparison"]["RR"]["p_value"] <= 1
    differences = [one["difference"] for one in found["differences"]]
    assert differences == sorted(differences, reverse=True)
    for one in found["differences"]:
        both = (found["first"]["per_query"][one["query_id"]]["RR"], found["second"]["per_query"][one["query_id"]]["RR"])
        assert (one["first"], one["second"]) == both
    turned = compared(shop, "onnx:encoders/two", "bundled", "words", "--measure", "RR")
    assert turned["comparison"]["RR"]["difference"]["mean"] == pytest.approx(mean["second"] - mean["first"])


def test_compare_by_photos_needs_no_words(shop: Path) -> None:
    found = compared(shop, "encoders/eyes", "bundled", "photos")
    assert found["first"]["measures"]["P@1"]["mean"] == 1.0, "each photo is in the catalogue"
    assert found["differences"] == []
    assert found["comparison"]["nDCG@10"]["p_value"] == 1.0


def test_compare_by_texts(shop: Path) -> None:
    found = compared(shop, "bundled", "encoders/two", "words", "--against", "texts")
    assert found["searched"]["what"] == "texts"
    assert found["second"]["measures"]["R@10"]["mean"] == 1.0


def test_compare_prints_both_and_the_queries_that_differ(shop: Path) -> None:
    given = ("--queries", "words.jsonl", "--qrels", "qrels.trec", "--shop", "shop", "--show", "2")
    done = run("encoder", "compare", "bundled", "encoders/two", *given, cwd=shop)
    assert done.returncode == 0, done.stderr
    assert "A is bundled, B is encoders/two" in done.stdout
    assert "A − B" in done.stdout
    assert "queries that A answers better, by nDCG@10" in done.stdout
    part = done.stdout.partition("queries that A answers better")[2].splitlines()[2:4]
    assert all("towel" in line for line in part), done.stdout
    assert "searched: 6 pictures of 6 products" in done.stdout


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("encoders/eyes", "bundled", "--queries", "words.jsonl"), 1, "reads pictures only"),
        (("bundled", "encoders/eyes", "--queries", "photos.jsonl", "--against", "texts"), 1, "reads pictures only"),
        (("bundled", "nowhere", "--queries", "words.jsonl"), 1, "card.json"),
        (("bundled", "tensorflow:x", "--queries", "words.jsonl"), 2, "encoder list"),
        (("bundled", "bundled", "--queries", "none.jsonl"), 1, "none.jsonl"),
        (("bundled", "bundled", "--queries", "words.jsonl", "--measure", "speed"), 1, "nDCG@10"),
        (("bundled", "--queries", "words.jsonl"), 2, "B"),
    ],
)
def test_mistakes_are_told_with_what_to_do(shop: Path, args: tuple[str, ...], code: int, said: str) -> None:
    done = run("encoder", "compare", *args, "--qrels", "qrels.trec", "--shop", "shop", cwd=shop)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_encoder_of_towers_indexes_and_searches(shop: Path) -> None:
    towers = {"SHOPLENS_ENCODER": "onnx:encoders/eyes"}
    done = run("index", "feed.jsonl", "--pictures", "photos", "--shop", "by-eyes", cwd=shop, **towers)
    assert done.returncode == 0, done.stderr
    found = run("search", "--shop", "by-eyes", "--photo", "photos/blue.png", "--json", cwd=shop, **towers)
    assert json.loads(found.stdout)["hits"][0]["product"]["id"] == "BLUE"
    worded = run("search", "--shop", "by-eyes", "green", "--json", cwd=shop, **towers)
    assert json.loads(worded.stdout)["hits"][0]["product"]["id"] == "GREEN", "words are found as written"


@pytest.mark.train
def test_export_writes_what_serves(shop: Path) -> None:
    from tests.encoders.hub.kinds import need

    need("transformers")
    clip(shop / "small-clip")
    done = run("encoder", "export", "transformers:small-clip", "--out", "encoders/clip", "--shop", "shop", cwd=shop)
    assert done.returncode == 0, done.stderr
    assert re.search(r"pictures: worst cosine to the original (1\.0|0\.9999)", done.stdout)
    assert 'encoder = "onnx:encoders/clip"' in done.stdout
    whole = answer("encoder", "show", "transformers:small-clip", cwd=shop)
    assert answer("encoder", "show", "encoders/clip", cwd=shop)["space"] == whole["space"]
    few = run(
        "encoder", "export", "transformers:small-clip", "--out", "e8", "--precision", "int8", "--shop", "shop", cwd=shop
    )
    assert few.returncode == 1
    assert "at least 50 pictures" in few.stderr
    assert not (shop / "e8").exists()
    same = compared(shop, "encoders/clip", "transformers:small-clip", "photos")
    assert same["differences"] == []

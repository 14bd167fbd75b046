"""``shoplens describe PHOTO`` and what ``doctor`` says of colours, run as a person would."""

from __future__ import annotations

import json
from pathlib import Path

from shoplens.understanding.colours import BASIC
from tests.command import command as run
from tests.edges.test_cli import answer
from tests.understanding.pictures import DEMO, rows


def test_a_photo_is_described_without_a_shop(tmp_path: Path) -> None:
    photo = str(DEMO / rows()[0]["images"][0])
    told = answer("describe", photo, cwd=tmp_path)
    assert set(told) == {"kind", "colour", "material", "pattern", "colours", "space", "calibrated"}
    assert told["calibrated"]
    assert set(told["kind"]) == {"key", "english", "chinese", "confidence"}
    assert abs(sum(c["share"] for c in told["colours"]) - 1) < 1e-4
    assert {c["key"] for c in told["colours"]} <= set(BASIC)
    text = run("describe", photo, cwd=tmp_path).stdout
    assert f"kind: {told['kind']['english']} {told['kind']['chinese']} ({told['kind']['confidence']:.2f})" in text
    assert "%" in next(line for line in text.splitlines() if line.startswith("colours: "))
    assert list(tmp_path.iterdir()) == []


def test_a_shop_that_is_named_must_be_there(tmp_path: Path) -> None:
    done = run("describe", str(DEMO / rows()[0]["images"][0]), "--shop", "shopp", cwd=tmp_path)
    assert done.returncode != 0
    assert "shopp: there is no shop here" in done.stderr


def test_what_is_no_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no photo")
    for name in ("photo.jpg", "missing.jpg"):
        done = run("describe", name, cwd=tmp_path)
        assert done.returncode == 1
        assert name in done.stderr


def test_doctor_lists_a_title_of_another_colour(tmp_path: Path) -> None:
    """Titles of black things that say yellow: no picture of any says so."""
    said = [
        {"id": row["id"], "title": "Yellow article", "images": [variant["images"][0]]}
        for row in rows()
        for variant in row["variants"][:1]
        if variant.get("color") == "black" and row["pattern"] == "plain"
    ][:6]
    (tmp_path / "feed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in said))
    assert run("index", "feed.jsonl", "--pictures", str(DEMO), "--shop", "shop", cwd=tmp_path).returncode == 0
    findings = answer("doctor", "--shop", "shop", cwd=tmp_path)["findings"]
    told = next(f for f in findings if f["code"] == "colour_contradicted")
    assert told["count"] >= 4
    assert "says yellow, picture is black (" in " ".join(told["examples"])

"""``shoplens encoder reencode|switch|spaces|forget|compare``, run as a person would."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shoplens import encoders
from shoplens.app import Shop
from shoplens.cli.app import main
from tests.switching.conftest import Place


@pytest.fixture
def shell(
    place: Place,
    opened: Callable[..., Shop],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., str]:
    """Runs a command in the place's folder, for its shop of 30 products in space ``one``; what it prints."""
    (place.folder / "shoplens.toml").write_text('encoder = "encoders/one"\n')
    shop = opened()
    place.index(shop)
    shop.close()

    monkeypatch.chdir(place.folder)
    monkeypatch.setenv("COLUMNS", "160")

    def command(*args: str, code: int = 0, shop: str = "shop") -> str:
        # In this process: two dozen starts of Python would take longer than all they do.
        monkeypatch.setattr(sys, "argv", ["shoplens", *args, "--shop", shop])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert ended.value.code == code, err
        return out if code in (0, 4) else err

    return command


def data(text: str) -> Any:
    return json.loads(text)


def test_from_one_encoder_to_another_and_back(shell: Callable[..., str], place: Place) -> None:
    (place.photos / "3.png").unlink()
    said = shell("encoder", "reencode", "encoders/two")
    assert "30 products, 29 pictures and 30 texts encoded in the space two@1/12, 0 were there" in said
    assert "1 pictures could not be read any more; see shop/reencode-report.jsonl" in said
    assert "P3: missing" in said
    assert "shoplens encoder switch encoders/two --shop shop --incomplete" in said
    assert "the space two@1/12 is incomplete" in shell("doctor")
    place.paint("3.png", 3)
    assert "Next: shoplens encoder switch encoders/two --shop shop" in shell("encoder", "reencode", "encoders/two")
    table = shell("encoder", "spaces").splitlines()
    assert [line.split()[-4:] for line in table[1:3]] == [
        ["one@1/12", "60", "0.0", "none"], ["two@1/12", "60", "0.0", "none"]
    ]  # fmt: skip
    assert table[1].startswith("*")
    assert "serves now, in the space two@1/12" in shell("encoder", "switch", "encoders/two")
    listed = [line for line in shell("encoder", "list").splitlines() if line.startswith("* ")]
    assert [line.split()[1] for line in listed[:1]] == ["onnx:encoders/two"]
    found = data(shell("search", "--photo", "photos/8.png", "--json"))
    assert (found["model_version"], found["hits"][0]["product"]["id"]) == ("two@1/12", "P8")
    assert "is searched in this space" in shell("encoder", "forget", "two@1/12", code=1)
    told = data(shell("encoder", "switch", "--back", "--json"))
    assert (told["space"], told["encoder"]) == ("one@1/12", f"onnx:{place.folder / 'encoders' / 'one'}")
    assert data(shell("encoder", "forget", "two@1/12", "--json")) == {"space": "two@1/12", "dropped": 60}
    assert [row["space"] for row in data(shell("encoder", "spaces", "--json"))] == ["one@1/12"]
    assert "encoder spaces" in shell("encoder", "forget", "two@1/12", code=1)


def test_a_copy_of_the_encoder_that_ships_serves_while_another_one_comes(
    shell: Callable[..., str], place: Place
) -> None:
    """What to do before an upgrade that brings another bundled encoder: serve from a copy in the shop's folder."""
    shell("encoder", "reencode", "bundled")
    shell("encoder", "switch", "bundled")
    shipped = Path(encoders.__file__).parent / "bundled"
    copy = shutil.copytree(shipped, place.shop / "encoders" / "before")
    told = data(shell("encoder", "switch", "shop/encoders/before", "--json"))
    assert (told["encoder"], told["before"]) == ("onnx:encoders/before", "bundled")
    listed = next(line for line in shell("encoder", "list").splitlines() if line.startswith("* "))
    assert listed.split()[1] == "onnx:shop/encoders/before"
    assert "(ready)" in listed
    card = json.loads((copy / "card.json").read_text())
    (copy / "card.json").write_text(json.dumps(card | {"revision": "older"}))  # as if another one shipped by now
    assert data(shell("encoder", "reencode", "shop/encoders/before", "--json"))["complete"]
    assert data(shell("search", "lamp", "--json"))["model_version"] == f"{card['name']}@older/{card['dimension']}"


def test_compare_takes_both_spaces_from_the_store(shell: Callable[..., str], place: Place) -> None:
    pytest.importorskip("ir_measures", reason="measures need the extra `evaluation`")
    queries = [{"query_id": str(n), "images": [f"asked/{n}.png"]} for n in (1, 4, 9)]
    (place.folder / "queries.jsonl").write_text("".join(json.dumps(query) + "\n" for query in queries))
    (place.folder / "qrels.trec").write_text("".join(f"{n} 0 P{n} 1\n" for n in (1, 4, 9)))
    shell("encoder", "reencode", "encoders/two")
    place.photos.rename(place.folder / "asked")  # the catalogue's pictures are gone: nothing could be embedded now
    found = data(
        shell("encoder", "compare", "encoders/one", "encoders/two", "--json", "--queries", "queries.jsonl",
              "--qrels", "qrels.trec")
    )  # fmt: skip
    assert found["embedded"] == [0, 0]
    assert found["searched"] == {"what": "pictures", "rows": 30, "products": 30, "unreadable": 0}
    assert [found[which]["measures"]["P@1"]["mean"] for which in ("first", "second")] == [1.0, 1.0]


def test_a_shop_whose_encoder_is_gone_gets_another_one(shell: Callable[..., str], place: Place) -> None:
    shutil.rmtree(place.folder / "encoders" / "one")
    assert "card.json" in shell("search", "lamp", code=1)
    shell("encoder", "reencode", "encoders/two")
    shell("encoder", "switch", "encoders/two")
    assert data(shell("search", "lamp", "--json"))["model_version"] == "two@1/12"
    (place.folder / "encoders" / "two").rename(place.folder / "away")
    assert "encoder switch NAME" in shell("search", "lamp", code=1)
    assert "card.json" in shell("encoder", "switch", "--back", code=1)
    place.encoder("one", 0)
    assert "serves now, in the space one@1/12" in shell("encoder", "switch", "--back")
    assert data(shell("search", "lamp", "--json"))["model_version"] == "one@1/12"


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("switch",), 2, "--back"),
        (("switch", "encoders/two", "--back"), 2, "--back"),
        (("switch", "--back"), 2, "never switched"),
        (("switch", "encoders/two"), 1, "encoder reencode encoders/two --shop shop"),
        (("switch", "tensorflow:x"), 2, "encoder list"),
        (("reencode", "tensorflow:x"), 2, "encoder list"),
        (("reencode", "encoders/two", "--pictures", "nowhere"), 2, "--pictures DIR|ZIP"),
        (("forget", "nothing"), 1, "encoder spaces"),
        (("forget", "one@1/12"), 1, "switch first"),
    ],
)
def test_mistakes_are_told_with_what_to_do(
    shell: Callable[..., str], args: tuple[str, ...], code: int, said: str
) -> None:
    assert said in shell("encoder", *args, code=code)


def test_there_is_no_shop(shell: Callable[..., str], place: Place) -> None:
    for args in (("spaces",), ("switch", "bundled"), ("reencode", "bundled"), ("forget", "one@1/12")):
        assert "there is no shop here" in shell("encoder", *args, code=1, shop="none")
        assert not (place.folder / "none").exists()

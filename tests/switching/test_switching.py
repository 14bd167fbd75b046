"""Switching: refused while vectors are missing, back again with the same answers; forgetting what is over."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shoplens.app import Shop, open_shop
from shoplens.config import Config
from shoplens.core.spaces import Space
from shoplens.errors import ConfigError, EncoderError, NotFoundError, SpaceIncompleteError, SpaceInUseError
from shoplens.switching import Choice, portable, settled
from tests.conftest import SmallShop, cushions
from tests.support import picture
from tests.switching.conftest import Place, asked, same

ONE, TWO = Space("one", "1", 12), Space("two", "1", 12)


def test_switch_and_switch_back(place: Place, indexed: Shop, opened: Callable[..., Shop], tmp_path: Path) -> None:
    before = asked(indexed, place)
    indexed.spaces.reencode(place.name("two"))
    assert indexed.spaces.switch(place.name("two")) == TWO
    assert indexed.space == TWO
    with open_shop(place.config("two").model_copy(update={"shop": tmp_path / "direct"}), create=True) as direct:
        place.index(direct)
        expected = asked(direct, place)
    assert not same(before, expected), "two encoders of chance agree on nothing"
    assert same(asked(indexed, place), expected)
    assert same(asked(opened(), place), expected), "whoever opens the shop after it, whatever its setting says"
    assert indexed.spaces.switch() == ONE
    assert same(asked(indexed, place), before)
    assert same(asked(opened(), place), before)
    assert indexed.spaces.switch() == TWO, "back is to the one before, to and fro"
    indexed.spaces.switch(place.name("two"))
    assert indexed.spaces.switch() == ONE, "the same again is no switch"


def test_a_switch_is_refused_while_vectors_are_missing(place: Place, indexed: Shop) -> None:
    with pytest.raises(SpaceIncompleteError, match="30 products lack one of their pictures") as refused:
        indexed.spaces.switch(place.name("two"))
    assert "shoplens encoder reencode" in (refused.value.hint or "")
    indexed.spaces.reencode(place.name("two"))
    place.add(30)
    place.index(indexed)
    with pytest.raises(SpaceIncompleteError, match="1 products lack one of their pictures"):
        indexed.spaces.switch(place.name("two"))
    assert (indexed.space, indexed.spaces.chosen()) == (ONE, None)
    assert indexed.spaces.switch(place.name("two"), incomplete=True) == TWO
    errors = [f for f in indexed.doctor() if f.level == "error"]
    assert [(f.code, f.count) for f in errors] == [("vectors_missing", 1), ("vectors_missing", 1)]
    place.index(indexed)  # now in the new space: it encodes what is missing
    assert [f for f in indexed.doctor() if f.level == "error"] == []
    assert indexed.search(photos=place.photos / "30.png").hits[0].product.id == "P30"
    with pytest.raises(ConfigError, match="no encoder is called"):
        indexed.spaces.switch("tensorflow:x")
    with pytest.raises(EncoderError, match=r"card\.json"):
        indexed.spaces.switch(str(place.folder / "nowhere"))
    assert indexed.space == TWO


def test_back_needs_a_switch_before(indexed: Shop) -> None:
    with pytest.raises(ConfigError, match="never switched"):
        indexed.spaces.switch()


def test_a_running_process_follows_when_asked_and_index_asks(
    place: Place, indexed: Shop, opened: Callable[..., Shop]
) -> None:
    reader, writer, before = opened(), opened(), asked(indexed, place)
    assert (reader.follow(), writer.follow()) == (False, False)
    indexed.spaces.reencode(place.name("two"))
    indexed.spaces.switch(place.name("two"))
    assert reader.space == ONE
    assert same(asked(reader, place), before), "until then it goes on in the old space"
    assert (reader.follow(), reader.follow()) == (True, False)
    assert reader.space == TWO
    assert same(asked(reader, place), asked(indexed, place))
    place.add(30)
    place.index(writer)
    assert writer.space == TWO
    assert indexed.store.missing_vectors(TWO) == {"picture": 0, "words": 0}
    assert reader.search(photos=place.photos / "30.png").hits[0].product.id == "P30"
    assert reader.search("number 30", semantic_ratio=0).hits[0].product.id == "P30"


def test_a_switch_that_cannot_be_followed_leaves_the_old_one_serving(
    place: Place, indexed: Shop, opened: Callable[..., Shop]
) -> None:
    reader = opened()
    before = asked(reader, place)
    indexed.spaces.reencode(place.name("two"))
    indexed.spaces.switch(place.name("two"))
    shutil.rmtree(place.folder / "encoders" / "two")
    for _ in range(2):
        with pytest.raises(EncoderError, match="switched to cannot be opened"):
            reader.follow()
    assert (reader.space, asked(reader, place)) == (ONE, before)
    with pytest.raises(EncoderError) as refused:
        opened()
    assert "encoder switch" in (refused.value.hint or "")
    reader.spaces.switch(place.name("one"))
    assert same(asked(opened(), place), before)


def test_an_encoder_in_the_shops_folder_moves_with_it(place: Place, indexed: Shop) -> None:
    inside = place.shop / "encoders" / "two"
    shutil.copytree(place.folder / "encoders" / "two", inside)
    indexed.spaces.reencode(f"onnx:{inside}")
    indexed.spaces.switch(f"onnx:{inside}")
    choice = indexed.spaces.chosen()
    assert choice == Choice("onnx:encoders/two", "two@1/12", place.name("one"))
    photo = place.photos / "4.png"
    answers = indexed.search(photos=photo)
    indexed.close()
    moved = place.folder / "moved"
    place.shop.rename(moved)
    with open_shop(place.config().model_copy(update={"shop": moved})) as again:
        assert again.space == TWO
        assert again.search(photos=photo).hits[0].product.id == answers.hits[0].product.id == "P4"


def test_names_as_they_are_kept_and_opened(tmp_path: Path) -> None:
    shop, outside = tmp_path / "shop", tmp_path / "out"
    for folder in (shop / "encoders" / "a", outside):
        folder.mkdir(parents=True)
    for name, kept in (
        ("bundled", "bundled"),
        (" bundled ", "bundled"),
        ("open_clip:owner/model", "open_clip:owner/model"),
        (f"onnx:{outside}", f"onnx:{outside.resolve()}"),
        (str(outside), f"onnx:{outside.resolve()}"),
        (f"transformers:{outside}", f"transformers:{outside.resolve()}"),
        (f"onnx:{shop}/encoders/a", "onnx:encoders/a"),
    ):
        assert portable(name, shop) == kept
        assert portable(settled(kept, shop), shop) == kept
    assert settled("onnx:encoders/a", shop) == f"onnx:{shop / 'encoders' / 'a'}"


def test_forget_drops_what_does_not_serve(place: Place, indexed: Shop, opened: Callable[..., Shop]) -> None:
    indexed.spaces.reencode(place.name("two"))
    kept = indexed.spaces.kept()
    assert [(k.space, k.vectors, k.serves, k.complete) for k in kept] == [(ONE, 60, True, True), (TWO, 60, False, True)]
    saved = sum(path.stat().st_size for path in (place.shop / "copies" / "two-1-12").rglob("*") if path.is_file())
    assert kept[1].bytes == 60 * 12 * 2 + saved
    assert saved > 0, "the index is ready for the switch"
    (ready,) = [f for f in indexed.doctor() if f.code == "other_space"]
    assert "60 vectors" in ready.message
    assert "encoder forget two@1/12" in ready.hint
    with pytest.raises(SpaceInUseError):
        indexed.spaces.forget(ONE)
    with pytest.raises(NotFoundError):
        indexed.spaces.forget("three@1/12")
    reader = opened()  # of a process that has not followed yet both are safe: its own and the one switched to
    indexed.spaces.switch(place.name("two"))
    for space in (ONE, TWO):
        with pytest.raises(SpaceInUseError):
            reader.spaces.forget(space)
    before = asked(indexed, place)
    assert indexed.spaces.forget(str(ONE)) == 60
    assert not (place.shop / "copies" / "one-1-12").exists()
    assert [k.space for k in indexed.spaces.kept()] == [TWO]
    assert asked(indexed, place) == before
    with pytest.raises(SpaceIncompleteError):
        indexed.spaces.switch()
    assert indexed.spaces.reencode(place.name("one")).complete, "it can be built again"
    indexed.spaces.switch()
    assert indexed.search(photos=place.photos / "4.png").hits[0].product.id == "P4"


def test_a_setting_that_no_longer_counts_is_told(place: Place, indexed: Shop, opened: Callable[..., Shop]) -> None:
    indexed.spaces.reencode(place.name("two"))
    assert "setting_ignored" not in {f.code for f in indexed.doctor()}
    indexed.spaces.switch(place.name("two"))
    (told,) = [f for f in opened().doctor() if f.code == "setting_ignored"]
    assert place.name("one") in told.message
    with open_shop(place.config("two")) as agreed:
        assert "setting_ignored" not in {f.code for f in agreed.doctor()}
    with open_shop(Config.load(place.shop, pictures={"workers": 1})) as unset:
        assert "setting_ignored" not in {f.code for f in unset.doctor()}
        assert unset.space == TWO


def test_to_the_encoder_that_ships_and_back(small: SmallShop) -> None:
    """The same with what is in the base install."""
    shop = small.open()
    small.index(shop, cushions(small))
    photo = picture("blue", shade=1)
    before = [hit.score for hit in shop.search(photos=photo).hits]
    done = shop.spaces.reencode("bundled")
    assert (done.pictures_encoded, done.texts_encoded, done.complete) == (7, 6, True)
    assert [hit.score for hit in shop.search(photos=photo).hits] == before
    space = shop.spaces.switch("bundled")
    assert shop.search(photos=photo).model_version == str(space) == done.space
    assert shop.search(photos=photo).hits[0].product.id in ("C3", "M1")
    assert shop.spaces.reencode(small.encoder).kept == 13, "an encoder of one's own can be given as it is"
    with pytest.raises(SpaceInUseError):
        shop.spaces.forget(space)
    assert shop.spaces.forget(small.encoder.card.space) == 13

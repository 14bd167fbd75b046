"""Re-encoding: the new space is built beside the one that serves, which notices nothing; resumed; honest about loss."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shoplens.app import Shop, open_shop
from shoplens.config import PictureLimits
from shoplens.core.spaces import Modality, Space
from shoplens.engine import reencoding
from shoplens.engine.reencoding import ReencodeReport
from shoplens.errors import ConfigError, StoreError
from tests.pictures.web_server import Server
from tests.switching.conftest import Place, asked

ONE, TWO = Space("one", "1", 12), Space("two", "1", 12)


def vectors(shop: Shop, space: Space) -> dict[tuple[Modality, str], list[float]]:
    """All vectors of a space."""
    found: dict[tuple[Modality, str], list[float]] = {}
    for modality in ("picture", "words"):
        for keys, rows in shop.store.vector_chunks(space, modality):  # type: ignore[arg-type]
            found.update(((modality, key), row.tolist()) for key, row in zip(keys, rows, strict=True))  # type: ignore[misc]
    return found


def by_index(place: Place, folder: Path, encoder: str = "two") -> dict[tuple[Modality, str], list[float]]:
    """The vectors that ``index`` stores in a shop that was begun with the encoder."""
    config = place.config(encoder).model_copy(update={"shop": folder})
    with open_shop(config, create=True) as shop:
        place.index(shop)
        return vectors(shop, Space(encoder, "1", 12))


def test_the_new_space_is_what_index_would_have_made_and_the_old_one_goes_on(
    place: Place, indexed: Shop, opened: Callable[..., Shop], tmp_path: Path
) -> None:
    other = opened()  # another process that serves
    before, seq = (asked(other, place), asked(indexed, place)), indexed.store.last_seq()
    told: list[int] = []
    done = indexed.spaces.reencode(place.name("two"), on_progress=lambda r: told.append(r.products))
    assert (done.products, done.pictures_encoded, done.texts_encoded, done.unreadable) == (30, 30, 30, 0)
    assert done.complete
    assert done.missing == {"picture": 0, "words": 0}
    assert told == [30]
    assert vectors(indexed, TWO) == by_index(place, tmp_path / "direct")
    assert indexed.store.last_seq() == seq, "vectors alone are no change that running copies would have to follow"
    assert indexed.space == other.space == ONE
    assert (asked(other, place), asked(indexed, place)) == before


def test_what_is_stored_is_not_encoded_again(
    place: Place, indexed: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reencoding, "BATCH", 4)

    class Stopped(Exception):
        pass

    def stop(report: ReencodeReport) -> None:
        if report.products == 12:
            raise Stopped

    with pytest.raises(Stopped):
        indexed.spaces.reencode(place.name("two"), on_progress=stop)
    assert indexed.store.spaces()[TWO] == 24, "a picture and a text of 12 products"
    (half,) = [kept for kept in indexed.spaces.kept() if kept.space == TWO]
    assert half.missing == {"picture": 18, "words": 18}
    rest = indexed.spaces.reencode(place.name("two"))
    assert (rest.products, rest.pictures_encoded, rest.texts_encoded, rest.kept) == (30, 18, 18, 24)
    again = indexed.spaces.reencode(place.name("two"))
    assert (again.pictures_encoded, again.texts_encoded, again.kept) == (0, 0, 60)
    assert vectors(indexed, TWO) == by_index(place, tmp_path / "direct")


def test_products_indexed_meanwhile_are_taken_in(
    place: Place, indexed: Shop, opened: Callable[..., Shop], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new one, a changed title, a changed picture, one that is gone; by another process, in the midst of the run."""
    monkeypatch.setattr(reencoding, "BATCH", 8)
    writer = opened()
    turns = iter([True])

    def meanwhile(_: ReencodeReport) -> None:
        if next(turns, False):
            place.add(30)
            place.rows[2]["title"] = "a lamp of another name"
            place.paint("5.png", 500)
            del place.rows[29 - 1]
            place.index(writer)

    done = indexed.spaces.reencode(place.name("two"), on_progress=meanwhile)
    assert done.complete
    assert indexed.store.missing_vectors(TWO) == {"picture": 0, "words": 0}
    assert done.products == 30, "30 at first, one gone before it was looked at, one new"
    # What comes later is told, and taken in by a further run.
    place.add(31)
    place.index(writer)
    assert indexed.store.missing_vectors(TWO) == {"picture": 1, "words": 1}
    later = indexed.spaces.reencode(place.name("two"))
    assert (later.pictures_encoded, later.texts_encoded, later.complete) == (1, 1, True)


def test_pictures_that_cannot_be_read_any_more_are_told(place: Place, indexed: Shop) -> None:
    (place.photos / "3.png").unlink()
    place.paint("4.png", 400)  # another file under the name
    (place.photos / "7.png").write_bytes(b"no picture")
    done = indexed.spaces.reencode(place.name("two"), thumbnails=False)
    assert (done.pictures_encoded, done.unreadable, done.missing) == (27, 3, {"picture": 3, "words": 0})
    assert not done.complete
    rows = [json.loads(line) for line in (place.shop / "reencode-report.jsonl").read_text().splitlines()]
    assert sorted((row["product_id"], row["value"]) for row in rows) == [
        ("P3", "3.png"), ("P4", "4.png"), ("P7", "7.png")
    ]  # fmt: skip
    reasons = {row["value"]: row["reason"] for row in rows}
    assert reasons["3.png"].startswith("missing")
    assert "another one than was indexed" in reasons["4.png"]


def test_a_thumbnail_stands_in_for_a_file_that_is_gone(place: Place, indexed: Shop, tmp_path: Path) -> None:
    wanted = by_index(place, tmp_path / "direct")
    (key,) = indexed.stored("P3").pictures.values()
    indexed.thumbnail(key, 64)
    shutil.rmtree(place.photos)
    done = indexed.spaces.reencode(place.name("two"))
    assert (done.pictures_encoded, done.from_thumbnails, done.unreadable) == (1, 1, 29)
    (made,) = indexed.store.vectors(TWO, "picture", [key]).values()
    assert float(np.dot(made.astype(np.float32), wanted["picture", key])) > 0.99, "a JPEG of the same picture"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_pictures_that_moved_are_read_where_they_are_now(place: Place, indexed: Shop, kind: str) -> None:
    moved = place.folder / "elsewhere"
    if kind == "zip":
        moved = moved.with_suffix(".zip")
        with zipfile.ZipFile(moved, "w") as archive:
            for path in place.photos.iterdir():
                archive.write(path, path.name)
        shutil.rmtree(place.photos)
    else:
        place.photos.rename(moved)
    assert indexed.spaces.reencode(place.name("two"), thumbnails=False).unreadable == 30
    done = indexed.spaces.reencode(place.name("two"), pictures=moved)
    assert (done.pictures_encoded, done.complete) == (30, True)
    with pytest.raises(ConfigError):
        indexed.spaces.reencode(place.name("two"), pictures=place.folder / "nowhere")


def test_a_picture_at_two_places_is_read_where_it_still_is(place: Place, opened: Callable[..., Shop]) -> None:
    shutil.copy(place.photos / "3.png", place.photos / "same.png")
    place.rows[3]["images"] = ["3.png", "same.png"]
    shutil.copy(place.photos / "9.png", place.photos / "other.png")  # the second place is another product's
    place.rows[20]["images"] = ["other.png"]
    shop = opened()
    place.index(shop)
    (place.photos / "3.png").unlink()
    (place.photos / "9.png").unlink()
    done = shop.spaces.reencode(place.name("two"), thumbnails=False)
    assert (done.unreadable, done.complete, done.problems) == (0, True, [])


def test_pictures_of_a_server_that_were_kept_are_not_fetched_again(place: Place) -> None:
    with Server() as server:
        for number, row in enumerate(place.rows):
            server.gives(f"/{number}.png", (place.photos / f"{number}.png").read_bytes())
            row["images"] = [server.url(f"/{number}.png")]
        shutil.rmtree(place.photos)
        near = PictureLimits(workers=1, allow_private_addresses=True)
        with open_shop(place.config().model_copy(update={"pictures": near}), create=True) as shop:
            shop.index(place.feed())
            kept = [path for path in (place.shop / "cache" / "web").rglob("*") if path.is_file()]
            kept[0].unlink()
            server.requests.clear()
            done = shop.spaces.reencode(place.name("two"))
            assert (done.pictures_encoded, done.complete, len(server.requests)) == (30, True, 1)


def test_an_encoder_of_pictures_alone_needs_no_words(place: Place, indexed: Shop) -> None:
    place.encoder("eyes", 7, words=False)
    done = indexed.spaces.reencode(place.name("eyes"))
    assert (done.pictures_encoded, done.texts_encoded, done.missing) == (30, 0, {"picture": 0})
    assert indexed.spaces.switch(place.name("eyes")) == Space("eyes", "1", 12)
    assert indexed.search(photos=place.photos / "8.png").hits[0].product.id == "P8"
    assert indexed.search("kettle").hits, "words are found as written"


def likeness(shop: Shop, photo: bytes, product_id: str) -> float:
    """The cosine of a photo and a product's picture by their vectors; 0 where it has none."""
    hits = [hit for hit in shop.search(photos=photo).hits if hit.product.id == product_id]
    return max((r.score for hit in hits for r in hit.reasons if r.source == "picture>picture"), default=0.0)


def test_a_space_that_is_served_half_built_learns_what_comes(
    place: Place, indexed: Shop, opened: Callable[..., Shop]
) -> None:
    """Copies that run, or were saved, while vectors were missing take up those that are stored later."""
    (place.photos / "3.png").rename(place.photos / "3.away")
    indexed.spaces.reencode(place.name("two"), thumbnails=False)
    indexed.spaces.switch(place.name("two"), incomplete=True)
    photo = (place.photos / "3.away").read_bytes()
    running = opened()
    assert likeness(running, photo, "P3") == 0.0, "found as the very picture, at most"
    running.catch_up()
    running.copies.save()
    (place.photos / "3.away").rename(place.photos / "3.png")
    assert indexed.spaces.reencode(place.name("two")).pictures_encoded == 1
    for shop in (running, opened()):
        assert shop.search(photos=photo).hits[0].product.id == "P3"
        assert likeness(shop, photo, "P3") > 0.99


def test_an_index_saved_half_built_is_built_anew(place: Place, indexed: Shop, opened: Callable[..., Shop]) -> None:
    """The same where nobody searches the space any more: its saved index stands at a change that is long past."""
    (place.photos / "3.png").rename(place.photos / "3.away")
    indexed.spaces.reencode(place.name("two"), thumbnails=False)
    indexed.spaces.switch(place.name("two"), incomplete=True)
    indexed.copies.save()
    indexed.spaces.switch()
    assert indexed.space == ONE
    (place.photos / "3.away").rename(place.photos / "3.png")
    indexed.spaces.reencode(place.name("two"))
    indexed.spaces.switch(place.name("two"))
    for shop in (indexed, opened()):
        assert shop.space == TWO
        assert shop.search(photos=place.photos / "3.png").hits[0].product.id == "P3"


def test_a_store_that_refuses_stops_the_run_and_keeps_what_was_told(
    place: Place, indexed: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencoding, "BATCH", 10)
    write, told = indexed.store.write, []

    def full(batch: object) -> int:
        if len(told) == 2:
            raise StoreError("the disk is full")
        return write(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(indexed.store, "write", full)
    with pytest.raises(StoreError, match="full"):
        indexed.spaces.reencode(place.name("two"), on_progress=lambda r: told.append(r.products))
    assert told == [10, 20]
    assert indexed.store.spaces()[TWO] == 40

"""Copies: a second process sees a write at once, words within a second; lost or damaged copies repair themselves."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from shoplens.engine.copy_rows import encoder_text, picture_rows
from tests.conftest import SmallShop, cushions
from tests.support import ColourEncoder, picture


@pytest.mark.parametrize("saved", [False, True], ids=["before a snapshot", "after a snapshot"])
def test_a_second_reader_finds_a_write(small: SmallShop, saved: bool) -> None:
    writer = small.open()
    rows: list[Any] = cushions(small)
    small.index(writer, rows[:3])
    if saved:
        writer.copies.save()
    reader = small.open()
    assert reader.search("").found == 3
    small.index(writer, [*rows, {"id": "NEW", "title": "Turquoise lamp", "images": [small.paint("n.png", "white")]}])
    assert reader.search(photos=picture("white", shade=-2)).hits[0].product.id == "NEW"  # at once
    assert reader.search("", where="id=NEW").found == 1
    started = time.monotonic()
    while [h.product.id for h in reader.search("turquoise", semantic_ratio=0).hits] != ["NEW"]:
        reader.copies.keep_words(hold=False)
        assert time.monotonic() - started < 1.0
    small.index(writer, rows)
    assert "NEW" not in [h.product.id for h in reader.search("").hits]


def test_a_service_keeps_words_current_for_others(small: SmallShop) -> None:
    service = small.open()
    errors: list[Exception] = []
    service.copies.start_keeper(errors.append, interval=0.05)
    writer = small.open()
    started = time.monotonic()
    small.index(writer, cushions(small))
    while not list(service.search("cushion", semantic_ratio=0).hits):
        assert time.monotonic() - started < 5
        time.sleep(0.02)
    assert errors == []


@pytest.mark.parametrize("lost", ["columns", "pictures", "texts", "words", "everything"])
def test_a_lost_copy_is_rebuilt(small: SmallShop, lost: str) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    shop.copies.save()
    shop.close()
    copies = shop.folder / "copies"
    for folder in [copies] if lost == "everything" else list(copies.rglob(lost)):
        shutil.rmtree(folder)
    again = small.open()
    again.catch_up()
    assert next(h.product.id for h in again.search("red cushion").hits) == "C1"
    assert again.search(photos=picture("blue", shade=1)).hits[0].product.id == "C3"
    assert [f for f in again.doctor() if f.level == "error"] == []


@pytest.mark.parametrize("kind", ["truncated", "flipped", "emptied"])
def test_a_damaged_copy_is_rebuilt(small: SmallShop, kind: str) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    shop.copies.save()
    shop.close()
    for path in [p for p in (shop.folder / "copies").rglob("*") if p.is_file()]:
        data = bytearray(path.read_bytes())
        if kind == "truncated":
            data = data[: len(data) // 2]
        elif kind == "emptied":
            data = bytearray()
        elif data:
            data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
    again = small.open()
    again.catch_up()
    assert next(h.product.id for h in again.search("red cushion").hits) == "C1"
    assert [h.product.id for h in again.search("cushion", semantic_ratio=0).hits]
    assert again.search(photos=picture("blue", shade=1)).hits[0].product.id == "C3"


def test_rows_name_the_variants_that_show_them(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    stored = shop.stored("M1")
    rows = picture_rows(stored)
    assert [row.variants for row in rows] == [(n,) for n in stored.variant_numbers]
    assert {row.key for row in rows} == set(stored.pictures.values())


def test_the_encoder_reads_the_title_first(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    assert encoder_text(shop.product("C1")).startswith("Red cushion 红色靠垫 Cushions Luma")


def test_rebuild_and_another_encoder(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    shop.close()
    (shop.folder / "copies" / "left over").mkdir()
    again = small.open(rebuild=True)
    assert not (shop.folder / "copies" / "left over").exists()
    again.catch_up()
    assert again.search("red cushion").hits[0].product.id == "C1"
    again.close()
    # Another encoder is another space: what its vectors lack is told, and the next run of index encodes it.
    small.encoder = ColourEncoder("other colours")
    other = small.open()
    told = {f.code: f for f in other.doctor()}
    assert told["vectors_missing"].count == 6
    assert told["other_space"].count == 13
    assert other.search("red cushion").hits[0].product.id == "C1"  # by words as written
    small.index(other, cushions(small))
    assert "vectors_missing" not in {f.code for f in other.doctor()}
    assert other.search(photos=picture("blue", shade=1)).hits[0].product.id == "C3"  # taken up while it runs
    reopened = small.open()
    assert reopened.search(photos=picture("blue", shade=1)).hits[0].product.id == "C3"


def test_files_left_by_a_killed_writer_are_no_obstacle(small: SmallShop) -> None:
    shop = small.open()
    rows: list[Any] = cushions(small)
    small.index(shop, rows)
    # What kill -9 can leave: the file of deletions that the next commits would write, under the same name.
    segments = {p.name.split(".")[0]: p.parent for p in (shop.folder / "copies" / "words").rglob("*.store")}
    assert segments
    for name, folder in segments.items():
        for stamp in range(400):
            (folder / f"{name}.{stamp}.del").touch()
    rows[0] = {**rows[0], "title": "Turquoise pouf"}
    small.index(shop, rows)
    assert [h.product.id for h in shop.search("pouf", semantic_ratio=0).hits] == ["C1"]
    assert [h.product.id for h in shop.search("green cushion", semantic_ratio=0).hits][:1] == ["C2"]
    assert shop.copies.words_current()


def test_a_backup_put_back_takes_the_copies_back_with_it(small: SmallShop, tmp_path: Path) -> None:
    rows = cushions(small)
    shop = small.open()
    small.index(shop, rows[:3])
    saved = tmp_path / "backup.db"
    shop.store.backup(saved)
    small.index(shop, [*rows[:3], {"id": "G1", "title": "grape"}])
    shop.catch_up()
    shop.copies.save()
    folder = shop.folder
    shop.close()
    for name in ("shop.db-wal", "shop.db-shm"):
        (folder / name).unlink(missing_ok=True)
    saved.replace(folder / "shop.db")
    again = small.open()
    again.catch_up()
    assert again.search("").found == 3
    assert not again.search("grape", semantic_ratio=0).hits
    small.index(again, [*rows[:3], {"id": "D1", "title": "durian"}])
    assert [h.product.id for h in again.search("durian", semantic_ratio=0).hits] == ["D1"]

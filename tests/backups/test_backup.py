"""Backups: of one moment while writes go on, restored elsewhere to the same shop; torn and changed ones are refused."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoplens import backups
from shoplens.app import Shop, open_shop
from shoplens.archives import read_archive
from shoplens.backups import back_up, restore
from shoplens.config import Config
from shoplens.core.catalogue import Money, Product
from shoplens.core.ports import Write
from shoplens.errors import BackupError, ShopLockedError, ShopNotFoundError, StoreError
from shoplens.stores import open_store
from tests.support import ColourEncoder
from tests.upgrade.asking import products, queries, top_tens
from tests.upgrade.first import write_feed

PAIRS = 12


def opened(folder: Path, **more: object) -> Shop:
    return open_shop(folder, encoder=ColourEncoder(), pictures={"workers": 1}, **more)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 24 products with a log of queries and settings of its own."""
    folder = tmp_path_factory.mktemp("made")
    feed = write_feed(folder)
    with opened(folder / "shop", create=True, currency="EUR") as shop:
        shop.index(feed, pictures=folder / "photos")
    (folder / "shop" / "queries").mkdir()
    (folder / "shop" / "queries" / "2026-11-01.jsonl").write_text('{"q": "red mug"}\n')
    (folder / "shop" / "shoplens.toml").write_text('currency = "EUR"\n[search]\ndepth = 120\n')
    return folder / "shop"


@pytest.fixture
def shop(made: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "shop"))


def priced(product: Product, amount: int) -> Product:
    """The same product at another price."""
    variants = tuple(replace(v, price=Money(amount, "EUR")) for v in product.variants)
    return replace(product, variants=variants)


class Writer:
    """Write k sets the price of both products of pair k % 12 to k, in one transaction."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self.done, self._stop = shop, 0, threading.Event()
        self._all = [s.product for part in shop.store.scan() for s in part]
        self.first = shop.store.last_seq()
        self.seqs: list[int] = []
        self._thread = threading.Thread(target=self._run)

    def pair(self, k: int) -> list[Product]:
        """What write k puts."""
        return [priced(p, k) for p in self._all[2 * (k % PAIRS) : 2 * (k % PAIRS) + 2]]

    def after(self, k: int) -> dict[str, Product]:
        """All products as they are after write k."""
        out = {p.id: p for p in self._all}
        return out | {p.id: p for n in range(max(1, k - PAIRS + 1), k + 1) for p in self.pair(n)}

    def _run(self) -> None:
        k = 0
        while not self._stop.is_set():
            k += 1
            self.seqs.append(self._shop.store.write(Write(put=self.pair(k))))
            self.done = k

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def during_writes(folder: Path, elsewhere: Path, backups: int, asked: int) -> None:
    """Must hold 12: backups while a writer writes; each is of a moment between two writes; gone on with, the same."""
    config = Config.load(folder)
    with opened(folder, rebuild=True) as shop:
        with Writer(shop) as writer:
            taken = []
            for number in range(backups):
                until = writer.done + 5
                while writer.done < until:
                    pass
                taken.append(back_up(config, elsewhere / f"{number}.shoplens"))
            until = writer.done + 5
            while writer.done < until:
                pass
        last = shop.store.last_seq()
        assert len({manifest.sequence for _, manifest in taken}) == backups
        for number, (path, manifest) in enumerate(taken):
            assert manifest.sequence in {writer.first, *writer.seqs}, "a moment in the midst of a write"
            assert manifest.sequence < last, "writes went on while it was taken"
            new = elsewhere / f"shop-{number}"
            assert restore(path, new) == (manifest, None)
            with opened(new, rebuild=True) as again:
                assert again.store.last_seq() == manifest.sequence
                at = [writer.first, *writer.seqs].index(manifest.sequence)
                stored = [s.product for part in again.store.scan() for s in part]
                assert {p.id: p for p in stored} == writer.after(at)
                for k in range(at + 1, writer.done + 1):
                    again.store.write(Write(put=writer.pair(k)))
                assert again.catch_up()
                assert shop.catch_up()
                assert products(again) == products(shop)
                if number == backups - 1:
                    questions = queries(asked)
                    assert top_tens(again, questions) == top_tens(shop, questions)
                    assert [f for f in again.doctor() if f.level == "error"] == []


def test_taken_during_writes_it_is_the_same_shop_elsewhere(shop: Path, tmp_path: Path) -> None:
    during_writes(shop, tmp_path / "elsewhere", backups=2, asked=200)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_twenty_taken_during_writes(shop: Path, tmp_path: Path) -> None:
    during_writes(shop, tmp_path / "elsewhere", backups=20, asked=200)


def test_what_it_holds_and_what_it_leaves_out(shop: Path, tmp_path: Path) -> None:
    (shop / "cache").mkdir(exist_ok=True)
    (shop / "cache" / "x").write_text("x")
    path, manifest = back_up(Config.load(shop), tmp_path)
    assert path.parent == tmp_path
    assert path.name.startswith("shop-2")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [part.name for part in manifest.parts] == ["shop.db", "shoplens.toml", "queries/2026-11-01.jsonl"]
    assert manifest.rows["products"] == manifest.rows["variants"] == 24
    assert manifest.rows["vectors"] > 40
    assert read_archive(path) == manifest
    restore(path, tmp_path / "new" / "shop")
    kept = {"shop.db", "shoplens.toml", "queries"}
    assert {p.name for p in (tmp_path / "new" / "shop").iterdir()} - {"shop.db-shm", "shop.db-wal"} == kept
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["shop"], "nothing half-done is left"
    with sqlite3.connect(tmp_path / "new" / "shop" / "shop.db") as raw:
        assert raw.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert Config.load(tmp_path / "new" / "shop").search.depth == 120


def test_an_encoder_in_the_shops_folder_goes_along(shop: Path, tmp_path: Path) -> None:
    (shop / "encoders" / "own").mkdir(parents=True)
    (shop / "encoders" / "own" / "model.onnx").write_bytes(b"x" * 1000)
    (shop / "encoders" / "other").mkdir()
    with open_store(shop / "shop.db") as store:
        store.set_meta("encoder", '{"name": "onnx:encoders/own", "space": "own@1/15", "before": "bundled"}')
    path, manifest = back_up(Config.load(shop), tmp_path / "b.shoplens")
    assert "encoders/own/model.onnx" in [part.name for part in manifest.parts]
    restore(path, tmp_path / "new")
    assert (tmp_path / "new" / "encoders" / "own" / "model.onnx").read_bytes() == b"x" * 1000
    assert not (tmp_path / "new" / "encoders" / "other").exists()


def test_a_shop_is_replaced_only_on_demand_and_kept(shop: Path, tmp_path: Path) -> None:
    path, _ = back_up(Config.load(shop), tmp_path / "b.shoplens")
    with open_store(shop / "shop.db") as store:
        store.write(Write(delete=["mug-0"]))
        with pytest.raises(BackupError, match=r"not empty.*--force"):
            restore(path, shop)
        with pytest.raises(ShopLockedError, match="stop the service"):
            restore(path, shop, force=True)
        assert "mug-0" not in set(store.ids())
    _, before = restore(path, shop, force=True)
    assert before is not None
    with open_store(shop / "shop.db") as store, open_store(before / "shop.db") as old:
        assert len(set(store.ids())) == 24
        assert len(set(old.ids())) == 23
    (tmp_path / "file").touch()
    with pytest.raises(BackupError, match="it is a file"):
        restore(path, tmp_path / "file")


@pytest.mark.parametrize("there", [False, True], ids=["into a new folder", "over a shop"])
def test_a_disk_that_refuses_all_once_a_shop_is_in_place(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    path, _ = back_up(Config.load(shop), tmp_path / "b.shoplens")
    folder = shop if there else tmp_path / "new" / "place"
    folder.parent.mkdir(exist_ok=True)
    sync = backups._sync

    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    def failing(one: Path) -> None:
        if one == folder.parent:  # from then on: the sync, and the renames that would undo it
            monkeypatch.setattr(Path, "rename", refuse)
            refuse()
        sync(one)

    monkeypatch.setattr(backups, "_sync", failing)
    with pytest.raises(BackupError, match="Input/output error") as caught:
        restore(path, folder, force=there)
    if there:
        kept = next(shop.parent.glob(f"{shop.name}.before-*"))
        assert str(kept) in str(caught.value.hint)
        with open_store(kept / "shop.db") as store:
            assert len(set(store.ids())) == 24
    else:
        assert not folder.exists()


@pytest.fixture(scope="module")
def archive(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return back_up(Config.load(made), tmp_path_factory.mktemp("archive") / "b.shoplens")[0]


@settings(max_examples=40)
@given(data=st.data())
def test_a_changed_or_torn_one_is_refused_or_is_as_it_was(archive: Path, data: st.DataObject) -> None:
    """Any byte altered, or the end cut off: told before anything is in place, unless no content is concerned."""
    whole, manifest = archive.read_bytes(), read_archive(archive)
    where = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.booleans())
    changed = whole[:where] if cut else whole[:where] + bytes([whole[where] ^ 0x41]) + whole[where + 1 :]
    path = archive.with_name("changed.shoplens")
    path.write_bytes(changed)
    target = archive.with_name("target")
    try:
        assert read_archive(path) == manifest
    except BackupError:
        with pytest.raises(BackupError, match=r"it is torn|cannot be used"):
            restore(path, target)
        assert sorted(p.name for p in archive.parent.iterdir()) == ["b.shoplens", "changed.shoplens"]


def test_what_is_wrong_is_said(archive: Path, tmp_path: Path) -> None:
    def refused(change: Callable[[Path], None], match: str) -> None:
        path = tmp_path / "x.shoplens"
        shutil.copyfile(archive, path)
        change(path)
        with pytest.raises(BackupError, match=match):
            read_archive(path)

    whole = archive.read_bytes()
    refused(lambda p: p.write_bytes(whole[: len(whole) // 2]), "torn")
    refused(lambda p: p.write_bytes(whole[: whole.rindex(b"manifest.json")]), "manifest, which comes last, is missing")
    refused(lambda p: p.write_bytes(whole.replace(b'"red mug"', b'"rad mug"')), "2026-11-01.jsonl was changed")
    refused(lambda p: p.write_bytes(whole.replace(b'"sequence": 24', b'"sequence": 25')), "manifest was changed")
    refused(lambda p: p.write_bytes(whole.replace(b'"format": 1', b'"format": 2')), "another ShopLens")
    refused(lambda p: p.write_bytes(b"id,title\n1,shoe\n" * 999), "torn or no backup")
    refused(lambda p: p.unlink(), "no such file")

    def climb(path: Path) -> None:
        with tarfile.open(path, "a") as tar:
            tar.addfile(tarfile.TarInfo("../outside"))

    refused(climb, "'../outside', which no backup does")

    def link(path: Path) -> None:
        info = tarfile.TarInfo("shop.db")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        with tarfile.open(path, "w") as tar:
            tar.addfile(info)

    refused(link, "which no backup does")


def test_a_store_that_is_damaged_inside_its_backup_is_refused(shop: Path, tmp_path: Path) -> None:
    """Hashes prove what was written, not that it makes sense: the store itself is looked through as well."""
    path, manifest = back_up(Config.load(shop), tmp_path / "b.shoplens")
    with tarfile.open(path) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    with sqlite3.connect(tmp_path / "out" / "shop.db") as raw:
        raw.execute("DELETE FROM variants WHERE product = 1")
    raw.close()
    forged = tmp_path / "forged"
    shutil.copytree(shop, forged)
    os.replace(tmp_path / "out" / "shop.db", forged / "shop.db")
    for left in ("shop.db-wal", "shop.db-shm"):
        (forged / left).unlink(missing_ok=True)
    path, told = back_up(Config.load(forged), tmp_path / "f.shoplens")
    assert dataclasses.replace(told, parts=(), rows={}, made="") == dataclasses.replace(
        manifest, parts=(), rows={}, made=""
    )
    with pytest.raises(StoreError, match="products without a variant"):
        restore(path, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_what_cannot_be_backed_up_or_overwritten(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(ShopNotFoundError):
        back_up(Config.load(tmp_path / "none"), tmp_path / "b.shoplens")
    assert not list(tmp_path.glob("*.shoplens"))
    precious = shop / "shoplens.toml"
    with pytest.raises(BackupError, match="no backup"):
        back_up(Config.load(shop), precious)
    assert "depth" in precious.read_text()
    path, first = back_up(Config.load(shop), tmp_path / "b.shoplens")
    with open_store(shop / "shop.db") as store:
        store.write(Write(delete=["mug-0"]))
    with pytest.raises(BackupError, match="of this name"):
        back_up(Config.load(shop), path)
    assert back_up(Config.load(shop), path, overwrite=True)[1].sequence == first.sequence + 1

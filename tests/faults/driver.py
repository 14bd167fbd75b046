"""Lets the n-th write, fsync or rename fail in a shop that is at work, and looks at what is left; run with the shim.

    LD_PRELOAD=shim.so python -m tests.faults.driver FOLDER ERROR LASTS N [N ...]
    LD_PRELOAD=shim.so python -m tests.faults.driver FOLDER ERROR LASTS all FIRST STEP

A line of JSON for each n: how many calls there were (``seen``; ``trapped``: how many of them were renames of tantivy's,
past the C library; -1 where such cannot be caught), what was acknowledged, what was refused and how, and what is wrong
afterwards (``problems``, empty when all is well). ``all`` counts on until a run was clean.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from shoplens.app import Shop, open_shop
from shoplens.archives import read_archive
from shoplens.backups import back_up, restore
from shoplens.core.ports import Write
from shoplens.core.rules import Condition, Pin, Rule
from shoplens.engine.indexing import IndexOptions
from shoplens.errors import ShopLensError
from shoplens.lexical import lexicon_asking, lexicon_words
from shoplens.stores import open_store
from tests.support import ColourEncoder
from tests.upgrade.first import rows, write_feed

PRODUCTS = 6
RULE = Rule("sale", Condition(("red mug",)), (Pin("cushion-1", 1),))


def opened(folder: Path, **more: Any) -> Shop:
    """The shop, without waiting for the true encoder."""
    return open_shop(folder, encoder=ColourEncoder(), pictures={"workers": 1}, **more)


def prepare(folder: Path) -> None:
    """The shop before: six products, saved; and the feed that a run brings it in line with, of known pictures."""
    feed = write_feed(folder)
    lines = feed.read_bytes().splitlines(keepends=True)
    feed.write_bytes(b"".join(lines[:PRODUCTS]))
    with opened(folder / "before", create=True, currency="EUR") as shop:
        shop.index(feed, pictures=folder / "photos")
        shop.copies.save()
        back_up(shop.config, folder / "kept.shoplens")
    changed = rows(folder / "photos")[:PRODUCTS]
    for number, row in enumerate(changed):
        row["price"] = f"{number + 50}.00"
    changed[0]["title"] = "Scarlet cushion"
    changed.append(changed[1] | {"id": "new", "title": "Second green cushion"})
    feed.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in changed))


def work(folder: Path, told: Callable[[str, str], None]) -> None:
    """What a shop does in a day. Each step that returned is told as acknowledged; refusals must be errors of ours."""

    def step(name: str, do: Callable[[], object]) -> None:
        try:
            do()
            told("done", name)
        except ShopLensError as error:
            told("refused", f"{name}: {error.code}: {error}")
            if not error.hint:
                told("wrong", f"{name}: refused without a hint: {error}")
        except Exception:
            told("wrong", f"{name}: {traceback.format_exc(limit=-4)}")

    def index() -> None:
        feed = folder.parent / "products.jsonl"
        with opened(folder) as shop:
            shop.index(feed, pictures=folder.parent / "photos", options=IndexOptions(remove_missing=False))

    def serve() -> None:
        with opened(folder) as shop:
            step("write", lambda: shop.store.write(Write(delete=["cushion-5"])))
            step("rule", lambda: shop.rules.put(RULE, by="test"))
            step("switch", lambda: shop.store.set_meta("switched", "yes"))
            step("search", lambda: shop.search("scarlet cushion"))
            step("words", lambda: shop.catch_up())
            step("snapshot", lambda: shop.copies.save())
            step("backup", lambda: back_up(shop.config, folder / "own.shoplens"))

    step("index", index)
    step("serve", serve)
    step("restore", lambda: restore(folder.parent / "kept.shoplens", folder / "restored"))


def look(folder: Path, done: set[str], wrong: Callable[[str], None]) -> None:
    """Opens the shop as the next start does: what was acknowledged is there, and every copy agrees with the store."""
    with opened(folder) as shop:
        if not shop.catch_up():
            wrong("the words cannot be brought up to date")
        for finding in shop.doctor():
            if finding.level == "error":
                wrong(f"doctor: {finding.message}")
        for line in shop.store.check():
            wrong(f"store: {line}")
        ids = set(shop.store.ids())
        if "index" in done:
            if "new" not in ids or shop.product("cushion-0").title != "Scarlet cushion":
                wrong("an acknowledged index is lost")
            if str(shop.product("cushion-1").variants[0].price) != "51.00":
                wrong(f"an acknowledged price is lost: {shop.product('cushion-1').variants[0].price}")
        if "write" in done and "cushion-5" in ids:
            wrong("an acknowledged deletion is lost")
        if "rule" in done and [v.rule_id for v in shop.rules.list()] != ["sale"]:
            wrong("an acknowledged rule is lost")
        if "switch" in done and shop.store.get_meta("switched") != "yes":
            wrong("an acknowledged setting is lost")
        titles = {s.product.title for part in shop.store.scan() for s in part}
        for title in titles:
            found = {hit.product.title for hit in shop.search(title, semantic_ratio=0.0).hits}
            if title not in found:
                wrong(f"the words do not find {title!r}")
        if {hit.product.id for hit in shop.search("", per_page=50).hits} != ids:
            wrong("the filters do not agree with the store")
    if "backup" in done:
        read_archive(folder / "own.shoplens")
    if "restore" in done:
        with open_store(folder / "restored" / "shop.db") as store:
            if store.check() or len(list(store.ids())) != PRODUCTS:
                wrong("a restored shop is not whole")
    elif (folder / "restored").exists():
        wrong("a restore that was refused left something in place")


def in_child(do: Callable[[Callable[[str, str], None]], None]) -> list[list[str]]:
    """Runs something in a fork of this process; what it told, and how it ended if that was not well."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        code = 1
        try:
            do(lambda kind, text: void(os.write(writing, orjson.dumps([kind, text]) + b"\n")))
            code = 0
        except BaseException:
            os.write(writing, orjson.dumps(["wrong", traceback.format_exc(limit=-6)]) + b"\n")
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told: list[list[str]] = [orjson.loads(line) for line in pipe]
    _, status = os.waitpid(child, 0)
    if status:
        told.append(["wrong", f"it ended with status {status}"])
    return told


def void(_: object) -> None:
    """Nothing."""


def run(folder: Path, n: int, error: int, lasts: bool) -> dict[str, Any]:
    """One run with the n-th call failing, and the look at what it left."""
    shim = ctypes.CDLL(None)
    place = folder / "shop"
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(folder / "before", place)

    def at_work(told: Callable[[str, str], None]) -> None:
        shim.fault_arm(str(place).encode(), n, error, int(lasts))
        work(place, told)
        told("seen", str(shim.fault_seen()))
        told("trapped", str(shim.fault_trapped()))

    told = in_child(at_work)
    done = {text for kind, text in told if kind == "done"}
    told += in_child(lambda say: look(place, done, lambda text: say("wrong", text)))
    return {
        "n": n,
        "seen": next((int(text) for kind, text in told if kind == "seen"), -1),
        "trapped": next((int(text) for kind, text in told if kind == "trapped"), -1),
        "done": sorted(done),
        "refused": [text for kind, text in told if kind == "refused"],
        "problems": [text for kind, text in told if kind == "wrong"],
    }


def main(folder: Path, error: int, lasts: bool, which: list[str]) -> None:
    """Runs and tells."""
    if not (folder / "before").exists() and (failed := in_child(lambda _: prepare(folder))):
        raise SystemExit(str(failed))
    lexicon_words(), lexicon_asking()  # once, and not in each fork anew: half of the processor time of a run
    every = which[0] == "all"
    n, step = (int(which[1]), int(which[2])) if every else (0, 0)
    numbers = [] if every else [int(one) for one in which]
    while every or numbers:
        at = n if every else numbers.pop(0)
        told = run(folder, at, error, lasts)
        sys.stdout.write(orjson.dumps(told).decode() + "\n")
        sys.stdout.flush()
        if every and 0 <= told["seen"] < at:
            return
        n += step


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), int(sys.argv[2]), sys.argv[3] == "1", sys.argv[4:])

"""Indexing does only what changed, reports what it cannot use, and removes with care."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shoplens.engine.indexing import IndexOptions
from shoplens.errors import FeedError, PictureError, RemovalGuardError
from tests.conftest import SmallShop, cushions
from tests.support import picture


def test_a_second_run_does_nothing(small: SmallShop) -> None:
    shop = small.open()
    first = small.index(shop, cushions(small))
    assert (first.read, first.added, first.changed, first.unchanged) == (6, 6, 0, 0)
    assert first.pictures_encoded == 7
    seq, pictures, words = shop.store.last_seq(), small.encoder.encoded_pictures, small.encoder.encoded_words
    second = small.index(shop, cushions(small))
    assert (second.read, second.added, second.changed, second.unchanged, second.removed) == (6, 0, 0, 6, 0)
    assert second.pictures_encoded == second.texts_encoded == 0
    assert shop.store.last_seq() == seq
    assert (small.encoder.encoded_pictures, small.encoder.encoded_words) == (pictures, words)


def test_a_new_price_or_stock_touches_no_vector(small: SmallShop) -> None:
    shop = small.open()
    rows: list[Any] = cushions(small)
    small.index(shop, rows)
    parts = shop.copies.parts
    before = (small.encoder.encoded_pictures, small.encoder.encoded_words, parts.pictures.stats())
    rows[0] = {**rows[0], "price": "1.00", "in_stock": False}
    report = small.index(shop, rows)
    assert (report.changed, report.unchanged, report.pictures_encoded, report.texts_encoded) == (1, 5, 0, 0)
    shop.copies.refresh()
    after = (small.encoder.encoded_pictures, small.encoder.encoded_words)
    assert after == before[:2]
    assert parts.pictures.stats().dead == before[2].dead  # no row was written anew
    assert [h.product.id for h in shop.search("", where="price<2").hits] == ["C1"]
    assert "C1" in [h.product.id for h in shop.search("", where="not in_stock").hits]


def test_a_changed_picture_under_the_same_name_is_noticed(small: SmallShop) -> None:
    shop = small.open()
    rows = cushions(small)
    small.index(shop, rows)
    assert shop.search(photos=picture("white", shade=-2)).hits == () or (
        shop.search(photos=picture("white", shade=-2)).hits[0].product.id != "C1"
    )
    small.paint("red.png", "white")
    report = small.index(shop, rows)
    assert (report.changed, report.pictures_encoded) == (1, 1)
    assert shop.search(photos=picture("white", shade=-2)).hits[0].product.id == "C1"


def test_new_words_are_found_and_old_ones_are_not(small: SmallShop) -> None:
    shop = small.open()
    rows: list[Any] = cushions(small)
    small.index(shop, rows)
    rows[1] = {**rows[1], "title": "Emerald beanbag"}
    small.index(shop, rows)
    assert [h.product.id for h in shop.search("beanbag", semantic_ratio=0).hits] == ["C2"]
    assert next(h.product.id for h in shop.search("beanbag").hits) == "C2"


def test_removed_products_go(small: SmallShop) -> None:
    shop = small.open()
    rows = cushions(small)
    small.index(shop, rows)
    report = small.index(shop, rows[1:])
    assert report.removed == 1
    assert "C1" not in [h.product.id for h in shop.search("red cushion").hits]
    assert "C1" not in [h.product.id for h in shop.search(photos=picture("red")).hits]
    kept = small.index(shop, rows[2:], remove_missing=False)
    assert kept.removed == 0
    assert shop.search("").found == 5


def test_the_guard_refuses_to_empty_the_shop(small: SmallShop) -> None:
    shop = small.open()
    rows = [{"id": f"P{n}", "title": f"Thing number {n}"} for n in range(40)]
    small.index(shop, rows)
    with pytest.raises(RemovalGuardError, match="21 of the 40") as caught:
        small.index(shop, [*rows[:19], {"id": "NEW", "title": "New thing"}])
    assert "--allow-removals" in (caught.value.hint or "")
    assert shop.search("").found == 41  # what is new was written, nothing was removed
    small.index(shop, rows[:19], max_removed=1.0)
    assert shop.search("").found == 19


def test_bad_rows_and_pictures_are_reported_and_do_not_stop_the_rest(small: SmallShop) -> None:
    shop = small.open()
    (small.pictures / "broken.png").write_bytes(picture("red")[:40])
    rows: list[Any] = [
        {"id": "A", "title": "Red one", "images": [small.paint("a.png", "red")]},
        {"id": "B", "title": "Broken", "images": ["broken.png", small.paint("b.png", "blue")]},
        {"id": "C", "title": "Missing picture", "images": ["nowhere.png"]},
        {"title": "No id"},
        {"id": "D", "title": "Bad price", "price": "cheap"},
        {"id": "E", "images": [small.paint("e.png", "green")]},
        {"id": "F"},
    ]
    problems = []
    report = shop.index(small.write(rows), pictures=small.pictures, on_problem=problems.append)
    assert report.read == 6
    assert report.rows_skipped == 1
    assert report.pictures_rejected == 2
    assert {(p.product_id, p.field) for p in problems if p.product_id in ("B", "C")} == {("B", "image"), ("C", "image")}
    lines = [json.loads(line) for line in (shop.folder / "report.jsonl").read_text().splitlines()]
    assert len(lines) == len(problems) == report.problems
    by_line = {line["line"]: line for line in lines if line["line"]}
    assert by_line[4]["skipped"]
    assert by_line[4]["field"] == "id"
    assert not by_line[5]["skipped"]
    assert by_line[5]["field"] == "price"
    assert shop.search("").found == 6
    assert shop.search(photos=picture("green", shade=2)).hits[0].product.id == "E"
    codes = {f.code for f in shop.doctor()}
    assert {"pictures_rejected", "no_picture_usable", "no_title"} <= codes
    # A picture that is mended later is taken up by the next run.
    (small.pictures / "broken.png").write_bytes(picture("yellow"))
    assert shop.index(small.feed, pictures=small.pictures).pictures_encoded == 1
    assert shop.search(photos=picture("yellow", shade=2)).hits[0].product.id == "B"


def test_a_feed_that_breaks_off_removes_nothing(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, cushions(small))
    with pytest.raises(FeedError):
        shop.index(small.folder / "no-such-file.csv")
    assert shop.search("").found == 6


def test_pictures_shared_by_variants_are_one_row(small: SmallShop) -> None:
    shop = small.open()
    one = small.paint("one.png", "red")
    rows = [
        {
            "id": "S",
            "title": "Shoe",
            "images": [one],
            "variants": [{"id": f"S{n}", "size": str(n), "price": "9.00"} for n in range(36, 46)],
        }
    ]
    report = small.index(shop, rows)
    assert report.pictures_encoded == 1
    assert len(shop.copies.parts.pictures) == 1
    hit = shop.search(photos=picture("red"), where="size=41").hits[0]
    assert hit.variant.id == "S41"


def test_pictures_on_the_net_are_fetched_once(small: SmallShop) -> None:
    import http.server
    import threading

    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(small.pictures))

        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    rows = [{"id": c, "images": [f"{base}/{small.paint(f'{c}.png', c)}"]} for c in ("red", "green", "blue", "black")]
    rows.append({"id": "gone", "images": [f"{base}/nowhere.png"]})
    feed = small.write(rows)
    try:
        refused = small.open()
        assert refused.index(feed).pictures_rejected == 5  # a loopback address is not fetched unasked
        assert asked == []
        refused.close()
        shop = small.open(pictures={"workers": 1, "allow_private_addresses": True})
        report = shop.index(feed)
        assert (report.pictures_encoded, report.pictures_rejected) == (4, 1)
        assert shop.search(photos=picture("green", shade=3)).hits[0].product.id == "green"
        asked.clear()
        shop.index(feed)
        assert {path for path in asked if "nowhere" not in path} == set()
        shop.index(small.feed, options=IndexOptions(recheck_pictures=True))
        assert {"/red.png", "/green.png", "/blue.png", "/black.png"} <= set(asked)
    finally:
        server.shutdown()
        server.server_close()


def test_a_visitor_cannot_name_a_file_of_the_server(small: SmallShop) -> None:
    shop = small.open()
    for name in ("shop.db", "/etc/passwd", "file:///etc/passwd", "../photos/red.png"):
        with pytest.raises(PictureError) as caught:
            shop.fetch_photo(name)
        assert caught.value.reason == "refused"


def test_a_server_that_is_down_is_not_asked_for_ever(small: SmallShop) -> None:
    from shoplens.core.catalogue import ImageRef
    from shoplens.core.ports import PictureBytes
    from shoplens.engine.fetching import FETCH_THREADS, PATIENCE, Fetching

    asked: list[str] = []

    class Down:
        def fetch(self, ref: ImageRef, known: str = "") -> PictureBytes:
            asked.append(ref.location)
            raise PictureError("cannot connect", reason="unreachable", where=ref.location)

    wanted = [(n, ImageRef(f"http://shop.example/{n}.jpg"), "") for n in range(200)]
    found = list(Fetching(Down()).many(wanted))
    assert [key for key, _ in found] == list(range(200))
    assert all(isinstance(got, PictureError) and got.reason == "unreachable" for _, got in found)
    assert PATIENCE <= len(asked) <= PATIENCE + FETCH_THREADS


def test_pictures_can_be_left_alone(small: SmallShop) -> None:
    shop = small.open()
    rows: list[Any] = cushions(small)
    none = small.index(shop, rows, pictures=False)
    assert (none.added, none.pictures_encoded, none.problems) == (6, 0, 0)
    again = small.index(shop, rows, pictures=False)
    assert again.unchanged == 6
    assert small.index(shop, rows).pictures_encoded == 7
    for path in small.pictures.iterdir():
        path.unlink()
    rows[0] = {**rows[0], "price": "3.00"}
    kept = small.index(shop, rows, pictures=False)
    assert (kept.changed, kept.pictures_rejected) == (1, 0)
    assert shop.search(photos=picture("red", shade=1)).hits[0].product.id in ("C1", "M1")


def test_an_empty_feed_never_empties_a_shop_unasked(small: SmallShop) -> None:
    shop = small.open()
    small.index(shop, cushions(small)[:3])
    headers = small.folder / "headers.csv"
    headers.write_text("id,title\n")
    with pytest.raises(RemovalGuardError, match="lacks 3 of the 3"):
        shop.index(headers)
    assert shop.search("").found == 3
    assert shop.index(headers, options=IndexOptions(max_removed=1.0)).removed == 3


def test_a_row_that_does_not_say_whose_it_is_removes_nothing(small: SmallShop) -> None:
    shop = small.open()
    rows = cushions(small)
    small.index(shop, rows)
    said: list[Any] = []
    feed = small.write(rows[1:])
    feed.write_bytes(feed.read_bytes() + b'{"id": "C1", "title"\n')
    report = shop.index(feed, pictures=small.pictures, on_problem=said.append)
    assert report.removed == 0
    assert shop.search("").found == 6
    assert "1 products that the feed lacks were kept" in said[-1].reason


def test_a_feed_read_again_needs_no_folder_of_pictures_again(small: SmallShop) -> None:
    shop = small.open()
    rows: list[Any] = cushions(small)
    small.index(shop, rows)
    rows[0] = {**rows[0], "title": "Another cushion"}
    report = shop.index(small.write(rows))
    assert (report.changed, report.pictures_rejected, report.pictures) == (1, 0, 7)

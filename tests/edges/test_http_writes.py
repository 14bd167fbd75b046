"""Products written over HTTP: batches with bad rows, offers, entity tags, the same write sent twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import orjson
import pytest

from shoplens.app import Shop
from shoplens.core.catalogue import Money
from shoplens.errors import NotFoundError, ProductChangedError, QueryError
from shoplens.stores.write_answers import KEPT, WriteAnswer, WriteAnswers
from tests.conftest import SmallShop, cushions
from tests.serving import bearer, serving


class Place:
    """A shop that is served, and what its tests ask of it."""

    def __init__(self, small: SmallShop, shop: Shop, client: httpx.Client) -> None:
        self.small, self.shop, self.client = small, shop, client

    def write(self, rows: list[Any], **more: Any) -> dict[str, Any]:
        response = self.client.post("/v1/products", json=rows, **more)
        assert response.status_code == 200, response.text
        return dict(response.json())

    def encoded(self) -> tuple[int, int]:
        return self.small.encoder.encoded_pictures, self.small.encoder.encoded_words


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    small = SmallShop(tmp_path_factory.mktemp("writes") / "small")
    shop = small.open()
    small.index(shop, cushions(small))
    key = bearer(shop, "catalogue", "search")
    with serving(shop) as address, httpx.Client(base_url=address, timeout=60, headers=key) as client:
        yield Place(small, shop, client)
    small.close()


def statuses(report: dict[str, Any]) -> list[str]:
    return [row["status"] for row in report["results"]]


def test_what_is_acknowledged_is_found_at_once_by_picture_and_by_words_within_a_second(place: Place) -> None:
    place.small.paint("violet.png", "blue", shade=40)
    rows = [{"id": "V1", "title": "Violet vase", "image_link": "violet.png", "price": "7 EUR", "color": "violet"}]
    assert statuses(place.write(rows)) == ["created"]
    photo = (place.small.pictures / "violet.png").read_bytes()
    found = place.client.post("/v1/search", files={"images": photo}).json()
    assert found["hits"][0]["product"]["id"] == "V1"
    assert place.client.get("/v1/search", params={"filter_by": 'id="V1"'}).json()["found"] == 1
    end = time.monotonic() + 5  # a second is what is promised; of a machine under load more is waited for
    while "V1" not in [
        hit["product"]["id"]
        for hit in place.client.get("/v1/search", params={"q": "vase", "semantic_ratio": 0}).json()["hits"]
    ]:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert statuses(place.write(rows)) == ["unchanged"]
    rows[0]["title"] = "Violet pot"
    assert statuses(place.write(rows)) == ["updated"]
    assert place.client.get("/v1/products/V1").json()["title"] == "Violet pot"


def test_a_product_as_it_is_told_can_be_sent_back(place: Place) -> None:
    before = place.encoded()
    told = place.client.get("/v1/products", params={"ids": ["C1", "C3", "M1"]}).json()["products"]
    assert statuses(place.write(told)) == ["unchanged"] * 3
    assert place.encoded() == before


def test_bad_rows_are_told_with_their_place_and_stop_no_other(place: Place) -> None:
    rows: list[Any] = [{"id": f"B{n}", "title": f"Thing number {n}", "price": n} for n in range(1, 1001)]
    rows[9] = 7
    rows[99] = {"title": "no id"}
    rows[499] = {"id": "B1", "title": "again"}
    rows[998] = {"id": "B999", "title": "odd", "price": "cheap", "image_link": "none.png"}
    report = place.write(rows)
    assert [row["row"] for row in report["results"]] == list(range(1, 1001))
    rejected = {row["row"]: row["problems"][0]["reason"] for row in report["results"] if row["status"] == "rejected"}
    assert rejected == {
        10: "a JSON object is expected",
        100: "there is no id",
        500: "this id has come before",
    }
    assert report["counts"] == {"created": 997, "rejected": 3}
    told = report["results"][998]
    assert [p["field"] for p in told["problems"]] == ["price", "image"]
    assert place.client.get("/v1/products/B1").json()["title"] == "Thing number 1"
    ids = [f"B{n}" for n in range(1, 1001)]
    removed = place.client.post("/v1/products/delete", json={"ids": ids}).json()
    assert removed["counts"] == {"deleted": 997, "missing": 3}
    too_many = place.client.post("/v1/products/delete", json={"ids": ["x"] * 10_001})
    assert too_many.status_code == 400


def test_lines_are_read_one_by_one(place: Place) -> None:
    body = b'{"id":"L1","title":"one"}\n\n{"id":\n{"id":"L2","title":"two"}'
    headers = {"content-type": "application/x-ndjson"}
    report = place.client.post("/v1/products", content=body, headers=headers).json()
    assert statuses(report) == ["created", "rejected", "created"]
    place.client.post("/v1/products/delete", json={"ids": ["L1", "L2"]})


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"[{", "application/json", 400),
        (b"3", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b'[{"id":"x"}]', "text/plain", 400),
        (b'[{"id":"x"}]', "", 400),
    ],
)
def test_what_is_no_batch_is_refused(place: Place, content: bytes, kind: str, status: int) -> None:
    response = place.client.post("/v1/products", content=content, headers={"content-type": kind} if kind else {})
    assert response.status_code == status
    assert response.json()["hint"]


OFFERS: list[tuple[dict[str, Any], tuple[str | None, str | None, bool | None, int | None]]] = [
    ({"price": "12.50 EUR"}, ("12.50 EUR", None, True, None)),
    ({"sale_price": 9}, ("9.00 EUR", "12.50 EUR", True, None)),
    ({"quantity": 0}, ("9.00 EUR", "12.50 EUR", False, 0)),
    ({"availability": "in stock", "quantity": 4}, ("9.00 EUR", "12.50 EUR", True, 4)),
    ({"sale_price": None}, ("12.50 EUR", None, True, 4)),
    ({"quantity": None}, ("12.50 EUR", None, True, None)),
    ({"price": None}, (None, None, True, None)),
    ({"price": 9.9, "currency": "EUR"}, ("9.90 EUR", None, True, None)),
]


def test_an_offer_changes_no_vector_and_no_word(place: Place) -> None:
    before = place.encoded(), place.shop.stored("C1").pictures
    for given, (price, was, in_stock, quantity) in OFFERS:
        response = place.client.patch("/v1/products/C1", json=given)
        assert response.status_code == 200, response.text
        (variant,) = place.shop.product("C1").variants
        money = [None if m is None else Money.of(Decimal(m.split()[0]), m.split()[1]) for m in (price, was)]
        assert [variant.price, variant.list_price, variant.in_stock, variant.quantity] == [*money, in_stock, quantity]
    assert (place.encoded(), place.shop.stored("C1").pictures) == before
    seq = place.shop.store.last_seq()
    assert [c.offer_only for c in place.shop.store.changes(seq - 1)] == [True]
    assert place.client.get("/v1/search", params={"filter_by": 'id="C1" and price=9.90'}).json()["found"] == 1


def test_an_offer_of_some_variants(place: Place) -> None:
    given = {"variants": [{"id": "M1-red", "price": "6 EUR", "in_stock": True}]}
    told = place.client.patch("/v1/products/M1", json=given).json()
    assert [(v["price"], v["in_stock"]) for v in told["variants"]] == [(6.0, True), (5.0, True)]


@pytest.mark.parametrize(
    "given",
    [{}, {"title": "x"}, {"price": "cheap"}, {"price": -1}, {"currency": "USD"}, {"quantity": "many"}, {"variants": 3},
     {"variants": [{"id": "nope", "price": 1}]}, {"availability": "perhaps"}],
)  # fmt: skip
def test_an_offer_that_makes_no_sense_changes_nothing(place: Place, given: dict[str, Any]) -> None:
    seq = place.shop.store.last_seq()
    response = place.client.patch("/v1/products/C2", json=given)
    assert response.status_code == 400
    assert response.json()["hint"]
    assert place.shop.store.last_seq() == seq


def test_many_offers(place: Place) -> None:
    rows = [
        {"id": "C4", "price": 1},
        {"id": "nope", "price": 1},
        {"id": "C5", "size": "x"},
        3,
        {"id": "C4", "quantity": 2},
    ]
    report = place.client.patch("/v1/products", json=rows).json()
    assert statuses(report) == ["updated", "missing", "rejected", "rejected", "updated"]
    (variant,) = place.shop.product("C4").variants
    assert (variant.price, variant.quantity) == (Money(100, "EUR"), 2)


def test_a_tag_tells_whether_a_product_is_another_one(place: Place) -> None:
    first = place.client.get("/v1/products/C2")
    tag = first.headers["etag"]
    assert place.client.get("/v1/products/C2", headers={"if-none-match": f'"x", W/{tag}'}).status_code == 304
    assert place.client.patch("/v1/products/C2", json={"quantity": 9}, headers={"if-match": tag}).status_code == 200
    assert place.client.get("/v1/products/C2", headers={"if-none-match": tag}).status_code == 200
    for refused in (
        place.client.patch("/v1/products/C2", json={"quantity": 8}, headers={"if-match": tag}),
        place.client.put("/v1/products/C2", json={"title": "x"}, headers={"if-match": tag}),
        place.client.delete("/v1/products/C2", headers={"if-match": tag}),
        place.client.put("/v1/products/fresh", json={"title": "x"}, headers={"if-match": "*"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (412, "product_changed")
    now = place.client.get("/v1/products/C2").headers["etag"]
    back = place.client.put(
        "/v1/products/C2", content=first.content, headers={"if-match": now, "content-type": "application/json"}
    )
    assert (back.status_code, back.headers["etag"]) == (200, tag)


def test_of_two_who_change_the_same_product_none_is_lost(place: Place) -> None:
    def change(n: int) -> int:
        field = {"quantity": n} if n % 2 else {"price": n}
        return place.client.patch("/v1/products/C5", json=field).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(change, range(1, 41))) == {200}
    (variant,) = place.shop.product("C5").variants
    assert variant.price is not None
    assert (variant.quantity or 0) % 2 == 1
    assert variant.price.amount % 2 == 0
    tag = place.client.get("/v1/products/C5").headers["etag"]
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(place.client.patch, "/v1/products/C5", json={"quantity": 100 + n}, headers={"if-match": tag})
            for n in range(8)
        ]
        assert sorted(one.result().status_code for one in asked) == [200] + [412] * 7


def test_offers_that_wait_for_their_turn_share_a_transaction(place: Place) -> None:
    edits, seq = place.shop.edits, place.shop.store.last_seq()
    tag = place.client.get("/v1/products/C4").headers["etag"]
    with ThreadPoolExecutor(9) as pool:
        with edits._turn:
            good = [pool.submit(edits.patch, "C4", {"quantity": 50}, match=tag)]
            while len(edits._waiting) < 1:
                time.sleep(0.01)
            good += [pool.submit(edits.patch, "C4", {"quantity": 50 + n}) for n in range(1, 6)]
            bad = [pool.submit(edits.patch, *given) for given in (("none", {"quantity": 1}), ("C4", {"size": 1}))]
            late = pool.submit(edits.patch, "C4", {"quantity": 1}, match='"other"')
            while len(edits._waiting) < 9:
                time.sleep(0.01)
        quantities = {one.result().product.variants[0].quantity for one in good}
        assert [type(one.exception()) for one in (*bad, late)] == [NotFoundError, QueryError, ProductChangedError]
    assert quantities <= set(range(50, 56)), "what is told is what is stored when it is answered"
    assert place.shop.store.last_seq() == seq + 1


def test_one_product_under_its_own_address(place: Place) -> None:
    made = place.client.put("/v1/products/a%2Fb", json={"title": "Odd id", "price": "3 EUR"})
    assert (made.status_code, made.json()["id"]) == (200, "a/b")
    assert place.client.put("/v1/products/a%2Fb", json={"id": "other"}).status_code == 400
    tag = place.client.get("/v1/products/a%2Fb").headers["etag"]
    for odd in ("%20a%2Fb%20", "a%00%2Fb", "%ed%a0%80"):  # feeds would read another id: no product is touched
        assert place.client.put(f"/v1/products/{odd}", json={"title": "Not this"}).status_code == 400, odd
    assert place.client.get("/v1/products/a%2Fb").headers["etag"] == tag
    assert place.client.delete("/v1/products/a%2Fb").json()["id"] == "a/b"
    assert place.client.delete("/v1/products/a%2Fb").status_code == 404
    assert place.client.patch("/v1/products/a%2Fb", json={"price": 3}).status_code == 404


def test_pages_of_the_catalogue_lose_and_repeat_nothing(place: Place) -> None:
    seen: list[str] = []
    cursor = ""
    while True:
        page = place.client.get("/v1/catalogue", params={"per_page": 2, "cursor": cursor}).json()
        seen += [product["id"] for product in page["products"]]
        if len(seen) == 2:  # what comes and goes meanwhile shifts nothing
            place.write([{"id": "later", "title": "later"}])
            place.client.delete("/v1/products/C1" if "C1" not in seen else "/v1/products/V1")
        if not (cursor := page["next_cursor"]):
            break
    assert len(seen) == len(set(seen))
    assert set(seen) == set(place.shop.store.ids()) | set(seen[:2])
    for damaged in ("x", "cDM!", "cHgz", "A" * 64):
        assert place.client.get("/v1/catalogue", params={"cursor": damaged}).status_code == 400


# --- the same write, sent again ------------------------------------------------------------------


def test_the_same_write_is_done_once_by_ten_who_send_it_at_once(place: Place) -> None:
    seq = place.shop.store.last_seq()
    body = orjson.dumps([{"id": "K1", "title": "Once"}])
    headers = {"idempotency-key": "one", "content-type": "application/json"}

    def send(_: int) -> httpx.Response:
        return place.client.post("/v1/products", content=body, headers=headers)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(10)))
    assert {(a.status_code, a.content) for a in answers} == {(200, answers[0].content)}
    assert statuses(answers[0].json()) == ["created"], "the second time it would be unchanged"
    assert sorted("idempotent-replayed" in a.headers for a in answers) == [False] + [True] * 9
    assert place.shop.store.last_seq() == seq + 1


def test_a_key_is_for_one_write(place: Place) -> None:
    headers = {"idempotency-key": '"two"'}
    first = place.client.patch("/v1/products/C3", json={"quantity": 1}, headers=headers)
    place.client.patch("/v1/products/C3", json={"quantity": 5})
    again = place.client.patch("/v1/products/C3", json={"quantity": 1}, headers=headers)
    assert (again.status_code, again.content, again.headers["etag"]) == (200, first.content, first.headers["etag"])
    assert place.shop.product("C3").variants[0].quantity == 5, "what was done is not done again"
    for other in (
        place.client.patch("/v1/products/C3", json={"quantity": 2}, headers=headers),
        place.client.patch("/v1/products/C4", json={"quantity": 1}, headers=headers),
        place.client.delete("/v1/products/C3", headers=headers),
    ):
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    bad = place.client.delete("/v1/products/C3", headers={"idempotency-key": "x" * 256})
    assert (bad.status_code, bad.json()["code"]) == (400, "idempotency_key")
    refused = [place.client.patch("/v1/products/C3", json={"size": 1}, headers={"idempotency-key": "3"}) for _ in "12"]
    assert [r.status_code for r in refused] == [400, 400]
    assert "idempotent-replayed" in refused[1].headers


def test_a_write_with_a_key_outlives_its_client(place: Place) -> None:
    key = place.client.headers["authorization"]
    body = orjson.dumps([{"id": f"G{n}", "title": f"Gone number {n}"} for n in range(200)])
    url = place.client.base_url
    head = f"POST /v1/products HTTP/1.1\r\nhost: {url.host}\r\nauthorization: {key}\r\nidempotency-key: gone\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    with socket.create_connection((url.host, url.port or 80)) as client:
        client.sendall(head.encode() + body)
        time.sleep(0.05)
    headers = {"idempotency-key": "gone", "content-type": "application/json"}
    answer = place.client.post("/v1/products", content=body, headers=headers)
    assert answer.json()["counts"] == {"created": 200}, "as the first time, although nobody heard it"


def test_an_answer_is_kept_for_a_day(place: Place) -> None:
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    answers = WriteAnswers(place.shop.store.database, lambda: now[0])
    one, two = WriteAnswer(b"1" * 32, 200, b"one"), WriteAnswer(b"2" * 32, 200, b"two")
    assert answers.keep("me", "key", one) == one
    assert answers.keep("me", "key", two) == one, "the first one counts"
    assert answers.find("you", "key") is None
    now[0] += KEPT - timedelta(seconds=1)
    assert answers.find("me", "key") == one
    now[0] += timedelta(seconds=1)
    assert answers.find("me", "key") is None
    assert answers.keep("me", "key", two) == two

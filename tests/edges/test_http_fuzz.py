"""Whatever is sent to ``/v1/search``, the answer is hits or a problem document of a documented status; never 500."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shoplens.app import open_shop
from shoplens.core.wire import QUERY_FIELDS
from shoplens.server import create_app
from tests.conftest import SmallShop, cushions
from tests.support import need_data, picture

DOCUMENTED = {200, 400, 404, 413, 422, 429}
PHOTO = picture("green", side=40)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client in the service's own process: an error that is no problem document would be raised here."""
    small = SmallShop(tmp_path_factory.mktemp("fuzz") / "small")
    shop = small.open()
    small.index(shop, cushions(small))
    with TestClient(create_app(shop)) as made:
        yield made
    small.close()


def check(response: httpx.Response) -> Mapping[str, Any]:
    """The body, after checking that it is an answer or a problem of a documented status, with something to do next."""
    assert response.status_code in DOCUMENTED, response.text
    body: Mapping[str, Any] = json.loads(response.content)
    if response.status_code == 200:
        assert body["found"] >= len(body["hits"])
        return body
    assert response.headers["content-type"] == "application/problem+json"
    assert body["status"] == response.status_code
    assert body["type"].endswith(body["code"])
    assert body["title"]
    assert body["detail"]
    assert body["hint"], body
    return body


# --- JSON ---------------------------------------------------------------------------------------

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
weights = st.floats(-20, 20) | st.sampled_from([0, 1, -1, 1e308, 1e-300])
identifiers = st.sampled_from(["C1", "C2", "M1", "nope", "", "C1\x00"])
numbers = st.integers(-2, 300) | st.sampled_from([0, 1, 10**6, 10**30, 2**63, -(2**63), 0.5])
conditions = st.sampled_from(
    [
        "price<20",
        "brand in [Luma, Fila]",
        "in_stock",
        'category="Home > Mugs"',
        "color ~ re",
        "price in 5..20",
        "nope=1",
    ]
)
filters = st.recursive(
    conditions,
    lambda inner: (
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join)
        | inner.map("not ({})".format)
        | inner.map("({}".format)
    ),
    max_leaves=6,
) | st.text(alphabet="price<>=!~()[]\"' and or not in , .. \\", max_size=40)
photos = st.fixed_dictionaries(
    {},
    optional={
        "base64": st.sampled_from(["", "AAAA", "data:image/png;base64,AAAA", "?"]) | st.text(max_size=8),
        "url": st.sampled_from(["http://127.0.0.1:1/", "file:///etc/passwd", "http://[::1]/x", "http://", "https://%"]),
        "path": st.just("/etc/passwd"),
        "multipart": st.just("a"),
        "crop": st.lists(st.floats(-0.5, 1.5), min_size=3, max_size=5) | anything,
        "weight": weights,
    },
)
likely: Mapping[str, st.SearchStrategy[Any]] = {
    "q": st.sampled_from(["red cushion", "红色靠垫", "", " ", "\x00", "\ud83d", "a" * 5000]) | st.text(max_size=30),
    "words_weight": weights,
    "images": st.lists(photos | st.text(max_size=10), max_size=2),
    "like": st.lists(
        identifiers | st.fixed_dictionaries({"id": identifiers}, optional={"weight": weights}), max_size=3
    ),
    "unlike": st.lists(identifiers, max_size=2),
    "filter_by": filters,
    "facet_by": st.lists(st.sampled_from(["brand", "color", "price", "nope", ""]), max_size=3) | st.just("brand,color"),
    "max_facet_values": numbers,
    "sort_by": st.sampled_from(["price:asc", "brand:desc,price", "nope", ":", "price:sideways", ""]),
    "page": numbers,
    "per_page": numbers,
    "group_by": st.sampled_from(["product", "variant", "", "x"]),
    "pinned_hits": st.lists(identifiers, max_size=3),
    "hidden_hits": st.lists(identifiers, max_size=3),
    "semantic_ratio": weights,
    "understand": st.booleans(),
    "without_chips": st.lists(st.text(max_size=12), max_size=3),
    "user_token": st.text(max_size=10),
    "explain": st.booleans(),
    "find_crop": st.booleans(),
    "diversity": weights,
    "cursor": st.text(max_size=40) | st.sampled_from(["AQ", "e30", "=" * 40]),
}
# One field of a wrong kind among fields that make sense: a whole body of nonsense would fall at its first field.
bodies = st.fixed_dictionaries({}, optional=dict(likely))
spoilt = st.tuples(
    bodies, st.dictionaries(st.sampled_from(sorted(QUERY_FIELDS)) | st.text(max_size=5), anything, max_size=1)
)


def test_every_field_is_tried() -> None:
    assert set(likely) == set(QUERY_FIELDS)


@given(spoilt.map(lambda parts: parts[0] | parts[1]))
@settings(max_examples=150)
def test_any_json_body(client: TestClient, body: dict[str, Any]) -> None:
    # As JSON spells it with \u: a lone surrogate is text that a client can send.
    check(client.post("/v1/search", content=json.dumps(body), headers={"content-type": "application/json"}))


@given(
    st.binary(max_size=80) | anything.map(json.dumps).map(str.encode),
    st.sampled_from(
        [
            "application/json",
            "",
            "x/y",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "multipart/form-data; boundary=\xe9",
        ]
    ),
)
@settings(max_examples=60)
def test_any_bytes(client: TestClient, content: bytes, kind: str) -> None:
    check(client.post("/v1/search", content=content, headers={b"content-type": kind.encode("latin-1")}))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"q": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"q": "\xff"}',
        b'{"page": 1e999}',
        b'{"page": NaN}',
        b'{"q": "\\ud800"}',
    ],
)
def test_json_that_parsers_trip_over(client: TestClient, body: bytes) -> None:
    check(client.post("/v1/search", content=body, headers={"content-type": "application/json"}))


# --- The address and forms ----------------------------------------------------------------------

texts = st.text(max_size=12) | st.sampled_from(
    ["1", "-1", "1e400", "nan", "true", "[", '["C1"]', "{", "null", "C1", "price<20"]
)
pairs = st.lists(st.tuples(st.sampled_from([*sorted(QUERY_FIELDS), "q[]", "json", "x"]), texts), max_size=5)


@given(pairs)
def test_any_address(client: TestClient, fields: list[tuple[str, str]]) -> None:
    query = "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in fields)
    check(client.get(f"/v1/search?{query}"))


@given(st.binary(max_size=12))
@settings(max_examples=20)
def test_any_bytes_in_the_address(client: TestClient, value: bytes) -> None:
    check(client.get("/v1/search?q=" + quote(value)))


files = st.lists(
    st.tuples(
        st.sampled_from(["images", "images[]", "image", "a", "q", "json", ""]),
        st.sampled_from(["p.png", "", "../../x", "p\u202egnp.exe"]),
        st.sampled_from([PHOTO, PHOTO[:50], b"", b"GIF89a"]) | st.binary(max_size=40),
    ),
    max_size=3,
)


@given(pairs, files, st.none() | spoilt.map(lambda parts: parts[0] | parts[1]))
@settings(max_examples=60)
def test_any_form(
    client: TestClient, fields: list[tuple[str, str]], sent: list[tuple[str, str, bytes]], whole: Any
) -> None:
    parts: list[tuple[str, Any]] = [(n, (None, v.encode("utf-8", "surrogatepass"))) for n, v in fields]
    parts += [(name, (file, data)) for name, file, data in sent]
    if whole is not None:
        parts.append(("json", (None, json.dumps(whole))))
    if parts:
        check(client.post("/v1/search", files=parts))


@given(st.binary(max_size=60), st.integers(0, 300), st.integers(0, 40))
@settings(max_examples=60)
def test_a_damaged_form(client: TestClient, noise: bytes, at: int, gone: int) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="images"; filename="p.png"\r\n\r\n'
    whole = head + PHOTO + b'\r\n--x\r\nContent-Disposition: form-data; name="q"\r\n\r\nred\r\n--x--\r\n'
    damaged = whole[:at] + noise + whole[at + gone :]
    check(client.post("/v1/search", content=damaged, headers={"content-type": "multipart/form-data; boundary=x"}))


def test_a_form_of_too_many_parts(client: TestClient) -> None:
    assert client.post("/v1/search", files=[("images", ("p", PHOTO))] * 9).status_code == 400
    check(client.post("/v1/search", files=[("images", ("p", PHOTO))] * 40))
    check(client.post("/v1/search", data={f"x{n}": "1" for n in range(100)}, files={"images": ("p", PHOTO)}))


# --- Other addresses ----------------------------------------------------------------------------


@given(st.text(max_size=20), st.integers(-5, 5000))
@settings(max_examples=40)
def test_any_product_and_picture(client: TestClient, name: str, side: int) -> None:
    coded = quote(name.encode("utf-8", "surrogatepass"), safe="")
    for path in (
        f"/v1/products/{coded}",
        f"/v1/pictures/{coded}?side={side}",
        f"/assets/{coded}/shop.js",
        f"/v1/products?ids={coded}",
    ):
        response = client.get(path)
        # Without a name it is the address to which pictures are sent.
        assert response.status_code in DOCUMENTED | ({405} if not name else set()), (path, response.text)
        if response.status_code != 200:
            assert response.headers["content-type"] == "application/problem+json"


# --- Hostile pictures ---------------------------------------------------------------------------


@pytest.mark.data
def test_hostile_pictures_as_photos(client: TestClient) -> None:
    folder = need_data("hostile_images")
    with (folder / "manifest.csv").open(newline="") as manifest:
        rows = list(csv.DictReader(manifest))
    assert len(rows) > 200
    wrong, slow = [], []
    for row in rows:
        started = time.monotonic()
        response = client.post(
            "/v1/search", files={"images": ("photo", (folder / row["file"]).read_bytes())}, data={"per_page": "1"}
        )
        if time.monotonic() - started > 5:
            slow.append(row["file"])
        body = check(response)
        good = row["pillow_result"] == "ok" and row["format"] in {"JPEG", "MPO", "PNG", "WEBP", "GIF", "AVIF"}
        named = response.status_code in (413, 422) and str(body.get("code", "")).startswith("picture.")
        if not (response.status_code == 200 if good else named):
            wrong.append((row["file"], response.status_code, body.get("code")))
    assert wrong == []
    assert slow == []  # under one second each on a quiet machine


def turned(upright: Image.Image, orientation: int) -> bytes:
    """The file of a camera that was held so: its pixels turned, and EXIF says how to turn them back."""
    kept = Image.Transpose  # what undoes each orientation's own turn (EXIF 2.3, tag 0x0112)
    undone = {2: kept.FLIP_LEFT_RIGHT, 3: kept.ROTATE_180, 4: kept.FLIP_TOP_BOTTOM, 5: kept.TRANSPOSE}
    undone |= {6: kept.ROTATE_90, 7: kept.TRANSVERSE, 8: kept.ROTATE_270}
    image = upright.transpose(undone[orientation]) if orientation in undone else upright
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=92, exif=exif)
    return buffer.getvalue()


def test_eight_orientations_of_a_photo_find_the_same(tmp_path: Path) -> None:
    # With the bundled encoder: one that looks at the mean colour alone would not tell what stands on its head.
    folder = Path(str(resources.files("shoplens.demo") / "shop"))
    rows = [json.loads(line) for line in (folder / "products.jsonl").read_text("utf-8").splitlines()[::12]]
    feed = tmp_path / "feed.jsonl"
    feed.write_text(
        "".join(json.dumps({"id": r["id"], "title": r["title"], "images": r["images"][:1]}) + "\n" for r in rows)
    )
    with open_shop(tmp_path / "shop", create=True, pictures={"workers": 1}) as shop:
        shop.index(feed, pictures=folder)
        upright = Image.open(folder / rows[3]["images"][0]).convert("RGB")
        upright = upright.crop((0, 0, upright.width, upright.height * 7 // 8))  # its sides must differ to be mistaken
        client = TestClient(create_app(shop))

        def found(photo: bytes) -> tuple[str, float]:
            hits = check(client.post("/v1/search", files={"images": ("p.jpg", photo)}))["hits"]
            if not hits:
                return "", 0.0
            hit = hits[0]
            return hit["product"]["id"], next(r["score"] for r in hit["reasons"] if r["source"] == "picture>picture")

        answers = [found(turned(upright, orientation)) for orientation in range(1, 9)]
        assert {name for name, _ in answers} == {rows[3]["id"]}
        scores = [score for _, score in answers]
        assert max(scores) - min(scores) < 0.02
        # The tag is what made them the same: without it the photo on its head is like it less, or not at all.
        name, score = found(turned(upright.transpose(Image.Transpose.ROTATE_180), 0))
        assert name != rows[3]["id"] or score < min(scores) - 0.02

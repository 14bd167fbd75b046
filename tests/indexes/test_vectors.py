"""FlatVectors against the conformance suite, and what it promises beyond the port."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.suites import vector_index as suite

from shoplens.core.ports import VectorIndex, VectorRow
from shoplens.core.spaces import Space, exact_top_k, unit
from shoplens.errors import EncoderError, SpaceMismatchError
from shoplens.indexes import vectors as module
from shoplens.indexes import vectors_view
from shoplens.indexes.codes import Codebook, Sketch, inner_products
from shoplens.indexes.vectors import FlatVectors
from shoplens.indexes.vectors_view import pack_key, unpack_key

D = 64


def crowd(rng: np.random.Generator, n: int, region: int = 0, spread: float = 0.5) -> np.ndarray:
    """Unit vectors float32 [n, 64] around 40 centres; each region of the space is off the origin in its own way."""
    shared = np.random.default_rng(7)
    centres = shared.standard_normal((40, D)) * 0.9 ** np.arange(D)
    away = 2.0 * np.random.default_rng(region).standard_normal(D) / np.sqrt(D)
    return unit(unit(centres[rng.integers(0, 40, n)] + spread * rng.standard_normal((n, D))) + away)


def filled(vectors: np.ndarray, batch: int = 1000, index: FlatVectors | None = None) -> FlatVectors:
    """An index of one row per product, product and variant numbers 1 to n."""
    index = index or FlatVectors(Space("crowd", "1", vectors.shape[1]), "picture")
    halves = vectors.astype(np.float16)
    for start in range(0, len(halves), batch):
        numbers = range(start + 1, min(len(halves), start + batch) + 1)
        index.replace({n: [(VectorRow(n, suite.key(n), (n,)), halves[n - 1])] for n in numbers}, numbers[-1])
    return index


@pytest.fixture(params=["few rows are all scored", "codes from the first row"])
def _limits(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lowers the limits at which codes are used, so that small data takes the long way too."""
    if request.param.startswith("codes"):
        monkeypatch.setattr(vectors_view, "SKETCH_FROM", 1)
        monkeypatch.setattr(vectors_view, "_TAIL_ROWS", 2)
        for name, value in {"_EXACT_ROWS": 0, "_EXACT_SHARE": 10**9, "_DEPTH": 4, "_DEPTH_PER_HIT": 1}.items():
            monkeypatch.setattr(module, name, value)
        monkeypatch.setattr(module, "_SCAN_SHARE", 1)


def test_is_a_vector_index() -> None:
    index: VectorIndex = FlatVectors(suite.SPACE, "picture")
    assert len(index.search(np.zeros(8, np.float32), 5).products) == 0


@pytest.mark.usefixtures("_limits")
@given(suite.batches(), suite.QUERIES, st.integers(0, 15), suite.MASKS, st.sets(st.integers(0, 5)))
def test_any_sequence_of_changes_answers_as_the_reference(batches, query, k, mask, saves) -> None:  # type: ignore[no-untyped-def]
    index, naive = FlatVectors(suite.SPACE, "picture"), suite.Naive()
    with tempfile.TemporaryDirectory() as folder:
        for seq, batch in enumerate(batches, 1):
            index.replace(batch, seq)
            naive.replace(batch, seq)
            if seq in saves:
                index.save(Path(folder))
                index = FlatVectors.open(Path(folder), suite.SPACE, "picture")
            exact = naive.search(query, k, mask)
            suite.same(index.search(query, k, mask, exact=True), exact)
            assert len(index.search(query, k, mask).products) == len(exact.products)
            if module._EXACT_ROWS:
                suite.check(index, naive, query, k, mask)
        assert len(index) == sum(map(len, naive.rows.values()))
        assert index.stats().products == len(naive.rows)
        for product in range(1, 13):
            assert index.rows_of(product) == [row for row, _ in naive.rows.get(product, [])]


@given(suite.batches(), suite.QUERIES, suite.MASKS, st.lists(st.integers(0, 14), unique=True))
def test_scores_of_chosen_products(batches, query, mask, asked) -> None:  # type: ignore[no-untyped-def]
    index, naive = FlatVectors(suite.SPACE, "picture"), suite.Naive()
    for seq, batch in enumerate(batches, 1):
        index.replace(batch, seq)
        naive.replace(batch, seq)
    everything = naive.search(query, 100, mask)
    expected = {int(n): i for i, n in enumerate(everything.products)}
    found = index.scores_of(query, np.array(asked, np.int64), mask)
    for place, product in enumerate(asked):
        at = expected.get(product)
        if at is None:
            assert np.isnan(found.scores[place])
            assert (found.variants(np.array([place]))[0], found.key(place)) == (0, "")
        else:
            assert found.scores[place] == pytest.approx(everything.scores[at], abs=1e-3)
            assert (found.variants(np.array([place]))[0], found.key(place)) == (
                everything.variants[at],
                everything.keys[at],
            )


@given(suite.batches(), suite.MASKS, st.lists(st.integers(0, 14), unique=True))
def test_vectors_of_chosen_products(batches, mask, asked) -> None:  # type: ignore[no-untyped-def]
    index, naive = FlatVectors(suite.SPACE, "picture"), suite.Naive()
    for seq, batch in enumerate(batches, 1):
        index.replace(batch, seq)
        naive.replace(batch, seq)
    vectors, owners = index.vectors_of(np.array(asked, np.int64), mask)
    expected = [
        (place, np.asarray(vector, np.float16).tolist())
        for place, product in enumerate(asked)
        for row, vector in naive.rows.get(product, [])
        if mask is None or any(v < len(mask) and mask[v] for v in row.variants)
    ]
    assert list(zip(owners.tolist(), vectors.tolist(), strict=True)) == expected


def test_a_product_is_found_once_by_its_best_row_and_names_an_allowed_variant() -> None:
    index = FlatVectors(suite.SPACE, "picture")
    east, north = np.eye(8, dtype=np.float16)[:2]
    index.replace({7: [(VectorRow(7, "front", (70, 71)), east), (VectorRow(7, "side", (72,)), north)]}, 1)
    query = unit(np.array([1, 0.5, 0, 0, 0, 0, 0, 0], np.float32))
    assert index.search(query, 5).keys == ("front",)
    only = np.zeros(80, np.bool_)
    only[71] = True
    assert index.search(query, 5, only).variants.tolist() == [71]
    only[71], only[72] = False, True
    found = index.search(query, 5, only)
    assert (found.keys, found.variants.tolist()) == (("side",), [72])
    only[72] = False
    assert len(index.search(query, 5, only).products) == 0


def test_readers_of_an_old_view_find_what_was_there() -> None:
    rng = np.random.default_rng(1)
    vectors = crowd(rng, 50)
    index = filled(vectors)
    old = index._view
    index.replace({3: [(VectorRow(3, "new", (3,)), vectors[9].astype(np.float16))], 4: []}, 99)
    rows, owners = old.rows_of(np.array([3, 4, 77], np.int64))
    assert rows.tolist() == [2, 3]
    assert owners.tolist() == [0, 1]
    assert [row.key for row in index.rows_of(3)] == ["new"]
    assert index.rows_of(4) == []


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.01, 0.001])
def test_recall_and_number_of_hits_at_every_filter(share: float) -> None:
    rng = np.random.default_rng(2)
    vectors = crowd(rng, 12_000)
    index = filled(vectors)
    halves = vectors.astype(np.float16).astype(np.float32)
    variants = np.zeros(len(vectors) + 1, np.bool_)
    variants[1 + rng.choice(len(vectors), int(share * len(vectors)), replace=False)] = True
    for region in (0, 1):
        queries = crowd(rng, 40, region)
        truth, _ = exact_top_k(queries, halves, 10, variants[1:])
        right = 0
        for query, expected in zip(queries, truth, strict=True):
            found = index.search(query, 10, variants if share < 1 else None)
            assert len(found.products) == len(expected)
            assert variants[found.variants].all()
            right += len(np.intersect1d(found.products - 1, expected))
        assert right / truth.size >= 0.99


def test_a_filter_that_the_query_runs_against_still_fills_the_page() -> None:
    """The rows allowed are those farthest from the query: codes of the nearest rows name none of them."""
    rng = np.random.default_rng(3)
    vectors = crowd(rng, 12_000)
    index = filled(vectors)
    query = vectors[0]
    order = np.argsort(vectors @ query)
    variants = np.zeros(len(vectors) + 1, np.bool_)
    variants[1 + order[:3000]] = True
    found = index.search(query, 10, variants)
    truth, scores = exact_top_k(query[None], vectors.astype(np.float16).astype(np.float32), 10, variants[1:])
    np.testing.assert_array_equal(found.products - 1, truth[0])
    np.testing.assert_allclose(found.scores, scores[0], atol=1e-3)


def test_products_whose_rows_crowd_out_the_others_do_not_shorten_the_page() -> None:
    rng = np.random.default_rng(4)
    vectors = crowd(rng, 6_000)
    index = filled(vectors[:1000])
    near = unit(vectors[0] + 0.01 * rng.standard_normal((5000, D))).astype(np.float16)
    index.replace({5000: [(VectorRow(5000, suite.key(i), (5000 + i,)), near[i]) for i in range(5000)]}, 2)
    found = index.search(vectors[0], 50)
    assert len(set(found.products.tolist())) == 50
    suite.same(found, index.search(vectors[0], 50, exact=True))


def test_ties_are_decided_by_product_number_however_many_there_are() -> None:
    """A shop's placeholder picture: 5,000 products with one and the same vector, indexed in falling order."""
    rng = np.random.default_rng(5)
    vectors = crowd(rng, 15_000)
    vectors[:5000] = vectors[0]
    halves = vectors.astype(np.float16)
    index = FlatVectors(Space("crowd", "1", D), "picture")
    numbers = range(len(vectors), 0, -1)
    index.replace({n: [(VectorRow(n, suite.key(n), (n,)), halves[n - 1])] for n in numbers}, 1)
    assert index.search(vectors[0], 20).products.tolist() == list(range(1, 21))


@pytest.mark.parametrize("query", ["alike", "another", "nothing"])
@pytest.mark.parametrize("equal", [True, False])
def test_rows_that_are_all_alike_and_queries_that_say_nothing(query: str, equal: bool) -> None:
    # A shop whose products all show the same "photo follows", 5,000 of them: too many to be scored one by one.
    rng = np.random.default_rng(9)
    vectors = unit(rng.standard_normal((5_000, D))).astype(np.float16)
    if equal:
        vectors[:] = vectors[0]
    index = FlatVectors(Space("crowd", "1", D), "picture")
    index.replace({n: [(VectorRow(n, f"{n}", (n,)), vectors[n - 1])] for n in range(1, 5_001)}, 1)
    asked = {"alike": vectors[0], "another": -vectors[0], "nothing": np.zeros(D)}[query]
    found, reference = (index.search(asked.astype(np.float32), 10, exact=exact) for exact in (False, True))
    np.testing.assert_allclose(found.scores, reference.scores, atol=1e-6)
    if equal or query == "nothing":
        assert found.products.tolist() == list(range(1, 11))
    assert len(index.neighbours(asked.astype(np.float32), 5).products) >= 5


def test_codes_of_rows_serve_queries_from_another_region_of_the_space() -> None:
    """Levels are looked up by the query itself, so it does not matter where the query lies; signs lose most of it."""
    rng = np.random.default_rng(6)
    vectors, texts = crowd(rng, 12_000, region=0), crowd(rng, 60, region=1)
    halves = vectors.astype(np.float16)
    alive = np.ones(len(halves), np.bool_)
    book = Codebook.learn(halves, alive)
    sketch = Sketch(book, book.encode(halves))
    truth, _ = exact_top_k(texts, vectors, 10)
    by_levels = np.mean([np.isin(t, sketch.nearest(q, 300)[0]).mean() for q, t in zip(texts, truth, strict=True)])
    signs = vectors > vectors.mean(axis=0)
    for codes in (texts > texts.mean(axis=0), texts > vectors.mean(axis=0)):
        near = [np.argsort((signs != code).sum(1), kind="stable")[:300] for code in codes]
        by_signs = np.mean([np.isin(t, n).mean() for t, n in zip(truth, near, strict=True)])
        assert by_levels > by_signs + 0.3
    assert by_levels >= 0.98


def test_codes_come_back_as_the_nearest_level() -> None:
    rng = np.random.default_rng(8)
    halves = crowd(rng, 3000).astype(np.float16)
    book = Codebook.learn(halves, np.ones(3000, np.bool_))
    turned = (halves[:50].astype(np.float32) - book.mean) @ book.projection
    nearest = np.abs(turned[:, :, None] - book.levels[None]).argmin(axis=2)
    expected = book.levels[np.arange(book.levels.shape[0]), nearest]
    np.testing.assert_allclose(book.decode(book.encode(halves[:50])), expected, atol=1e-6)


def test_rows_lie_in_the_cell_whose_centre_is_nearest_to_their_levels() -> None:
    rng = np.random.default_rng(9)
    halves = crowd(rng, 12_000, spread=0.1).astype(np.float16)
    book = Codebook.learn(halves, np.ones(len(halves), np.bool_))
    codes = book.encode(halves)
    assert len(book.cells) == 12_000 // 256
    far = ((book.decode(codes)[:, None] - book.cells[None]) ** 2).sum(axis=2)
    np.testing.assert_array_equal(codes[:, 0], far.argmin(axis=1))
    assert np.bincount(codes[:, 0]).max() < len(codes) / 4


def test_estimates_are_products_with_the_levels() -> None:
    rng = np.random.default_rng(9)
    halves = crowd(rng, 12_000).astype(np.float16)
    book = Codebook.learn(halves, np.ones(len(halves), np.bool_))
    codes = book.encode(halves)
    sketch = Sketch(book, codes)
    for query in crowd(rng, 5):
        plain = book.decode(codes) @ (query @ book.projection)
        rows, estimates = sketch.nearest(query, 100)
        assert (np.diff(estimates) <= 0).all()
        # The looked-up products are of 8 bits.
        assert np.abs(estimates - plain[rows]).max() < 0.05 * np.ptp(plain)


def test_inner_products_are_those_of_numpy() -> None:
    rng = np.random.default_rng(10)
    halves = rng.standard_normal((9000, 37)).astype(np.float16)
    query = rng.standard_normal(37).astype(np.float32)
    rows = rng.choice(9000, 5000)
    expected = halves.astype(np.float32) @ query
    np.testing.assert_allclose(inner_products(query, halves), expected, atol=1e-4)
    np.testing.assert_allclose(inner_products(query, halves, rows), expected[rows], atol=1e-4)


@pytest.mark.parametrize("step", [1, 2, 10, 400, 6000])
def test_neighbours_are_the_nearest_products_with_exact_scores(step: int) -> None:
    rng = np.random.default_rng(11)
    vectors = crowd(rng, 24_000)
    index = filled(vectors)
    query = crowd(rng, 1)[0]
    scores = vectors.astype(np.float16).astype(np.float32) @ query
    variants = np.arange(len(vectors) + 1) % step == 0
    allowed = [n for n in range(1, len(vectors) + 1) if n % step == 0]
    found = index.neighbours(query, 300, None if step == 1 else variants)
    assert len(found.products) >= min(300, len(allowed))
    assert (np.diff(found.products) > 0).all()
    assert np.isin(found.products, allowed).all()
    np.testing.assert_allclose(found.scores, scores[found.products - 1], atol=1e-4)
    best = sorted(allowed, key=lambda n: -scores[n - 1])[:300]
    assert np.isin(best, found.products).mean() >= 0.99


def test_neighbours_have_each_product_once_by_its_best_row() -> None:
    rng = np.random.default_rng(12)
    vectors = crowd(rng, 6_000)
    halves = vectors.astype(np.float16)
    index = FlatVectors(Space("crowd", "1", D), "picture")
    rows = {
        n: [(VectorRow(n, suite.key(3 * n + i), (n,)), halves[3 * n - 3 + i]) for i in range(3)]
        for n in range(1, 2_001)
    }
    index.replace(rows, 1)
    query = crowd(rng, 1)[0]
    scores = (vectors.astype(np.float16).astype(np.float32) @ query).reshape(-1, 3).max(axis=1)
    found = index.neighbours(query, 2_000)
    assert found.products.tolist() == list(range(1, 2_001))
    np.testing.assert_allclose(found.scores, scores, atol=1e-4)


@pytest.mark.parametrize("text", ["", "a", suite.key(1), suite.key(1).upper(), "皮包", "x" * 64, "a" * 200, "tail\0"])
def test_keys_survive_packing(text: str) -> None:
    assert unpack_key(pack_key(text)) == text
    assert unpack_key(pack_key(text).ljust(300, b"\0")) == text


def test_what_does_not_fit_the_space_is_refused() -> None:
    index = FlatVectors(suite.SPACE, "picture")
    with pytest.raises(SpaceMismatchError):
        index.search(np.zeros(9, np.float32), 1)
    with pytest.raises(SpaceMismatchError):
        index.replace({1: [(VectorRow(1, "k", (1,)), np.zeros(9, np.float16))]}, 1)
    with pytest.raises(EncoderError):
        index.replace({1: [(VectorRow(1, "k", (1,)), np.full(8, np.nan, np.float16))]}, 1)
    assert (len(index), index.seq) == (0, 0)


def test_searches_beside_a_writer_see_whole_rows() -> None:
    """Every score is the product of the query with the vector that the returned key names."""
    rng = np.random.default_rng(12)
    pool = crowd(rng, 4000).astype(np.float16)
    index = FlatVectors(Space("crowd", "1", D), "picture")
    index.replace({n: [(VectorRow(n, str(n), (n,)), pool[n])] for n in range(1, 2500)}, 1)
    queries = crowd(rng, 20)
    problems: list[str] = []
    done = threading.Event()

    def look(seed: int) -> None:
        own = np.random.default_rng(seed)
        while not done.is_set():
            query = queries[own.integers(len(queries))]
            variants = own.random(2600) < 0.7 if own.random() < 0.5 else None
            found = index.search(query, 20, variants)
            true = pool[[int(k) for k in found.keys]].astype(np.float32) @ query
            if len(found.products) != 20 or len(set(found.products.tolist())) != 20:
                problems.append(f"{len(found.products)} hits")
            if np.abs(true - found.scores).max() > 1e-3:
                problems.append(f"scores off by {np.abs(true - found.scores).max()}")

    readers = [threading.Thread(target=look, args=(seed,)) for seed in (1, 2)]
    for reader in readers:
        reader.start()
    for seq in range(2, 150):
        batch = {}
        for product in rng.choice(np.arange(1, 2500), 60, replace=False).tolist():
            chosen = rng.integers(0, 4000, rng.integers(1, 4)).tolist()
            batch[product] = [(VectorRow(product, str(c), (product,)), pool[c]) for c in chosen]
        index.replace(batch, seq)
    done.set()
    for reader in readers:
        reader.join()
    assert not problems
    assert index.stats().dead <= len(index)

"""TantivyWords: the conformance suite, two processes, kill -9, damaged folders."""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.suites import word_index as suite

from shoplens.core.catalogue import Product, Translation, Variant
from shoplens.core.ports import WordIndex
from shoplens.errors import ShopError, ShopLockedError
from shoplens.indexes import words_folder
from shoplens.indexes.words import TantivyWords
from shoplens.indexes.words_document import identifiers_of
from shoplens.indexes.words_query import identifier_key


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordIndex]:
    out = TantivyWords(tmp_path_factory.mktemp("words"), writer=True)
    out.replace(suite.PRODUCTS, 1)
    yield out
    out.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[TantivyWords]:
    out = TantivyWords(tmp_path / "words", writer=True)
    yield out
    out.close()


@suite.found_cases
def test_found(index: WordIndex, words: str, expected: set[int]) -> None:
    suite.check_found(index, words, expected)


def test_changes(fresh: TantivyWords) -> None:
    suite.check_changes(fresh)


def test_fields(fresh: TantivyWords) -> None:
    suite.check_fields(fresh)


def test_masks(fresh: TantivyWords) -> None:
    rng = random.Random(3)
    titles = [" ".join(rng.choices(["red", "blue", "dress", "wool", "hat"], k=4)) for _ in range(12_000)]
    fresh.replace({n: Product(str(n), title=t) for n, t in enumerate(titles, 1)}, 1)
    for words in ("red", "red dress"):  # the first matches more than are fetched at once
        suite.check_masks(fresh, len(titles), words)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.text(max_size=80))
@example(words="a" * 5000)
@example(words="皮" * 512)
@example(words=" ".join(f"w{i}" for i in range(200)))
@example(words='title:red AND (x OR "y")~2 -z* ^3 /re/ [a TO b]')
@example(words="\x00 \ud800 \uffff red")
def test_any_text(index: WordIndex, words: str) -> None:
    suite.check_any_text(index, words)


def test_more_of_the_words_come_first(fresh: TantivyWords) -> None:
    titles = ["wool", "red wool hat", "red wool winter hat", "red hat", "winter red wool"]
    fresh.replace({n: Product(str(n), title=t) for n, t in enumerate(titles, 1)}, 1)
    result = fresh.search("red wool winter hat", 9)
    assert result.products[0] == 3
    # Two thirds of four terms are three.
    assert set(result.matched.tolist()) == {2, 3, 5}


def test_an_exact_code_wins_over_words(fresh: TantivyWords) -> None:
    fresh.replace(
        {
            1: Product("1", title="Cable AB-123 cable AB-123 for AB-123"),
            2: Product("2", title="Cable", variants=(Variant("2a"), Variant("2b", sku="AB-123"))),
        },
        1,
    )
    assert fresh.search("ab123", 2).products.tolist() == [2, 1]
    assert fresh.search("cable AB 123", 2).products.tolist() == [2, 1] or fresh.search("AB 123", 1).products[0] == 2


def test_terms_are_the_words_as_written(index: WordIndex) -> None:
    product = Product("x", title="Red Leather Bags", variants=(Variant("x", sku="K-77"),))
    assert index.terms("a RED bag of Wool", product) == ("RED", "bag")
    assert index.terms("lether", product) == ("lether",)
    assert index.terms("k77", product) == ("k77",)
    assert index.terms("green", product) == ()
    assert index.terms("黑色 皮包", Product("y", title="黑色真皮手提包")) == ("黑色", "皮包")


def test_named_is_the_share_of_terms_that_say_what_it_is(index: WordIndex) -> None:
    bag = Product(
        "x-9",
        title="Red Leather Tote",
        category=("Bags",),
        description="Machine wash. For your yoga mat.",
        translations=(Translation("zh", title="红色皮包"),),
        variants=(Variant("x-9", sku="K-77", attributes={"size": ("large",)}),),
    )
    for words, share in (
        ("red leather bag", 1), ("large tote", 1), ("red yoga bag", 2 / 3), ("machine wash", 0), ("红色皮包", 1),
        ("k77", 1), ("x-9", 1), ("", 0), ("黑色皮包", 3 / 4),
    ):  # fmt: skip
        assert index.named(words, bag) == pytest.approx(share), words


@given(st.lists(st.text(max_size=6) | st.text("aAe\u0301-_ 1\uff21", max_size=6), min_size=2, max_size=6))
def test_identifiers_of_interest_are_those_of_all(names: list[str]) -> None:
    product = Product(names[0] or "x", variants=tuple(Variant(n or "y", sku=n, gtin=n[::-1]) for n in names))
    every = identifiers_of(product)
    wanted = {identifier_key(name) for name in names} | {"a", "other"}
    assert identifiers_of(product, wanted) == every & wanted


def test_guessed_are_the_words_that_no_product_has(index: WordIndex) -> None:
    for words, guessed in (
        ("lether handbag", ("lether",)), ("leather handbag", ()), ("red xyzzyx dres", ("xyzzyx", "dres")),
        ("t-shirts", ()), ("皮包", ()), ("SKU-0003", ()),
    ):  # fmt: skip
        assert index.search(words, 5).guessed == guessed, words


def test_bulk_is_seen_when_flushed(fresh: TantivyWords) -> None:
    fresh.replace({1: Product("1", title="red")}, 1, commit=False)
    assert fresh.seq == 0
    assert len(fresh.search("red", 1).matched) == 0
    fresh.replace({2: Product("2", title="red")}, 2, commit=False)
    fresh.flush(2)
    assert fresh.seq == 2
    assert fresh.search("red", 5).products.tolist() == [1, 2]


# --- processes -----------------------------------------------------------------------------------

READ = """
import sys, time
from pathlib import Path
from shoplens.indexes.words import TantivyWords
from shoplens.indexes.words_document import identifiers_of
from shoplens.indexes.words_query import identifier_key
index = TantivyWords(Path(sys.argv[1]))
print("ready", index.reload(), flush=True)
for line in sys.stdin:
    words = line.strip()
    start = time.time()
    while time.time() - start < 5 and not (index.reload(), len(index.search(words, 1).matched))[1]:
        time.sleep(0.002)
    print(len(index.search(words, 1).matched), time.time() - start, index.reload(), flush=True)
"""


def test_found_from_a_second_process_within_a_second(fresh: TantivyWords, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", READ, str(tmp_path / "words")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline().split()[0] == "ready"
        for seq in range(1, 4):
            fresh.replace({seq: Product(str(seq), title=f"unique{seq}")}, seq)
            reader.stdin.write(f"unique{seq}\n")
            reader.stdin.flush()
            count, waited, stands = reader.stdout.readline().split()
            assert (int(count), int(stands)) == (1, seq)
            assert float(waited) < 1
        reader.stdin.close()


def test_only_the_holder_of_the_lock_writes(fresh: TantivyWords, tmp_path: Path) -> None:
    fresh.replace({1: Product("1", title="red")}, 1)
    other = TantivyWords(tmp_path / "words")
    with pytest.raises(ShopLockedError):
        other.replace({2: Product("2", title="blue")}, 2)
    other.become_writer()
    with pytest.raises(ShopLockedError):  # the first still holds tantivy's own lock
        other.replace({2: Product("2", title="blue")}, 2)
    fresh.close()
    other.replace({2: Product("2", title="blue")}, 2)
    assert other.search("blue", 1).products.tolist() == [2]
    other.close()


WRITE = """
import sys
from pathlib import Path
from shoplens.core.catalogue import Product
from shoplens.indexes.words import TantivyWords
from shoplens.indexes.words_document import identifiers_of
from shoplens.indexes.words_query import identifier_key
index = TantivyWords(Path(sys.argv[1]), writer=True)
seq = index.seq
print("start", seq, flush=True)
while True:
    seq += 1
    index.replace({seq * 100 + i: Product(f"{seq}-{i}", title=f"batch{seq}x thing") for i in range(100)}, seq)
    print("done", seq, flush=True)
"""


def test_kill_9_leaves_an_older_state_that_replay_mends(tmp_path: Path) -> None:
    rng = random.Random(11)
    told = 0
    for _ in range(6):
        command = [sys.executable, "-c", WRITE, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout
            start = int(writer.stdout.readline().split()[1])
            assert start >= told
            told = int(writer.stdout.readline().split()[1])
            time.sleep(rng.random() * 0.3)
            os.kill(writer.pid, signal.SIGKILL)
            told = max([told, *(int(line.split()[1]) for line in writer.stdout if line.endswith("\n"))])
    index = TantivyWords(tmp_path, writer=True)
    assert index.seq >= told
    for seq in range(1, index.seq + 1):  # each batch is whole up to where it stands, and nothing is beyond
        assert len(index.search(f"batch{seq}x", 200).matched) == 100
    assert len(index.search(f"batch{index.seq + 1}x", 200, None).matched) == 0
    assert len(index.search("thing", 1).matched) == index.seq * 100
    index.close()


# --- damage --------------------------------------------------------------------------------------


def built(folder: Path) -> list[Path]:
    index = TantivyWords(folder, writer=True)
    index.replace({n: Product(str(n), title=f"red thing number{n}") for n in range(1, 200)}, 3)
    index.replace({1: None}, 4)
    index.close()
    (generation,) = folder.glob("words-*")
    return sorted(p for p in generation.iterdir() if p.stat().st_size and p.name != ".managed.json")


def damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif how == "flip":
        data[len(data) // 3] ^= 0xFF
        path.write_bytes(data)
    elif how == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["cut", "flip", "empty", "missing"])
def test_a_damaged_index_is_built_anew(tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    count = len(built(tmp_path / "probe"))
    assert count >= 6
    # One damage of each kind to some files, and a flipped bit to each of them.
    for which in range(0, count, 1 if how == "flip" else 4):
        folder = tmp_path / f"{how}-{which}"
        damage(built(folder)[which], how)
        reader = TantivyWords(folder)  # a reader must not fall over it
        try:
            assert len(reader.search("red", 5).products) <= 5
        except ShopError:
            pytest.fail("a damaged index answers nothing")
        index = TantivyWords(folder, writer=True)
        assert index.seq == 0
        index.replace({7: Product("7", title="red again")}, 9)
        assert index.search("red", 5).products.tolist() == [7]
        assert reader.reload() == 9
        assert reader.search("red", 5).products.tolist() == [7]
        index.close()
        assert len(list(folder.glob("words-*"))) == 1
    assert "built anew" in caplog.text


def test_another_version_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(tmp_path)
    monkeypatch.setattr(words_folder, "VERSION", "0")
    assert TantivyWords(tmp_path).reload() == 0
    index = TantivyWords(tmp_path, writer=True)
    assert index.seq == 0
    index.close()


def test_no_index_yet(tmp_path: Path) -> None:
    reader = TantivyWords(tmp_path / "none")
    assert reader.reload() == 0
    assert len(reader.search("red", 5, np.ones(3, bool)).products) == 0
    assert not (tmp_path / "none").exists()
    reader.become_writer()
    reader.replace({1: Product("1", title="red")}, 1)
    assert reader.search("red", 5).products.tolist() == [1]
    reader.close()


@pytest.mark.parametrize(
    "words",
    ["Gwny", "pllover", "pulolver", "berathe-easy", "breathe-esay", "Go-et'r", "calamber", "ullover"],
)
def test_a_letter_wrong_in_a_word_as_it_is_written_is_forgiven(tmp_path: Path, words: str) -> None:
    """Though the stem of what was written is far from that of what was meant, or one part of a compound is wrong."""
    titles = {"gwny": "Gwyn Tee", "pllover": "Hera Pullover", "pulolver": "Hera Pullover", "ullover": "Hera Pullover",
              "berathe-easy": "Breathe-Easy Tank", "breathe-esay": "Breathe-Easy Tank", "go-et'r": "Go-Get'r Grips",
              "calamber": "Clamber Watch"}  # fmt: skip
    index = TantivyWords(tmp_path / "words", writer=True)
    product = Product("1", title=titles[words.lower()])
    index.replace({1: product, 2: Product("2", title="Quest Band")}, 1)
    found = index.search(words, 5)
    assert found.products.tolist() == [1]
    assert found.guessed == (words,)
    assert index.named(words, product) == 1.0
    assert index.terms(words, product) == (words,)
    index.close()

"""Snapshots of FlatVectors: whole, or none."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from tests.indexes.test_vectors import crowd, filled
from tests.suites import vector_index as suite

from shoplens.core.spaces import Space
from shoplens.errors import ShopError, SpaceMismatchError
from shoplens.indexes.snapshot import snapshot_path
from shoplens.indexes.vectors import FlatVectors


@pytest.fixture
def saved(tmp_path: Path) -> tuple[FlatVectors, Path]:
    """An index with codes, a tail and dead rows, and the folder that it was saved to."""
    index = filled(crowd(np.random.default_rng(1), 3000))
    index.replace({number: [] for number in range(1, 300)}, 5000)
    index.save(tmp_path)
    return index, tmp_path


def test_a_snapshot_answers_as_the_index_did(saved: tuple[FlatVectors, Path]) -> None:
    index, folder = saved
    again = FlatVectors.open(folder, index.space, "picture")
    assert again.seq == 5000
    assert (again.stats().rows, again.stats().dead) == (2701, 299)
    for query in crowd(np.random.default_rng(2), 10):
        suite.same(again.search(query, 20), index.search(query, 20))
    again.replace({1: [], 2000: []}, 5001)
    assert len(again) == 2700


def test_nothing_but_the_snapshot_is_left_in_the_folder(saved: tuple[FlatVectors, Path]) -> None:
    index, folder = saved
    index.save(folder)
    assert [path.name for path in folder.iterdir()] == [snapshot_path(folder, "picture").name]


def test_there_is_no_snapshot(tmp_path: Path) -> None:
    index = FlatVectors.open(tmp_path / "none", suite.SPACE, "picture")
    assert (len(index), index.seq) == (0, 0)


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.999])
def test_a_snapshot_that_was_cut_off_is_discarded(
    saved: tuple[FlatVectors, Path], keep: float, caplog: pytest.LogCaptureFixture
) -> None:
    index, folder = saved
    path = snapshot_path(folder, "picture")
    data = path.read_bytes()
    path.write_bytes(data[: int(keep * len(data))])
    with caplog.at_level(logging.WARNING):
        again = FlatVectors.open(folder, index.space, "picture")
    assert (len(again), again.seq) == (0, 0)
    assert "discarded" in caplog.text


def test_a_flipped_byte_anywhere_is_noticed(saved: tuple[FlatVectors, Path]) -> None:
    index, folder = saved
    path = snapshot_path(folder, "picture")
    data = path.read_bytes()
    rng = np.random.default_rng(3)
    for place in [*rng.integers(0, len(data), 20).tolist(), *range(len(data) - 20, len(data))]:
        broken = bytearray(data)
        broken[place] ^= 0x10
        path.write_bytes(broken)
        assert FlatVectors.open(folder, index.space, "picture").seq == 0


def test_a_snapshot_of_another_modality_is_discarded(saved: tuple[FlatVectors, Path]) -> None:
    index, folder = saved
    snapshot_path(folder, "picture").rename(snapshot_path(folder, "words"))
    assert FlatVectors.open(folder, index.space, "words").seq == 0


def test_a_snapshot_of_another_space_is_refused_with_the_command(saved: tuple[FlatVectors, Path]) -> None:
    index, folder = saved
    with pytest.raises(SpaceMismatchError, match="--rebuild"):
        FlatVectors.open(folder, Space("crowd", "2", index.space.dimension), "picture")


def test_a_folder_that_cannot_be_written_is_named(saved: tuple[FlatVectors, Path]) -> None:
    index, folder = saved
    (folder / "file").write_bytes(b"")
    with pytest.raises(ShopError) as caught:
        index.save(folder / "file")
    assert "file" in str(caught.value)
    assert caught.value.hint

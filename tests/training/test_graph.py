"""The lean graph of the text tower: the answers of the graph that it is made of, for any batch, length and mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch", reason="needs the extra `train`")
onnx = pytest.importorskip("onnx", reason="needs the extra `train`")

import shoplens.encoders  # noqa: E402
from shoplens.errors import EncoderError  # noqa: E402
from shoplens.training import export  # noqa: E402
from shoplens.training.graph import lean  # noqa: E402
from shoplens.training.towers import TextTower  # noqa: E402

PIECES, LONGEST, HEADS = 120, 12, 2


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """fp32, int8 and lean int8 of one tower with no weight at its first value (those are zeros and ones)."""
    torch.manual_seed(3)
    tower = TextTower(PIECES, width=32, depth=2, heads=HEADS, longest=LONGEST)
    with torch.no_grad():
        for weight in tower.parameters():
            weight.add_(torch.randn_like(weight) * 0.15)
    folder = tmp_path_factory.mktemp("towers")
    full, small, made = (folder / f"{name}.onnx" for name in ("fp32", "int8", "lean"))
    export.export_text(tower, full)
    export.quantize_text(full, small)
    lean(small, made, HEADS)
    return full, small, made


def _texts(rows: int, length: int, seed: int) -> dict[str, np.ndarray]:
    """Random pieces; rows of several lengths, so that most are padded."""
    rng = np.random.default_rng(seed)
    kept = np.arange(length) < rng.integers(1, length + 1, (rows, 1))
    return {"ids": rng.integers(0, PIECES, (rows, length)), "mask": kept.astype(np.int64)}


@pytest.mark.parametrize("rows", [1, 64])
@pytest.mark.parametrize("length", [1, 2, 5, LONGEST])
def test_it_answers_as_before(files: tuple[Path, Path, Path], rows: int, length: int) -> None:
    full, small, made = files
    texts = _texts(rows, length, seed=rows + length)
    before = export.run(small, ["embedding"], texts)[0]
    after = export.run(made, ["embedding"], texts)[0]
    assert after.shape == before.shape
    # Not to the bit: sums come in another order, and what is rounded to 256 steps may fall on the next one.
    assert (before * after).sum(axis=1).min() > 0.99999
    assert np.abs(before - after).max() < 2e-3
    assert (after * export.run(full, ["embedding"], texts)[0]).sum(axis=1).min() > 0.98


def test_padding_says_nothing(files: tuple[Path, Path, Path]) -> None:
    texts = _texts(8, 7, seed=1)
    other = {"ids": np.where(texts["mask"] == 1, texts["ids"], PIECES - 1 - texts["ids"]), "mask": texts["mask"]}
    assert not np.array_equal(texts["ids"], other["ids"])
    one, two = (export.run(files[2], ["embedding"], given)[0] for given in (texts, other))
    # The steps of rounding are those of the whole batch, padding included.
    assert (one * two).sum(axis=1).min() > 0.99


def test_no_text_is_zero_as_before(files: tuple[Path, Path, Path]) -> None:
    nothing = {"ids": np.zeros((2, 3), np.int64), "mask": np.zeros((2, 3), np.int64)}
    for path in files[1:]:
        assert not export.run(path, ["embedding"], nothing)[0].any()


def test_it_has_few_nodes(files: tuple[Path, Path, Path]) -> None:
    before, after = (len(onnx.load(str(path)).graph.node) for path in files[1:])
    # 14 before the layers and after them, 17 in each.
    assert after == 14 + 2 * 17
    assert after < before / 3


def test_the_shipped_tower_is_lean() -> None:
    shipped = onnx.load(str(Path(shoplens.encoders.__file__).parent / "bundled" / "text.onnx"))
    assert len(shipped.graph.node) == 14 + 4 * 17
    assert [node.op_type for node in shipped.graph.node].count("QAttention") == 4


def test_what_is_no_such_tower_is_refused(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    full, small, made = files
    for path in (full, made):
        with pytest.raises(EncoderError, match="not an int8 text tower") as caught:
            lean(path, tmp_path / "out.onnx", HEADS)
        assert caught.value.hint
    with pytest.raises(EncoderError, match="5 heads"):
        lean(small, tmp_path / "out.onnx", 5)
    assert not (tmp_path / "out.onnx").exists()

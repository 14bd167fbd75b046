"""Fits the side signal (`shoplens.training.side`) on frozen towers: minutes on one core, once pictures were looked at.

Each training picture is looked at as it is (and mirrored, as in serving) and changed once; from that come the colours
of the histogram (k-means), the heads of kind and colour, the map that tells things apart, and the directions that words
and pictures share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shoplens.encoders.lexicon import Lexicon
from shoplens.training.augment import augment, plain
from shoplens.training.data import Item, Pool
from shoplens.training.labelled import classes_of
from shoplens.training.side import LIKELY, SAME, WORDS, Side, instance, lab
from shoplens.training.towers import DIMENSION, ImageTower, TextTower

ANCHORS = 96
SPREAD = 5.0
"""Of an anchor, in CIELAB units: 5 told views apart better than 8 and 13."""
WEIGHTS = (1.0, 0.6, 0.7)
"""Of the shared part, of likely, of same: chosen on dev among 0.3 to 1.1 (docs/reference/encoder.md)."""
KIND_TO_COLOUR = (0.45, 0.4)
TEMPERATURE = 0.75
COLOURS_BESIDE_FEATURES = 2.2
RIDGE = 2.0
_FEWEST = 4
_DRAWN = 0.3


@dataclass(frozen=True, slots=True)
class Views:
    """Training pictures as looked at, plain first: ``features`` float32 [v, n, c], ``small`` uint8 [v, n, s, s, 3].

    ``rows``: where they stand in the pool.
    """

    items: Sequence[Item]
    rows: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]
    small: npt.NDArray[np.uint8]


@torch.no_grad()
def look(pool: Pool, tower: ImageTower, resolution: int, folder: Path, count: int = 2, seed: int = 5) -> Views:
    """Looks at every training picture ``count`` times; kept in ``folder`` as ``side-views.npz``."""
    rows = np.asarray([i for i, item in enumerate(pool.items) if item.split == "train"])
    items = [pool.items[row] for row in rows]
    saved = folder / "side-views.npz"
    if saved.exists():
        with np.load(saved) as kept:
            if kept["features"].shape[1] == len(items):
                return Views(items, rows, kept["features"].astype(np.float32), kept["small"])
    torch.manual_seed(seed)
    order = np.random.default_rng(0).permutation(len(rows))
    features = np.zeros((count, len(rows), tower.features), np.float16)
    small = np.zeros((count, len(rows), resolution // 2, resolution // 2, 3), np.uint8)
    tower.eval()
    for view in range(count):
        for start in range(0, len(rows), 64):
            chosen = order[start : start + 64]
            squares = torch.from_numpy(pool.pixels[rows[chosen]])
            x = plain(squares, resolution) if view == 0 else augment(squares, resolution)
            seen = tower.pooled(x.contiguous(memory_format=torch.channels_last))
            if view == 0:
                seen = (seen + tower.pooled(x.flip(3).contiguous(memory_format=torch.channels_last))) / 2
            features[view, chosen] = seen.numpy()
            small[view, chosen] = (F.avg_pool2d(x, 2) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    np.savez(saved, features=features, small=small)
    return Views(items, rows, features.astype(np.float32), small)


@torch.no_grad()
def fit(views: Views, lexicon: Lexicon, seed: int = 0) -> Side:
    """The side signal, from pictures as they were looked at."""
    drawn = torch.from_numpy(np.asarray([item.source == "rendered" for item in views.items]))
    features = [torch.from_numpy(view) for view in views.features]
    heads = {name: _head(name, views.items, features, lexicon, seed) for name in ("kind", "colour")}
    side = Side(features[0].shape[1], ANCHORS, *(len(bias) for _, bias in heads.values()))
    anchors = _anchors(views.small[0], seed)
    # -|x - c|^2 / 2 s^2 as a product of (x, 1, |x|^2).
    squares = (anchors**2).sum(1, keepdim=True)
    side.anchors.copy_(torch.cat([anchors, -squares / 2, torch.full_like(squares, -0.5)], 1).T / SPREAD**2)
    side.anchor_counts.copy_(((anchors[:, 0] <= 92) | (anchors[:, 1:].abs().amax(1) >= 5)).float())
    shares = torch.tensor(WEIGHTS)
    side.shares.copy_(shares / shares.norm())
    colours = [_histograms(side, view) for view in views.small]
    fashion = torch.from_numpy(np.asarray([item.source == "fashion" for item in views.items]))
    plainest = fashion if bool(fashion.any()) else ~fashion
    side.feature_mean.copy_(features[0][plainest].mean(0))
    side.colour_mean.copy_((colours[0][plainest] + 1e-6).sqrt().mean(0))
    parts = [instance(c, f, side.colour_mean, side.feature_mean) for c, f in zip(colours, features, strict=True)]
    balance = torch.ones(parts[0].shape[1])
    balance[features[0].shape[1] :] = COLOURS_BESIDE_FEATURES
    side.same.copy_(balance[:, None] * _telling_apart([p * balance for p in parts], views.items))
    for name, (weights, bias) in heads.items():
        getattr(side, f"{name}_weights").copy_(weights / TEMPERATURE)
        getattr(side, f"{name}_bias").copy_(bias / TEMPERATURE)
    roots = [
        say * ((features[0] @ weights + bias) / TEMPERATURE).softmax(1).sqrt()
        for say, (weights, bias) in zip(KIND_TO_COLOUR, heads.values(), strict=True)
    ]
    likely = torch.cat(roots, 1)
    real = likely[~drawn] if bool((~drawn).any()) else likely
    balance = torch.cat([torch.full((r.shape[1],), s) for s, r in zip(KIND_TO_COLOUR, roots, strict=True)])
    side.likely.copy_(_padded(balance[:, None] * _leading(real.T @ real, LIKELY), LIKELY))
    return side.eval()


@torch.no_grad()
def shared_directions(pictures: Tensor, words: Tensor) -> Tensor:
    """The 128 directions [256, 128] in which unit vectors of pictures and of words [n, 256] have their energy."""
    return _leading(pictures.T @ pictures / len(pictures) + words.T @ words / len(words), WORDS)


@torch.no_grad()
def turn(tower: ImageTower, text: TextTower, directions: Tensor) -> None:
    """Has both towers answer in the shared directions, in place: pictures [n, 128]; texts [n, 256], zeros behind."""
    weights = tower.project.weight
    tower.project = nn.Linear(weights.shape[1], WORDS, bias=False)
    tower.project.weight.copy_(directions.T @ weights)
    kept = torch.zeros(DIMENSION, text.project.weight.shape[1])
    kept[:WORDS] = directions.T @ text.project.weight
    text.project.weight.copy_(kept)


def _head(
    name: str, items: Sequence[Item], views: Sequence[Tensor], lexicon: Lexicon, seed: int, steps: int = 500
) -> tuple[Tensor, Tensor]:
    """Weights [c, classes] and bias of a linear head; a picture may allow several classes (`labelled.classes_of`)."""
    said = [classes_of(name, item, lexicon) for item in items]
    count = Counter(keys[0] for keys in said if len(keys) == 1)
    place = {key: n for n, key in enumerate(key for key, times in count.items() if times >= _FEWEST)}
    allowed = torch.zeros(len(items), max(len(place), 1))
    for row, keys in enumerate(said):
        for key in keys:
            if key in place:
                allowed[row, place[key]] = 1
    known = allowed.any(1).numpy()
    chance = np.where([item.source == "rendered" for item in items], _DRAWN, 1.0) * known
    chance = chance / chance.sum()
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    scale = float(views[0].std()) + 1e-6
    head = nn.Linear(views[0].shape[1], allowed.shape[1])
    optimizer = torch.optim.AdamW(head.parameters(), lr=3e-3, weight_decay=1e-3)
    with torch.enable_grad():
        for step in range(steps):
            optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / steps)
            rows = torch.from_numpy(rng.choice(len(items), 1024, p=chance))
            x = F.dropout(views[int(rng.integers(len(views)))][rows] / scale, 0.1)
            log_share = head(x).log_softmax(1)
            # Of the allowed classes together, with a little for every class.
            right = (log_share + (allowed[rows] - 1) * 1e4).logsumexp(1)
            loss = -(0.95 * right.mean() + 0.05 * log_share.mean())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return head.weight.detach().T / scale, head.bias.detach()


def _telling_apart(views: Sequence[Tensor], items: Sequence[Item]) -> Tensor:
    """The map [d, SAME]: whitens how pictures of one product differ, then keeps where products differ most.

    Sources count alike; to the within-class covariance `RIDGE` times its mean variance is added.
    """
    width = views[0].shape[1]
    within, total = torch.zeros(width, width), torch.zeros(width, width)
    source = np.asarray([item.source for item in items])
    product = np.unique([item.product for item in items], return_inverse=True)[1]
    names = sorted(set(source))
    for name in names:
        rows = np.flatnonzero(source == name)
        stacked = torch.cat([view[torch.from_numpy(rows)] for view in views])
        group = torch.from_numpy(np.unique(np.tile(product[rows], len(views)), return_inverse=True)[1])
        size = torch.bincount(group).float()[:, None]
        mean = torch.zeros(len(size), width).index_add_(0, group, stacked) / size
        apart = stacked - mean[group]
        within += apart.T @ apart / len(apart) / len(names)
        total += stacked.T.cov() / len(names)
    within += RIDGE * within.diagonal().mean() * torch.eye(width)
    variance, axes = torch.linalg.eigh(within.double())
    white = axes / variance.sqrt()
    return (white @ _leading(white.T @ total.double() @ white, SAME)).float()


def _anchors(small: npt.NDArray[np.uint8], seed: int, rounds: int = 25) -> Tensor:
    """Colours [ANCHORS, 3] in CIELAB, by k-means over pixels that are not white."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(small), min(3000, len(small)), replace=False))
    x = lab(torch.from_numpy(small[rows]).float()).reshape(-1, 3)
    x = x[x[:, 0] < 97]
    x = x[torch.from_numpy(rng.choice(len(x), 30_000))]
    centres = x[torch.from_numpy(rng.choice(len(x), ANCHORS, replace=False))].clone()
    for _ in range(rounds):
        nearest = ((centres**2).sum(1) - 2 * x @ centres.T).argmin(1)
        for k in range(ANCHORS):
            own = x[nearest == k]
            centres[k] = own.mean(0) if len(own) else x[int(rng.integers(len(x)))]
    centres[-1] = torch.tensor([100.0, 0.0, 0.0])  # the ground, which counts as nothing
    return centres


def _histograms(side: Side, small: npt.NDArray[np.uint8], batch: int = 256) -> Tensor:
    """Of every fourth pixel, as `Side.histogram` looks at pictures."""
    small = small[:, ::2, ::2]
    parts = [
        side.counted(torch.from_numpy(small[start : start + batch]).float()) for start in range(0, len(small), batch)
    ]
    return torch.cat(parts)


def _leading(moments: Tensor, count: int) -> Tensor:
    """The eigenvectors of the largest eigenvalues, [d, count]."""
    return torch.linalg.eigh(moments)[1].flip(1)[:, :count].contiguous()


def _padded(map_: Tensor, width: int) -> Tensor:
    return F.pad(map_, (0, width - map_.shape[1]))

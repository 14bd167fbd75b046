"""The image tower's last projection, trained once more on frozen features, against the text tower that ships.

The image tower grew up with the teacher's captions; the text tower that ships says them a little differently, in two
languages. A minute on one core closes that gap, and weighs kinds and colours alone, asked in words, as they deserve.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from shoplens.training import objectives
from shoplens.training.banks import Bank
from shoplens.training.side_fit import Views

Say = Callable[[Sequence[str]], npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class ProjectionPlan:
    """How: ``alone`` weighs the banks of kinds alone and colours alone, ``scales`` are the inverse temperatures of
    those, of the other banks, and of titles; ``anchor`` holds the weights to what they were."""

    steps: int = 400
    batch: int = 768
    rate: float = 3e-4
    alone: float = 3.0
    scales: tuple[float, float, float] = (12.0, 12.0, 20.0)
    titles: float = 1.2
    anchor: float = 10.0
    shares: Mapping[str, float] | None = None
    seed: int = 0


SHARES = {"fashion": 0.66, "clothing": 0.09, "grocery": 0.13, "rendered": 0.12}
_ALONE = ("fashion-kind", "fashion-colour")


def tune_projection(
    weights: Tensor,
    views: Views,
    rows: npt.NDArray[np.int64],
    banks: Sequence[Bank],
    labels: Mapping[str, npt.NDArray[np.int64]],
    say: Say,
    plan: ProjectionPlan | None = None,
) -> Tensor:
    """New weights [256, c] for ``weights``.

    Args:
        rows: where the pictures of ``views`` stand in the pool, whose rows ``banks`` and ``labels`` speak of.
        say: unit vectors of texts, by the text tower that ships.
    """
    plan = plan or ProjectionPlan()
    torch.manual_seed(plan.seed)
    rng = np.random.default_rng(plan.seed)
    captions = [_captions(bank, say) for bank in banks]
    titles = torch.from_numpy(say([item.title or (item.words or ("",))[0] for item in views.items]))
    groups = {name: torch.from_numpy(labels[name][rows]) for name in ("same", "alike")}
    features = [torch.from_numpy(view) for view in views.features]
    chance = _chances([item.source for item in views.items], plan.shares or SHARES)
    before = weights.detach().clone()
    now = before.clone().requires_grad_()
    optimizer = torch.optim.AdamW([now], lr=plan.rate, weight_decay=0.0)
    for step in range(plan.steps):
        optimizer.param_groups[0]["lr"] = plan.rate * (1 - step / plan.steps)
        drawn = rng.choice(len(rows), plan.batch, p=chance)
        x = F.dropout(features[int(rng.integers(len(features)))][drawn], 0.1)
        vectors = F.normalize(x @ now.T, dim=-1)
        loss = plan.anchor * ((now - before) ** 2).sum() / (before**2).sum()
        for bank, said in zip(banks, captions, strict=True):
            known = torch.from_numpy(bank.labels[rows[drawn]])
            share = float((known >= 0).float().mean())
            alone = bank.name in _ALONE
            scale = torch.tensor(plan.scales[0 if alone else 1])
            chosen = said[:, int(rng.integers(said.shape[1]))]
            part = objectives.contrast_with_bank(vectors, chosen, known, scale, bank.smoothing)
            loss = loss + bank.weight * (plan.alone if alone else 1.0) * share * part
        same = groups["same"][drawn]
        scale = torch.tensor(plan.scales[2])
        loss = loss + plan.titles * objectives.contrast_with_titles(
            vectors, titles[drawn], same[:, None] == same[None], scale
        )
        loss = loss + 0.3 * objectives.contrast_of_pictures(vectors, groups["alike"][drawn])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return now.detach()


def _captions(bank: Bank, say: Say) -> Tensor:
    """Two wordings in English and two in Chinese of every class, [classes, 4, d]; fewer are said again."""
    texts = []
    for english, chinese in zip(bank.english, bank.chinese, strict=True):
        some = [*english[:2], *chinese[:2]]
        texts += [some[n % len(some)] for n in range(4)]
    said = torch.from_numpy(say(texts))
    return said.reshape(len(bank.english), 4, -1)


def _chances(sources: Sequence[str], shares: Mapping[str, float]) -> npt.NDArray[np.float64]:
    source = np.asarray(sources)
    chance = np.zeros(len(source))
    for name in set(sources):
        chance[source == name] = shares.get(name, 0.1) / (source == name).sum()
    return np.asarray(chance / chance.sum())

"""What the towers are trained for: contrast with captions that knows about labels, contrast of pictures, heads."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def contrast_with_bank(pictures: Tensor, captions: Tensor, labels: Tensor, scale: Tensor, smoothing: float) -> Tensor:
    """Cross entropy of each picture [n, d] over all captions of a bank [m, d]; label -1 leaves a picture out.

    Every class stands once in the bank, so no two of its captions mean the same: no false negatives.
    """
    known = labels >= 0
    if not bool(known.any()):
        return pictures.sum() * 0.0
    return F.cross_entropy(scale * pictures[known] @ captions.T, labels[known], label_smoothing=smoothing)


def contrast_with_titles(pictures: Tensor, titles: Tensor, same: Tensor, scale: Tensor, own: float = 0.7) -> Tensor:
    """Symmetric InfoNCE (Radford et al. 2021) over a batch, with soft targets that know about labels.

    ``same`` bool [n, n]: pairs that share kind, colour and gender. A picture's own title gets ``own`` of the
    target, the rest is spread over the titles of pictures with the same labels.
    """
    eye = torch.eye(len(pictures))
    others = same.float() * (1 - eye)
    count = others.sum(1, keepdim=True)
    target = torch.where(count > 0, own * eye + (1 - own) * others / count.clamp(min=1), eye)
    logits = scale * pictures @ titles.T
    rows = -(target * logits.log_softmax(1)).sum(1).mean()
    columns = -(target * logits.T.log_softmax(1)).sum(1).mean()
    return (rows + columns) / 2


def contrast_of_pictures(pictures: Tensor, groups: Tensor, scale: float = 10.0) -> Tensor:
    """Supervised contrast (Khosla et al. 2020): pictures of one group near each other, within a batch."""
    eye = torch.eye(len(pictures))
    positive = (groups[:, None] == groups[None]).float() * (1 - eye)
    count = positive.sum(1)
    if not bool((count > 0).any()):
        return pictures.sum() * 0.0
    logits = scale * pictures @ pictures.T - 1e4 * eye
    log_share = logits - logits.logsumexp(1, keepdim=True)
    return (-(log_share * positive).sum(1) / count.clamp(min=1))[count > 0].mean()


def head_loss(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Cross entropy of an attribute head; label -1 is unknown."""
    known = labels >= 0
    if not bool(known.any()):
        return logits.sum() * 0.0
    return F.cross_entropy(logits[known], labels[known], label_smoothing=smoothing)

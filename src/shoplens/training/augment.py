"""Augmentation of pictures that keeps their colour: crops, turns, mirror, light, other grounds, patches blanked."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(squares: Tensor, resolution: int, other_ground: float = 0.25) -> Tensor:
    """uint8 [n, R, R, 4] (see `Pool.pixels`) -> float [n, 3, resolution, resolution] in 0..1, each one changed anew.

    ``other_ground``: the share of cut-outs that are laid on a coloured, graded, noisy or photographic ground.
    Hue is never turned: colour is what shoppers ask for.
    """
    n = squares.shape[0]
    x = squares[..., :3].permute(0, 3, 1, 2).float().div_(255)
    x = _change_ground(x, squares[..., 3], other_ground)
    x = _move(x, resolution)
    light = _uniform(n, 0.85, 1.1)
    x = x * light
    middle = x.mean((1, 2, 3), keepdim=True)
    x = (x - middle) * _uniform(n, 0.85, 1.15) + middle
    grey = x.mean(1, keepdim=True)
    x = (x - grey) * _uniform(n, 0.88, 1.15) + grey
    for i in torch.nonzero(torch.rand(n) < 0.25).flatten().tolist():
        size = int(resolution * (0.1 + 0.25 * torch.rand(1).item()))
        top, left = torch.randint(0, resolution - size, (2,)).tolist()
        x[i, :, top : top + size, left : left + size] = 1.0 if torch.rand(1).item() < 0.5 else torch.rand(1).item()
    return x.clamp_(0, 1)


def plain(squares: Tensor, resolution: int) -> Tensor:
    """uint8 [n, R, R, 3 or 4] -> float [n, 3, resolution, resolution] in 0..1, only resized (antialiased)."""
    x = squares[..., :3].permute(0, 3, 1, 2).float().div(255)
    if resolution == x.shape[-1]:
        return x
    return F.interpolate(x, size=(resolution, resolution), mode="bilinear", antialias=True, align_corners=False)


def _uniform(n: int, low: float, high: float) -> Tensor:
    return torch.empty(n, 1, 1, 1).uniform_(low, high)


def _move(x: Tensor, resolution: int) -> Tensor:
    """Scale 0.65..1.15 of the square, aspect, turn up to 12 degrees, shift, mirror; the border's colour goes on."""
    n = x.shape[0]
    scale = torch.empty(n).uniform_(0.65, 1.15)
    aspect = torch.exp(torch.empty(n).uniform_(-0.15, 0.15))
    angle = torch.empty(n).uniform_(-0.2, 0.2)
    mirror = (torch.rand(n) < 0.5).float() * 2 - 1
    sx, sy = scale * aspect.sqrt(), scale / aspect.sqrt()
    reach = (1 - scale).clamp(min=0) + 0.04
    tx, ty = (torch.rand(n) * 2 - 1) * reach, (torch.rand(n) * 2 - 1) * reach
    cos, sin = angle.cos(), angle.sin()
    matrix = torch.stack(
        [torch.stack([cos * sx * mirror, -sin * sy, tx], 1), torch.stack([sin * sx * mirror, cos * sy, ty], 1)], 1
    )
    grid = F.affine_grid(matrix, [n, 3, resolution, resolution], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def _change_ground(x: Tensor, mask: Tensor, share: float) -> Tensor:
    """Lays some cut-outs on another ground; pictures whose mask is full (no white ground) stay."""
    n, _, size, _ = x.shape
    chosen = (torch.rand(n) < share) & (mask.flatten(1).amin(1) == 0)
    rows = torch.nonzero(chosen).flatten()
    m = len(rows)
    if m == 0:
        return x
    keep = mask[rows, None].float().div(255)
    keep = F.avg_pool2d(keep, 3, 1, 1) * keep
    choice = torch.randint(0, 4, (m, 1, 1, 1))
    base = torch.rand(m, 3, 1, 1) * 0.85 + 0.1
    grey = base.mean(1, keepdim=True)
    base = grey + (base - grey) * torch.rand(m, 1, 1, 1)
    flat = base.expand(m, 3, size, size)
    ramp = torch.linspace(-0.5, 0.5, size).view(1, 1, size, 1) * (torch.rand(m, 1, 1, 1) - 0.5)
    cells = int(torch.randint(4, 24, (1,)).item())
    noise = F.interpolate(torch.rand(m, 3, cells, cells) - 0.5, size=(size, size), mode="bilinear")
    photo = x[torch.randint(0, n, (m,))]
    photo = F.interpolate(F.avg_pool2d(photo, 16), size=(size, size), mode="bilinear")
    ground = torch.where(choice == 0, flat, flat + ramp)
    ground = torch.where(choice == 2, flat + 0.35 * noise, ground)
    ground = torch.where(choice == 3, photo, ground).clamp(0, 1)
    x[rows] = x[rows] * keep + ground * (1 - keep)
    return x

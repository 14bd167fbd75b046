"""The two towers, in plain torch: a small convolutional one for pictures, a small transformer for words.

The picture's embedding is the unit of the *mean* of patch embeddings, since pooling comes before a projection
without bias: with z = W mean_p(f_p) = mean_p(W f_p), similarity to a word vector t is mean_p((W f_p) . t) / |z|.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DIMENSION = 256
PIXEL_MEAN = (0.7, 0.68, 0.67)
PIXEL_STD = (0.32, 0.32, 0.33)
"""Product pictures are mostly white; these are rounded figures of the training pictures."""


def _conv(inputs: int, outputs: int, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2015), the shortcut pooled where it shrinks (ResNet-D)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = _conv(inputs, outputs, 3, stride)
        self.second = _conv(outputs, outputs)
        shortcut: list[nn.Module] = []
        if stride > 1:
            shortcut.append(nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False))
        if inputs != outputs:
            shortcut.append(_conv(inputs, outputs, 1))
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.second(F.relu(self.first(x))) + self.shortcut(x))


class ImageTower(nn.Module):
    """Pictures -> unit vectors [n, 256] and maps of patch vectors [n, h, w, 256]; patches are 16 pixels apart.

    The last stage keeps its resolution (stride 16 instead of 32): same speed with a narrower stage, and maps
    fine enough to show where a hit matched.
    """

    def __init__(
        self, widths: tuple[int, ...] = (64, 128, 256, 384), depths: tuple[int, ...] = (1, 1, 2, 1), stem: int = 32
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(3, stem, 3, 2), nn.ReLU(), _conv(stem, widths[0], 3, 2), nn.ReLU())
        strides = (1, 2, 2, 1)
        blocks: list[nn.Module] = []
        inputs = widths[0]
        for width, depth, stride in zip(widths, depths, strides, strict=True):
            for place in range(depth):
                blocks.append(Block(inputs, width, stride if place == 0 else 1))
                inputs = width
        self.stages = nn.Sequential(*blocks)
        self.features = inputs
        self.project = nn.Linear(inputs, DIMENSION, bias=False)
        self.register_buffer("pixel_mean", torch.tensor(PIXEL_MEAN).view(1, 3, 1, 1))
        self.register_buffer("pixel_std", torch.tensor(PIXEL_STD).view(1, 3, 1, 1))

    def feature_map(self, pixels: Tensor) -> Tensor:
        """``pixels`` float [n, 3, R, R] in 0..1 -> features [n, c, R/16, R/16]."""
        x = (pixels - self.pixel_mean) / self.pixel_std
        return self.stages(self.stem(x))

    def pooled(self, pixels: Tensor) -> Tensor:
        """Mean features [n, c]: what the projection and the attribute heads read."""
        return self.feature_map(pixels).mean((2, 3))

    def forward(self, pixels: Tensor) -> Tensor:
        return F.normalize(self.project(self.pooled(pixels)), dim=-1)


class TextTower(nn.Module):
    """Token ids [n, T] and mask [n, T] -> unit vectors [n, 256]. Pre-norm transformer, mean over tokens."""

    def __init__(
        self, vocabulary: int, width: int = DIMENSION, depth: int = 4, heads: int = 4, longest: int = 48
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(torch.zeros(longest, width))
        self.layers = nn.ModuleList([TextBlock(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, DIMENSION, bias=False)
        nn.init.normal_(self.tokens.weight, std=0.05)
        nn.init.normal_(self.places, std=0.02)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        keep = mask.to(self.places.dtype)
        x = self.tokens(ids) + self.places[: ids.shape[1]]
        bias = ((1.0 - keep) * -1e4)[:, None, None, :]
        for layer in self.layers:
            x = layer(x, bias)
        x = self.norm(x) * keep[:, :, None]
        pooled = x.sum(1) / keep.sum(1, keepdim=True).clamp(min=1.0)
        return F.normalize(self.project(pooled), dim=-1)


class TextBlock(nn.Module):
    """Self-attention and a feed-forward part, each normalised first; written out so that it exports plainly."""

    def __init__(self, width: int, heads: int, grow: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm_a, self.norm_b = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, grow * width), nn.Linear(grow * width, width)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        n, t, width = x.shape
        q, k, v = self.qkv(self.norm_a(x)).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-1, -2) * (width // self.heads) ** -0.5 + bias
        x = x + self.out((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, width))
        return x + self.down(F.gelu(self.up(self.norm_b(x)), approximate="tanh"))

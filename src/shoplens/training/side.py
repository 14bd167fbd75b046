"""A side signal for pictures beside pictures: what it probably is, and what tells this very thing from its like.

Words and pictures share 128 dimensions; in the other 128 every text is zero. There a picture says

- ``likely``: roots of the probabilities of its kind and its colour, from linear heads on the pooled features
  (the inner product of two is the Bhattacharyya coefficient: how surely both are of one kind, of one colour);
- ``same``: pooled features and a soft histogram of colours through a map that evens out how pictures of one product
  differ (within-class covariance normalisation, Hatch et al. 2006): another view has the same, another product not.

Each part has a fixed length, so scores of words and pictures are those of the shared part times ``shares[0]``: words
rank pictures as they would without. The side signal is one of the whole picture, the same in each of its patches.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WORDS = 128
"""Dimensions that words and pictures share: those of least use are left out (`fit`), at no loss on dev."""
LIKELY, SAME = 64, 64
_WHITE = (0.95047, 1.0, 1.08883)
_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
_TINY = 1e-6


def lab(pixels: Tensor) -> Tensor:
    """sRGB of 0..255 [..., 3] -> CIELAB (D65) [..., 3]."""
    x = pixels / 255
    linear = torch.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    xyz = linear @ (torch.tensor(_XYZ).T / torch.tensor(_WHITE))
    f = torch.where(xyz > 0.008856, xyz.clamp(min=1e-8) ** (1 / 3), 7.787 * xyz - (-16 / 116))
    y = f[..., 1:2]
    return torch.cat([116 * y - 16, 500 * (f[..., 0:1] - y), 200 * (y - f[..., 2:3])], dim=-1)


class Side(nn.Module):
    """Pixels and pooled features -> the side signal [n, LIKELY + SAME], of length sqrt(1 - shares[0]^2).

    Args:
        features: channels of the pooled features.
        anchors: colours of the histogram.
        kinds, colours: classes of the heads.
    """

    def __init__(self, features: int, anchors: int, kinds: int, colours: int) -> None:
        super().__init__()
        for name, shape in (
            ("anchors", (5, anchors)),
            ("anchor_counts", (anchors,)),
            ("feature_mean", (features,)),
            ("colour_mean", (anchors,)),
            ("kind_weights", (features, kinds)),
            ("kind_bias", (kinds,)),
            ("colour_weights", (features, colours)),
            ("colour_bias", (colours,)),
            ("likely", (kinds + colours, LIKELY)),
            ("same", (features + anchors, SAME)),
            ("shares", (3,)),
        ):
            self.register_buffer(name, torch.zeros(shape))

    def histogram(self, pixels: Tensor) -> Tensor:
        """uint8 values as floats [n, R, R, 3] -> shares of the anchors [n, anchors]; a white ground counts as nothing.

        A pixel belongs to anchor k by softmax(-|x - c_k|^2 / 2 s^2). Of each 4 x 4 pixels the mean of 2 x 2 is looked
        at: all of them would take three milliseconds. R divides by 4.
        """
        n, side = pixels.shape[0], pixels.shape[1] // 4
        return self.counted(pixels.reshape(n, side, 4, side, 4, 3)[:, :, :2, :, :2].mean((2, 4)))

    def counted(self, small: Tensor) -> Tensor:
        """The histogram of the pixels [n, s, s, 3]."""
        x = lab(small).flatten(1, 2)
        # Written out, and held above what float32 can only say as a denormal number: half the time of a softmax.
        known = torch.cat([x, torch.ones_like(x[..., :1]), (x * x).sum(-1, keepdim=True)], dim=-1)
        near = (known @ self.anchors).clamp(min=-40.0).exp()
        share = (1.0 / x.shape[1]) / near.sum(-1)
        return (share[:, None] @ near)[:, 0] * self.anchor_counts

    def forward(self, pixels: Tensor, pooled: Tensor) -> Tensor:
        return self.of_parts(self.histogram(pixels), pooled)

    def of_parts(self, histogram: Tensor, pooled: Tensor) -> Tensor:
        """The side signal of histograms and pooled features."""
        kind = (pooled @ self.kind_weights - (-self.kind_bias)).softmax(-1).sqrt()
        colour = (pooled @ self.colour_weights - (-self.colour_bias)).softmax(-1).sqrt()
        likely = F.normalize(torch.cat([kind, colour], 1) @ self.likely, dim=-1)
        same = F.normalize(instance(histogram, pooled, self.colour_mean, self.feature_mean) @ self.same, dim=-1)
        return torch.cat([likely * self.shares[1], same * self.shares[2]], dim=1)


def instance(histogram: Tensor, pooled: Tensor, colour_mean: Tensor, feature_mean: Tensor) -> Tensor:
    """What ``same`` maps: centred features and roots of the histogram, each of unit length, [n, features + anchors]."""
    roots = (histogram - (-_TINY)).sqrt() - colour_mean
    return torch.cat([F.normalize(pooled - feature_mean, dim=-1), F.normalize(roots, dim=-1)], dim=1)

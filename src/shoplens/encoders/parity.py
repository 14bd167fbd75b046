"""Whether two encoders are the same: on whole pictures and whole texts, through all of the way to a vector.

Cosines alone say little where a space is narrow: the pictures of many models share most of their direction, and two
different pictures may have a cosine of 0.99. So cosines are taken a second time with the mean of all rows taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from shoplens.core.spaces import Pixels, Vectors, exact_top_k, unit
from shoplens.errors import EncoderError

LEAST_COSINE = 0.999
"""Of any picture or text, exported against original, in fp32 and fp16."""
LEAST_CENTRED = 0.99
"""The same with the mean of the sample taken away."""
LEAST_RECALL = 0.85
"""int8 must keep this share of the ten nearest pictures that fp32 finds."""
NEIGHBOURS = 10
LEAST_PICTURES = 50
"""Fewer pictures than this say nothing about recall@10."""

SAMPLE_TEXTS = (
    "red dress", "black leather handbag", "a photo of a blue running shoe", "Men's Watch, stainless steel, 42 mm",
    "wireless mouse 2.4GHz USB-C", "women's summer sandals - size 38", "UPPER CASE T-SHIRT", "coffee mug (350 ml)",
    "100% cotton, machine-washable; don't bleach!", "garden chair   with   spaces", "e-mail@example.com #1 & more",
    "红色连衣裙", "黑色真皮手提包", "女士运动鞋", "男士不锈钢手表，42毫米", "red 连衣裙", "iPhone 手机壳 (透明)",
    "夏季新款 T恤", "café crème", "ＦＵＬＬ ｗｉｄｔｈ", "naïve — “quoted”", "x", "", " ", "a_b_c", "3.50",
    "&amp; &lt;b&gt;", "🙂 smile",
    "a very long description of a product that goes on and on, with its material, its colour, its care and its history "
    "and the names of all the places where it has been made, sold, worn, washed, mended and given away again " * 4,
)  # fmt: skip
"""Texts that every export is tried on: both languages, cases, marks, entities, nothing at all, and too long."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the vectors of one modality are. ``count`` rows; the worst cosine, plain and centred."""

    count: int
    cosine: float
    centred: float

    def to_fields(self) -> dict[str, float]:
        """As plain data, rounded, for a card."""
        return {name: round(value, 6) for name, value in asdict(self).items()}


def likeness(wanted: Vectors, got: Vectors) -> Likeness:
    """Of unit rows, pair by pair. Both float32 [n, d]."""
    if wanted.shape != got.shape:
        return Likeness(len(wanted), -1.0, -1.0)
    mean = wanted.mean(axis=0)
    far = np.linalg.norm(wanted - mean, axis=1) > 1e-3  # a row at the mean itself has no direction from there
    centred = (unit(wanted - mean) * unit(got - mean)).sum(axis=1)[far]
    return Likeness(len(wanted), float((wanted * got).sum(axis=1).min()), float(centred.min()) if far.any() else 1.0)


def gate(what: str, found: Likeness, hint: str) -> None:
    """Raises EncoderError when two encoders are not the same. ``what``: "pictures" or "words"."""
    if found.cosine < LEAST_COSINE or found.centred < LEAST_CENTRED:
        raise EncoderError(
            f"the export is not the same encoder: on {found.count} {what} the worst cosine to the original is"
            f" {found.cosine:.4f} (at least {LEAST_COSINE}), {found.centred:.4f} with the mean taken away"
            f" (at least {LEAST_CENTRED})",
            where=what,
            hint=hint,
        )


def recall(wanted: Vectors, got: Vectors, k: int = NEIGHBOURS) -> float:
    """Mean share of each picture's k nearest others by ``wanted`` that are among its k nearest by ``got``."""
    if len(wanted) < 2:
        return 1.0
    k = min(k, len(wanted) - 1)
    shares = []
    for row, (a, b) in enumerate(zip(_nearest(wanted, k), _nearest(got, k), strict=True)):
        shares.append(len((set(a) - {row}) & (set(b) - {row})) / k)
    return float(np.mean(shares))


def sample_pictures(count: int = 24, seed: int = 0) -> list[Pixels]:
    """Pictures that every export is tried on: noise, ramps, edges; tiny, large, wide and tall."""
    rng = np.random.default_rng(seed)
    sides = [(8, 8), (31, 500), (500, 31), (640, 480), (480, 640), (225, 224), (256, 256), (97, 101)]
    found: list[Pixels] = []
    for number in range(count):
        height, width = sides[number % len(sides)]
        if number >= len(sides):
            height, width = (int(n) for n in rng.integers(40, 700, 2))
        ramp = np.add.outer(np.linspace(0, 1, height), np.linspace(0, 1, width))[:, :, None] / 2
        colours = rng.integers(0, 256, (2, 3))
        picture = colours[0] * ramp + colours[1] * (1 - ramp)
        for _ in range(number % 5):
            top, left = int(rng.integers(0, height)), int(rng.integers(0, width))
            picture[top : top + height // 3 + 1, left : left + width // 3 + 1] = rng.integers(0, 256, 3)
        if number % 3 == 0:
            picture = picture + rng.normal(0, 40, picture.shape)
        found.append(np.clip(picture, 0, 255).astype(np.uint8))
    return found


def _nearest(vectors: Vectors, k: int) -> Sequence[Sequence[int]]:
    """The k nearest others of every row."""
    numbers, _ = exact_top_k(vectors, vectors, k + 1)
    return [[int(n) for n in row if n != at][:k] for at, row in enumerate(numbers)]


__all__ = [
    "LEAST_CENTRED", "LEAST_COSINE", "LEAST_PICTURES", "LEAST_RECALL", "NEIGHBOURS", "SAMPLE_TEXTS", "Likeness", "gate",
    "likeness", "recall", "sample_pictures",
]  # fmt: skip

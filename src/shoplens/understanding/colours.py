"""Colours from pixels: what is product and what is plain ground, and how much of the product has which basic colour.

A pixel has the colour of the nearest of some ninety anchors in CIELAB (D65, CIE 1976); an anchor belongs to one basic
colour. Metal has no colour of its own in pixels: gold is a yellow, a beige or a brown, silver a grey, until the
picture's vector says otherwise (`shoplens.understanding.describing`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image

from shoplens.core.spaces import Pixels

Shares = npt.NDArray[np.float32]
Lab = npt.NDArray[np.float32]

SIDE = 80
"""Pixels of the longer side at which colours are counted: a twentieth of the time of 360, the same shares to .01."""

ANCHORS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("black", ("#111111", "#262628", "#333236", "#1c2026", "#434346", "#2e2c30")),
    ("grey", ("#626365", "#7a7c7e", "#8a8c8f", "#a8aaad", "#bfc1c4")),
    ("white", ("#ffffff", "#f3f3f1", "#e4e5e6", "#f5f0e8", "#d6d8db")),
    ("beige", ("#e8dcc3", "#d8c6a8", "#c9b28d", "#e6d2bd", "#b8a98c", "#f0e4c8")),
    ("brown", ("#3c2418", "#5a3825", "#6e462c", "#8a5a36", "#a3703f", "#b98450", "#6b5a4a", "#8b7560", "#463a36",
               "#5c504a", "#362c2a")),
    ("red", ("#c41e26", "#e0323a", "#9a1a22", "#70162c", "#4c141d", "#b5404a", "#5a3238", "#d87078")),
    ("pink", ("#f4c6d0", "#ec98b0", "#e0508c", "#d8307c", "#c9808c", "#f0b0a8")),
    ("orange", ("#e87620", "#f08a3c", "#ee705c", "#d0551c", "#f5a86a", "#b2481e")),
    ("yellow", ("#f0c630", "#f7e04a", "#f5eb8c", "#cc9a26", "#d8c800")),
    ("green", ("#1c4a2c", "#2a8046", "#5aa050", "#8cc080", "#707038", "#4a5028", "#a0d6be", "#b4cc50", "#2e5e52",
               "#187c6e", "#3a4438", "#5c6450", "#505040")),
    ("blue", ("#1c2444", "#22307a", "#2458b0", "#3c80d0", "#92bee0", "#c4dcf0", "#4a6a90", "#187a96", "#5a7cb0",
              "#48c0d0", "#2e3448", "#3c4460", "#54607c", "#8494ac", "#0000ff", "#0000c0", "#000080")),
    ("purple", ("#3a1c4c", "#6c388c", "#9460b4", "#baa8d8", "#7a3a6e", "#5a2a5a", "#4a4058", "#786c8c", "#3c3044",
                "#8a2be2", "#4b0082", "#b400ff", "#ff00ff")),
)  # fmt: skip
"""Basic colour -> sRGB values that it has in shops, dark to pale; our own choice."""

METALS: Mapping[str, tuple[str, ...]] = {"silver": ("grey", "white"), "gold": ("yellow", "beige", "brown", "orange")}
"""Basic colours that no pixel has alone -> what their pixels are."""

BASIC: tuple[str, ...] = (*(name for name, _ in ANCHORS), *METALS, "multi")
"""The basic colours: keys of the lexicon's colours. "multi" is said of a whole product only."""

LOOKS: Mapping[str, tuple[str, ...]] = {
    "black": ("black",), "white": ("white",), "grey": ("grey", "silver"), "blue": ("blue",), "brown": ("brown",),
    "red": ("red",), "green": ("green",), "purple": ("purple",), "pink": ("pink",), "yellow": ("yellow",),
    "orange": ("orange",), "beige": ("beige",), "silver": ("silver", "grey"), "gold": ("gold", "yellow"),
    "multi": ("multi",), "navy-blue": ("blue", "black"), "maroon": ("red", "brown", "purple"),
    "olive": ("green", "brown"), "steel": ("silver", "grey"), "cream": ("beige", "white", "yellow"),
    "tan": ("brown", "beige", "orange"), "charcoal": ("grey", "black"), "off-white": ("white", "beige"),
    "khaki": ("beige", "green", "brown"), "magenta": ("pink", "purple", "red"), "lavender": ("purple", "pink", "blue"),
    "copper": ("brown", "gold", "orange"), "peach": ("orange", "pink", "beige"), "teal": ("green", "blue"),
    "mustard": ("yellow", "brown", "gold", "orange"), "coffee-brown": ("brown", "black"),
    "burgundy": ("red", "purple", "brown"), "rust": ("brown", "orange", "red"), "bronze": ("brown", "gold"),
    "turquoise-blue": ("blue", "green"), "grey-melange": ("grey",), "taupe": ("brown", "grey", "beige"),
    "metallic": ("silver", "gold", "grey"), "fluorescent-green": ("green", "yellow"), "sea-green": ("green", "blue"),
    "nude": ("beige", "pink", "orange"), "skin": ("beige", "pink", "orange"), "mauve": ("purple", "pink"),
    # Shades whose key does not end in that of their colour.
    "emerald": ("green",), "sage": ("green", "grey"), "coral": ("pink", "orange", "red"), "salmon": ("pink", "orange"),
    "crimson": ("red",), "chocolate": ("brown", "black"), "indigo": ("blue", "purple"), "cyan": ("blue", "green"),
    "champagne": ("gold", "beige"), "apricot": ("orange", "beige", "pink"), "slate": ("grey", "blue"),
    "petrol": ("green", "blue"), "rose-gold": ("gold", "pink", "brown", "orange"), "light-green": ("green",),
    "rose-red": ("red", "pink"), "orange-red": ("red", "orange"), "blue-grey": ("grey", "blue"),
    "silver-grey": ("grey", "silver"), "grey-green": ("green", "grey"), "plum-red-purple": ("purple", "red"),
    "wine-purple-burgundy": ("purple", "red"), "midnight-navy-blue": ("blue", "black"),
}  # fmt: skip
"""Colours of the lexicon -> the basic colours that they can be taken for, the usual one first; no colour: none."""

_NAMES = tuple(name for name, shades in ANCHORS for _ in shades)
_OF_BASIC = np.asarray([[name == basic for basic in BASIC] for name in _NAMES], np.float32)
_WEIGHTS = np.asarray([0.5, 1, 1], np.float32)
"""Lightness counts half: folds and shadows change it, dyes do not (top colour on training photos .58 -> .69)."""
_PLAIN_BORDER = 0.6
_FEW, _MOST = 0.03, 0.985


def looks(key: str) -> tuple[str, ...]:
    """The basic colours that a colour or shade of the lexicon can be taken for, the usual one first; () for none."""
    if key in LOOKS:
        return LOOKS[key]
    parts = key.split("-")
    return next((LOOKS[tail] for n in range(1, len(parts)) if (tail := "-".join(parts[n:])) in LOOKS), ())


def to_lab(pixels: Pixels) -> Lab:
    """sRGB uint8 [..., 3] -> CIELAB float32 [..., 3], D65 (IEC 61966-2-1; CIE 15)."""
    x = np.asarray(pixels, np.float32) / np.float32(255)
    linear = np.where(
        x <= 0.04045, x / np.float32(12.92), ((x + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    )
    xyz = linear @ _TO_XYZ.T / _WHITE
    f = np.where(xyz > 0.008856, np.cbrt(xyz), xyz * np.float32(7.787) + np.float32(16 / 116))
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    ).astype(np.float32)


def foreground(lab: Lab) -> npt.NDArray[np.bool_]:
    """Where the product is, bool [h, w]: what a flood from the border through the ground's colour does not reach.

    A border of many colours is no plain ground; then, and where next to nothing or all is left, the product is taken
    to fill the middle of the picture.
    """
    height, width = lab.shape[:2]
    border = np.concatenate([lab[0], lab[-1], lab[:, 0], lab[:, -1]])
    # A product may leave the picture at one side: of each side the median, and of these the one that most share.
    sides = [np.median(side, axis=0) for side in (lab[0], lab[-1], lab[:, 0], lab[:, -1])]
    ground = max(sides, key=lambda side: int((_away(border, side) < 6).sum()))
    near = _away(border, ground)
    if (near < 10).mean() >= _PLAIN_BORDER:
        noise = float(np.median(near[near < 10]))
        pale = _away(lab, ground) < float(np.clip(2.5 + 3 * noise, 3, 9))
        product = ~_flood(pale)
        product = _eroded(product)
        if _FEW < product.mean() < _MOST:
            return product
    y, x = np.ogrid[:height, :width]
    return np.asarray(((y + 0.5) / height - 0.5) ** 2 + ((x + 0.5) / width - 0.5) ** 2 < 0.36**2, dtype=np.bool_)


def anchor_shares(picture: Pixels) -> Shares:
    """How much of the product is nearest to each anchor: float32 [anchors], sum 1. ``picture`` uint8 [h, w, 3]."""
    lab = to_lab(_small(picture))
    product = lab[foreground(lab)]
    if not len(product):
        product = lab.reshape(-1, 3)
    # |x - a|^2 but for |x|^2, which is the same for all anchors.
    away = (_ANCHOR_LAB**2).sum(axis=1) - 2 * (product * _WEIGHTS) @ _ANCHOR_LAB.T
    counts = np.bincount(away.argmin(axis=1), minlength=len(_NAMES))
    return np.asarray(counts / counts.sum(), dtype=np.float32)


def basic_shares(anchors: Shares) -> Shares:
    """Shares of anchors [..., anchors] as shares of the basic colours [..., BASIC]; metals and "multi" have none."""
    return np.asarray(anchors @ _OF_BASIC, dtype=np.float32)


def _small(picture: Pixels) -> Pixels:
    height, width = picture.shape[:2]
    if max(height, width) <= SIDE:
        return picture
    scale = SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    image = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.BOX)
    return np.asarray(image, dtype=np.uint8)


def _away(lab: Lab, ground: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    return np.asarray(np.sqrt(((lab - ground) ** 2).sum(axis=-1)), dtype=np.float32)


def _flood(open_to: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What of ``open_to`` the border reaches, by steps to the four neighbours."""
    reached = np.zeros_like(open_to)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        reached[edge] = open_to[edge]
    size = -1
    while (now := int(reached.sum())) != size:
        size = now
        for _ in range(4):
            reached[1:] |= reached[:-1] & open_to[1:]
            reached[:-1] |= reached[1:] & open_to[:-1]
            reached[:, 1:] |= reached[:, :-1] & open_to[:, 1:]
            reached[:, :-1] |= reached[:, 1:] & open_to[:, :-1]
    return reached


def _eroded(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Without its rim of one pixel, which is a mixture of product and ground; as it is where nothing else is left."""
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    return inner if inner.sum() > 0.3 * mask.sum() else mask


_TO_XYZ = np.asarray(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]],
    np.float32,
)
_WHITE = np.asarray([0.95047, 1.0, 1.08883], np.float32)
_ANCHOR_RGB = [[int(shade[i : i + 2], 16) for i in (1, 3, 5)] for _, shades in ANCHORS for shade in shades]
_ANCHOR_LAB = to_lab(np.asarray(_ANCHOR_RGB, dtype=np.uint8)) * _WEIGHTS

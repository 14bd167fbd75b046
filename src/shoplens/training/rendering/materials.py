"""Materials: how a surface answers to light, and its fine relief and tint.

Relief is a height field in units (added before the normals are taken), tint a factor on the colour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from shoplens.training.rendering.frame import Field, sample_noise

TAU = np.float32(2 * np.pi)
Relief = tuple[Field | None, Field | None]
Texture = Callable[[Field, Field, float], Relief]


def _seen(period: float, px: float) -> np.float32:
    """How much of a texture of `period` units survives at `px` work pixels a unit: 0 (a grey mean) to 1."""
    return np.float32(np.clip((period * px - 1.8) / 2.5, 0, 1))


def _grain(u: Field, v: Field, px: float) -> Relief:
    seen = _seen(0.014, px)
    if seen == 0:
        return None, None
    cells = sample_noise("cells", u, v, 0.015)
    return cells * (np.float32(0.00055) * seen), 1 + cells * (np.float32(0.016) * seen)


def _nap(u: Field, v: Field, px: float) -> Relief:
    soft = sample_noise("soft", u, v, 0.10) * np.float32(0.035)
    fine = sample_noise("fine", u, v, 0.010) * (np.float32(0.045) * _seen(0.010, px))
    return None, 1 + soft + fine


def _weave(period: float, depth: float, tint: float) -> Texture:
    def texture(u: Field, v: Field, px: float) -> Relief:
        seen = _seen(period, px)
        if seen == 0:
            return None, None
        a = np.sin(u * (TAU / np.float32(period)))
        b = np.sin(v * (TAU / np.float32(period)))
        threads = a * b + sample_noise("fibre", u, v, period * 0.8) * np.float32(0.35)
        return threads * (np.float32(depth * period) * seen), 1 + threads * (np.float32(tint) * seen)

    return texture


def _denim(u: Field, v: Field, px: float) -> Relief:
    period = 0.011
    seen = _seen(period, px)
    slow = sample_noise("soft", u, v, 0.20) * np.float32(0.05)
    twill = np.sin((u + v) * (TAU / np.float32(period)))
    threads = sample_noise("fibre", v, u, 0.012, 2.0)
    tint = 1 + slow + (twill * np.float32(0.10) + threads * np.float32(0.07)) * seen
    return twill * (np.float32(0.0006) * seen), tint


def _knit(u: Field, v: Field, px: float) -> Relief:
    pitch = 0.034
    seen = _seen(pitch * 0.6, px)
    column = u / np.float32(pitch)
    side = np.abs(column - np.floor(column) - np.float32(0.5)) * 2
    wave = np.sin((v / np.float32(pitch * 0.8) + side * np.float32(0.55)) * TAU)
    ridge = np.sin(column * TAU + np.float32(np.pi / 2))
    height = wave * np.float32(0.5) - ridge * np.float32(0.5)
    fuzz = sample_noise("fine", u, v, 0.012) * np.float32(0.03)
    return height * (np.float32(0.0030) * seen), 1 + height * (np.float32(0.09) * seen) + fuzz


def _fibre(u: Field, v: Field, px: float) -> Relief:
    a = sample_noise("fibre", u, v, 0.016, 1.2)
    b = sample_noise("fibre", v, u, 0.016, 1.2)
    both = (a + b) * (np.float32(0.045) * _seen(0.012, px))
    return both * np.float32(0.008), 1 + both


def _jersey(u: Field, v: Field, px: float) -> Relief:
    fine = sample_noise("fine", u, v, 0.011) * (np.float32(0.018) * _seen(0.011, px))
    return None, 1 + fine


def _straw(u: Field, v: Field, px: float) -> Relief:
    period = 0.052
    seen = _seen(period * 0.6, px)
    cu, cv = u / np.float32(period), v / np.float32(period)
    over = (np.floor(cu) + np.floor(cv)).astype(np.int32) & 1
    fu, fv = cu - np.floor(cu), cv - np.floor(cv)
    along = np.where(over == 1, fu, fv)
    across = np.where(over == 1, fv, fu)
    bow = np.sin(along * np.float32(np.pi)) * np.float32(0.6) + np.sin(across * np.float32(np.pi)) * np.float32(0.4)
    strands = np.cos(across * TAU * 3) * np.float32(0.10)
    height = bow + strands
    return height * (np.float32(0.012) * seen), 1 + (height - np.float32(0.66)) * (np.float32(0.42) * seen)


def _wood(u: Field, v: Field, px: float) -> Relief:
    slow = sample_noise("soft", u, v, 0.5, 6.0)
    rings = np.sin((v * 9 + slow * np.float32(0.9)) * TAU)
    pores = sample_noise("fibre", u, v, 0.018, 5.0)
    tint = 1 + rings * np.float32(0.085) + pores * (np.float32(0.05) * _seen(0.012, px)) + slow * np.float32(0.04)
    return None, tint


def _brushed(u: Field, v: Field, px: float) -> Relief:
    return None, 1 + sample_noise("fibre", u, v, 0.012, 6.0) * (np.float32(0.02) * _seen(0.012, px))


def _pile(u: Field, v: Field, px: float) -> Relief:
    soft = sample_noise("soft", u, v, 0.16) * np.float32(0.055)
    return None, 1 + soft + sample_noise("fine", u, v, 0.009) * (np.float32(0.03) * _seen(0.009, px))


@dataclass(frozen=True)
class Material:
    """Answer to light: Blinn-Phong highlight, mirrored softbox, sheen at grazing angles, and a fine texture."""

    name: str
    gloss: float = 0.0
    """Strength of the highlight (added light, linear)."""
    sharp: float = 20.0
    """Exponent of the highlight."""
    mirror: float = 0.0
    """Strength of the mirrored softbox."""
    sheen: float = 0.0
    """Light added where the surface turns away, in the surface's own colour."""
    contrast: float = 1.0
    """How strongly the diffuse light follows the relief: below 1 for fuzzy stuff."""
    metal: bool = False
    glass: bool = False
    texture: Texture | None = None


TABLE: dict[str, Material] = {
    m.name: m
    for m in (
        Material("leather", gloss=0.16, sharp=26, mirror=0.05, texture=_grain),
        Material("suede", sheen=0.10, contrast=0.8, texture=_nap),
        Material("canvas", gloss=0.01, sharp=8, texture=_weave(0.016, 0.08, 0.05)),
        Material("denim", gloss=0.01, sharp=8, texture=_denim),
        Material("cotton", gloss=0.012, sharp=7, texture=_jersey),
        Material("linen", gloss=0.01, sharp=8, texture=_weave(0.013, 0.06, 0.055)),
        Material("silk", gloss=0.24, sharp=13, mirror=0.05, contrast=1.1),
        Material("satin", gloss=0.30, sharp=16, mirror=0.06, contrast=1.1),
        Material("wool", sheen=0.10, contrast=0.85, texture=_fibre),
        Material("knit", sheen=0.06, contrast=0.95, texture=_knit),
        Material("velvet", gloss=0.05, sharp=6, sheen=0.34, contrast=1.0, texture=_pile),
        Material("nylon", gloss=0.13, sharp=18, mirror=0.02, texture=_weave(0.012, 0.05, 0.03)),
        Material("straw", gloss=0.05, sharp=12, texture=_straw),
        Material("rubber", gloss=0.06, sharp=14, texture=_jersey),
        Material("plastic", gloss=0.30, sharp=60, mirror=0.16),
        Material("wood", gloss=0.07, sharp=22, mirror=0.03, texture=_wood),
        Material("metal", gloss=0.5, sharp=50, mirror=0.5, metal=True, texture=_brushed),
        Material("ceramic", gloss=0.22, sharp=70, mirror=0.24),
        Material("glass", gloss=0.6, sharp=90, mirror=0.5, glass=True),
        Material("felt", sheen=0.08, contrast=0.8, texture=_fibre),
    )
}
"""All materials, by name."""

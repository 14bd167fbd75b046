"""Product pictures drawn by code, for the demo shop and for training: numpy and Pillow only, seeded, quick."""

from __future__ import annotations

from shoplens.training.rendering.canvas import LIGHTS, Light
from shoplens.training.rendering.captions import captions
from shoplens.training.rendering.design import COLOURS, MATERIALS, PATTERNS, VIEWS, Design
from shoplens.training.rendering.kinds import KINDS
from shoplens.training.rendering.sampling import sample
from shoplens.training.rendering.scene import BACKGROUNDS, layers, render

__all__ = [
    "BACKGROUNDS",
    "COLOURS",
    "KINDS",
    "LIGHTS",
    "MATERIALS",
    "PATTERNS",
    "VIEWS",
    "Design",
    "Light",
    "captions",
    "layers",
    "render",
    "sample",
]

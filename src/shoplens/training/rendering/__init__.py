"""Product pictures drawn by code, for the demo shop and for training: numpy and Pillow only, seeded, quick."""

from __future__ import annotations

from .canvas import LIGHTS, Light
from .captions import captions
from .design import COLOURS, MATERIALS, PATTERNS, VIEWS, Design
from .kinds import KINDS
from .sampling import sample
from .scene import BACKGROUNDS, layers, render

__all__ = ["BACKGROUNDS", "COLOURS", "KINDS", "LIGHTS", "MATERIALS", "PATTERNS", "VIEWS", "Design", "Light",
           "captions", "layers", "render", "sample"]

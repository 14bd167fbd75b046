"""Jewellery: ring, earrings, necklace."""

from __future__ import annotations

import numpy as np

from shoplens.training.rendering.canvas import Canvas
from shoplens.training.rendering.curves import ellipse, path, polygon, smoothed, spline
from shoplens.training.rendering.design import Design
from shoplens.training.rendering.kinds.kind import METALS, Kind
from shoplens.training.rendering.parts import ball, slab, tube


def ring(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A ring with a cut stone, or a plain band; standing, seen a little from above."""
    gems = ["red", "blue", "green", "purple", "pink", "teal", "white"]
    metal = c.main.plain()
    cy, rx, ry = 0.18, 0.46, r.uniform(0.46, 0.50)
    bar = r.uniform(0.038, 0.055)
    stone = r.random() < 0.8
    band = ellipse(0, cy, rx, ry, -90, 270, 120)
    tube(c, ellipse(0, cy, rx * 0.93, ry * 0.93, -90, 270, 100), bar * 0.9, metal.tinted(0.55), flat=0.3)
    tube(c, band, bar * (1.0 if stone else 1.5), metal, flat=0.15, cast=0.2)
    if stone:
        gem = c.paint(d.second_colour if d.second_colour in gems else gems[int(r.integers(len(gems)))], "plastic")
        size = r.uniform(0.17, 0.23)
        top = cy - ry - size * 0.62
        slab(
            c,
            smoothed(
                [
                    (-size * 0.8, top + size * 0.4),
                    (size * 0.8, top + size * 0.4),
                    (0.05, cy - ry + 0.02),
                    (-0.05, cy - ry + 0.02),
                ],
                0.02,
            ),
            metal,
            edge=0.03,
        )
        ball(c, 0, top, size, gem, facet=8, cast=0.4)
        ball(c, 0, top, size * 0.42, gem.tinted(1.25), 0.3, facet=8, cast=0)
        for k in range(4):
            a = np.pi / 4 + k * np.pi / 2
            tube(
                c,
                polygon(
                    [
                        (size * 1.02 * np.cos(a), top + size * 1.02 * np.sin(a)),
                        (size * 0.80 * np.cos(a), top + size * 0.80 * np.sin(a)),
                    ]
                ),
                0.022,
                metal,
                cast=0.3,
            )
        for s in (-1, 1):
            for k in range(3):
                a = np.radians(-90 + s * (22 + 11 * k))
                ball(c, rx * np.cos(a), cy + ry * np.sin(a), 0.026, c.paint("white", "plastic"), facet=6, cast=0.2)


def earrings(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A pair: hoops, drops with a stone, or pearls."""
    style = d.seed % 3
    metal = c.main.plain()
    gem = c.paint(d.second_colour, "plastic")
    size = r.uniform(0.24, 0.29)
    for x in (-0.38, 0.38):
        if style == 0:
            tube(c, ellipse(x, 0.08, size, size * 1.1, -80, 260, 90), r.uniform(0.030, 0.034), metal)
            tube(
                c,
                spline(
                    [(x + 0.05, 0.08 - size * 1.08), (x + 0.02, -0.02 - size * 1.3), (x - 0.05, 0.08 - size * 1.06)]
                ),
                0.012,
                metal,
            )
        else:
            tube(
                c,
                spline([(x, -0.30), (x + 0.005, -0.46), (x + 0.06, -0.56), (x + 0.13, -0.50), (x + 0.14, -0.34)]),
                0.013,
                metal,
            )
            tube(c, ellipse(x, -0.27, 0.035, 0.035, steps=24), 0.011, metal)
            if style == 1:
                drop = spline(
                    [
                        (x, -0.24),
                        (x + 0.09, -0.02),
                        (x + 0.155, 0.18),
                        (x + 0.10, 0.36),
                        (x, 0.42),
                        (x - 0.10, 0.36),
                        (x - 0.155, 0.18),
                        (x - 0.09, -0.02),
                    ],
                    closed=True,
                )
                slab(c, drop, metal, edge=0.05, dome=0.02, bulge=0.08)
                inner = (drop - (x, 0.14)) * 0.62 + (x, 0.15)
                slab(c, inner, gem, edge=0.05, dome=0.05, bulge=0.06)
                tube(c, path(inner, inner[:2]), 0.012, metal, cast=0.2)
            else:
                tube(c, polygon([(x, -0.24), (x, 0.0)]), 0.009, metal)
                ball(c, x, -0.08, 0.036, metal)
                ball(c, x, 0.14, 0.155, c.paint("cream", "ceramic"))
                ball(c, x, 0.0, 0.045, metal, 0.8)


def necklace(c: Canvas, d: Design, r: np.random.Generator) -> None:
    """A chain in a V with a pendant, or a string of beads."""
    metal = c.main.plain()
    beads = r.random() < 0.4
    chain = spline(
        [
            (-0.20, -0.82),
            (-0.46, -0.50),
            (-0.46, -0.10),
            (-0.26, 0.24),
            (0, 0.38),
            (0.26, 0.24),
            (0.46, -0.10),
            (0.46, -0.50),
            (0.20, -0.82),
        ],
        steps=24,
    )
    steps = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(chain, axis=0), axis=1))])
    count = 44 if beads else 92
    at = np.linspace(0, steps[-1], count)
    points = np.stack([np.interp(at, steps, chain[:, 0]), np.interp(at, steps, chain[:, 1])], axis=1)
    gem = c.paint(d.second_colour, "plastic")
    if beads:
        for k, (x, y) in enumerate(points):
            grow = 0.026 + 0.024 * np.sin(np.pi * k / (count - 1)) ** 2
            ball(c, x, y, grow, metal if k % 4 else metal.tinted(0.7), cast=0.2)
    else:
        tube(c, chain, 0.006, metal.tinted(0.7), cast=0)
        for k, (x, y) in enumerate(points):
            ball(c, x, y, 0.015 if k % 2 else 0.011, metal, 0.9, cast=0)
    style = d.seed % 3
    tube(c, ellipse(0, 0.40, 0.03, 0.035, steps=24), 0.012, metal)
    if style == 0:
        ball(c, 0, 0.58, 0.155, metal, 0.35)
        ball(c, 0, 0.58, 0.115, gem, facet=8, cast=0.3)
    elif style == 1:
        heart = spline(
            [
                (0, 0.50),
                (0.07, 0.44),
                (0.15, 0.47),
                (0.165, 0.57),
                (0.08, 0.68),
                (0, 0.76),
                (-0.08, 0.68),
                (-0.165, 0.57),
                (-0.15, 0.47),
                (-0.07, 0.44),
            ],
            closed=True,
        )
        slab(c, heart, metal, edge=0.06, dome=0.05, bulge=0.08)
    else:
        drop = spline(
            [
                (0, 0.44),
                (0.07, 0.56),
                (0.11, 0.68),
                (0.06, 0.78),
                (0, 0.80),
                (-0.06, 0.78),
                (-0.11, 0.68),
                (-0.07, 0.56),
            ],
            closed=True,
        )
        slab(c, drop, gem, edge=0.06, dome=0.05, bulge=0.06)
        tube(c, path(drop, drop[:2]), 0.014, metal, cast=0.2)


KINDS = (
    Kind("ring", ring, "standing", ("metal",), ("plain",), METALS, (0.0, -0.3), 1.15, (0.0, -0.02)),
    Kind("earrings", earrings, "flat", ("metal",), ("plain",), METALS, (0.38, 0.0), 1.32, (0.0, -0.06)),
    Kind("necklace", necklace, "flat", ("metal",), ("plain",), METALS, (0.0, 0.4), 1.04),
)

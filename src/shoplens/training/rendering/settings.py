"""Products where they are used: on a table, a pedestal, in a room, on cloth or boards, in the light of a window.

For the demo shop's second pictures. Seeded by the design: equal arguments give equal pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.training.rendering.canvas import Light
from shoplens.training.rendering.daylight import axes, daylight
from shoplens.training.rendering.design import COLOURS, Design
from shoplens.training.rendering.frame import Field, Frame, blur, region_of, sample_noise
from shoplens.training.rendering.kinds import TABLE
from shoplens.training.rendering.scene import SUPERSAMPLE, drawn, exposed, moved, ramp, shadow, vignette

LAMP = Light(key=(-0.72, -0.55, 0.72), ambient=0.42, tint=(1.02, 1.0, 0.965))
"""Daylight from the left, a little warm."""

WALLS: tuple[tuple[int, int, int], ...] = (
    (196, 204, 188),
    (220, 188, 166),
    (180, 195, 208),
    (226, 212, 190),
    (230, 206, 198),
    (226, 206, 164),
    (206, 200, 214),
    (204, 200, 194),
    (120, 140, 124),
    (112, 130, 150),
    (194, 134, 106),
    (172, 122, 122),
    (102, 132, 138),
    (126, 114, 130),
)
"""sRGB of painted walls, cloths and pedestals: muted, so that the product is the most colourful thing."""

WOODS: tuple[tuple[int, int, int], ...] = ((188, 150, 110), (206, 178, 142), (150, 110, 76), (172, 138, 104))

FURNITURE = frozenset({"chair", "stool", "armchair", "suitcase"})
_SMALL = frozenset({"ring", "mug", "bowl", "candle", "teapot", "vase", "bottle", "plant pot", "lamp", "headphones"})
_ON_WALLS = frozenset({"clock", "umbrella"})


def setting_of(design: Design) -> str:
    """One of SETTINGS that suits the kind: its pose decides which there are, its seed which of them it is."""
    pose = TABLE[design.kind].pose
    if design.kind in FURNITURE:
        return "room"
    if design.kind in _ON_WALLS:
        return "wall"
    choices: tuple[str, ...]
    if pose == "flat":
        choices = ("boards", "cloth", "stone") if design.pattern == "plain" else ("cloth", "stone")
    elif design.kind in _SMALL:
        choices = ("table", "table", "pedestal", "niche")
    else:
        choices = ("pedestal", "niche", "table")
    return choices[zlib.crc32(f"setting/{design.kind}/{design.seed}".encode()) % len(choices)]


def render_in(design: Design, size: int, setting: str) -> npt.NDArray[np.uint8]:
    """Draw a design in a setting: uint8 sRGB of shape (size, size, 3). Raises KeyError for an unknown setting."""
    stage = SETTINGS[setting]
    rng = np.random.default_rng(zlib.crc32(f"{setting}/{design.kind}/{design.seed}/{design.colour}".encode()))
    frame = _framed(design, size, stage, rng)
    rgb, alpha = drawn(design, frame, LAMP)
    place = _placed(alpha, design)
    ground = stage.ground(_Set(design, size, rng, place)) * vignette(size, 0.10)
    dark = shadow(alpha, "flat" if stage.pose == "flat" else TABLE[design.kind].pose, design)
    if stage.pose == "standing":
        dark = np.clip(dark + _thrown(alpha, place.base), 0, 0.7)
    elif stage.pose == "flat":
        dark = np.clip(
            dark * np.float32(1.15) + moved(blur(alpha, size * 0.02), size * 0.03, size * 0.03) * 0.16, 0, 0.7
        )
    light = daylight(size, rng)
    tint = np.asarray(LAMP.tint, dtype=np.float32)
    ground = ground * (1 - dark)[..., None] * light[..., None] * tint
    # The product gets a third of the pattern of light: enough to be in it, too little to change its colour.
    product = rgb * (1 + (light - 1) * np.float32(0.33))[..., None]
    return exposed((product + ground * (1 - alpha)[..., None]).astype(np.float32))


@dataclass(frozen=True)
class _Place:
    """Where the product stands in the picture, in pixels: its box, and the width of its foot."""

    left: int
    right: int
    top: int
    base: int
    foot_left: int
    foot_right: int


@dataclass(frozen=True)
class _Set:
    design: Design
    size: int
    rng: np.random.Generator
    place: _Place


@dataclass(frozen=True)
class _Stage:
    """A setting: what it draws behind the product, whether things stand, lie or hang in it, and how large they are."""

    ground: Callable[[_Set], Field]
    pose: str
    width: float
    height: float
    base: float = 0.77


def _framed(design: Design, size: int, stage: _Stage, rng: np.random.Generator) -> Frame:
    """The frame in which the product fills the stage's share of the picture, by its box in a small first drawing."""
    small = 96
    _, alpha = drawn(design, Frame.of(small * SUPERSAMPLE, 0.8), LAMP)
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.3), np.flatnonzero(alpha.max(axis=0) > 0.3)

    def unit(pixel: int) -> float:
        return (pixel / small * 2 - 1) / 0.8

    x0, x1, y0, y1 = unit(int(columns[0])), unit(int(columns[-1]) + 1), unit(int(rows[0])), unit(int(rows[-1]) + 1)
    zoom = min(stage.width * 2 / (x1 - x0), stage.height * 2 / (y1 - y0))
    aside = float(rng.uniform(-0.05, 0.05))
    if stage.pose == "standing":
        centre, at, turn = ((x0 + x1) / 2, y1), (aside, stage.base * 2 - 1), 0.0
    else:
        centre, at = ((x0 + x1) / 2, (y0 + y1) / 2), (aside, float(rng.uniform(-0.03, 0.03)))
        turn = float(rng.uniform(0.06, 0.16)) * (1 if rng.random() < 0.5 else -1) if stage.pose == "flat" else 0.0
    mirror = stage.pose == "standing" and design.kind not in ("clock",)
    return Frame.of(size * SUPERSAMPLE, zoom, turn, 1.0, centre, at, mirror)


def _placed(alpha: Field, design: Design) -> _Place:
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.3), np.flatnonzero(alpha.max(axis=0) > 0.3)
    base = int(rows[-1])
    low = alpha[max(0, base - max(3, (base - int(rows[0])) // 10)) : base + 1]
    foot = np.flatnonzero(low.max(axis=0) > 0.3)
    return _Place(int(columns[0]), int(columns[-1]), int(rows[0]), base, int(foot[0]), int(foot[-1]))


def _thrown(alpha: Field, base: int) -> Field:
    """The shadow on a floor, away from the light: the silhouette laid down to the right and behind, fading."""
    size = alpha.shape[0]
    out = np.zeros_like(alpha)
    steps = np.arange(0, int(size * 0.11))
    for step in steps:
        up = int(step * 4.2)
        row = base - int(step) - 1
        if row < 0 or base - up < 0:
            break
        shift = int(step * 2.6)
        out[row, shift:] = alpha[base - up, : size - shift] * np.float32(1 - step / (size * 0.115))
    return blur(out, size * 0.012) * np.float32(0.42)


def _wall_tone(at: _Set) -> Field:
    """One of the wall colours that stand off most from the product's; a plain one behind what is seen through."""
    if at.design.material == "glass":
        return np.asarray(WALLS[7], dtype=np.float32)
    own = [_lab(COLOURS[name]) for name in (at.design.colour, at.design.second_colour)]
    if at.design.pattern == "plain":
        own = own[:1]
    apart = [-min(float(np.linalg.norm(_lab(wall) - c)) for c in own) for wall in WALLS]
    return np.asarray(WALLS[int(at.rng.choice(np.argsort(apart, kind="stable")[:6]))], dtype=np.float32)


def _lab(rgb: tuple[int, int, int]) -> npt.NDArray[np.float64]:
    """CIE L*a*b* (D65) of an sRGB triple, with gamma 2 for sRGB's curve."""
    linear = (np.asarray(rgb, dtype=np.float64) / 255) ** 2
    xyz = np.asarray([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ linear
    x, y, z = np.cbrt(xyz / np.asarray([0.9505, 1.0, 1.089]))
    return np.asarray([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def _linear(tone: npt.ArrayLike) -> Field:
    out: Field = (np.asarray(tone, dtype=np.float32) / np.float32(255)) ** 2
    return out


def _plaster(size: int, tone: npt.ArrayLike) -> Field:
    x, y = axes(size)
    uneven = sample_noise("soft", x + 3, y + 3, 0.9) * np.float32(0.012)
    return (
        ramp(size, np.asarray(tone, np.float32) * 1.02, np.asarray(tone, np.float32) * 0.97) * (1 + uneven)[..., None]
    )


def _floor_line(at: _Set, share: float) -> int:
    """The row where wall and floor meet: `share` of the picture above the product's base."""
    return int(at.place.base - share * at.size)


def _planks(at: _Set, line: int, tone: npt.ArrayLike, rows: float) -> Field:
    """Boards seen from the front, wider the nearer they are; the picture's rows below `line`."""
    size = at.size
    y = np.arange(line, size, dtype=np.float32)[:, None]
    x = np.arange(size, dtype=np.float32)[None, :] / np.float32(size)
    depth = 1 / (1.25 - (y - line) / np.float32(max(1, size - line)))
    depth = (depth - depth[0]) / (depth[-1] - depth[0])
    v = np.broadcast_to(depth * np.float32(rows), (size - line, size))
    u = (x - np.float32(0.5)) * (np.float32(2.4) - depth)
    board = np.floor(v)
    u = u + np.sin(board * np.float32(7.31)) * 3
    grain = sample_noise("fibre", u * 1.3, v * np.float32(0.42) + board * np.float32(0.7), 0.05, 6.0) * np.float32(
        0.022
    )
    broad = sample_noise("soft", u, v + board * 3, 0.8, 5.0) * np.float32(0.03)
    gap = np.abs(v - np.round(v)) < np.float32(0.012 * rows)
    factor = (1 + grain + broad + np.sin(board * np.float32(3.7)) * np.float32(0.045)) * np.where(gap, 0.72, 1)
    near = np.float32(0.94) + np.float32(0.08) * depth
    out: Field = (_linear(tone) * (factor * near)[..., None]).astype(np.float32)
    return out


def _wood_tone(at: _Set) -> npt.NDArray[np.float64]:
    own = np.asarray(COLOURS[at.design.colour], dtype=float)
    far = sorted(WOODS, key=lambda tone: -float(np.abs(np.asarray(tone) - own).sum()))
    return np.asarray(far[int(at.rng.integers(2))], dtype=float)


def _edge(picture: Field, line: int, size: int) -> Field:
    """A soft dark seam where two surfaces meet."""
    rows = np.arange(size, dtype=np.float32)[:, None, None] - np.float32(line)
    return picture * (1 - np.float32(0.14) * np.exp(-((rows / np.float32(size * 0.012)) ** 2)))


def _table(at: _Set) -> Field:
    line = max(1, _floor_line(at, 0.10))
    picture = _plaster(at.size, _wall_tone(at))
    picture[line:] = _planks(at, line, _wood_tone(at), 2.2)
    return _edge(picture, line, at.size)


def _room(at: _Set) -> Field:
    line = max(1, _floor_line(at, 0.09))
    size = at.size
    picture = _plaster(size, _wall_tone(at))
    high = int(size * 0.045)
    picture[max(0, line - high) : line] = (
        _linear((238, 235, 228)) * np.linspace(1.0, 0.9, min(high, line))[:, None, None]
    )
    picture[max(0, line - high) : max(0, line - high) + 2] *= np.float32(0.82)
    picture[line:] = _planks(at, line, _wood_tone(at), 4.0)
    picture = _edge(picture, line, size)
    if at.design.kind != "suitcase":
        return _rug(at, picture)
    return picture


def _rug(at: _Set, picture: Field) -> Field:
    """A round rug under the product, with a border and a woven grain."""
    size, place = at.size, at.place
    tone = _linear(WALLS[int(at.rng.integers(8))])
    width = max((place.foot_right - place.foot_left) * 0.78, size * 0.3)
    x = (np.arange(size, dtype=np.float32)[None, :] - np.float32((place.left + place.right) / 2)) / np.float32(width)
    y = (np.arange(size, dtype=np.float32)[:, None] - np.float32(place.base - size * 0.012)) / np.float32(size * 0.085)
    radius = np.hypot(x, y)
    inside = np.clip((1 - radius) * np.float32(size * 0.05), 0, 1)
    ring = ((radius > 0.84) & (radius < 0.9)).astype(np.float32)
    weave = 1 + sample_noise("fine", x * 2, y * 0.5, 0.03) * np.float32(0.03)
    cloth = tone * ((1 - ring * np.float32(0.25)) * weave)[..., None]
    rim = np.exp(-(((radius - 1.02) / 0.04) ** 2)) * np.float32(0.25)
    picture = picture * (1 - rim * (1 - inside))[..., None]
    return (picture * (1 - inside)[..., None] + cloth * inside[..., None]).astype(np.float32)


def _pedestal(at: _Set) -> Field:
    """A round pedestal before a wall of the same paint."""
    size, place = at.size, at.place
    tone = _wall_tone(at)
    picture = _plaster(size, tone)
    centre = (place.foot_left + place.foot_right) / 2
    rx = max((place.foot_right - place.foot_left) * 0.5 + size * 0.07, size * 0.21)
    ry = rx * 0.17
    middle = place.base - ry * 0.28
    x = (np.arange(size, dtype=np.float32)[None, :] - np.float32(centre)) / np.float32(rx)
    rows = np.arange(size, dtype=np.float32)[:, None]
    bow = np.sqrt(np.maximum(1 - x * x, 0))
    wide = np.clip((1 - np.abs(x)) * np.float32(rx), 0, 1)
    # Where the pedestal hides the wall, its own shade on it comes first.
    halo = np.exp(-((np.maximum(np.abs(x - np.float32(0.18)) - 0.9, 0) / 0.22) ** 2)) * (rows > middle)
    picture = picture * (1 - np.float32(0.12) * halo)[..., None]
    side = np.clip(rows - (np.float32(middle) + 0 * bow), 0, 1) * wide
    turn = np.clip(np.float32(0.90) - np.float32(0.34) * (x + np.float32(0.35)) * np.abs(x + np.float32(0.35)), 0.5, 1)
    body = _linear(tone * np.float32(0.96)) * (turn * np.ones_like(rows))[..., None]
    picture = picture * (1 - side)[..., None] + body * side[..., None]
    top = np.clip((1 - np.hypot(x, (rows - np.float32(middle)) / np.float32(ry))) * np.float32(ry), 0, 1)
    lid = _linear(np.minimum(tone * np.float32(1.06), 250)) * np.ones((size, size, 1), np.float32)
    return (picture * (1 - top)[..., None] + lid * top[..., None]).astype(np.float32)


def _niche(at: _Set) -> Field:
    """A round arch in a wall, its inside in a deeper tone, over a smooth floor."""
    size, place = at.size, at.place
    tone = _wall_tone(at)
    line = max(1, _floor_line(at, 0.07))
    picture = _plaster(size, tone)
    centre = np.float32((place.left + place.right) / 2)
    half = np.float32(max((place.right - place.left) * 0.5 + size * 0.08, size * 0.3))
    x = np.arange(size, dtype=np.float32)[None, :] - centre
    y = np.arange(size, dtype=np.float32)[:, None]
    crown = np.float32(min(max(size * 0.06, place.top - size * 0.09), size * 0.16)) + half
    distance = np.where(y < crown, np.hypot(x, y - crown), np.abs(x)) - half
    inside = np.clip(-distance + np.float32(0.5), 0, 1) * (y < line)
    deep = _linear(tone * np.float32(0.80)) * np.ones((size, size, 1), np.float32)
    # The reveal shades the niche on the side the light comes from.
    shade = np.exp(-((np.maximum(-(np.where(y < crown, np.hypot(x - size * 0.035, y - crown - size * 0.03),
                    np.abs(x - size * 0.035)) - half), 0) / np.float32(size * 0.03)) ** 2))  # fmt: skip
    deep = deep * (1 - np.float32(0.30) * np.clip(shade, 0, 1))[..., None]
    picture = picture * (1 - inside)[..., None] + deep * inside[..., None]
    ground = ramp(size, tone * np.float32(0.99), np.minimum(tone * np.float32(1.05), 250))
    picture[line:] = ground[line:]
    return _edge(picture.astype(np.float32), line, size)


def _wall(at: _Set) -> Field:
    return _plaster(at.size, _wall_tone(at))


def _boards(at: _Set) -> Field:
    """Pale boards from above."""
    size = at.size
    x, y = axes(size)
    v = y * np.float32(2.2) + np.float32(at.rng.uniform(0, 1))
    board = np.floor(v)
    u = x + np.sin(board * np.float32(7.31)) * 3
    grain = sample_noise("fibre", u, v * np.float32(0.5) + board * np.float32(0.7), 0.05, 6.0) * np.float32(0.020)
    broad = sample_noise("soft", u, v + board * 3, 0.8, 5.0) * np.float32(0.03)
    gap = np.abs(v - np.round(v)) < np.float32(0.012)
    factor = (1 + grain + broad + np.sin(board * np.float32(3.7)) * np.float32(0.04)) * np.where(gap, 0.7, 1)
    return (_linear(np.minimum(_wood_tone(at) * 1.1, 245)) * factor[..., None]).astype(np.float32)


def _cloth(at: _Set) -> Field:
    """A cloth with soft folds that run across."""
    size = at.size
    x, y = axes(size)
    turn = float(at.rng.uniform(-0.5, 0.5))
    u = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))
    v = y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn))
    bend = sample_noise("soft", u * np.float32(0.7) + 5, v * np.float32(0.7) + 5, 2.6) * np.float32(0.05)
    bend = blur(bend, size * 0.03)
    shift = float(at.rng.uniform(0, 6))
    waves = np.sin((v + bend) * 3.1 + shift) + 0.6 * np.sin((v + bend * 1.6) * 5.3 + u * 0.8 + shift * 2)
    fold = np.tanh(waves * np.float32(1.3)) * np.float32(0.055)
    weave = sample_noise("fibre", x, y, 0.012, 1.5) * np.float32(0.008)
    return (_linear(_wall_tone(at)) * (1 + fold + weave)[..., None]).astype(np.float32)


def _stone(at: _Set) -> Field:
    """Terrazzo: chips of three tones in a pale ground."""
    size = at.size
    tone = _wall_tone(at)
    picture = _plaster(size, np.minimum(tone * 1.03, 245))
    frame = Frame.of(size)
    chips = (tone * 0.78, np.minimum(tone * 1.12, 250), np.asarray((150, 138, 128)))
    for _ in range(70):
        cx, cy = at.rng.uniform(-1, 1, 2)
        radius = float(at.rng.uniform(0.012, 0.045))
        angles = np.sort(at.rng.uniform(0, 2 * np.pi, 6))
        reach = radius * at.rng.uniform(0.6, 1.2, 6)
        points = np.stack([cx + reach * np.cos(angles), cy + reach * np.sin(angles)], axis=1)
        region = region_of(frame, [points], pad=0.01)
        window = region.window()
        if window is None:
            continue
        rows, columns, inner_rows, inner_columns = window
        share = region.mask[inner_rows, inner_columns][..., None] * np.float32(0.55)
        chip = _linear(chips[int(at.rng.integers(3))])
        picture[rows, columns] = picture[rows, columns] * (1 - share) + chip * share
    return picture


SETTINGS: dict[str, _Stage] = {
    "table": _Stage(_table, "standing", 0.60, 0.60),
    "pedestal": _Stage(_pedestal, "standing", 0.58, 0.56, 0.74),
    "niche": _Stage(_niche, "standing", 0.54, 0.60, 0.80),
    "room": _Stage(_room, "standing", 0.60, 0.66, 0.84),
    "wall": _Stage(_wall, "hanging", 0.60, 0.62),
    "boards": _Stage(_boards, "flat", 0.74, 0.78),
    "cloth": _Stage(_cloth, "flat", 0.74, 0.78),
    "stone": _Stage(_stone, "flat", 0.74, 0.78),
}
"""All settings, by name."""

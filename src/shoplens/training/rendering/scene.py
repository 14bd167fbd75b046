"""From a design to a picture: framing, ground, shadow, the drawn product, and the final reduction."""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

from shoplens.training.rendering.canvas import LIGHTS, Canvas, Light
from shoplens.training.rendering.curves import ellipse
from shoplens.training.rendering.design import COLOURS, Design
from shoplens.training.rendering.frame import Field, Frame, blur, region_of, resize, sample_noise
from shoplens.training.rendering.kinds import TABLE

BACKGROUNDS: tuple[str, ...] = ("studio", "white", "colour", "wood", "room", "clutter")
SUPERSAMPLE = 2

_STUDIO = ((238, 236, 232), (234, 236, 239), (240, 234, 228), (232, 236, 232), (238, 233, 236))
_DEEPER = ((205, 203, 198), (190, 200, 206), (214, 202, 190), (196, 205, 198), (210, 198, 202))


def frame_of(design: Design, size: int, scene: int) -> Frame:
    """Where the product stands in the picture; scene 0 is centred, others move, turn and zoom a little."""
    kind = TABLE[design.kind]
    zoom, turn, squeeze, centre, mirror = kind.zoom, 0.0, 1.0, kind.centre, False
    if design.view == "detail":
        zoom, centre = 1.9, kind.focus
    elif design.view == "angle":
        mirror = True
        if kind.pose == "flat":
            turn = 0.22 if design.seed % 2 else -0.20
            zoom *= 0.9
        else:
            squeeze = 0.88
            zoom *= 0.96
    at = (0.0, 0.0)
    if scene:
        rng = np.random.default_rng(scene)
        zoom *= float(rng.uniform(0.72, 1.08))
        turn += float(rng.uniform(-0.2, 0.2)) if kind.pose == "flat" else float(rng.uniform(-0.05, 0.05))
        squeeze *= float(rng.uniform(0.86, 1.06))
        at = (float(rng.uniform(-0.14, 0.14)), float(rng.uniform(-0.14, 0.14)))
        mirror ^= bool(rng.random() < 0.5)
    return Frame.of(size * SUPERSAMPLE, zoom, turn, squeeze, centre, at, mirror)


def layers(
    design: Design, size: int = 480, background: str = "studio", light: str | Light = "soft", scene: int = 0
) -> tuple[npt.NDArray[np.uint8], Field]:
    """The picture, shape (size, size, 3) sRGB, and the product's coverage, shape (size, size), 0 to 1.

    Raises KeyError for a kind, colour, material, light or background that is not among the named ones.
    """
    lamp = LIGHTS[light] if isinstance(light, str) else light
    kind = TABLE[design.kind]
    rgb, alpha = drawn(design, frame_of(design, size, scene), lamp)
    ground = _GROUNDS[background](design, size, scene)
    if design.view != "detail" or kind.pose != "standing":
        ground = ground * (1 - shadow(alpha, kind.pose, design))[..., None]
    ground = ground * np.asarray(lamp.tint, dtype=np.float32) * np.float32(lamp.level)
    return exposed(rgb + ground * (1 - alpha)[..., None]), np.clip(alpha, 0, 1)


def drawn(design: Design, frame: Frame, lamp: Light) -> tuple[Field, Field]:
    """The product alone at half the frame's raster: linear light (n, n, 3), premultiplied, and coverage (n, n)."""
    canvas = Canvas(frame, design, lamp)
    TABLE[design.kind].draw(canvas, design, design.rng())
    return _halved(canvas.rgb), _halved(canvas.alpha)


def exposed(picture: Field) -> npt.NDArray[np.uint8]:
    """Linear light as sRGB bytes, the brightest rolled off."""
    srgb = np.sqrt(np.clip(_shoulder(picture), 0, 1)) * 255 + 0.5
    return srgb.astype(np.uint8)


def _halved(field: Field) -> Field:
    """Mean of each block of 2 x 2 (SUPERSAMPLE squared) work pixels."""
    rows = field[::2] + field[1::2]
    return (rows[:, ::2] + rows[:, 1::2]) * np.float32(0.25)


def render(
    design: Design, size: int = 480, background: str = "studio", light: str | Light = "soft", scene: int = 0
) -> npt.NDArray[np.uint8]:
    """Draw a design: uint8 sRGB of shape (size, size, 3); equal arguments give equal pixels.

    background: one of BACKGROUNDS; light: one of LIGHTS or a Light; scene: 0 for the catalogue's centred framing,
    any other number for a framing (and clutter) of its own. Raises KeyError for names that do not exist.
    """
    return layers(design, size, background, light, scene)[0]


def _shoulder(light: Field) -> Field:
    """Linear up to 0.8, then rolling off, so that highlights keep some colour."""
    over = np.maximum(light - np.float32(0.8), 0)
    out: Field = np.minimum(light, np.float32(0.8)) + over / (1 + over * np.float32(2.2))
    return out


def shadow(alpha: Field, pose: str, design: Design) -> Field:
    """Share of light that the product takes from the ground, shape (size, size)."""
    size = alpha.shape[0]
    if pose == "flat":
        near = moved(blur(alpha, size * 0.006), size * 0.004, size * 0.007) * np.float32(0.34)
        far = moved(blur(alpha, size * 0.026), size * 0.014, size * 0.024) * np.float32(0.30)
        return np.clip(near + far, 0, 0.6)
    if pose == "hanging":
        return moved(blur(alpha, size * 0.04), size * 0.03, size * 0.05) * np.float32(0.22)
    rows = np.flatnonzero(alpha.max(axis=1) > 0.3)
    if rows.size == 0:
        return np.zeros_like(alpha)
    base = int(rows[-1])
    height = max(3, int((base - rows[0]) * 0.10))
    foot = alpha[max(0, base - height) : base + 1].max(axis=0)
    ys = np.arange(size, dtype=np.float32)[:, None] - np.float32(base - size * 0.006)
    wide = blur(np.broadcast_to(foot, (8, size)).copy(), size * 0.022)[4] * np.float32(1.6)
    tight = blur(np.broadcast_to(foot, (8, size)).copy(), size * 0.006)[4] * np.float32(1.6)
    pool = np.exp(-((ys / np.float32(size * 0.026)) ** 2)) * np.clip(wide, 0, 1)[None, :] * np.float32(0.30)
    line = np.exp(-((ys / np.float32(size * 0.009)) ** 2)) * np.clip(tight, 0, 1)[None, :] * np.float32(0.42)
    fall = moved(blur(alpha, size * 0.05), size * 0.05, size * 0.02) * np.float32(0.10)
    fall *= np.clip((np.arange(size, dtype=np.float32)[:, None] - size * 0.3) / (size * 0.5), 0, 1)
    out: Field = np.clip(pool + line + fall, 0, 0.65)
    return out


def moved(field: Field, dx: float, dy: float) -> Field:
    """A field shifted by whole pixels to the right and down; what comes in is zero."""
    x, y = round(dx), round(dy)
    out = np.zeros_like(field)
    out[y:, x:] = field[: field.shape[0] - y, : field.shape[1] - x]
    return out


def _scene_rng(design: Design, scene: int) -> np.random.Generator:
    if scene:
        return np.random.default_rng(scene + 1)
    return np.random.default_rng(zlib.crc32(f"set/{design.kind}/{design.seed}".encode()))


def ramp(size: int, top: tuple[int, ...] | Field, bottom: tuple[int, ...] | Field) -> Field:
    """Linear light that goes from one sRGB colour at the top to another at the bottom, shape (size, size, 3)."""
    t = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    a, b = (np.asarray(v, dtype=np.float32) / 255 for v in (top, bottom))
    return np.broadcast_to((a * a) * (1 - t) + (b * b) * t, (size, size, 3)).astype(np.float32)


def vignette(size: int, strength: float) -> Field:
    """A factor for light, shape (size, size, 1): 1 left and above of the middle, `strength` less one unit away."""
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    r = (axis + np.float32(0.15))[None, :] ** 2 + (axis + np.float32(0.2))[:, None] ** 2
    return (1 - np.float32(strength) * r)[..., None]


def _studio(design: Design, size: int, scene: int) -> Field:
    """A paper sweep: light from the upper left, a touch darker towards the floor; deeper for pale products."""
    rng = _scene_rng(design, scene)
    pale = min(COLOURS[design.colour]) > 185
    tone = np.asarray((_DEEPER if pale else _STUDIO)[int(rng.integers(5))], dtype=np.float32)
    picture = ramp(size, tone * 1.02, tone * 0.965)
    if TABLE[design.kind].pose == "standing":
        t = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
        floor = 1 / (1 + np.exp(-(t - np.float32(0.70)) * 26))
        picture = picture * (1 - np.float32(0.045) * floor * (1 - (t - 0.7)))
    return picture * vignette(size, 0.07)


def _white(design: Design, size: int, scene: int) -> Field:
    return np.full((size, size, 3), np.float32(0.985), dtype=np.float32)


def _colour(design: Design, size: int, scene: int) -> Field:
    rng = _scene_rng(design, scene)
    tone = rng.uniform(60, 235, 3).astype(np.float32)
    return ramp(size, tone, tone * float(rng.uniform(0.75, 1.0))) * vignette(size, 0.12)


def _wood(design: Design, size: int, scene: int) -> Field:
    rng = _scene_rng(design, scene)
    tone = np.asarray([(150, 108, 72), (190, 152, 110), (96, 70, 52), (205, 186, 160)][int(rng.integers(4))])
    axis = np.linspace(0, 2, size, dtype=np.float32)
    u, v = np.broadcast_to(axis[None, :], (size, size)), np.broadcast_to(axis[:, None], (size, size))
    plank = np.floor(v / np.float32(0.45))
    shift = np.sin(plank * 7.3) * np.float32(3)
    grain = sample_noise("fibre", u + shift, v, 0.03, 6.0) * np.float32(0.05)
    slow = sample_noise("soft", u + shift, v, 0.5, 5.0) * np.float32(0.06)
    gap = np.abs(v / np.float32(0.45) - np.round(v / np.float32(0.45))) < 2.0 / size
    factor = (1 + grain + slow + np.sin(plank * 3.1) * np.float32(0.06)) * np.where(gap, np.float32(0.6), 1)
    out: Field = ramp(size, tuple(tone), tuple(tone)) * factor[..., None].astype(np.float32) * vignette(size, 0.1)
    return out


def _room(design: Design, size: int, scene: int) -> Field:
    rng = _scene_rng(design, scene)
    wall, floor = rng.uniform(120, 235, 3), rng.uniform(70, 190, 3)
    edge = float(rng.uniform(0.55, 0.8))
    picture = ramp(size, tuple(wall), tuple(wall * 0.9))
    ground = ramp(size, tuple(floor * 0.85), tuple(floor))
    t = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    share = np.clip((t - np.float32(edge)) * size / 3, 0, 1)
    out: Field = ((picture * (1 - share) + ground * share) * vignette(size, 0.1)).astype(np.float32)
    return out


def _clutter(design: Design, size: int, scene: int) -> Field:
    """Coloured things out of focus, some in focus, on an uneven ground."""
    rng = _scene_rng(design, scene)
    picture = _room(design, size, scene) if rng.random() < 0.5 else _colour(design, size, scene)
    frame = Frame.of(size)
    for _ in range(int(rng.integers(4, 12))):
        angle = float(rng.uniform(0, 6.283))
        far = float(rng.uniform(0.45, 1.0))
        rx, ry = rng.uniform(0.08, 0.5, 2)
        corners = int(rng.choice([4, 4, 5, 48]))
        outline = ellipse(
            far * np.cos(angle),
            far * np.sin(angle),
            float(rx),
            float(ry),
            float(rng.uniform(0, 90)),
            float(rng.uniform(0, 90)) + 360,
            corners,
        )
        region = region_of(frame, [outline], pad=0.15)
        mask = blur(region.mask, float(rng.uniform(0.4, 0.05 * size)))
        window = region.window()
        if window is None:
            continue
        rows, columns, inner_rows, inner_columns = window
        share = np.clip(mask[inner_rows, inner_columns], 0, 1)[..., None]
        tone = (rng.uniform(20, 245, 3).astype(np.float32) / 255) ** 2
        picture[rows, columns] = picture[rows, columns] * (1 - share) + tone * share
    grain = resize(rng.standard_normal((size // 2, size // 2)).astype(np.float32), size, size)
    return np.clip(picture * (1 + grain[..., None] * np.float32(0.03)), 0, 1)


_GROUNDS = {"studio": _studio, "white": _white, "colour": _colour, "wood": _wood, "room": _room, "clutter": _clutter}

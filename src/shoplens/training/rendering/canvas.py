"""The canvas: lays shaded parts over each other, back to front, in linear light with coverage."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from shoplens.training.rendering.design import COLOURS, METAL_COLOURS, Design
from shoplens.training.rendering.frame import Field, Frame, Region, blur
from shoplens.training.rendering.materials import TABLE, Material
from shoplens.training.rendering.patterns import DRAW

Linear = tuple[float, float, float]


def linear(colour: str | tuple[int, int, int]) -> Linear:
    """Linear light of a colour name or sRGB triple, by gamma 2 (close to sRGB's curve, and cheap both ways)."""
    r, g, b = COLOURS[colour] if isinstance(colour, str) else colour
    return (r / 255) ** 2, (g / 255) ** 2, (b / 255) ** 2


@dataclass(frozen=True)
class Light:
    """Key light from (x, y, z) (y downwards, z to the viewer), share of soft ambient light, and its tint."""

    key: tuple[float, float, float] = (-0.45, -0.62, 0.78)
    ambient: float = 0.46
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    level: float = 1.0


LIGHTS: dict[str, Light] = {
    "soft": Light(),
    "left": Light(key=(-0.85, -0.35, 0.65), ambient=0.38),
    "right": Light(key=(0.75, -0.45, 0.7), ambient=0.4),
    "top": Light(key=(-0.05, -0.9, 0.6), ambient=0.42),
    "hard": Light(key=(-0.6, -0.7, 0.55), ambient=0.26),
    "flat": Light(key=(-0.2, -0.3, 1.0), ambient=0.62),
    "warm": Light(key=(-0.6, -0.5, 0.75), ambient=0.42, tint=(1.08, 0.99, 0.86)),
    "cool": Light(key=(0.5, -0.6, 0.75), ambient=0.46, tint=(0.93, 0.99, 1.08)),
    "dim": Light(key=(-0.5, -0.6, 0.7), ambient=0.38, level=0.72),
}


@dataclass(frozen=True)
class Paint:
    """What a part is covered with. `scale` is the pattern's repeat in units, `turn` its angle in radians."""

    colour: Linear
    second: Linear
    third: Linear
    material: Material
    pattern: str = "plain"
    scale: float = 0.16
    turn: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)

    def plain(self) -> Paint:
        """The same without its pattern."""
        return replace(self, pattern="plain")

    def turned(self, angle: float) -> Paint:
        """The same with pattern and texture turned further by `angle` radians."""
        return replace(self, turn=self.turn + angle)

    def sized(self, factor: float) -> Paint:
        """The same with the pattern's repeat scaled."""
        return replace(self, scale=self.scale * factor)

    def moved(self, x: float, y: float) -> Paint:
        """The same with the pattern's origin at (x, y)."""
        return replace(self, shift=(x, y))

    def tinted(self, factor: float) -> Paint:
        """The same, darker (factor below 1) or lighter."""

        def times(colour: Linear) -> Linear:
            return colour[0] * factor, colour[1] * factor, colour[2] * factor

        return replace(self, colour=times(self.colour), second=times(self.second), third=times(self.third))

    def swapped(self) -> Paint:
        """Plain, in the second colour."""
        return replace(self, colour=self.second, pattern="plain")


def _third(design: Design) -> Linear:
    """A fitting third colour for patterns that have one."""
    if design.pattern == "floral":
        return linear((92, 122, 70) if design.colour not in ("green", "olive", "mint") else (232, 190, 80))
    if design.pattern in ("leopard", "camouflage"):
        return linear((44, 34, 28) if design.pattern == "leopard" else (52, 50, 36))
    lightness = sum(COLOURS[design.colour]) / 3
    return linear((236, 226, 196)) if lightness < 130 else linear((60, 56, 60))


class Canvas:
    """A square raster of premultiplied linear light and coverage, with the paints of one design."""

    def __init__(self, frame: Frame, design: Design, light: Light) -> None:
        self.frame = frame
        self.design = design
        self.light = light
        self.rgb = np.zeros((frame.n, frame.n, 3), dtype=np.float32)
        self.alpha = np.zeros((frame.n, frame.n), dtype=np.float32)
        key = np.asarray(light.key, dtype=np.float64)
        self._key = key / np.linalg.norm(key)
        half = self._key + np.asarray([0.0, 0.0, 1.0])
        self._half = half / np.linalg.norm(half)
        self.main = Paint(
            linear(design.colour), linear(design.second_colour), _third(design), TABLE[design.material], design.pattern
        )
        choice = design.rng("trim")
        metal = design.colour if design.colour in METAL_COLOURS else str(choice.choice(["gold", "silver", "silver"]))
        self.metal = self.paint(metal, "metal")

    def paint(self, colour: str | tuple[int, int, int] | Linear, material: str = "cotton") -> Paint:
        """A plain paint: a colour name, an sRGB triple of int, or linear light as floats."""
        if isinstance(colour, tuple) and isinstance(colour[0], float):
            lin: Linear = (float(colour[0]), float(colour[1]), float(colour[2]))
        else:
            lin = linear(colour)  # type: ignore[arg-type]
        return Paint(lin, lin, lin, TABLE[material])

    def texture(
        self, region: Region, paint: Paint, uv: tuple[Field, Field] | None = None
    ) -> tuple[Field | None, Field | None, tuple[Field, Field]]:
        """Relief and tint of the paint's material over a region, and the turned coordinates for the pattern."""
        x, y = region.xy if uv is None else uv
        if paint.turn:
            cos, sin = np.float32(np.cos(paint.turn)), np.float32(np.sin(paint.turn))
            x, y = x * cos + y * sin, y * cos - x * sin
        relief, tint = (None, None)
        if paint.material.texture is not None:
            relief, tint = paint.material.texture(x, y, region.frame.scale)
        return relief, tint, (x, y)

    def _albedo(self, paint: Paint, x: Field, y: Field) -> Field:
        """Colour of each pixel, shape (k, 3), or (3,) where the paint is plain."""
        base = np.asarray(paint.colour, dtype=np.float32)
        draw = DRAW.get(paint.pattern)
        if draw is None:
            return base
        scale = np.float32(1 / paint.scale)
        u = (x - np.float32(paint.shift[0])) * scale
        v = (y - np.float32(paint.shift[1])) * scale
        second, third = draw(u, v, 1.4 / (paint.scale * self.frame.scale), self.design.rng("pattern"))
        out = base + second[:, None] * (np.asarray(paint.second, dtype=np.float32) - base)
        if third is not None:
            out += third[:, None] * (np.asarray(paint.third, dtype=np.float32) - out)
        return out.astype(np.float32)

    def lay(
        self,
        region: Region,
        nx: Field,
        ny: Field,
        nz: Field,
        paint: Paint,
        uv: tuple[Field, Field] | None = None,
        tint: Field | None = None,
        cast: float = 0.0,
        opacity: Field | float = 1.0,
    ) -> None:
        """Shade a region and put it over what is there.

        nx, ny, nz: unit normals (z to the viewer); uv: turned surface coordinates for the pattern; tint: factor on
        the colour; cast: how much shadow the part throws on the parts below it (0 to 1).
        """
        window = region.window()
        if window is None:
            return
        if cast > 0:
            self._cast(region, cast)
        rows, columns, inner_rows, inner_columns = window
        mask = region.mask[inner_rows, inner_columns]
        picked = np.flatnonzero(mask > 0.003)
        if picked.size == 0:
            return
        dense = picked.size > 0.55 * mask.size

        def take(field: Field) -> Field:
            flat_field = field[inner_rows, inner_columns].ravel()
            return flat_field if dense else flat_field[picked]

        x, y = uv if uv is not None else region.xy
        albedo = (
            self._albedo(paint, take(x), take(y))
            if paint.pattern in DRAW
            else np.asarray(paint.colour, dtype=np.float32)
        )
        if paint.material.glass:
            # What shines through is bright: the glass itself must be deeper for both together to be of its colour.
            see_through = np.float32(np.clip(1 - min(paint.colour) / 0.85, 0.55, 0.84))
            albedo = np.maximum((albedo - (1 - see_through) * np.float32(0.85)) / see_through, 0)
        if tint is not None:
            albedo = albedo * take(tint)[:, None]
        n = (take(nx), take(ny), take(nz))
        colour = self._shade(albedo, paint.material, n)
        share = take(region.mask)
        if paint.material.glass:
            share = share * (see_through + (np.float32(0.98) - see_through) * (1 - n[2]) ** 2)
        if not isinstance(opacity, float):
            share = share * take(opacity)
        elif opacity != 1.0:
            share = share * np.float32(opacity)
        rest = 1 - share
        colour *= share[:, None]
        if dense:
            rgb = self.rgb[rows, columns]
            rgb *= rest.reshape(mask.shape)[..., None]
            rgb += colour.reshape(*mask.shape, 3)
            alpha = self.alpha[rows, columns]
            alpha *= rest.reshape(mask.shape)
            alpha += share.reshape(mask.shape)
            return
        flat = (picked // mask.shape[1] + rows.start) * self.frame.n + picked % mask.shape[1] + columns.start
        all_rgb, all_alpha = self.rgb.reshape(-1, 3), self.alpha.reshape(-1)
        all_rgb[flat] = all_rgb[flat] * rest[:, None] + colour
        all_alpha[flat] = all_alpha[flat] * rest + share

    def _shade(self, albedo: Field, material: Material, n: tuple[Field, Field, Field]) -> Field:
        nx, ny, nz = n
        kx, ky, kz = (np.float32(v) for v in self._key)
        hx, hy, hz = (np.float32(v) for v in self._half)
        ambient = np.float32(self.light.ambient)
        lambert = np.maximum((nx * kx + ny * ky + nz * kz) / kz, 0)
        sky = (1 - np.float32(0.30) * ny) * (np.float32(0.62) + np.float32(0.38) * nz)
        lit = ambient * sky + (1 - ambient) * np.minimum(lambert, 1.32)
        if material.contrast != 1.0:
            lit = 1 + (lit - 1) * np.float32(material.contrast)
        shine = None
        if material.gloss:
            half = np.maximum(nx * hx + ny * hy + nz * hz, 0) ** np.float32(material.sharp)
            shine = np.maximum(half - np.float32(float(hz) ** material.sharp), 0) * np.float32(material.gloss)
        if material.mirror:
            rx, ry = 2 * nz * nx, 2 * nz * ny
            front = np.clip((2 * nz * nz - 1) * 2 + np.float32(0.8), 0, 1)
            box = _soft(0.26 - np.abs(rx + np.float32(0.66)), 0.10) * _soft(0.62 - np.abs(ry + np.float32(0.20)), 0.2)
            far = _soft(0.07 - np.abs(rx - np.float32(0.80)), 0.05) * _soft(0.6 - np.abs(ry), 0.3)
            both = (box + far * np.float32(0.45)) * front
            if material.metal:
                lit = (
                    lit * np.float32(0.45)
                    + np.float32(0.52)
                    - ry * np.float32(0.28)
                    + np.cos(rx * np.float32(4.6) + ry * np.float32(2.4)) * np.float32(0.30)
                    - np.float32(0.26)
                )
                lit = np.maximum(lit, np.float32(0.08)) + both * np.float32(0.75)
            else:
                both = both * np.float32(material.mirror)
                shine = both if shine is None else shine + both
        tint = np.asarray(self.light.tint, dtype=np.float32) * np.float32(self.light.level)
        if material.sheen:
            lit = lit + np.float32(material.sheen) * (1 - nz) ** 2 * 2
        colour = albedo * lit[:, None] * tint
        if shine is not None:
            colour = colour + (
                shine[:, None] * (0.45 + 0.55 * np.sqrt(np.clip(albedo, 0, 1)))
                if material.metal or material.name in ("silk", "satin", "velvet")
                else shine[:, None] * tint
            )
        out: Field = colour.astype(np.float32)
        return out

    def _cast(self, region: Region, amount: float, sigma: float = 0.018, dx: float = 0.008, dy: float = 0.016) -> None:
        """Darken what lies below a region: its blurred coverage, moved away from the light."""
        px = self.frame.scale
        pad = int(np.ceil(sigma * px * 2.5)) + 1
        soft = blur(np.pad(region.mask, pad), sigma * px)
        moved = Region(self.frame, region.x0 - pad + round(dx * px), region.y0 - pad + round(dy * px), soft)
        self.darken(moved, amount)

    def darken(self, region: Region, amount: float) -> None:
        """Multiply what is there by 1 - amount x coverage."""
        window = region.window()
        if window is not None:
            rows, columns, inner_rows, inner_columns = window
            factor = 1 - np.float32(amount) * np.clip(region.mask[inner_rows, inner_columns], 0, 1)
            self.rgb[rows, columns] *= factor[..., None]


def _soft(x: Field, width: float) -> Field:
    out: Field = np.clip(x * np.float32(1 / width) + np.float32(0.5), 0, 1)
    return out

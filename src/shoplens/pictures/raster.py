"""Bytes -> upright, reduced RGB. Standard library and Pillow only: this is what decode processes run.

Order of work, each step guarding the next: byte cap, magic, header (pixel cap), scaled decode (JPEG), crop, flatten
(palette, 16 bit, alpha on white), reduce, colour profile, orientation. Colours and orientation come last because they
are cheap on the reduced picture; the crop, given in shares of the upright picture, is turned to match the stored one.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from shoplens.errors import MissingExtraError, PictureError
from shoplens.pictures.colour import to_srgb
from shoplens.pictures.limits import ASPECT, MB, Limits
from shoplens.pictures.sniff import sniff

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1: in shares of width and height, or in pixels."""

_PLUGINS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF", "heic": "HEIF"}
_ORIENTATION = 0x0112
_TURN = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Stored x, y as functions of upright x, y (shares): the inverse of the transposition above.
_STORED: dict[int, Callable[[float, float], tuple[float, float]]] = {
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (y, 1 - x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (1 - y, x),
}
_REMAINS = 1.5
"""Times the resolution asked for that are left to reduce after scaled decoding. At 2, a photo of one megapixel for a
side of 256 was decoded whole and reduced from there: 2.4 times the processor time, for the same pixels (50 dB)."""
_STRIP_PIXELS = 4_000_000
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Raster:
    """Upright RGB pixels as bytes, rows of ``3 * columns`` bytes; ``width``, ``height`` are those before reducing."""

    rgb: bytes
    columns: int
    rows: int
    width: int
    height: int
    format: str
    warnings: tuple[str, ...]


def rasterise(data: bytes, side: int, crop: Box | None, limits: Limits) -> Raster:
    """Decodes one picture; see ``shoplens.pictures.decode.decode`` for what is promised.

    Raises:
        PictureError: with one of REASONS, for whatever is wrong with the bytes.
        MissingExtraError: a HEIC picture without the extra.
    """
    if len(data) > limits.max_bytes:
        raise PictureError(
            f"the file has {len(data) / MB:.1f} MB, more than the {limits.max_bytes / MB:.1f} MB allowed",
            reason="too_large",
            hint="reduce the picture, or raise the byte limit",
        )
    format = sniff(data)
    if format == "webp" and int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise PictureError("the file ends before the picture does", reason="truncated", hint="send it again")
    if format == "heic":
        _enable_heic()
    try:
        with Image.open(io.BytesIO(data), formats=[_PLUGINS[format]]) as picture:
            return _rasterise(picture, side, crop or _WHOLE, format, limits)
    except (PictureError, MissingExtraError):
        raise
    except Exception as problem:
        raise _named(problem, format) from problem


def target(width: int, height: int, side: int) -> float:
    """By which factor (<= 1) to scale: shortest side to ``side``, long side at most ASPECT * ``side``."""
    return min(1.0, side / min(width, height), ASPECT * side / max(width, height))


def _rasterise(picture: Image.Image, side: int, crop: Box, format: str, limits: Limits) -> Raster:
    width, height = picture.size
    _check_header(width, height, format, limits)
    warnings = ["first_frame"] if _moves(picture, format) else []
    if format != "jpeg":
        picture.load()  # before the EXIF, which may lie behind the pixels
    orientation = _orientation(picture)
    box = _turned(crop, orientation)
    wide, high = (max(1, round((box[2] - box[0]) * width)), max(1, round((box[3] - box[1]) * height)))
    factor = target(wide, high, side)
    scale = _draft(picture, factor) if format == "jpeg" else 1
    picture.load()
    size = (max(1, round(wide * factor)), max(1, round(high * factor)))
    profile = picture.info.get("icc_profile")
    small = _reduced(picture, _pixels(box, (width, height), scale), size)
    small, ignored = to_srgb(small, profile if isinstance(profile, bytes) else None)
    if ignored:
        warnings.append("profile_ignored")
    if orientation in _TURN:
        small = small.transpose(_TURN[orientation])
    if orientation >= 5:
        wide, high = high, wide
    return Raster(small.tobytes(), small.width, small.height, wide, high, format, tuple(warnings))


def _check_header(width: int, height: int, format: str, limits: Limits) -> None:
    if width < 1 or height < 1:
        raise PictureError(f"the header announces {width} x {height} pixels", reason="broken", hint="save it again")
    cap = limits.pixels_of(format)
    if width * height > cap or max(width, height) > limits.max_side:
        raise PictureError(
            f"{width} x {height} pixels are more than allowed for {format} "
            f"({cap / 1e6:.0f} million, {limits.max_side} a side)",
            reason="too_many_pixels",
            hint="reduce the picture",
        )


def _moves(picture: Image.Image, format: str) -> bool:
    try:
        return format != "jpeg" and bool(getattr(picture, "is_animated", False))  # frames of a JPEG (MPO) do not move
    except MemoryError:
        raise
    except Exception:  # a damaged second frame is no reason to reject the first
        return False


def _orientation(picture: Image.Image) -> int:
    """EXIF (or XMP) orientation 1..8; 1 where there is none, it is out of range or cannot be read."""
    try:
        value = picture.getexif().get(_ORIENTATION, 1)
    except MemoryError:
        raise
    except Exception:  # damaged EXIF is common, and no reason to reject the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(crop: Box, orientation: int) -> Box:
    """The crop of the upright picture as a box of the stored one, both in shares."""
    stored = _STORED.get(orientation)
    if stored is None:
        return crop
    (xa, ya), (xb, yb) = stored(crop[0], crop[1]), stored(crop[2], crop[3])
    return min(xa, xb), min(ya, yb), max(xa, xb), max(ya, yb)


def _pixels(box: Box, size: tuple[int, int], scale: int) -> Box:
    """A box in shares of a picture of this size as one in pixels of that picture decoded at 1/scale.

    The decoder rounds its size up, so the last row or column may hold part of a pixel: dividing by ``scale`` keeps the
    box where it belongs. It is at least one pixel wide and high.
    """
    x0, x1 = _span(box[0], box[2], size[0], scale)
    y0, y1 = _span(box[1], box[3], size[1], scale)
    return x0, y0, x1, y1


def _span(low: float, high: float, size: int, scale: int) -> tuple[float, float]:
    start = min(low * size, size - 1.0)
    return start / scale, min(float(size), max(high * size, start + 1.0)) / scale


def _draft(picture: Image.Image, factor: float) -> int:
    """Lets the JPEG decoder scale by 1/2, 1/4 or 1/8, as long as ``_REMAINS`` of the target's resolution remain."""
    for scale in (8, 4, 2):
        if factor * _REMAINS * scale <= 1.0 and min(picture.size) >= scale:
            width, height = picture.size
            picture.draft(None, (width // scale, height // scale))
            return scale if picture.size != (width, height) else 1
    return 1


def _reduced(picture: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """The box of the picture in ``size``: mode L, RGB, CMYK or LAB, antialiased, without alpha."""
    if picture.mode not in ("L", "RGB", "CMYK", "LAB") or picture.has_transparency_data:
        picture, box = _flattened(picture, box, size)
    return picture.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)


def _flattened(picture: Image.Image, box: Box, size: tuple[int, int]) -> tuple[Image.Image, Box]:
    """The box of the picture without palette, alpha and 16 bit, and where in it the box now lies.

    Large pictures go strip by strip, each reduced by a whole factor on the way, so that no second full copy of a
    50 megapixel picture is ever held.
    """
    left, top, right, bottom = math.floor(box[0]), math.floor(box[1]), math.ceil(box[2]), math.ceil(box[3])
    width, height = right - left, bottom - top
    if width * height <= _STRIP_PIXELS:
        flat = _on_white(_simple(picture.crop((left, top, right, bottom))))
        return flat, (box[0] - left, box[1] - top, box[2] - left, box[3] - top)
    step = max(1, int(min((box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]) / 2))
    rows = max(step, _STRIP_PIXELS // width // step * step)
    out: Image.Image | None = None
    for offset in range(0, height, rows):
        strip = _simple(picture.crop((left, top + offset, right, min(bottom, top + offset + rows))))
        strip = _on_white(strip.reduce(step) if step > 1 else strip)
        if out is None:
            out = Image.new(strip.mode, (strip.width, -(-height // step)))
        out.paste(strip, (0, offset // step))
    if out is None:
        raise PictureError("the picture has no rows", reason="broken")
    shifted = ((box[0] - left) / step, (box[1] - top) / step, (box[2] - left) / step, (box[3] - top) / step)
    return out, shifted


def _simple(picture: Image.Image) -> Image.Image:
    """8 bit, no palette: mode L, LA, RGB or RGBA (CMYK, LAB stay)."""
    if picture.mode in ("LA", "La"):
        return picture.convert("LA")
    if picture.has_transparency_data:
        return picture if picture.mode == "RGBA" else picture.convert("RGBA")
    if picture.mode.startswith("I"):
        # 16 bit greys; Pillow's own conversion would clip at 255 instead of scaling.
        return picture.point(lambda value: value * (1 / 257) + 0.5).convert("L")
    if picture.mode in ("1", "F"):
        return picture.convert("L")
    return picture if picture.mode in ("L", "RGB", "CMYK", "LAB") else picture.convert("RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    """The picture without alpha, its transparent parts on white."""
    if picture.mode not in ("LA", "RGBA"):
        return picture
    alpha = picture.getchannel("A")
    ground = Image.new("L" if picture.mode == "LA" else "RGB", picture.size, "white")
    ground.paste(picture.getchannel("L") if picture.mode == "LA" else picture, mask=alpha)
    return ground


def _enable_heic() -> None:
    try:
        import pillow_heif
    except ImportError as problem:
        raise MissingExtraError("reading HEIC pictures", extra="heic") from problem
    pillow_heif.register_heif_opener(thumbnails=False)


def _named(problem: Exception, format: str) -> PictureError:
    """Whatever Pillow raised, as one rejected picture with a reason."""
    text = str(problem).strip() or type(problem).__name__
    lower = text.lower()
    if isinstance(problem, MemoryError) or "out of memory" in lower:
        return PictureError("decoding it needs more memory than allowed", reason="memory", hint="reduce the picture")
    if isinstance(problem, Image.DecompressionBombError):
        return PictureError(text[:200], reason="too_many_pixels", hint="reduce the picture")
    if isinstance(problem, EOFError) or any(word in lower for word in ("truncated", "not enough", "unexpected end")):
        return PictureError(f"the {format} file ends too early: {text[:200]}", reason="truncated", hint="send it again")
    if isinstance(problem, UnidentifiedImageError):
        text = "its header cannot be read"
    return PictureError(
        f"the {format} file is damaged: {text[:200]}", reason="broken", hint="open it in a picture program and save it"
    )

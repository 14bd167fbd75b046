"""Colour profiles to sRGB. Runs on reduced pixels, where it costs next to nothing."""

from __future__ import annotations

import io
from functools import lru_cache

from PIL import Image, ImageCms

_MAX_PROFILE = 4 * 1024 * 1024
_SPACES = {"RGB": ("RGB",), "L": ("GRAY", "RGB"), "CMYK": ("CMYK",), "LAB": ("Lab",)}


def to_srgb(picture: Image.Image, profile: bytes | None) -> tuple[Image.Image, bool]:
    """The picture in RGB, and whether its profile had to be ignored.

    ``picture`` is of mode L, RGB, CMYK or LAB, without alpha. Without a profile L and RGB are taken for sRGB and
    CMYK for its plain complement. A profile that does not parse, or that is of another colour space than the pixels,
    is ignored.
    """
    if profile:
        try:
            transform, mode = _transform(bytes(profile), picture.mode)
            if transform is not None:
                converted = transform.apply(picture if picture.mode == mode else picture.convert(mode))
                return converted, False
            return picture.convert("RGB"), False
        except MemoryError:
            raise
        except Exception:
            return _plain(picture), True
    return _plain(picture), False


def _plain(picture: Image.Image) -> Image.Image:
    if picture.mode == "LAB":
        transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
        return transform.apply(picture)
    return picture.convert("RGB")


@lru_cache(maxsize=16)
def _transform(profile: bytes, mode: str) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """(transform, mode it takes); the transform is None for a profile that is sRGB already."""
    if not 128 <= len(profile) <= _MAX_PROFILE:
        raise ValueError("not a colour profile")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space = source.profile.xcolor_space.strip()
    if space not in _SPACES.get(mode, ()):
        raise ValueError(f"a {space} profile on {mode} pixels")
    if space == "RGB":
        mode = "RGB"
        # Nearly every profile met in shops is sRGB itself: converting it to sRGB would cost and change nothing.
        if "srgb" in (source.profile.profile_description or "").lower():
            return None, mode
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    return transform, mode

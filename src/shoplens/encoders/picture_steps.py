"""From a picture to what an image tower reads: scaled, cropped or padded, as the model's own library does it.

Plain PIL and numpy, so that serving needs no torch. The libraries differ in small things (which side is scaled, how a
half pixel is rounded); each of them is a field here, and the parity gate of ``encoder export`` holds the whole against
the library on whole pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from shoplens.core.spaces import Pixels

Resize = Literal["shortest", "longest", "squash", "none"]
Rounding = Literal["down", "even"]

FILTERS: Mapping[str, Image.Resampling] = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True, slots=True)
class PictureSteps:
    """What is done to a picture before the tower sees it.

    Args:
        resize: "shortest" or "longest" side to ``scaled`` with the shape kept, "squash" onto it, or "none".
        scaled: (height, width) that the resize aims at.
        size: (height, width) that comes out: cropped from the middle, or padded with ``fill``.
        filter: name of Pillow's filter; it is antialiased when reducing.
        length_rounding: of the free side: "down" (torchvision's Resize, transformers) or "even" (ResizeKeepRatio).
        crop_rounding: of the margin before the crop: "even" (torchvision) or "down" (transformers).
        fill: 0..255, of the padding.
        mean, std: of the normalisation, for pixels in 0..1. Exported graphs do it inside.
    """

    resize: Resize
    scaled: tuple[int, int]
    size: tuple[int, int]
    filter: str = "bicubic"
    length_rounding: Rounding = "down"
    crop_rounding: Rounding = "even"
    fill: tuple[int, int, int] = (0, 0, 0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if self.resize not in ("shortest", "longest", "squash", "none") or self.filter not in FILTERS:
            raise ValueError(f"no such resize or filter: {self.resize!r}, {self.filter!r}")
        if {self.length_rounding, self.crop_rounding} - {"down", "even"}:
            raise ValueError("roundings are down or even")
        if min(*self.scaled, *self.size) < 1 or max(*self.scaled, *self.size) > 4096:
            raise ValueError(f"sides from 1 to 4096 pixels, not {self.scaled}, {self.size}")
        if min(self.std) <= 0:
            raise ValueError("standard deviations are above 0")

    @property
    def side(self) -> int:
        """Shortest side, in pixels, below which a picture would have to be enlarged."""
        return max(*self.scaled, *self.size)

    def prepare(self, picture: Pixels) -> Pixels:
        """``picture`` uint8 [h, w, 3], RGB, upright -> uint8 [*size, 3]. ValueError for another shape or type."""
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or 0 in picture.shape:
            raise ValueError(f"a picture is uint8 [h, w, 3], not {picture.dtype} {list(picture.shape)}")
        height, width = self.scaled_size(int(picture.shape[0]), int(picture.shape[1]))
        if (height, width) != picture.shape[:2]:
            image = Image.fromarray(np.ascontiguousarray(picture))
            picture = np.asarray(image.resize((width, height), FILTERS[self.filter]), dtype=np.uint8)
        return self._centre(picture)

    def batch(self, pictures: Iterable[Pixels]) -> Pixels:
        """Prepared pictures as one array, uint8 [n, *size, 3]; n may be 0."""
        prepared = [self.prepare(picture) for picture in pictures]
        return np.stack(prepared) if prepared else np.zeros((0, *self.size, 3), np.uint8)

    def normalize(self, batch: Pixels) -> npt.NDArray[np.float32]:
        """uint8 [n, h, w, 3] -> float32 [n, 3, h, w]: (pixels / 255 - mean) / std, for towers that want it so."""
        mean, std = np.asarray(self.mean, np.float32), np.asarray(self.std, np.float32)
        x = (batch.astype(np.float32) / np.float32(255.0) - mean) / std
        return np.ascontiguousarray(x.transpose(0, 3, 1, 2), dtype=np.float32)

    def scaled_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) after the resize and before the crop; at least 1 pixel each."""
        aim_h, aim_w = self.scaled
        if self.resize == "squash":
            return aim_h, aim_w
        if self.resize == "none":
            return height, width
        if self.length_rounding == "even":
            choose = max if self.resize == "longest" else min
            ratio = choose(height / aim_h, width / aim_w)
            return max(1, round(height / ratio)), max(1, round(width / ratio))
        # As torchvision's Resize with one number: that side exactly, the other one cut to whole pixels.
        by_height = (height <= width) == (self.resize == "shortest")
        if by_height:
            return aim_h, max(1, int(aim_h * width / height))
        return max(1, int(aim_w * height / width)), aim_w

    def _centre(self, picture: Pixels) -> Pixels:
        out_h, out_w = self.size
        height, width = picture.shape[:2]
        if (height, width) == (out_h, out_w):
            return picture
        if height < out_h or width < out_w:
            # Odd margins put the extra row or column below or to the right.
            top, left = max(0, out_h - height) // 2, max(0, out_w - width) // 2
            padded = np.empty((max(height, out_h), max(width, out_w), 3), np.uint8)
            padded[:] = self.fill
            padded[top : top + height, left : left + width] = picture
            picture, (height, width) = padded, padded.shape[:2]
        rounded = math.floor if self.crop_rounding == "down" else round
        top, left = int(rounded((height - out_h) / 2)), int(rounded((width - out_w) / 2))
        return picture[top : top + out_h, left : left + out_w]

    def to_fields(self) -> dict[str, Any]:
        """As plain data, for a card."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> PictureSteps:
        """The inverse of ``to_fields``. Raises ValueError, TypeError or KeyError for what is none."""
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()}
        for name, count in (("scaled", 2), ("size", 2), ("fill", 3), ("mean", 3), ("std", 3)):
            if name in values and len(values[name]) != count:
                raise ValueError(f"{name} has {count} numbers")
        return cls(**values)


__all__ = ["FILTERS", "PictureSteps"]

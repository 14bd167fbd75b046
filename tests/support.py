"""What several tests share: a small real encoder whose answers a child could state, and small shops."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from shoplens.core.spaces import Calibration, EncoderCard, Pixels, Vectors, unit

DATA = Path(os.environ.get("SHOPLENS_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
"""The real data sets; they are not part of the project."""

COLOURS = {
    "red": (220, 30, 30),
    "green": (30, 160, 50),
    "blue": (30, 60, 220),
    "yellow": (240, 220, 40),
    "white": (250, 250, 250),
    "black": (15, 15, 15),
}
_CHINESE = {"红": "red", "绿": "green", "蓝": "blue", "黄": "yellow", "白": "white", "黑": "black"}


def need_data(name: str) -> Path:
    """The folder of a data set; skips the test where it is missing."""
    folder = DATA / name
    if not folder.exists():
        pytest.skip(f"the data set {name} is not here (set SHOPLENS_DATA)")
    return folder


class ColourEncoder:
    """Pictures by their mean colour, words by the colours they name: red words are near red pictures.

    Dimensions: one for each colour of COLOURS (closeness to it), one that all vectors share, eight in which a text that
    names no colour lies wherever its checksum puts it, so that it is like nothing else.
    """

    def __init__(self, name: str = "colours") -> None:
        floor = {k: Calibration(12.0, -8.0, 0.6) for k in ("words>picture", "picture>picture", "words>words")}
        self._card = EncoderCard(name, "1", len(COLOURS) + 9, calibration=floor, languages=("en", "zh"))
        self.encoded_pictures = 0
        self.encoded_words = 0

    @property
    def card(self) -> EncoderCard:
        """What this encoder is."""
        return self._card

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """float32 [n, d]: exp(-distance of the mean colour to each named colour)."""
        self.encoded_pictures += len(pictures)
        means = np.array([p.reshape(-1, 3).mean(0) for p in pictures], np.float32).reshape(-1, 3)
        return self._near(means)

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, d]: the mean of the colours named; a direction of its own for a text that names none."""
        self.encoded_words += len(texts)
        out = np.zeros((len(texts), self._card.dimension), np.float32)
        for row, text in enumerate(texts):
            said = {name for name in COLOURS if name in text.lower().split()}
            said |= {name for sign, name in _CHINESE.items() if sign in text}
            for name in said:
                out[row] += self._near(np.array([COLOURS[name]], np.float32))[0]
            if not said:
                out[row, -8:] = np.random.default_rng(zlib.crc32(text.encode())).standard_normal(8)
        return unit(out)

    def encode_patches(self, pictures: Sequence[Pixels]) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """Embeddings, and a map of one patch."""
        vectors = self.encode_pictures(pictures)
        return vectors, vectors[:, None, None, :]

    def _near(self, means: npt.NDArray[np.float32]) -> Vectors:
        names = np.array(list(COLOURS.values()), np.float32)
        away = np.linalg.norm(means[:, None, :] - names[None], axis=2)
        near = np.exp(-away / 60)
        out = np.zeros((len(means), self._card.dimension), np.float32)
        out[:, : len(COLOURS)] = near
        out[:, len(COLOURS)] = 0.05
        return unit(out)


def picture(colour: str | tuple[int, int, int], side: int = 64, *, shade: int = 0, format: str = "PNG") -> bytes:
    """A picture of one colour, as a file's bytes; ``shade`` makes it another file of nearly the same colour."""
    rgb = COLOURS[colour] if isinstance(colour, str) else colour
    image = Image.new("RGB", (side, side), tuple(int(np.clip(c + shade, 0, 255)) for c in rgb))  # type: ignore[arg-type]
    buffer = io.BytesIO()
    image.save(buffer, format)
    return buffer.getvalue()

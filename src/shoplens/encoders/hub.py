"""Hub models in torch: what a library's loader hands over, and the encoder that runs it (extra ``hub``).

Imported only when a hub model is opened or exported, since it imports torch.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from shoplens.core.spaces import EncoderCard, Pixels, Vectors
from shoplens.encoders.dual import DualEncoder, Tokens, Towers
from shoplens.encoders.hub_sources import Source
from shoplens.encoders.onnx_folder import STEPS
from shoplens.encoders.picture_steps import PictureSteps
from shoplens.encoders.word_reader import WordReader, WordSteps
from shoplens.errors import EncoderError


class PictureTower(nn.Module):
    """Bytes to unit vectors: the normalisation of ``steps`` and the library's tower (float [n, 3, h, w] -> [n, d])."""

    def __init__(self, tower: nn.Module, steps: PictureSteps) -> None:
        super().__init__()
        self.tower = tower
        self.register_buffer("mean", torch.tensor(steps.mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(steps.std).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """``pixels`` uint8 [n, h, w, 3] -> [n, d]."""
        x = (pixels.permute(0, 3, 1, 2).float() / 255.0 - self.mean) / self.std
        return F.normalize(self.tower(x), dim=-1)


class WordsTower(nn.Module):
    """Token numbers to unit vectors: the library's tower (ids and mask [n, t] -> [n, d])."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """``ids``, ``mask`` int64 [n, t] -> [n, d]."""
        return F.normalize(self.tower(ids, mask), dim=-1)


@dataclass(frozen=True, slots=True)
class Words:
    """The words' side of a model. ``tokenizer``: a tokenizer.json as text, with truncation and padding set."""

    tower: nn.Module
    steps: WordSteps
    tokenizer: str


@dataclass(frozen=True, slots=True)
class HubModel:
    """A model as its library's loader hands it over.

    ``library_pictures`` and ``library_words`` are the library's own way from PIL pictures and texts to vectors
    (not our preprocessing), against which the parity gate of the export holds ours.
    """

    source: Source
    library: str
    picture: nn.Module
    steps: PictureSteps
    library_pictures: Callable[[Sequence[Image.Image]], Tensor]
    words: Words | None = None
    library_words: Callable[[Sequence[str]], Tensor] | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def picture_tower(self) -> PictureTower:
        """The tower for pictures, from bytes."""
        return PictureTower(self.picture, self.steps).eval()

    def words_tower(self) -> WordsTower | None:
        """The tower for words; None for a model of pictures only."""
        return WordsTower(self.words.tower).eval() if self.words else None

    def preprocessing(self) -> dict[str, Any]:
        """What a card says of the way to the towers."""
        return {
            "name": STEPS,
            "picture_side": self.steps.side,
            "picture": self.steps.to_fields(),
            "words": self.words.steps.to_fields() if self.words else None,
        }

    def card(self) -> EncoderCard:
        """The card: the revision is a hash over weights, tokenizer and preprocessing."""
        probe = np.zeros((1, *self.steps.size, 3), np.uint8)
        with torch.inference_mode():
            dimension = int(self.picture_tower()(torch.from_numpy(probe)).shape[1])
        return EncoderCard(
            name=self.source.name,
            revision=self.source.revision(self.preprocessing(), self.words.tokenizer if self.words else ""),
            dimension=dimension,
            preprocessing=self.preprocessing(),
            modalities=("picture", "words") if self.words else ("picture",),
            data=({"name": self.source.asked, "source": self.library, "licence": "see the model's own card"},),
            files=dict(self.source.files),
            licence="the model's own",
            notes=f"{self.library} model {self.source.asked}, as its library runs it",
        )

    def encoder(self) -> DualEncoder:
        """The model behind the port `Encoder`, run by torch."""
        picture, words = self.picture_tower(), self.words_tower()

        def run_pictures(batch: Pixels) -> Vectors:
            with torch.inference_mode():
                return np.asarray(picture(torch.from_numpy(np.ascontiguousarray(batch))).float(), np.float32)

        if self.words is None or words is None:
            return DualEncoder(self.card(), self.steps, Towers(run_pictures))

        def run_words(ids: Tokens, mask: Tokens) -> Vectors:
            with torch.inference_mode():
                return np.asarray(words(torch.from_numpy(ids), torch.from_numpy(mask)).float(), np.float32)

        return DualEncoder(self.card(), self.steps, Towers(run_pictures, run_words, reader_of(self.words)))

    def reference(self, pictures: Sequence[Pixels], texts: Sequence[str]) -> tuple[Vectors, Vectors]:
        """Unit vectors as the library itself makes them, one by one; those of texts [0, 0] where there are no words."""
        with torch.inference_mode():
            seen = [self.library_pictures([Image.fromarray(p)]) for p in pictures]
            read = [self.library_words([text]) for text in texts] if self.library_words else []
        return _stack(seen), _stack(read)


def reader_of(words: Words) -> WordReader:
    """A reader for the model's tokenizer (the library reads files only)."""
    with tempfile.TemporaryDirectory(prefix="shoplens-") as folder:
        path = Path(folder) / "tokenizer.json"
        path.write_text(words.tokenizer, "utf-8")
        return WordReader(path, words.steps)


def cannot_load(source: Source, error: Exception, library: str) -> EncoderError:
    """The error for whatever a library raises while it reads a model."""
    text = str(error).strip()
    first = text.splitlines()[0][:300] if text else ""
    return EncoderError(
        f"{library} cannot load it: {type(error).__name__}: {first}",
        where=str(source.folder),
        hint="try it with the library itself; models that bring code of their own are not run",
    )


def three(values: Sequence[float] | float) -> tuple[float, float, float]:
    """Three numbers of the channels, from one or from three. Raises ValueError for another count."""
    numbers = [float(values)] * 3 if isinstance(values, int | float) else [float(v) for v in values]
    if len(numbers) != 3:
        raise ValueError(f"pictures have three channels, not {len(numbers)}")
    return numbers[0], numbers[1], numbers[2]


def _stack(rows: Sequence[Tensor]) -> Vectors:
    if not rows:
        return np.zeros((0, 0), np.float32)
    return np.asarray(F.normalize(torch.cat(list(rows)).float(), dim=-1), np.float32)


__all__ = ["HubModel", "PictureTower", "Words", "WordsTower", "cannot_load", "reader_of", "three"]

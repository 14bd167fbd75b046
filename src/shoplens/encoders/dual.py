"""An encoder made of two towers, whatever runs them: batches, lengths, unit rows, in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.spaces import EncoderCard, Pixels, Vectors, unit
from shoplens.encoders.picture_steps import PictureSteps
from shoplens.encoders.word_reader import WordReader
from shoplens.errors import EncoderError

Tokens = npt.NDArray[np.int64]
_PICTURES_A_RUN = 16
_TEXTS_A_RUN = 64


@dataclass(frozen=True, slots=True)
class Towers:
    """What runs. ``picture``: uint8 [n, h, w, 3] -> [n, d]; ``words``: ids and mask int64 [n, t] -> [n, d].

    Rows need not be of unit length. Without ``words`` and ``reader`` the encoder is for photo-to-photo search only.
    """

    picture: Callable[[Pixels], Vectors]
    words: Callable[[Tokens, Tokens], Vectors] | None = None
    reader: WordReader | None = None


class DualEncoder:
    """An `Encoder` of two towers, or of one. Safe to call from several threads if the towers are.

    A text and a picture have the same vector whatever else is in the call (to rounding): texts of equal token count
    run together, pictures are independent of each other.
    """

    def __init__(self, card: EncoderCard, steps: PictureSteps, towers: Towers) -> None:
        self._card = card
        self._towers = towers
        self.steps = steps

    @property
    def card(self) -> EncoderCard:
        """What this encoder is."""
        return self._card

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """float32 [n, d], rows of unit length. Pictures are uint8 [h, w, 3], RGB, upright, of any size."""
        out = np.zeros((len(pictures), self._card.dimension), np.float32)
        for start in range(0, len(pictures), _PICTURES_A_RUN):
            batch = self.steps.batch(pictures[start : start + _PICTURES_A_RUN])
            out[start : start + len(batch)] = self._checked(self._towers.picture(batch), len(batch))
        return out

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, d], rows of unit length; what is too long is cut.

        Raises:
            EncoderError: this encoder reads pictures only.
        """
        run, reader = self._towers.words, self._towers.reader
        if run is None or reader is None:
            raise EncoderError(
                "this encoder reads pictures only: it has no tower for words",
                where=self._card.name,
                hint="search by photo, or choose an encoder with words: shoplens encoder list",
            )
        out = np.zeros((len(texts), self._card.dimension), np.float32)
        read = reader.read(texts)
        by_length: dict[int, list[int]] = {}
        for row, (ids, _) in enumerate(read):
            by_length.setdefault(len(ids), []).append(row)
        for rows in by_length.values():
            for start in range(0, len(rows), _TEXTS_A_RUN):
                chunk = rows[start : start + _TEXTS_A_RUN]
                numbers = np.asarray([read[row][0] for row in chunk], np.int64)
                mask = np.asarray([read[row][1] for row in chunk], np.int64)
                out[chunk] = self._checked(run(numbers, mask), len(chunk))
        return out

    def familiar(self, text: str) -> bool:
        """Whether words mean anything to this encoder: not to one without a tower for them."""
        return self._towers.words is not None

    def encode_patches(self, pictures: Sequence[Pixels]) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """Embeddings [n, d] and maps [n, 1, 1, d]: hub towers have no patches in their space, so that each map is one
        patch as large as the picture, which says nothing of where a hit matched.
        """
        vectors = self.encode_pictures(pictures)
        return vectors, vectors.reshape(len(vectors), 1, 1, -1).copy()

    def _checked(self, vectors: Vectors, count: int) -> Vectors:
        if vectors.shape != (count, self._card.dimension):
            raise EncoderError(
                f"the tower gave {list(vectors.shape)}, not {[count, self._card.dimension]}",
                where=self._card.name,
                hint="the card does not belong to these towers; export the encoder anew",
            )
        if not np.isfinite(vectors).all():
            raise EncoderError(
                "the tower gave numbers that are none (NaN or infinite)",
                where=self._card.name,
                hint="export it with --precision fp32",
            )
        return unit(vectors)


__all__ = ["DualEncoder", "Towers"]

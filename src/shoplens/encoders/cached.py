"""An encoder that remembers the vectors of the words it met last: queries repeat, far more than pictures do."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder, KnowsWords
from shoplens.core.spaces import EncoderCard, Pixels, Vectors


class CachedEncoder:
    """An `Encoder` around another one, with the ``size`` word vectors used last. Safe to call from several threads.

    Texts are the keys as they are: "Red" and "red" are two entries. 4,096 vectors of 256 floats are 4 MB.
    """

    def __init__(self, inner: Encoder, size: int = 4096) -> None:
        if size < 1:
            raise ValueError(f"a cache of {size} vectors")
        self._inner = inner
        self._size = size
        self._known: OrderedDict[str, npt.NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def card(self) -> EncoderCard:
        """What the inner encoder is."""
        return self._inner.card

    @property
    def inner(self) -> Encoder:
        """The encoder that is asked for what is not known."""
        return self._inner

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """As the inner encoder; not remembered."""
        return self._inner.encode_pictures(pictures)

    def familiar(self, text: str) -> bool:
        """As the inner encoder; True where it does not tell."""
        return self._inner.familiar(text) if isinstance(self._inner, KnowsWords) else True

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, d]; only texts not met lately are encoded, each once."""
        found: dict[str, npt.NDArray[np.float32]] = {}
        with self._lock:
            for text in texts:
                if text in self._known:
                    self._known.move_to_end(text)
                    found[text] = self._known[text]
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            # Outside the lock: two threads may encode one text twice, none waits for another's.
            for text, vector in zip(missing, self._inner.encode_words(missing), strict=True):
                found[text] = vector
            with self._lock:
                for text in missing:
                    self._known[text] = found[text]
                    self._known.move_to_end(text)
                while len(self._known) > self._size:
                    self._known.popitem(last=False)
        out = np.zeros((len(texts), self.card.dimension), np.float32)
        for row, text in enumerate(texts):
            out[row] = found[text]
        return out

    def encode_patches(self, pictures: Sequence[Pixels]) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """As the inner encoder; not remembered."""
        return self._inner.encode_patches(pictures)

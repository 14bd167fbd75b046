"""Encoder calls of several threads made as one: whoever finds the encoder free takes along what waits by then.

There is no timer and no thread of its own. A caller that comes alone encodes at once, as without this; while it does,
others gather, and the first of them then encodes for all. Who has given up by then is left out.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder, KnowsWords
from shoplens.core.spaces import EncoderCard, Pixels, Vectors
from shoplens.errors import EncoderError

T = TypeVar("T")

SIZES = (1, 2, 4, 8, 16, 32, 64)
"""Sizes of batches: few shapes, so that a runtime keeps what it has planned for each. No batch is padded."""
WAITING = 256
"""Calls that may wait; more are refused."""
PATIENCE_S = 30.0
"""After so long a caller gives up."""


class _Call(Generic[T]):
    __slots__ = ("done", "error", "item", "leads", "left", "vector", "woken")

    def __init__(self, item: T) -> None:
        self.item = item
        self.woken = threading.Event()
        self.vector: npt.NDArray[np.float32] | None = None
        self.error: BaseException | None = None
        self.done = self.leads = self.left = False


class Batcher(Generic[T]):
    """One kind of item. ``encode`` is called by one thread at a time.

    Args:
        encode: items -> float32 [n, d].
        most: items in one call at most.
        told: called with the size of each call.
    """

    def __init__(
        self, encode: Callable[[Sequence[T]], Vectors], most: int, told: Callable[[int], None] = lambda _: None
    ) -> None:
        self._encode, self._told = encode, told
        self._sizes = [size for size in SIZES if size <= max(1, most)]
        self._lock = threading.Lock()
        self._waiting: deque[_Call[T]] = deque()
        self._busy = False

    def one(self, item: T, patience_s: float = PATIENCE_S) -> npt.NDArray[np.float32]:
        """float32 [d] of an item.

        Raises:
            EncoderError: too many wait, or it took longer than ``patience_s``.
            What ``encode`` raises for this item.
        """
        call = _Call(item)
        with self._lock:
            if len(self._waiting) >= WAITING:
                raise EncoderError("too many calls wait for the encoder", where="encoder", hint="try again in a second")
            leads = not self._busy
            self._busy = True
            self._waiting.append(call)
        end = time.monotonic() + patience_s
        if not leads:
            call.woken.wait(max(0.0, end - time.monotonic()))
            with self._lock:
                if not call.done and not call.leads:
                    call.left = True  # whoever takes it next leaves it out
                    raise EncoderError(f"the encoder was not free within {patience_s:g} s", where="encoder")
                leads = call.leads
        if leads:
            self._lead(call)
        if call.vector is None:
            raise call.error or EncoderError("the encoder gave nothing", where="encoder")
        return call.vector

    def _lead(self, own: _Call[T]) -> None:
        """Encodes what waits, this caller's item among it, and hands the encoder to the first of those left over."""
        with self._lock:
            while self._waiting and self._waiting[0].left:
                self._waiting.popleft()
            there = [call for call in self._waiting if not call.left]
            size = max(size for size in self._sizes if size <= max(1, len(there)))
            # The leader is the one that waits longest, so its own item is among the first.
            batch = there[:size]
            taken = set(map(id, batch))
            self._waiting = deque(call for call in self._waiting if id(call) not in taken and not call.left)
        if not self._encoded(batch) and len(batch) > 1:
            for call in batch:  # so that one that cannot be encoded fails alone
                self._encoded([call])
        with self._lock:
            for call in batch:
                call.done = True
                if call is not own:
                    call.woken.set()
            while self._waiting and self._waiting[0].left:
                self._waiting.popleft()
            if self._waiting:
                heir = self._waiting[0]
                heir.leads = True
                heir.woken.set()
            else:
                self._busy = False

    def _encoded(self, batch: Sequence[_Call[T]]) -> bool:
        try:
            vectors = self._encode([call.item for call in batch])
            self._told(len(batch))
            for call, vector in zip(batch, vectors, strict=True):
                call.vector = vector
        except BaseException as error:
            for call in batch:
                call.error = error
            return False
        return True


class BatchingEncoder:
    """An `Encoder` around another one, whose calls for single items are made together. Safe in several threads.

    Calls with several items (an import's) go past the queue. Pictures have the same vectors alone and together; texts
    of an int8 tower do so to a cosine of 0.9999 (ADR 0023).
    """

    def __init__(self, inner: Encoder, most: int) -> None:
        self._inner = inner
        self.told: Callable[[str, int], None] = lambda _kind, _size: None
        """Called with the modality and the size of each call that was made of single ones."""
        self._words: Batcher[str] = Batcher(inner.encode_words, most, lambda size: self.told("words", size))
        self._pictures: Batcher[Pixels] = Batcher(inner.encode_pictures, most, lambda size: self.told("picture", size))

    @property
    def card(self) -> EncoderCard:
        """What the inner encoder is."""
        return self._inner.card

    def familiar(self, text: str) -> bool:
        """As the inner encoder; True where it does not tell."""
        return self._inner.familiar(text) if isinstance(self._inner, KnowsWords) else True

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """float32 [n, d]."""
        return self._pictures.one(pictures[0])[None] if len(pictures) == 1 else self._inner.encode_pictures(pictures)

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, d]."""
        return self._words.one(texts[0])[None] if len(texts) == 1 else self._inner.encode_words(texts)

    def encode_patches(self, pictures: Sequence[Pixels]) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """As the inner encoder."""
        return self._inner.encode_patches(pictures)

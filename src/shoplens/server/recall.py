"""Recall, watched while the service runs: now and then a search is answered exactly, too, in the background.

What is compared: the ten products nearest to the query's words or its first photo, under the query's filter, once as
the index finds them and once by a scan of every row. By how much a filter leaves, as that is where the recall of
approximate indexes is lost without a word.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, Full, Queue

import numpy as np
import structlog

from shoplens.app import Shop
from shoplens.core.query import Query
from shoplens.core.spaces import Modality
from shoplens.errors import ShopLensError
from shoplens.server.metrics import RECALL_AT, Metrics

log = structlog.get_logger("shoplens")

WAITING = 4
"""Samples that may wait; more are dropped, as a busy service has better things to do."""
REST_S = 0.25
"""Between two samples: a share of a core that no shopper notices."""
SIDE = 256
BANDS = ((0.01, "below 1 %"), (0.1, "1 to 10 %"), (0.999, "10 to 100 %"))
"""Names of what a filter leaves of all variants; "all" beyond."""


class RecallWatch:
    """Samples searches. ``offer`` is called for each; a thread of its own answers the sampled ones again.

    Args:
        every: of so many searches one is sampled; 0 for none.
    """

    def __init__(self, shop: Shop, metrics: Metrics, every: int) -> None:
        self._shop, self._metrics, self._every = shop, metrics, every
        self._count = 0
        self._queue: Queue[Query] = Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._ended = threading.Event()

    def offer(self, query: Query) -> None:
        """Takes a query where it is its turn and there is room."""
        if not self._every or not (query.words or query.pictures):
            return
        self._count += 1  # some counts are lost between threads: it is a sample
        if self._count % self._every:
            return
        with suppress(Full):
            self._queue.put_nowait(query)
        with self._starting:
            if self._thread is None and not self._ended.is_set():
                self._thread = threading.Thread(target=self._watch, name="shoplens-recall", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Ends the thread; what waits is dropped."""
        with self._starting:
            self._ended.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _watch(self) -> None:
        while not self._ended.is_set():
            try:
                query = self._queue.get(timeout=0.5)
            except Empty:
                continue
            try:
                sample(self._shop, self._metrics, query)
            except ShopLensError as error:
                log.info("recall could not be sampled", error=str(error))
            except Exception:  # a watch must not end because one sample was odd
                log.exception("recall could not be sampled")
            self._ended.wait(REST_S)


def sample(shop: Shop, metrics: Metrics, query: Query) -> None:
    """Counts the recall of both vector indexes for one query.

    Raises:
        ShopLensError: the encoder or the filter fails; then nothing is counted.
    """
    encoder, parts = shop.encoder, shop.copies.parts
    modality: Modality = "words" if query.words else "picture"
    if modality == "words":
        vector = encoder.encode_words([query.words])[0]
    else:
        photo = query.pictures[0]
        side = max(SIDE, encoder.card.picture_side)
        vector = encoder.encode_pictures([shop.decoder().decode_photos([photo], side)[0].pixels])[0]
    alive = parts.columns.mask(None)
    allowed = parts.columns.mask(query.where) if query.where is not None else None
    band = band_of(1.0 if allowed is None else float(allowed.sum()) / max(1, int(alive.sum())))
    for name, index in (("pictures", parts.pictures), ("texts", parts.texts)):
        if not len(index):
            continue
        found = index.search(np.asarray(vector, np.float32), RECALL_AT, allowed, query_modality=modality)
        exact = index.search(np.asarray(vector, np.float32), RECALL_AT, allowed, query_modality=modality, exact=True)
        if len(exact.products):
            metrics.recall.labels(band, name).inc(recall_of(found.products, exact.products))
            metrics.recall_samples.labels(band, name).inc()


def recall_of(found: np.ndarray, exact: np.ndarray) -> float:
    """The share of the exact best that was found."""
    return len(np.intersect1d(found, exact)) / len(exact)


def band_of(share: float) -> str:
    """The name of what a filter leaves, 0..1 of all variants."""
    return next((name for bound, name in BANDS if share < bound), "all")

"""The use case "another encoder": what a catalogue lacks in a new space is encoded beside the space that serves.

What is stored is the progress: a run that was killed is run again and goes on where it was. Vectors alone enter no
change log, so processes that serve another space notice nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from shoplens.core.catalogue import ImageRef, RowProblem
from shoplens.core.ports import (
    CatalogueStore,
    Encoder,
    PictureDecoder,
    PictureSource,
    StoredProduct,
    VectorRows,
    VectorStore,
    Write,
)
from shoplens.core.spaces import Modality, Pixels, Space, Vectors
from shoplens.engine.copy_rows import encoder_text
from shoplens.engine.indexing import ENCODE
from shoplens.engine.rereading import LEAST_SIDE, Rereading, places_of
from shoplens.errors import PictureError

BATCH = 64
"""Products whose vectors are written in one transaction: that much work at most is done again after a kill."""
TOLD = 100_000
"""Pictures that could not be read of which is kept why."""

Spare = Callable[[str], bytes | None]
"""Picture hash -> bytes of a smaller copy of it, where there is one."""


class Store(CatalogueStore, VectorStore, Protocol):
    """What re-encoding needs of the store."""

    def scan(self, after_number: int = 0, chunk: int = 1000) -> Iterator[list[StoredProduct]]:
        """Products with a greater number, by number, in lists of at most ``chunk``."""

    def missing_vectors(self, space: Space) -> dict[Modality, int]:
        """How many products lack a vector in a space: of a picture they show, and of their words."""


@dataclass(slots=True)
class ReencodeReport:
    """What one run did.

    ``kept``: vectors that the store had already. ``from_thumbnails``: pictures whose file is gone and of which a
    thumbnail of the shop was read instead. ``unreadable``: pictures that could not be read any more; ``problems`` says
    why, of the first 100,000. ``missing``: products that lack a vector when all is done, by modality.
    """

    space: str
    products: int = 0
    pictures_encoded: int = 0
    texts_encoded: int = 0
    kept: int = 0
    from_thumbnails: int = 0
    unreadable: int = 0
    missing: dict[Modality, int] = field(default_factory=dict)
    seconds: float = 0.0
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether no product lacks a vector."""
        return not any(self.missing.values())


@dataclass(frozen=True, slots=True)
class KeptSpace:
    """A space of which the store has vectors.

    ``bytes``: of its vectors, and of its index on disk. ``missing``: products that lack a vector, by modality; one of
    which there is no vector at all is not counted: the encoder may not read it. ``serves``: whether it is searched.
    """

    space: Space
    vectors: int
    bytes: int
    missing: Mapping[Modality, int]
    serves: bool

    @property
    def complete(self) -> bool:
        """Whether no product lacks a vector."""
        return not any(self.missing.values())


class Reencoder:
    """Encodes what a catalogue lacks in an encoder's space. One object serves one run.

    Args:
        source: where the pictures lie.
        kept: bytes of a picture that need not be fetched again, where there are any.
        spare: asked for a smaller copy of a picture that cannot be read from there.
        serves: whether somebody searches this space already: then the products that got vectors are entered into the
            change log, so that running copies take them up.
        before_writing: called once, before the first vector is written.
    """

    def __init__(
        self,
        store: Store,
        source: PictureSource,
        decoder: PictureDecoder,
        encoder: Encoder,
        *,
        kept: Callable[[ImageRef], bytes | None] = lambda _: None,
        spare: Spare = lambda _: None,
        serves: Callable[[], bool] = lambda: False,
        before_writing: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._decoder = decoder
        self._encoder = encoder
        self._side = max(LEAST_SIDE, encoder.card.picture_side)
        self._rereading = Rereading(source, decoder, self._side, kept)
        self._spare = spare
        self._serves = serves
        self._before_writing = before_writing
        self._wrote = False
        # Of pictures that could not be read, by hash: where they were looked for, and why in vain.
        self._lost: dict[str, frozenset[str]] = {}
        self._problems: dict[str, RowProblem] = {}

    def run(self, on_progress: Callable[[ReencodeReport], None] = lambda _: None) -> ReencodeReport:
        """Goes through the catalogue, then through what was changed meanwhile, until nothing is new. What a progress
        tells of is safely written.

        Raises:
            StoreError: the store refuses.
            EncoderError: the encoder cannot be run.
        """
        started = time.perf_counter()
        report = ReencodeReport(str(self._encoder.card.space))

        def work(products: Sequence[StoredProduct]) -> None:
            self._encode(products, report)
            report.unreadable = len(self._lost)
            report.seconds = time.perf_counter() - started
            on_progress(report)

        seq = self._store.last_seq()
        last = 0
        while some := self._after(last):
            report.products += len(some)
            work(some)
            last = some[-1].number
        while changes := self._store.changes(seq, BATCH):
            found = [stored for stored in self._store.get([c.number for c in changes]) if stored is not None]
            report.products += sum(stored.number > last for stored in found)
            last = max([last, *(stored.number for stored in found)])
            work(found)
            seq = changes[-1].seq
        lacking = self._store.missing_vectors(self._encoder.card.space)
        report.missing = {m: n for m, n in lacking.items() if m in self._encoder.card.modalities}
        report.problems = list(self._problems.values())
        report.seconds = time.perf_counter() - started
        return report

    def _after(self, number: int) -> list[StoredProduct]:
        # Each look at the catalogue is a short one: a long one would keep the database's log from being folded in.
        with closing(iter(self._store.scan(number, BATCH))) as chunks:  # type: ignore[type-var]
            return next(chunks, [])

    def _encode(self, products: Sequence[StoredProduct], report: ReencodeReport) -> None:
        """One transaction: what these products lack."""
        texts, pictures = self._texts(products, report), self._pictures(products, report)
        vectors = [rows for rows in (texts, pictures) if len(rows.keys)]
        if not vectors:
            return
        if not self._wrote:
            self._before_writing()
            self._wrote = True
        fresh, serves = {key for rows in vectors for key in rows.keys}, self._serves()
        touch = [
            stored.product.id
            for stored in products
            if serves and not fresh.isdisjoint((stored.product.words_hash, *stored.pictures.values()))
        ]
        self._store.write(Write(vectors=vectors, touch=touch))

    def _lacking(self, modality: Modality, keys: Iterable[str], report: ReencodeReport) -> list[str]:
        every = list(dict.fromkeys(keys))
        have = self._store.vectors(self._encoder.card.space, modality, every)
        report.kept += len(have)
        return [key for key in every if key not in have]

    def _texts(self, products: Sequence[StoredProduct], report: ReencodeReport) -> VectorRows:
        keys: list[str] = []
        parts: list[Vectors] = []
        if "words" in self._encoder.card.modalities:
            texts = {stored.product.words_hash: encoder_text(stored.product) for stored in products}
            keys = self._lacking("words", texts, report)
            parts = [self._encoder.encode_words([texts[k] for k in some]) for some in _slices(keys, 2 * ENCODE)]
        report.texts_encoded += len(keys)
        return self._rows("words", keys, parts)

    def _pictures(self, products: Sequence[StoredProduct], report: ReencodeReport) -> VectorRows:
        places = places_of(products)
        keys: list[str] = []
        parts: list[Vectors] = []
        waiting: list[Pixels] = []

        def encode() -> None:
            parts.append(self._encoder.encode_pictures(waiting))
            waiting.clear()

        lacking = self._lacking("picture", places, report)
        todo = {key: places[key] for key in lacking if not self._lost.get(key, frozenset()) >= _names(places[key])}
        for key, got in self._rereading.read(todo):
            pixels = self._smaller(key, report) if isinstance(got, PictureError) else got.pixels
            if pixels is None:
                self._lost[key] = self._lost.get(key, frozenset()) | _names(places[key])
                if isinstance(got, PictureError) and len(self._problems) < TOLD:
                    self._problems[key] = _problem(key, products, places[key][-1].location, got)
                continue
            self._lost.pop(key, None)
            self._problems.pop(key, None)
            keys.append(key)
            waiting.append(pixels)
            if len(waiting) == ENCODE:
                encode()
        if waiting:
            encode()
        report.pictures_encoded += len(keys)
        return self._rows("picture", keys, parts)

    def _smaller(self, key: str, report: ReencodeReport) -> Pixels | None:
        data = self._spare(key)
        if data is None:
            return None
        try:
            pixels = self._decoder.decode(data, self._side).pixels
        except PictureError:
            return None
        report.from_thumbnails += 1
        return pixels

    def _rows(self, modality: Modality, keys: Sequence[str], parts: Sequence[Vectors]) -> VectorRows:
        card = self._encoder.card
        vectors = np.concatenate(parts) if parts else np.zeros((0, card.dimension), np.float32)
        return VectorRows(card.space, modality, keys, vectors)


def _names(places: Iterable[ImageRef]) -> frozenset[str]:
    return frozenset(place.location for place in places)


def _problem(key: str, products: Sequence[StoredProduct], location: str, error: PictureError) -> RowProblem:
    owner = next((s.product.id for s in products if key in s.pictures.values()), "")
    return RowProblem(0, "image", f"{error.reason}: {error}", value=location, product_id=owner, skipped=False)


def _slices(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])

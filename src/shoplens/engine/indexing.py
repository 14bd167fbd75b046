"""The use case "index a feed": only what changed is read, decoded, encoded and written."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import ColumnUse, ImageRef, Product, RowProblem
from shoplens.core.ports import (
    CatalogueLookup,
    CatalogueStore,
    Decoded,
    Digest,
    Encoder,
    Feed,
    Filling,
    PictureDecoder,
    PictureFacts,
    PictureSource,
    VectorRows,
    VectorStore,
    Write,
)
from shoplens.core.spaces import Pixels, Vectors
from shoplens.engine.copy_rows import encoder_text
from shoplens.engine.fetching import Fetching, on_the_net
from shoplens.errors import PictureError, RemovalGuardError

BATCH = 256
"""Products written in one transaction."""
ENCODE = 32
"""Pictures encoded at once: large enough to fill the cores, small enough to keep memory flat."""
SMALL_CATALOGUE = 10
"""Below this many products the removal guard does not ask."""


class Store(CatalogueStore, CatalogueLookup, VectorStore, Protocol):
    """What indexing needs of the store."""

    def printed(self, keys: Sequence[str]) -> set[str]:
        """Those of the picture hashes that have a fingerprint."""


@dataclass(slots=True)
class IndexReport:
    """What one run of indexing did. Counts are of products unless the name says otherwise.

    ``format``: the feed's kind. ``columns``: what each of its columns was taken for.
    """

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    pictures: int = 0
    pictures_encoded: int = 0
    pictures_rejected: int = 0
    texts_encoded: int = 0
    rows_skipped: int = 0
    problems: int = 0
    seconds: float = 0.0
    seq: int = 0
    format: str = ""
    columns: tuple[ColumnUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come; ``last_id`` is the id of the last product that is safely written."""

    report: IndexReport
    last_id: str


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """``picture_side``: shortest side, in pixels, at which pictures are decoded for the encoder.

    ``remove_missing``: products that the feed no longer has are removed, but never more than ``max_removed`` of the
    catalogue. ``recheck_pictures``: ask for pictures on the net again even if they were fetched before.
    ``pictures``: whether to look at pictures at all; without, products keep those that they have.
    """

    picture_side: int = 256
    remove_missing: bool = True
    max_removed: float = 0.5
    recheck_pictures: bool = False
    pictures: bool = True


@dataclass(slots=True)
class _Plan:
    """What is to be done for one batch of products."""

    put: list[Product] = field(default_factory=list)
    pictures_of: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: list[PictureFacts] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    last_id: str = ""
    prints: dict[str, bytes] = field(default_factory=dict)


class Indexer:
    """Brings a shop in line with a feed. One object serves one run at a time."""

    def __init__(
        self,
        store: Store,
        source: PictureSource,
        decoder: PictureDecoder,
        encoder: Encoder,
        options: IndexOptions | None = None,
        filling: Filling | None = None,
        fingerprint: Callable[[Pixels], bytes] | None = None,
    ) -> None:
        self._store = store
        self._decoder = decoder
        self._encoder = encoder
        self._options = options or IndexOptions()
        self._filling, self._fingerprint = filling, fingerprint
        self._fetching = Fetching(source)

    def run(
        self,
        feed: Feed,
        on_problem: Callable[[RowProblem], None],
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> IndexReport:
        """Reads the feed to its end and writes what changed; each batch is safe when its progress is told.

        Raises:
            FeedError: the feed cannot be read on; what was written before stays, nothing is removed.
            RemovalGuardError: too much of the catalogue would go; all else is written.
            StoreError: the store refuses.
        """
        started = time.perf_counter()
        report = IndexReport()
        seen: set[str] = set()
        nameless = [0]  # rows that cannot be read and do not say whose they are

        def tell(problem: RowProblem) -> None:
            report.problems += 1
            report.rows_skipped += problem.skipped
            nameless[0] += problem.skipped and not problem.product_id
            if problem.product_id:
                seen.add(problem.product_id)  # a row that cannot be read today is no reason to remove its product
            on_problem(problem)

        with ThreadPoolExecutor(1, thread_name_prefix="shoplens-write") as writer:
            waiting: Future[None] | None = None
            for batch in _batches(feed.read(), tell):
                seen.update(product.id for product in batch)
                write, last_id = self._prepare(batch, report, tell)
                if waiting is not None:
                    waiting.result()
                # The store writes (and waits for the disk) while the next batch is decoded and encoded.
                waiting = writer.submit(self._write, write, last_id, report, on_progress)
            if waiting is not None:
                waiting.result()
        if self._options.remove_missing:
            self._remove(seen, report, nameless[0], on_problem)
        report.seconds = time.perf_counter() - started
        report.seq = self._store.last_seq()
        return report

    def _write(self, write: Write, last_id: str, report: IndexReport, on_progress: Callable[[Progress], None]) -> None:
        if write.put or write.facts or write.vectors:
            self._store.write(write)
        on_progress(Progress(report, last_id))

    # --- one batch ----------------------------------------------------------------------------

    def _prepare(
        self, batch: Sequence[Product], report: IndexReport, tell: Callable[[RowProblem], None]
    ) -> tuple[Write, str]:
        stored = self._store.digests([p.id for p in batch])
        plan = _Plan(last_id=batch[-1].id)
        locations = list(dict.fromkeys(i.location for p in batch for i in p.all_images()))
        facts = self._store.facts(locations)
        hashes, vectors = self._pictures(batch, facts, plan, report, tell)
        unchanged: list[tuple[Product, Mapping[str, str]]] = []
        for product in self._filled(batch, hashes, vectors[0]):
            report.read += 1
            digest = stored.get(product.id)
            own = {i.location: hashes[i.location] for i in product.all_images() if hashes.get(i.location)}
            report.pictures += len(own)
            plan.texts[product.words_hash] = encoder_text(product)
            if digest is not None and self._same(product, digest, own, facts):
                report.unchanged += 1
                unchanged.append((product, own))
                continue
            report.added += digest is None
            report.changed += digest is not None
            plan.put.append(product)
            plan.pictures_of[product.id] = own
        vectors.append(self._encode_texts(plan.texts, report))
        # Another encoder: the product is the same, but running copies must take up the vectors that it lacked.
        fresh = {key for rows in vectors for key in rows.keys}
        touch = [p.id for p, own in unchanged if p.words_hash in fresh or not fresh.isdisjoint(own.values())]
        rows = [v for v in vectors if len(v.keys)]
        write = Write(plan.put, plan.pictures_of, facts=plan.facts, vectors=rows, touch=touch, prints=plan.prints)
        return write, plan.last_id

    def _filled(self, batch: Sequence[Product], hashes: Mapping[str, str], fresh: VectorRows) -> Sequence[Product]:
        """The batch with what its pictures tell of products that say nothing of it: before it is compared with what is
        stored, so that an unchanged feed stays unchanged."""
        if self._filling is None:
            return batch
        new = dict(zip(fresh.keys, fresh.vectors.astype(np.float16), strict=True))

        def vectors_of(keys: Sequence[str]) -> Mapping[str, npt.NDArray[np.float16]]:
            return self._store.vectors(fresh.space, "picture", [key for key in keys if key not in new]) | new

        return self._filling.fill(batch, hashes, vectors_of)

    def _same(
        self,
        product: Product,
        digest: Digest,
        own: Mapping[str, str],
        facts: Mapping[str, PictureFacts],
    ) -> bool:
        """Whether neither the product nor the bytes of its pictures changed since they were stored."""
        if digest.content != product.content_hash:
            return False
        if not self._options.pictures:
            return True
        before = {i.location: facts[i.location].hash for i in product.all_images() if i.location in facts}
        return {k: v for k, v in before.items() if v} == dict(own) and len(before) == len(product.all_images())

    def _encode_texts(self, texts: Mapping[str, str], report: IndexReport) -> VectorRows:
        space = self._encoder.card.space
        if "words" not in self._encoder.card.modalities:  # photo-to-photo only: words are found as written
            return VectorRows(space, "words", [], _stack([], space.dimension))
        have = self._store.vectors(space, "words", list(texts))
        keys = [key for key in texts if key not in have]
        report.texts_encoded += len(keys)
        parts = [self._encoder.encode_words([texts[k] for k in some]) for some in _slices(keys, 2 * ENCODE)]
        return VectorRows(space, "words", keys, _stack(parts, space.dimension))

    # --- pictures -----------------------------------------------------------------------------

    def _pictures(
        self,
        batch: Sequence[Product],
        facts: Mapping[str, PictureFacts],
        plan: _Plan,
        report: IndexReport,
        tell: Callable[[RowProblem], None],
    ) -> tuple[dict[str, str], list[VectorRows]]:
        """Location -> hash of every usable picture of the batch, and the vectors of those that are new."""
        space = self._encoder.card.space
        hashes: dict[str, str] = {}
        owner = {image.location: (product, image) for product in batch for image in product.all_images()}
        have = set(self._store.vectors(space, "picture", list({f.hash for f in facts.values() if f.hash})))
        printed = have if self._fingerprint is None else self._store.printed(list(have))
        todo: list[tuple[str, str]] = []  # (location, fingerprint) in the order in which the decoder sees them

        def reject(location: str, fingerprint: str, error: Exception) -> None:
            product, _ = owner[location]
            reason = f"{error.reason}: {error}" if isinstance(error, PictureError) else f"broken: {error}"
            hashes[location] = ""
            report.pictures_rejected += 1
            plan.facts.append(PictureFacts(location, fingerprint, problem=reason[:500]))
            tell(RowProblem(0, "image", reason, value=location, product_id=product.id, skipped=False))

        def fresh() -> Iterator[bytes]:
            for location, got in self._fetching.many(self._wanted(owner, facts, have, printed, hashes)):
                known = facts.get(location)
                if isinstance(got, PictureError):
                    reject(location, "", got)
                    continue
                if got.data is None and known is not None:
                    hashes[location] = known.hash
                    continue
                data = got.data or b""
                if known is not None and known.hash in printed and hashlib.sha256(data).hexdigest() == known.hash:
                    # Touched, not changed: only the fingerprint is new.
                    hashes[location] = known.hash
                    plan.facts.append(replace(known, fingerprint=got.fingerprint))
                    continue
                todo.append((location, got.fingerprint))
                yield data

        keys: list[str] = []
        pixels: list[Decoded] = []
        parts: list[Vectors] = []
        encoding: set[str] = set()

        def encode() -> None:
            parts.append(self._encoder.encode_pictures([p.pixels for p in pixels]))
            keys.extend(p.sha256 for p in pixels)
            pixels.clear()

        side = max(self._options.picture_side, self._encoder.card.picture_side)
        for at, result in enumerate(self._decoder.decode_many(fresh(), side)):
            location, fingerprint = todo[at]
            if isinstance(result, Exception):
                reject(location, fingerprint, result)
                continue
            hashes[location] = result.sha256
            plan.facts.append(
                PictureFacts(location, fingerprint, result.sha256, width=result.width, height=result.height)
            )
            if self._fingerprint is not None and result.sha256 not in printed:
                plan.prints[result.sha256] = self._fingerprint(result.pixels)
            if result.sha256 in have or result.sha256 in encoding:
                continue
            encoding.add(result.sha256)
            report.pictures_encoded += 1
            pixels.append(result)
            if len(pixels) == ENCODE:
                encode()
        if pixels:
            encode()
        return hashes, [VectorRows(space, "picture", keys, _stack(parts, space.dimension))]

    def _wanted(
        self,
        owner: Mapping[str, tuple[Product, ImageRef]],
        facts: Mapping[str, PictureFacts],
        have: set[str],
        printed: set[str],
        hashes: dict[str, str],
    ) -> Iterator[tuple[str, ImageRef, str]]:
        """The pictures that have to be looked at, with the fingerprint that is known of them; the others are taken
        for what they were: those on the net once they were fetched, all of them when pictures are left alone."""
        for location, (_, image) in owner.items():
            known = facts.get(location)
            usable = known is not None and known.hash in have
            alone = not self._options.pictures or (on_the_net(image) and not self._options.recheck_pictures)
            if known is not None and usable and alone:
                hashes[location] = known.hash
            elif self._options.pictures:
                yield location, image, known.fingerprint if known is not None and known.hash in printed else ""

    # --- removal ------------------------------------------------------------------------------

    def _remove(
        self, seen: set[str], report: IndexReport, nameless: int, on_problem: Callable[[RowProblem], None]
    ) -> None:
        stored = list(self._store.ids())
        missing = [product_id for product_id in stored if product_id not in seen]
        asked = self._options.max_removed >= 1
        before = len(stored) - report.added
        share = len(missing) / max(before, 1)
        if missing and nameless and not asked:
            report.problems += 1
            reason = (
                f"{len(missing)} products that the feed lacks were kept: {nameless} rows could not be read and may be "
                "theirs; mend the rows, or run with --allow-removals"
            )
            on_problem(RowProblem(0, "", reason, skipped=False))
            return
        too_many = len(missing) > SMALL_CATALOGUE and share > self._options.max_removed
        if missing and not asked and (too_many or not report.read):
            raise RemovalGuardError(
                f"the feed lacks {len(missing)} of the {before} products that were there ({share:.0%}); "
                f"more than {self._options.max_removed:.0%} are not removed unasked"
                + (f"; the {report.added} new ones are in the shop" if report.added else ""),
                hint="check the feed; if it is right, run again with --allow-removals or --keep-missing "
                "(Python: IndexOptions(max_removed=1.0) or remove_missing=False)",
            )
        for some in _slices(missing, 10 * BATCH):
            self._store.write(Write(delete=some))
        report.removed = len(missing)


def _batches(rows: Iterable[Product | RowProblem], tell: Callable[[RowProblem], None]) -> Iterator[list[Product]]:
    batch: list[Product] = []
    for row in rows:
        if isinstance(row, RowProblem):
            tell(row)
            continue
        batch.append(row)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _slices(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def _stack(parts: Sequence[Vectors], dimension: int) -> Vectors:
    return np.concatenate(parts) if parts else np.zeros((0, dimension), np.float32)

"""Bringing a shop in line with a feed: what is read, where its pictures lie, what could not be used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from shoplens.core.catalogue import RowProblem
from shoplens.core.ports import Encoder, Feed, Filling, PictureDecoder, Write
from shoplens.engine.indexing import Indexer, IndexOptions, IndexReport, Progress, Store
from shoplens.feeds import open_feed, write_report
from shoplens.feeds.opening import OpenFeed
from shoplens.pictures import FeedPictures
from shoplens.pictures.fingerprint import fingerprint
from shoplens.stores import SqlStore

UPLOADS = "uploads"
"""In the shop's folder: what was sent to the service, feeds and pictures."""
_MOST_TOLD = 100_000
"""Rows that could not be used that are kept for the report."""


@dataclass(frozen=True, slots=True)
class ShopFeeds:
    """Feeds of one shop. ``pictures``: opens what the pictures of a feed are read from, given the folder or zip that
    was named and the one in which the feed lies; ``forget``: what is known of that; ``catch_up``: brings the copies up
    to the store."""

    folder: Path
    currency: str
    store: SqlStore
    pictures: Callable[[Path | None, Path], FeedPictures]
    decoder: PictureDecoder
    encoder: Encoder
    filling: Filling | None
    forget: Callable[[], None]
    catch_up: Callable[[], object]

    def source(self, feed: str | Path, format: str | None, mapping: Mapping[str, str] | None) -> OpenFeed:
        """The feed in a file or folder. Raises FeedError."""
        return open_feed(Path(feed), format=format, mapping=mapping, currency=self.currency or None)

    def run(
        self,
        source: OpenFeed,
        pictures: str | Path | None,
        options: IndexOptions,
        report: str | Path | None,
        on_problem: Callable[[RowProblem], None],
        on_progress: Callable[[Progress], None],
        base: Path | None = None,
    ) -> IndexReport:
        """See ``Shop.index``. ``base``: the folder to which relative paths of pictures refer, if not the feed's own."""
        # A feed that is read again needs no --pictures again.
        where = Path(pictures) if pictures else self._named()
        base = base or Path(source.base)
        pictures_from = self.pictures(where, base)
        indexer = Indexer(self.store, pictures_from, self.decoder, self.encoder, options, self.filling, fingerprint)
        problems: list[RowProblem] = []

        def tell(problem: RowProblem) -> None:
            if len(problems) < _MOST_TOLD:
                problems.append(problem)
            on_problem(problem)

        def remember() -> None:
            # A run for prices alone leaves the pictures, and so where they lie, as they are.
            if options.pictures:
                self.store.set_meta("pictures", str(where.resolve()) if where else "")
                self.store.set_meta("feed_base", str(base.resolve()))
                self.forget()

        endings: tuple[Callable[[], object], ...] = (
            pictures_from.close,
            lambda: write_report(problems, Path(report) if report else self.folder / "report.jsonl"),
            self.catch_up,
        )
        try:
            if self.store.get_meta("feed_base") is None:
                remember()  # the first run: its pictures can be shown while it goes on
            done = indexer.run(source, tell, on_progress)
            done.format, done.columns = source.kind, source.uses()
            remember()
        except BaseException:
            for end in endings:
                with suppress(Exception):  # on a full disk all of it fails: the first error is the one to tell
                    end()
            raise
        for end in endings:
            end()
        return done

    def take(
        self, rows: Feed, on_problem: Callable[[RowProblem], None], expected: Mapping[str, int | None] | None = None
    ) -> IndexReport:
        """Indexes products that were handed over one by one; none is removed. Paths of pictures lead where those of the
        last feed did. The copies are left to whoever keeps them.

        Raises:
            ProductChangedError: a product is not as ``expected`` says, see ``SqlStore.write``.
            StoreError: the store refuses; batches that were written before stay.
        """
        pictures_from = self.pictures(self._named(), self.base())
        store = cast(Store, _Expecting(self.store, expected)) if expected else self.store
        options = IndexOptions(remove_missing=False)
        try:
            indexer = Indexer(store, pictures_from, self.decoder, self.encoder, options, self.filling, fingerprint)
            return indexer.run(rows, on_problem)
        finally:
            pictures_from.close()

    def base(self) -> Path:
        """The folder to which relative paths of pictures refer: the last feed's, else that of sent pictures."""
        kept = self.store.get_meta("feed_base")
        if kept is not None and Path(kept).is_dir():
            return Path(kept)
        own = self.folder / UPLOADS / "pictures"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        return own

    def _named(self) -> Path | None:
        kept = self.store.get_meta("pictures")
        return Path(kept) if kept and Path(kept).exists() else None


class _Expecting:
    """A store that refuses to write over products that are not as they were expected to be."""

    def __init__(self, store: SqlStore, expected: Mapping[str, int | None]) -> None:
        self._store, self._expected = store, expected

    def write(self, batch: Write) -> int:
        return self._store.write(batch, self._expected)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

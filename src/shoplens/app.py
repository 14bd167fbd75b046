"""Where the parts are put together, and nowhere else: ``open_shop(folder) -> Shop``."""

from __future__ import annotations

import base64
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from shoplens import __version__
from shoplens.attributes import ShopAttributes, composer_of, decode_pool
from shoplens.config import Config
from shoplens.core.answer import Answer
from shoplens.core.catalogue import Product, RowProblem
from shoplens.core.ports import Encoder, PictureDecoder, StoredProduct
from shoplens.core.query import Query, QueryPicture, Seed, parse_sort
from shoplens.core.spaces import Space
from shoplens.core.suggestion import Suggestion
from shoplens.core.where import Where, parse_where
from shoplens.core.why import Heat
from shoplens.editing import ShopEdits
from shoplens.engine.answering import Answerer
from shoplens.engine.balance import Balance
from shoplens.engine.composing import Composer
from shoplens.engine.copies import Copies, discard
from shoplens.engine.cropping import CropProposal
from shoplens.engine.doctor import Finding, examine
from shoplens.engine.indexing import IndexOptions, IndexReport, Progress
from shoplens.engine.same_picture import SamePictures
from shoplens.errors import NotFoundError, ShopError, ShopLensError, ShopNotFoundError
from shoplens.explaining import explainer_of
from shoplens.facts import facts_of
from shoplens.feeding import ShopFeeds
from shoplens.heating import heat_of
from shoplens.indexes.tokens import tokens
from shoplens.jobs import jobs_of
from shoplens.lexical import lexicon_asking
from shoplens.photos import ShopPhotos, listed_twice
from shoplens.pictures import DecodePool
from shoplens.pictures.fingerprint import PART, fingerprints
from shoplens.pictures.photo import Photo, photo_of
from shoplens.pictures.photo_web import PhotosByAddress
from shoplens.pictures.thumbnails import CataloguePictures
from shoplens.rules import ShopRules
from shoplens.stores import FolderLock, NoLock, SqlStore, is_shop, make_folder, open_as_is, open_store
from shoplens.stores.query_log import WARM_UP, query_log_of
from shoplens.suggestions import ShopSuggestions
from shoplens.switching import DATABASE, ShopSpaces, load_encoder, open_feed_pictures

_WHITE_PIXEL = base64.b64decode("R0lGODdhAQABAIEAAP///wAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw==")


class Shop:
    """One shop: its store, its copies, its encoder. Made by ``open_shop``; safe to use from several threads."""

    def __init__(
        self, config: Config, *, create: bool = False, encoder: Encoder | None = None, rebuild: bool = False
    ) -> None:
        self.config = config
        self.folder = Path(config.shop)
        url = config.store_url or str(self.folder / DATABASE)
        self._decoder: DecodePool | None = None
        self._web: PhotosByAddress | None = None
        self._starting, self._following, self._log = threading.Lock(), threading.Lock(), query_log_of(config)
        if create:
            if encoder is None and not is_shop(url):
                encoder = load_encoder(config)  # first: where it cannot be loaded, no folder is left behind
            make_folder(self.folder)
        elif not self.folder.is_dir():
            raise ShopNotFoundError(
                "there is no shop here", where=str(self.folder), hint=f"run: shoplens index FEED --shop {self.folder}"
            )
        self.store: SqlStore = open_store(url, create=True) if create else open_as_is(url)
        try:
            thumbs, self._pictures = self.folder / "cache" / "thumbs", partial(open_feed_pictures, config)
            own = self.folder / "copies"
            self.suggestions = ShopSuggestions(self.store, lambda: self.copies, own, config.search.query_log)
            self._shown = CataloguePictures(thumbs, self.store, self.decoder, self._pictures)
            self.spaces = ShopSpaces(config, self.store, self.decoder, self._shown, lambda: self.space, self.follow)
            self._chosen = self.spaces.chosen()
            self.encoder: Encoder = encoder or load_encoder(config, self._chosen)
            writable = os.access(self.folder, os.W_OK) and not self.store.read_only
            self._lock = FolderLock(self.folder) if writable else NoLock(self.folder)
            if rebuild:
                with self._lock:
                    discard(self.folder / "copies")
            self.copies = self.spaces.open_copies(self.space, self._lock)
            if self.copies.ahead and self._lock.try_acquire():
                # A backup of the store was put back: what the copies know beyond it is not so any more.
                try:
                    discard(self.folder / "copies")
                    self.copies = self.spaces.open_copies(self.space, self._lock)
                finally:
                    self._lock.release()
        except BaseException:
            self.store.close()
            raise
        looking = self.decoder, self._shown.thumbnail, config.fill_attributes
        self.attributes = ShopAttributes(lambda: (self.encoder, self.spaces.name()), self.store, *looking)
        self._same = SamePictures(self.store, fingerprints, PART)
        self._caught_up = False
        self.rules = ShopRules(self.store, lambda: self.copies, lambda *asked: self._answerer.search(*asked))
        self.edits = ShopEdits(self.feeds, self.store)
        self.jobs = jobs_of(config, self.folder, self.store, self.feeds, self.spaces)
        self._composer = composer_of(self.encoder, self.spaces.name())
        self.balance(Balance(depth=config.search.depth, semantic_ratio=config.search.semantic_ratio))

    @property
    def space(self) -> Space:
        """The space in which this shop is searched."""
        return self.encoder.card.space

    def decoder(self) -> PictureDecoder:
        """The pool of processes that decode pictures; started when first needed."""
        with self._starting:
            if self._decoder is None:
                self._decoder = decode_pool(self.config)
            return self._decoder

    # --- searching ------------------------------------------------------------------------------

    def search(
        self,
        words: str | Query = "",
        *,
        photos: Sequence[Photo] | Photo = (),
        like: Sequence[str] = (),
        unlike: Sequence[str] = (),
        where: str | Where | None = None,
        sort_by: str = "",
        facet_by: Sequence[str] = (),
        page: int = 1,
        per_page: int = 24,
        **more: Any,
    ) -> Answer:
        """Answers words, photos, seed products, or any mix of them.

        Args:
            words: in any language; or a whole Query, and nothing else.
            photos: paths, bytes, or QueryPictures (with crop and weight).
            like, unlike: ids of products.
            where: a filter, such as ``"price<49.90 and brand in [Luma, Fila] and in_stock"``.
            more: further fields of Query.

        Raises:
            QueryError: the query makes no sense (a filter that cannot be parsed, an unknown field).
            PictureError: a photo cannot be used.
            NotFoundError: a seed is not in the shop.
        """
        if not self._caught_up:
            # Whoever wrote last may have died before the words were written: then this process does it.
            self._caught_up = True
            self.copies.refresh()
            with suppress(ShopError):  # a full disk: the vectors answer, and ``degraded`` tells
                self.copies.keep_words(hold=False)
        if isinstance(words, Query):
            return self._answered(words)
        some = [photos] if isinstance(photos, (str, Path, bytes, QueryPicture)) else list(photos)
        query = Query(
            words=words,
            pictures=tuple(photo_of(p) for p in some),
            seeds=(*(Seed(i) for i in like), *(Seed(i, -1.0) for i in unlike)),
            where=parse_where(where) if isinstance(where, str) else where,
            sort_by=parse_sort(sort_by),
            facet_by=tuple(facet_by),
            page=page,
            per_page=per_page,
            **more,
        )
        return self._answered(query)

    def _answered(self, query: Query) -> Answer:
        answer = self._answerer.search(query)
        # While a damaged word index is built anew the vectors answer alone, and say so.
        lacking = self.copies.degraded if query.words and not answer.degraded else ()
        told = replace(answer, degraded=lacking) if lacking else self.suggestions.told(query, answer)
        return self._log.note(query, told)

    def suggest(self, text: str, limit: int = 8) -> tuple[Suggestion, ...]:
        """What may be meant by what a shopper has typed so far, the most popular first, from what is in stock.

        Built in the background: a shop just opened may have none yet (``suggestions.wait(seconds)`` waits for it).
        """
        return self.suggestions.suggest(text, limit)

    def balance(self, balance: Balance) -> None:
        """Searches with another balance of sources from now on: to compare configurations on one shop."""
        self._balance = balance
        self._answerer = self._answerer_of(self.copies, self.encoder, self._composer)

    def _answerer_of(self, copies: Copies, encoder: Encoder, composer: Composer) -> Answerer:
        parts = self.store, copies, encoder, self.decoder, tokens, self._balance, composer
        explains = explainer_of(self.store, encoder, self.spaces.name()).explain
        return Answerer(*parts, lexicon_asking(), self.rules.live, explains, self._same)

    def follow(self) -> bool:
        """Takes up a switch to another encoder that was made since this shop was opened (`shoplens encoder switch`).

        Queries under way are still answered in the old space. A service calls this every second, `index` at its start.

        Returns:
            Whether there was one.

        Raises:
            EncoderError, ConfigError, MissingExtraError: the encoder cannot be opened here; the old one goes on.
        """
        with self._following:
            chosen = self.spaces.chosen()
            if chosen is None or chosen == self._chosen:
                return False
            if chosen.space != str(self.space):
                encoder = load_encoder(self.config, chosen)
                lock = NoLock(self.folder) if isinstance(self._lock, NoLock) else FolderLock(self.folder)
                copies = self.spaces.open_copies(encoder.card.space, lock)
                composer = composer_of(encoder, self.spaces.name())
                answerer = self._answerer_of(copies, encoder, composer)
                copies.refresh()
                if "words" in encoder.card.modalities:
                    composer.warm_up()
                with suppress(ShopLensError):
                    answerer.search(Query("warm-up", per_page=1))
                old, self._lock, self.copies = self.copies, lock, copies
                self.encoder, self._composer, self._answerer = encoder, composer, answerer
                old.close()
            self._chosen = chosen
            return True

    def product(self, product_id: str) -> Product:
        """A product by its id. Raises NotFoundError."""
        return self.stored(product_id).product

    def stored(self, product_id: str) -> StoredProduct:
        """A product with its numbers and the hashes of its pictures. Raises NotFoundError."""
        number = self.store.numbers_of([product_id]).get(product_id)
        found = self.store.get([number])[0] if number is not None else None
        if found is None:
            raise NotFoundError(f"no product {product_id!r} in this shop", hint="search for it to learn its id")
        return found

    def warm_up(self) -> None:
        """Makes the first query as fast as the next: loads what is loaded late, starts the decode processes."""
        self.copies.refresh()
        self.suggestions.copy.follow()
        if "words" in self.encoder.card.modalities:
            self._composer.warm_up()
        self.decoder().decode(_WHITE_PIXEL, 1)  # starts a process
        with suppress(ShopLensError):
            self.search(WARM_UP)

    def fetch_photo(self, url: str) -> bytes:
        """The bytes of a query photo on the net, fetched within five seconds, as carefully as those of a catalogue.

        Raises:
            PictureError: it cannot be fetched, or its address is refused.
        """
        return self.photo_fetcher()(url)

    def photo_fetcher(self) -> Callable[[str], bytes]:
        """As ``fetch_photo``, for all photos of one query: they share its five seconds, which count from now."""
        with self._starting:
            if self._web is None:
                limits = self.config.pictures
                cache = self.folder / "cache" / "web"
                self._web = PhotosByAddress(cache, limits.allow_private_addresses, limits.max_bytes)
        return self._web.fetcher()

    # --- indexing -------------------------------------------------------------------------------

    def index(
        self,
        feed: str | Path,
        *,
        pictures: str | Path | None = None,
        format: str | None = None,
        mapping: Mapping[str, str] | None = None,
        options: IndexOptions | None = None,
        report: str | Path | None = None,
        on_problem: Callable[[RowProblem], None] = lambda _: None,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> IndexReport:
        """Brings the shop in line with a feed: only what changed is read, decoded, encoded and written.

        Args:
            feed: a file, or the folder that holds one.
            pictures: folder or zip in which the feed's pictures lie; None: where they lay the last time,
                else beside the feed.
            format: insist on a kind of feed instead of recognising it.
            mapping: our field -> the feed's column, for columns with unusual names.
            report: where to write the rows that could not be used (JSON lines); in the shop's folder when None.

        Raises:
            FeedError: the feed cannot be read.
            RemovalGuardError: it lacks more than half of the catalogue.
        """
        feeds = self.feeds()
        source = feeds.source(feed, format, mapping)
        return feeds.run(source, pictures, options or IndexOptions(), report, on_problem, on_progress)

    def feeds(self) -> ShopFeeds:
        """What brings this shop in line with a feed, with the encoder that serves now."""
        self.follow()
        parts = self.store, self._pictures, self.decoder(), self.encoder, self.attributes.filling()
        return ShopFeeds(self.folder, self.config.currency, *parts, self._shown.forget_source, self.catch_up)

    def catch_up(self, seconds: float = 10.0) -> bool:
        """Brings all copies up to the store and saves them; False when another process is still writing the words."""
        self.copies.refresh()
        if isinstance(self._lock, NoLock):
            return self.copies.words_current()
        current = self.copies.wait_for_words(seconds)
        self.copies.save_if_worth()
        return current

    # --- pictures -------------------------------------------------------------------------------

    def thumbnail(self, picture_hash: str, side: int = 480) -> bytes:
        """A picture of the catalogue as a JPEG without metadata, kept in the shop's cache.

        Args:
            side: shortest side in pixels; the next larger one of 64, 128, 256, 480, 640 and 1024 is given.

        Raises:
            NotFoundError: no product shows such a picture, or its file has been replaced since it was indexed.
            PictureError: it is no longer where the feed said.
        """
        return self._shown.thumbnail(picture_hash, side)

    def crops(self, photo: Photo) -> tuple[CropProposal, ...]:
        """Up to five things on a photo, as crops to search with, best first. Raises PictureError."""
        self.copies.refresh()
        return ShopPhotos(self.encoder, self.copies.parts.pictures, self.decoder, self.attributes).crops(photo)

    def heat(self, picture: str, query: Query | str) -> Heat:
        """Where on a picture (its hash) a query is: see ``shoplens.heating.heat_of``; ``drawn`` there draws it."""
        return heat_of(picture, query, self.encoder, self.decoder(), self._shown.thumbnail)

    # --- care -----------------------------------------------------------------------------------

    def doctor(self) -> list[Finding]:
        """What is wrong with this catalogue and this installation, and how to mend it."""
        found = [*examine(self.store, self.copies, self.encoder, self.spaces.kept()), *self.spaces.ignored_setting()]
        twice = listed_twice(self.store, self._same)
        return [*found, *self.attributes.contradicted(), *self.rules.findings(), *twice]

    def about(self) -> dict[str, object]:
        """Facts about the shop and the installation."""
        return facts_of(__version__, self.config, self.space, self.copies, self.store)

    def close(self) -> None:
        """Ends the processes and gives the lock back. Nothing that was acknowledged waits for this."""
        self.jobs.close()
        self._log.close()
        self.suggestions.close()
        self.copies.close()
        if self._decoder is not None:
            self._decoder.close()
        self._shown.forget_source()
        if self._web is not None:
            self._web.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_shop(
    shop: str | Path | Config | None = None,
    *,
    create: bool = False,
    encoder: Encoder | None = None,
    rebuild: bool = False,
    **settings: Any,
) -> Shop:
    """Opens the shop in a folder.

    Args:
        shop: the folder, or a whole Config; the setting ``shop`` when None.
        create: make the folder and the store where there is none.
        encoder: an encoder of your own, instead of that of the settings.
        rebuild: build the copies (vectors, words, filter columns) anew from the store.
        settings: further settings, as in ``shoplens.toml``.

    Raises:
        ShopNotFoundError: there is no shop in the folder.
        ShopLockedError: it is to be rebuilt while another process writes to it.
        ConfigError, StoreError, EncoderError: it cannot be opened; the hint says what to do.
    """
    config = shop if isinstance(shop, Config) else Config.load(shop, **settings)
    return Shop(config, create=create, encoder=encoder, rebuild=rebuild)

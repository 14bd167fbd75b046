"""The step from a query to its vectors: of its words, its photos as they are or edited, and its seed products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import structlog

from shoplens.core.ports import Encoder, KnowsWords, PictureDecoder
from shoplens.core.query import Query
from shoplens.core.spaces import Modality, unit
from shoplens.engine.balance import Balance
from shoplens.engine.composing import Composer, Wish
from shoplens.engine.copies import Copies
from shoplens.engine.copy_ports import RowIndex
from shoplens.engine.laps import Lap
from shoplens.engine.looking import vectors_of
from shoplens.engine.pages import Found, Store
from shoplens.engine.parts import VectorPart
from shoplens.engine.same_picture import SamePictures
from shoplens.errors import EncoderError, NotFoundError

log = structlog.get_logger("shoplens")

QUERY_SIDE = 256
"""Shortest side, in pixels, at which the photos of a query are decoded: as those of the catalogue are."""


class QueryEncoder:
    """Encodes queries for one shop. Safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        copies: Copies,
        encoder: Encoder,
        decoder: Callable[[], PictureDecoder],
        balance: Balance,
        composer: Composer | None,
        same: SamePictures | None = None,
    ) -> None:
        self._store, self._copies, self._encoder, self._decoder = store, copies, encoder, decoder
        self._balance, self._composer, self._same = balance, composer, same
        self._knows = encoder if isinstance(encoder, KnowsWords) else None  # asking it takes longer than its answer

    @property
    def details(self) -> tuple[int, int]:
        """The dimensions of a photo's vector that tell a thing from its like."""
        return self._encoder.card.details

    def encode(self, query: Query, found: Found, lap: Lap, wish: Wish) -> None:
        """Adds the query's vectors to ``found.parts``.

        Raises:
            PictureError: a photo of the query is rejected.
            NotFoundError: a seed is not in the shop.
        """
        ratio = self._balance.ratio(query)
        parts, card, balance = self._copies.parts, self._encoder.card, self._balance

        def add(
            source: str,
            part: str,
            vector: object,
            modality: Modality,
            index: RowIndex,
            row: Modality,
            weight: float,
        ) -> None:
            if weight and len(index):
                array, known = np.asarray(vector, np.float32), card.calibrate(modality, row)
                found.parts.append(VectorPart(source, part, array, modality, index, known, weight))

        # A colour alone is in the photo's edited vector; its own would find whatever has it.
        said = "" if wish.is_bare else query.words
        if said and ratio > 0 and self._familiar(query.words, found):
            try:
                vector = self._encoder.encode_words([query.words])[0]
            except Exception as error:  # a runtime's own, too: the words as written are still looked up
                _without_encoder(found, error)
            else:
                say = 2 * ratio * query.words_weight
                add("words>picture", "words", vector, "words", parts.pictures, "picture", say * balance.picture)
                add("words>text", "words", vector, "words", parts.texts, "words", say * balance.text)
        lap("encode words")
        if query.pictures:
            decoder = self._decoder()
            side = max(QUERY_SIDE, card.picture_side)
            decoded = [one.pixels for one in decoder.decode_photos(query.pictures, side)]
            lap("decode")
            if self._same is not None and not query.words:
                found.same = self._same.parts(query, decoded)
            try:
                vectors, told = vectors_of(query, decoded, self._encoder, parts.pictures)
            except Exception as error:
                if wish.is_bare or not (query.words or query.seeds):  # nothing is left to look for
                    raise _no_encoder(error) from error
                _without_encoder(found, error)
                vectors, told = np.empty((0, card.dimension), np.float32), []
            found.notes += told
            say_of = [picture.weight * balance.photo for picture in query.pictures][: len(vectors)]
            found.photos = [(f"image {n}", say, v) for n, (say, v) in enumerate(zip(say_of, vectors, strict=True), 1)]
            if self._composer is not None and wish.edits and len(vectors):
                index, known = parts.pictures, card.calibrate("picture", "picture")
                edited = self._composer.edited(wish, vectors, say_of, index, known, balance)
                found.parts += edited.parts
                found.telling, found.wanted = edited.telling, edited.wanted
            else:
                for number, (say, vector) in enumerate(zip(say_of, vectors, strict=True), 1):
                    add("picture>picture", f"image {number}", vector, "picture", parts.pictures, "picture", say)
            lap("encode pictures")
        for seed in query.seeds:
            by_picture, by_text = self._seed(seed.product_id)
            name = f"like {seed.product_id}" if seed.weight > 0 else f"unlike {seed.product_id}"
            if by_picture is not None:
                add("seed>picture", name, by_picture, "picture", parts.pictures, "picture", seed.weight)
            if by_text is not None:
                add("seed>text", name, by_text, "words", parts.texts, "words", seed.weight * balance.text)

    def _familiar(self, words: str, found: Found) -> bool:
        if self._knows is None or self._knows.familiar(words):
            return True
        found.unread = True
        return False

    def _seed(self, product_id: str) -> tuple[np.ndarray | None, np.ndarray | None]:
        """The mean of a product's picture vectors and its text vector, from the store."""
        number = self._store.numbers_of([product_id]).get(product_id)
        if number is None:
            raise NotFoundError(
                f"no product {product_id!r} in this shop",
                where="like",
                hint="give the id of a product of the catalogue",
            )
        space, parts = self._encoder.card.space, self._copies.parts
        out: list[np.ndarray | None] = []
        pairs: tuple[tuple[RowIndex, Modality], ...] = ((parts.pictures, "picture"), (parts.texts, "words"))
        for index, modality in pairs:
            keys = [row.key for row in index.rows_of(number)]
            vectors = list(self._store.vectors(space, modality, keys).values())
            out.append(unit(np.mean(np.asarray(vectors, np.float32), axis=0)) if vectors else None)
        return out[0], out[1]


def _without_encoder(found: Found, error: Exception) -> None:
    """The query goes on without vectors, and its answer says so."""
    if "encoder" not in found.degraded:
        found.degraded.append("encoder")
    log.error("the encoder failed", error=f"{type(error).__name__}: {error}"[:500])


def _no_encoder(error: Exception) -> EncoderError:
    log.error("the encoder failed", error=f"{type(error).__name__}: {error}"[:500])
    return EncoderError(
        "photos cannot be looked at just now", where="images", hint="search with words, or try again in a minute"
    )

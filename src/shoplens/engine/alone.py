"""Search by one encoder alone: exact cosines over the whole catalogue, to compare encoders and nothing else.

No words as written, no calibration, no rules: what a hit owes to the encoder is all that counts. A catalogue is
embedded row by row (`embed`), without writing anything to the shop; `EncoderAlone` then answers queries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Answer, Hit
from shoplens.core.catalogue import record
from shoplens.core.ports import (
    Encoder,
    PictureDecoder,
    PictureSource,
    StoredProduct,
    VectorRow,
    VectorStore,
)
from shoplens.core.query import MAX_WORDS, Query
from shoplens.core.spaces import Modality, Vectors, unit
from shoplens.core.where import both
from shoplens.engine.copy_rows import encoder_text, picture_rows, text_row
from shoplens.engine.rereading import LEAST_SIDE, Rereading, places_of
from shoplens.errors import NotFoundError, PictureError, QueryError

_BATCH = 32
_KEYS = 500


@dataclass(frozen=True, slots=True)
class Embedded:
    """Unit vectors float32 [d] by key (picture hash or words hash). ``lost``: key -> why it could not be read.

    ``made``: how many were embedded now; the others were in the store already.
    """

    vectors: Mapping[str, Vectors]
    lost: Mapping[str, str]
    made: int


def rows_of(stored: StoredProduct, modality: Modality) -> list[VectorRow]:
    """The rows of a product: its pictures, or its text."""
    return picture_rows(stored) if modality == "picture" else [text_row(stored)]


def embed(
    encoder: Encoder,
    products: Sequence[StoredProduct],
    modality: Modality,
    store: VectorStore,
    source: PictureSource,
    decoder: PictureDecoder,
    on_row: Callable[[], None] = lambda: None,
) -> Embedded:
    """The vectors of a catalogue's pictures, or of its products' texts, in an encoder's space.

    Vectors that the store has of this space are taken from there; the others are made, and not kept.

    Raises:
        EncoderError: texts are asked of an encoder that reads pictures only.
    """
    text_of = {row.key: encoder_text(p.product) for p in products for row in rows_of(p, modality)}
    keys = list(text_of)
    vectors: dict[str, Vectors] = {}
    for start in range(0, len(keys), _KEYS):
        kept = store.vectors(encoder.card.space, modality, keys[start : start + _KEYS])
        vectors.update({key: unit(vector.astype(np.float32)) for key, vector in kept.items()})
    for _ in vectors:
        on_row()
    todo, known = [key for key in keys if key not in vectors], len(vectors)
    lost: dict[str, str] = {}
    if modality == "words":
        for start in range(0, len(todo), _BATCH):
            some = todo[start : start + _BATCH]
            vectors.update(zip(some, encoder.encode_words([text_of[key] for key in some]), strict=True))
            for _ in some:
                on_row()
        return Embedded(vectors, lost, len(todo))
    batch: list[tuple[str, npt.NDArray[np.uint8]]] = []

    def encode() -> None:
        if batch:
            vectors.update(zip([key for key, _ in batch], encoder.encode_pictures([p for _, p in batch]), strict=True))
            batch.clear()

    places = places_of(products)
    rereading = Rereading(source, decoder, max(LEAST_SIDE, encoder.card.picture_side))
    for key, got in rereading.read({key: places[key] for key in todo}):
        if isinstance(got, PictureError):
            where = places[key][-1].location
            lost[key] = str(got) if got.where else f"{where}: {got}"
        else:
            batch.append((key, got.pixels))
        if len(batch) == _BATCH:
            encode()
        on_row()
    encode()
    return Embedded(vectors, lost, len(vectors) - known)


class EncoderAlone:
    """Answers queries by the cosines of one encoder: each product by its best row, ties by product number.

    A query of several parts is the unit of the sum of their unit vectors, each with its weight; a seed is the mean of
    its product's rows. Filters and hidden products count; pinned products, sorting and facets do not.

    Args:
        encoder: what is tried.
        products: the catalogue.
        vectors: of the rows that count, by key, unit float32 [d]; rows without one are left out.
        modality: whether the rows are pictures or product texts.
        decoder: for the photos of queries.
    """

    def __init__(
        self,
        encoder: Encoder,
        products: Sequence[StoredProduct],
        vectors: Mapping[str, Vectors],
        modality: Modality,
        decoder: PictureDecoder,
    ) -> None:
        self._encoder, self._products, self._decoder = encoder, products, decoder
        keys = {key: n for n, key in enumerate(vectors)}
        self._rows = np.stack(list(vectors.values())) if vectors else np.zeros((0, encoder.card.dimension), np.float32)
        self._place = {stored.product.id: n for n, stored in enumerate(products)}
        shown = [
            (keys[row.key], place, stored.variant_numbers.index(variant))
            for place, stored in enumerate(products)
            for row in rows_of(stored, modality)
            if row.key in keys
            for variant in row.variants
        ]
        # One entry for each row and variant that shows it: row, product, variant, by their places.
        self._shown = np.asarray(shown, np.int64).reshape(-1, 3)

    def search(self, query: Query) -> Answer:
        """The best hits of a query.

        Raises:
            QueryError: there is nothing in the query to compare with.
            EncoderError: it has words and the encoder reads pictures only.
            PictureError: a photo is rejected.
            NotFoundError: a seed is not in the catalogue.
        """
        started = time.perf_counter()
        row, place, variant = self._shown.T
        scores = (self._rows @ self._vector(query))[row]
        allowed = self._allowed(query)[place, variant] if len(place) else np.zeros(0, np.bool_)
        row, place, variant, scores = row[allowed], place[allowed], variant[allowed], scores[allowed]
        order = np.lexsort((variant, place, -scores))
        label = place if query.group_by == "product" else place * (int(variant.max(initial=0)) + 1) + variant
        _, first = np.unique(label[order], return_index=True)
        best = order[np.sort(first)]
        start = (query.page - 1) * query.per_page
        hits = []
        for position, at in enumerate(best[start : start + query.per_page], start + 1):
            product = self._products[place[at]].product
            hits.append(Hit(product, product.variants[variant[at]], float(scores[at]), position))
        return Answer(
            tuple(hits),
            len(best),
            query.page,
            query.per_page,
            "",
            1e3 * (time.perf_counter() - started),
            model_version=str(self._encoder.card.space),
        )

    def _vector(self, query: Query) -> npt.NDArray[np.float32]:
        parts: list[npt.NDArray[np.float32]] = []
        if query.words.strip():
            parts.append(query.words_weight * self._encoder.encode_words([query.words[:MAX_WORDS]])[0])
        side = max(LEAST_SIDE, self._encoder.card.picture_side)
        for picture, decoded in zip(query.pictures, self._decoder.decode_photos(query.pictures, side), strict=True):
            parts.append(picture.weight * self._encoder.encode_pictures([decoded.pixels])[0])
        for seed in query.seeds:
            if seed.product_id not in self._place:
                raise NotFoundError(
                    f"no product {seed.product_id!r} in this shop", where="like", hint="give the id of a product"
                )
            own = np.unique(self._shown[self._shown[:, 1] == self._place[seed.product_id], 0])
            if len(own):
                parts.append(seed.weight * unit(self._rows[own].mean(axis=0)))
        if not parts:
            raise QueryError(
                "there is nothing in this query that an encoder reads", where="q", hint="give words, photos or seeds"
            )
        return unit(np.sum(parts, axis=0))

    def _allowed(self, query: Query) -> npt.NDArray[np.bool_]:
        """bool [products, variants]: what the filter and the hidden products leave, seeds apart."""
        widest = max((len(stored.product.variants) for stored in self._products), default=0)
        allowed = np.ones((len(self._products), widest), np.bool_)
        if (where := both(query.where, query.within)) is not None:
            for place, stored in enumerate(self._products):
                for number, variant in enumerate(stored.product.variants):
                    allowed[place, number] = where.matches(record(stored.product, variant))
        for gone in (*query.hidden_hits, *(seed.product_id for seed in query.seeds)):
            if gone in self._place:
                allowed[self._place[gone]] = False
        return allowed


__all__ = ["Embedded", "EncoderAlone", "embed", "rows_of"]

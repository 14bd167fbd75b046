"""A shopper's photo, looked at before it is searched with: the things on it, to be had as ``shop.crops``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from shoplens.attributes import SIDE, ShopAttributes
from shoplens.core.answer import Answer
from shoplens.core.ports import Encoder, PictureDecoder
from shoplens.core.query import Query, QueryPicture
from shoplens.core.spaces import Vectors
from shoplens.core.wire import answer_to_fields
from shoplens.encoders.lexicon import load_lexicon
from shoplens.engine.copy_ports import RowIndex
from shoplens.engine.cropping import NO_GUESS, Cropper, CropProposal, Guess
from shoplens.engine.doctor import Finding
from shoplens.engine.duplicates import duplicates
from shoplens.engine.same_picture import SamePictures
from shoplens.errors import EncoderError, QueryError
from shoplens.indexes.tokens import tokens
from shoplens.pictures.patience import shared_patience
from shoplens.pictures.photo import Photo, photo_of
from shoplens.stores import SqlStore

_TOLD = 20
_TIMES = 3.0
"""Of a query's patience: for a photo that is looked at, and then searched with thing by thing."""
"""Pairs that doctor prints."""


@dataclass(frozen=True, slots=True)
class ShopPhotos:
    """Looks at photos with what a shop has now."""

    encoder: Encoder
    index: RowIndex
    decoder: Callable[[], PictureDecoder]
    attributes: ShopAttributes

    def crops(self, photo: Photo) -> tuple[CropProposal, ...]:
        """Up to five parts of a photo that seem to be things, best first; of a QueryPicture with a crop, in there.

        Raises:
            PictureError: the photo cannot be used.
        """
        given = photo_of(photo)
        (decoded,) = self.decoder().decode_photos([given], max(SIDE, self.encoder.card.picture_side))
        found = Cropper(self.encoder, self.index).crops(decoded.pixels, self._kinds)
        return found if given.crop is None else tuple(one.within(given.crop) for one in found)

    def _kinds(self, vectors: Vectors) -> Sequence[Guess]:
        try:
            told = self.attributes.understanding().describer().describe_vectors(vectors)
        except EncoderError:  # an encoder that can tell no kinds still finds things
            return [NO_GUESS] * len(vectors)
        kinds = [one.kind for one in told]
        return [NO_GUESS if k is None else Guess(k.key, k.english, k.chinese, k.confidence) for k in kinds]


class LooksAndSearches(Protocol):
    """What each thing on a photo is searched with: a Shop."""

    def crops(self, photo: QueryPicture, /) -> tuple[CropProposal, ...]:
        """The things on a photo, best first."""

    def search(self, query: Query, /) -> Answer:
        """What is like it."""


def the_photo(query: Query) -> QueryPicture:
    """The one photo of a query whose parts are looked for. Raises QueryError for none, or several."""
    if len(query.pictures) != 1:
        raise QueryError(
            f"{len(query.pictures)} photos were sent", where="images", hint="send one: its parts are looked for"
        )
    return query.pictures[0]


def search_each(shop: LooksAndSearches, query: Query) -> list[tuple[CropProposal, Answer]]:
    """The things on the photo of a query, best first, each with what the rest of the query finds like it.

    Raises:
        QueryError: the query has no photo, or several; or what a search raises.
        PictureError: the photo cannot be used.
    """
    photo = the_photo(query)
    with shared_patience(_TIMES):
        found = shop.crops(photo)
        return [(one, shop.search(replace(query, pictures=(replace(photo, crop=one.crop),)))) for one in found]


def found_to_fields(one: CropProposal, answer: Answer) -> Mapping[str, Any]:
    """A proposal with its ``answer``, both as JSON data."""
    return {**crop_to_fields(one), "answer": answer_to_fields(answer)}


def listed_twice(store: SqlStore, same: SamePictures) -> list[Finding]:
    """Told by doctor: pairs of products that show the same picture under titles that are alike."""
    named = [n for e in load_lexicon().entries if e.facet in ("colour", "shade") for n in e.english]
    colours = frozenset(token for name in named for token in tokens(name))
    found = duplicates(store.scan(), tokens, same.groups(), colours)
    if not found:
        return []
    said = f"{len(found)} pairs of products show the same picture under titles that are alike: listed twice?"
    hint = "take one of them out of the feed, or make them variants of one product with item_group_id"
    return [Finding("note", "listed_twice", said, hint, len(found), tuple(str(pair) for pair in found[:_TOLD]))]


def crop_to_fields(one: CropProposal) -> Mapping[str, Any]:
    """A proposal as JSON data; ``crop`` as a search takes it."""
    kind = one.kind
    named = {"key": kind.key, "english": kind.english, "chinese": kind.chinese, "confidence": kind.confidence}
    return {
        "crop": [one.crop.x0, one.crop.y0, one.crop.x1, one.crop.y1],
        "confidence": one.confidence,
        "likeness": one.likeness,
        "kind": named if kind.key else None,
    }

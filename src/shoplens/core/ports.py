"""Every port on one page: what the engine asks of the rooms around it, four methods each at most.

Numbers: the store gives each product and each variant a number (int, from 1, never used again); indexes and
columns speak in these numbers, so that copies can be rebuilt and compared without a table of names.
A copy stands at a sequence number of the store's change log (``seq``) and replays what comes after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from shoplens.core.answer import Facet
from shoplens.core.catalogue import ImageRef, Product, RowProblem
from shoplens.core.pictures import Decoded as Decoded
from shoplens.core.pictures import PictureBytes as PictureBytes
from shoplens.core.query import Crop, QueryPicture, SortKey
from shoplens.core.rules import RuleVersion
from shoplens.core.spaces import EncoderCard, Modality, Pixels, Space, Vectors
from shoplens.core.where import Where

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


# --- what the shop gives -------------------------------------------------------------------------


class Feed(Protocol):
    """A shop's feed, read as a stream."""

    @property
    def kind(self) -> str:
        """ "csv", "tsv", "jsonl", "parquet", "merchant-xml", "merchant-tsv", "shopify", ..."""

    def read(self) -> Iterator[Product | RowProblem]:
        """Products, and rows or fields that could not be used, in the feed's order. Can be called again."""


class PictureSource(Protocol):
    """Where the pictures of a catalogue lie: a folder, a zip, the net."""

    def fetch(self, ref: ImageRef, known: str = "") -> PictureBytes:
        """The bytes of a picture; ``known`` is the fingerprint of last time. Raises PictureError: missing, refused."""


class PictureDecoder(Protocol):
    """Bytes of unknown origin to pixels, in a process that can be killed."""

    def decode(self, data: bytes, side: int, crop: Crop | None = None) -> Decoded:
        """One picture. Raises PictureError with a reason for whatever is wrong with it."""

    def decode_photos(self, photos: Sequence[QueryPicture], side: int) -> list[Decoded]:
        """The photos of one query, within one patience for all. Raises PictureError, which names the photo."""

    def decode_many(self, pictures: Iterable[bytes], side: int) -> Iterator[Decoded | Exception]:
        """Many, in order, in parallel, holding only a few at a time; a rejected one is a PictureError in its place."""

    def close(self) -> None:
        """Ends the processes."""


# --- vectors -------------------------------------------------------------------------------------


@runtime_checkable
class Encoder(Protocol):
    """Pixels and words to unit vectors of one space. Safe to call from several threads."""

    @property
    def card(self) -> EncoderCard:
        """What this encoder is."""

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """float32 [n, d], rows of unit length."""

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, d], rows of unit length; "" is a valid text."""

    def encode_patches(self, pictures: Sequence[Pixels]) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """Embeddings [n, d] and patch maps [n, h, w, d] of which each embedding is the unit of the mean."""


@runtime_checkable
class KnowsWords(Protocol):
    """An encoder that can tell whether it has ever met a text's words; one that cannot is believed in everything."""

    def familiar(self, text: str) -> bool:
        """Whether some word of the text was met in training."""


class Filling(Protocol):
    """What pictures tell of products, for those that say nothing of it themselves."""

    def fill(
        self,
        products: Sequence[Product],
        hashes: Mapping[str, str],
        vectors_of: Callable[[Sequence[str]], Mapping[str, npt.NDArray[np.float16]]],
    ) -> list[Product]:
        """The products, in order, some with more ``derived`` texts: always the same ones for the same vectors.

        ``hashes``: location -> hash of every usable picture. ``vectors_of``: picture hashes -> fp16 [d] of those that
        there are.
        """


# --- truth ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A product with the numbers that the store gave it.

    ``variant_numbers`` run parallel to ``product.variants``. ``pictures``: location -> picture hash (sha256 hex) of
    those pictures that were accepted. ``seq``: of its last change.
    """

    number: int
    product: Product
    variant_numbers: tuple[int, ...]
    pictures: Mapping[str, str]
    seq: int


@dataclass(frozen=True, slots=True)
class Digest:
    """What is stored of a product, in hashes: enough to tell what changed."""

    number: int
    content: str
    words: str
    pictures: str


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What is known of a picture's address: its fingerprint, and the hash of its bytes or why it was rejected."""

    location: str
    fingerprint: str
    hash: str = ""
    problem: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Write:
    """A batch that is committed in one transaction: all of it or nothing.

    ``pictures_of``: product id -> location -> picture hash, for the products in ``put``.
    ``vectors``: (space, modality, key) rows; the key is a picture hash, or a product's words hash.
    ``touch``: ids of products that did not change but got vectors: entered into the change log as changed in full.
    ``prints``: picture hash -> fingerprint.
    """

    put: Sequence[Product] = ()
    pictures_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    delete: Sequence[str] = ()
    facts: Sequence[PictureFacts] = ()
    vectors: Sequence[VectorRows] = ()
    touch: Sequence[str] = ()
    prints: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VectorRows:
    """Vectors to store under their keys: float32 [n, d], kept as fp16."""

    space: Space
    modality: Modality
    keys: Sequence[str]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the change log. ``deleted`` or not, ``number`` and ``product_id`` name the product.

    ``offer_only``: neither words nor pictures nor the set of variants changed (price, stock, plain attributes may).
    """

    seq: int
    number: int
    product_id: str
    deleted: bool
    offer_only: bool = False


class CatalogueStore(Protocol):
    """Products, their pictures and the change log: the truth. A returned write is on the disk."""

    def write(self, batch: Write) -> int:
        """Commits a batch; returns the sequence number of its last change. Raises StoreError; then nothing changed."""

    def get(self, numbers: Sequence[int]) -> list[StoredProduct | None]:
        """Products by number, in the order asked; None where there is none."""

    def changes(self, after: int, limit: int = 10_000) -> list[Change]:
        """Changes with seq > after, oldest first, the last one only of each product within the result."""

    def last_seq(self) -> int:
        """The newest sequence number; 0 for an empty shop. Takes microseconds: called before every query."""


class CatalogueLookup(Protocol):
    """Reading the truth by the shop's own names."""

    def numbers_of(self, product_ids: Sequence[str]) -> dict[str, int]:
        """Product id -> number, for those that exist."""

    def digests(self, product_ids: Sequence[str]) -> dict[str, Digest]:
        """Product id -> digest, for those that exist."""

    def facts(self, locations: Sequence[str]) -> dict[str, PictureFacts]:
        """Picture address -> what is known of it."""

    def ids(self) -> Iterator[str]:
        """All product ids."""


class VectorStore(Protocol):
    """Vectors, as truth: keyed by space, modality and key."""

    def vectors(self, space: Space, modality: Modality, keys: Sequence[str]) -> dict[str, npt.NDArray[np.float16]]:
        """key -> fp16 [d], for those that exist."""

    def spaces(self) -> dict[Space, int]:
        """Each space with the number of its vectors."""

    def drop_space(self, space: Space) -> int:
        """Removes a space's vectors; returns how many."""


class RuleStore(Protocol):
    """Rules, as truth: versions are added, none is rewritten. What was returned is on the disk."""

    @property
    def rules_seq(self) -> int:
        """The newest change of a rule, as this thread's last call of ``last_seq`` saw it: asked before every query."""

    def rules(self) -> tuple[int, list[RuleVersion]]:
        """The rules that there are, by id, and the newest change of any; of one moment."""

    def rule_history(self, rule_id: str = "") -> list[RuleVersion]:
        """All versions of a rule (for "": of all rules), the first one first."""

    def add_rule(self, made: RuleVersion) -> RuleVersion:
        """Adds a version and gives it its ``seq``. Raises RuleConflictError unless it follows the last one."""


# --- copies --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A row of a vector index: product number, key (picture hash or words hash), and the variants that show it."""

    product: int
    key: str
    variants: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VectorMatches:
    """Best rows of a search, best first; all arrays of length m, no product or row twice.

    ``rows`` are the index's own row labels for this version of it (``keys`` names them).
    """

    products: Numbers
    scores: npt.NDArray[np.float32]
    variants: Numbers
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The products near a vector, each by its best row: numbers int64 [n], rising, and cosines float32 [n]."""

    products: Numbers
    scores: npt.NDArray[np.float32]


class VectorIndex(Protocol):
    """Rows of one modality in one space: a copy in memory, with a snapshot on disk. Readers never wait for a writer."""

    def search(
        self,
        query: npt.NDArray[np.float32],
        k: int,
        variants: Mask | None = None,
        *,
        query_modality: Modality = "picture",
        exact: bool = False,
    ) -> VectorMatches:
        """The k best products (each by its best row) for one query vector [d].

        ``variants``: bool mask by variant number; a row counts if it shows an allowed variant, and the
        match names such a variant. Never fewer than min(k, products allowed). ``exact``: scan every row.
        """

    def replace(self, changed: Mapping[int, Sequence[tuple[VectorRow, npt.NDArray[np.float16]]]], seq: int) -> None:
        """Product number -> its rows from now on (none: the product is gone); then stands at ``seq``."""

    def save(self, folder: Path) -> None:
        """Writes a snapshot: temporary file, fsync, rename."""

    @property
    def seq(self) -> int:
        """The sequence number up to which this copy stands."""


MOST_TERMS = 32
"""Terms of a query that are looked for; later ones are left out."""
EXACT = 1_000.0
"""Score of words that are an identifier of the product (sku, gtin, mpn, id): above any sum of words."""


@dataclass(frozen=True, slots=True)
class WordMatches:
    """Products that match words, best first. ``matched``: all product numbers that match, in no order.

    ``coverage``: the share of the query's terms that each match has at least, 0..1. ``guessed``: terms, as written,
    that no product has: those that match do so by a letter more or less. ``cut``: whether it had more than
    MOST_TERMS. ``partly``, ``partly_scores``: where few match, products that have the main one of the terms alone, best
    first, and their scores, none above a match's: no matches, but nearer to what was asked for than what has none.
    """

    products: Numbers
    scores: npt.NDArray[np.float32]
    matched: Numbers
    coverage: float = 1.0
    guessed: tuple[str, ...] = ()
    cut: bool = False
    partly: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    partly_scores: npt.NDArray[np.float32] = field(default_factory=lambda: np.empty(0, np.float32))


class WordIndex(Protocol):
    """Product words: a copy, kept by whoever holds the shop's lock, read by every process."""

    def search(self, words: str, k: int, products: Mask | None = None) -> WordMatches:
        """The k best products for the words, among those allowed (bool mask by product number)."""

    def replace(self, changed: Mapping[int, Product | None], seq: int) -> None:
        """Product number -> product from now on (None: gone); committed with ``seq``, searchable when this returns."""

    def reload(self) -> int:
        """Looks for what another process committed; returns the sequence number that this copy now stands at."""

    def terms(self, words: str, product: Product) -> tuple[str, ...]:
        """Which of the words, as written, the product matches: the reason of a hit."""

    def named(self, words: str, product: Product, *, typos: bool = True) -> float:
        """The share of the words' terms by which the product is called (in what it is, not in its prose), 0..1.

        ``typos``: whether a term may be one letter away.
        """


class FilterColumns(Protocol):
    """Fields of all variants as arrays: filters, facets and order without touching the store."""

    def mask(self, where: Where | None) -> Mask:
        """bool by variant number: alive and meeting the filter; not to be written to. Raises UnknownFieldError."""

    def facets(
        self, variants: Mask, fields: Sequence[str], limit: int, chosen: Sequence[str] = ()
    ) -> tuple[Facet, ...]:
        """Counts of products (not variants) that have an allowed variant with the value; ``chosen``: categories whose
        children are listed."""

    def order(self, products: Numbers, variants: Mask, keys: Sequence[SortKey]) -> Numbers:
        """The products sorted; each by its best allowed variant; ties keep the order given."""

    def replace(self, changed: Mapping[int, StoredProduct | None], seq: int) -> None:
        """Product number -> product from now on (None: gone)."""


class ProductMap(Protocol):
    """Which product a variant belongs to, as arrays; kept with the filter columns."""

    @property
    def product_of(self) -> Numbers:
        """int64 by variant number: its product's number (0 where the number is not used)."""

    def products(self, variants: Mask) -> Mask:
        """bool by product number: has an allowed variant."""

    def best_variant(self, products: Numbers, variants: Mask) -> Numbers:
        """For each product its first allowed variant: in stock before out of stock, then the shop's order."""

"""What a shopper asks: words, pictures, seed products, a filter, an order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from shoplens.core.making import changer
from shoplens.core.where import Where
from shoplens.errors import QueryError

MAX_SORT_KEYS = 10
MAX_FACETS = 50
MAX_IDS = 1_000
MAX_WORDS = 512
"""Longest words of a query, in characters; what is longer is cut, and the Answer says so."""
MAX_PICTURES = 8
MAX_SEEDS = 50
MAX_PER_PAGE = 250
MAX_WINDOW = 10_000
"""Deepest hit that pages reach: page * per_page; cursors reach any."""
MAX_CURSOR = 400
"""Longest cursor, in characters."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle of a picture in shares of its width and height, upright: 0 <= x0 < x1 <= 1, same for y."""

    x0: float = 0.0
    y0: float = 0.0
    x1: float = 1.0
    y1: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.x0 < self.x1 <= 1 and 0 <= self.y0 < self.y1 <= 1):
            raise QueryError(
                f"a crop of {self.x0}, {self.y0}, {self.x1}, {self.y1} is no rectangle",
                where="images[].crop",
                hint="give x0, y0, x1, y1 as shares between 0 and 1, x0 < x1 and y0 < y1",
            )


@dataclass(frozen=True, slots=True)
class QueryPicture:
    """A photo of the query: the file's bytes, the part of it that counts, and its weight (negative: not like it)."""

    data: bytes
    crop: Crop | None = None
    weight: float = 1.0
    name: str = ""


@dataclass(frozen=True, slots=True)
class Seed:
    """A product of the catalogue as a clue: like it (weight > 0) or unlike it (weight < 0)."""

    product_id: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class SortKey:
    """A field to sort by; products without it come last in either direction."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """Any mix of words, pictures and seeds, for a visitor.

    ``understand``: whether price limits, denials, colours, sizes are read out of the words; ``without_chips``: ids of
    those that are not wanted.
    ``semantic_ratio`` steers between words as written (0) and vectors (1); None leaves it to the engine.
    ``cursor``: ``next_cursor`` of the answer whose next hits are wanted, in the place of ``page``. ``diversity``: how
    much unlikeness counts against relevance among the first hits, 0 to 1.
    ``group_by`` is "product" (one hit a product, its best variant shown) or "variant".
    ``within``: a filter outside of which nothing is there: no facet loosens it, no note tells of what it hides.
    ``find_crop``: whether a photo that is like nothing in the shop is searched with the part that is.
    Numbers out of range raise QueryError; too many words are cut, not refused.
    """

    words: str = ""
    pictures: tuple[QueryPicture, ...] = ()
    seeds: tuple[Seed, ...] = ()
    words_weight: float = 1.0
    where: Where | None = None
    facet_by: tuple[str, ...] = ()
    sort_by: tuple[SortKey, ...] = ()
    page: int = 1
    per_page: int = 24
    group_by: str = "product"
    pinned_hits: tuple[str, ...] = ()
    hidden_hits: tuple[str, ...] = ()
    semantic_ratio: float | None = None
    user_token: str = ""
    explain: bool = False
    max_facet_values: int = field(default=50)
    understand: bool = True
    without_chips: tuple[str, ...] = ()
    diversity: float = 0.0
    cursor: str = ""
    find_crop: bool = True
    within: Where | None = None

    def __post_init__(self) -> None:
        _between(self.page, 1, MAX_WINDOW, "page")
        _between(self.per_page, 0, MAX_PER_PAGE, "per_page")
        if self.page * self.per_page > MAX_WINDOW:
            raise QueryError(
                f"page {self.page} of {self.per_page} hits lies beyond hit {MAX_WINDOW}",
                where="page",
                hint="go on with next_cursor of the answers, which reaches any depth, or narrow the query by filter_by",
            )
        _between(len(self.pictures), 0, MAX_PICTURES, "images", "photos")
        _between(len(self.seeds), 0, MAX_SEEDS, "like", "products")
        _between(len(self.sort_by), 0, MAX_SORT_KEYS, "sort_by", "fields")
        _between(len(self.facet_by), 0, MAX_FACETS, "facet_by", "fields")
        _between(len(self.pinned_hits), 0, MAX_IDS, "pinned_hits", "products")
        _between(len(self.hidden_hits), 0, MAX_IDS, "hidden_hits", "products")
        _between(len(self.without_chips), 0, MAX_IDS, "without_chips", "chips")
        _between(self.max_facet_values, 1, 1000, "max_facet_values")
        _between(self.diversity, 0, 1, "diversity")
        _between(len(self.cursor), 0, MAX_CURSOR, "cursor", "characters")
        if self.cursor and self.page != 1:
            raise QueryError("both a page and a cursor", where="cursor", hint="give one of them")
        if self.semantic_ratio is not None:
            _between(self.semantic_ratio, 0, 1, "semantic_ratio")
        if self.group_by not in ("product", "variant"):
            raise QueryError(f"cannot group by {self.group_by!r}", where="group_by", hint="use product or variant")
        for name, weight in (
            ("words_weight", self.words_weight),
            *(("images[].weight", p.weight) for p in self.pictures),
            *(("like[].weight", s.weight) for s in self.seeds),
        ):
            _between(weight, -10, 10, name)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to compare with: a home page, or a filter alone."""
        return not (self.words.strip() or self.pictures or self.seeds)


reworded = changer(Query, "words")
"""The query with other words: done once or twice for each."""

narrowed = changer(Query, "words", "where")
"""The query with other words and another filter."""


def parse_sort(text: str) -> tuple[SortKey, ...]:
    """``price:asc,brand:desc`` -> sort keys; ``price`` alone is ascending, ``-price`` descending.

    Raises:
        QueryError: an unknown direction or an empty field.
    """
    keys = []
    for part in (p.strip() for p in text.split(",") if p.strip()):
        name, _, direction = part.partition(":")
        descending = name.startswith("-") or direction.strip().lower() == "desc"
        name = name.lstrip("-").strip()
        if not name or direction.strip().lower() not in ("", "asc", "desc"):
            raise QueryError(f"cannot sort by {part!r}", where="sort_by", hint="write price:asc or price:desc")
        keys.append(SortKey(name, descending))
    return tuple(keys)


def _between(value: float, low: float, high: float, where: str, what: str = "") -> None:
    if not low <= value <= high:  # also refuses NaN
        unit = f" {what}" if what else ""
        raise QueryError(
            f"{value}{unit} is not between {low} and {high}", where=where, hint="give a value in that range"
        )


def words_of(parts: Iterable[str]) -> str:
    """Words given as separate arguments, as one text. Raises QueryError for bytes that are no text."""
    text = " ".join(parts)
    if any("\udc80" <= c <= "\udcff" for c in text):
        raise QueryError("the words are not UTF-8", where="WORDS", hint="set the terminal's encoding to UTF-8")
    return text

"""The step before candidates: what the words of a query ask for becomes its filter, its exclusions and its boosts.

A denial ("not red") holds in three places, each cheaper than to read every product: the filter columns, for what fields
tell; the word index, for what products are called; and the catalogue's last word, for each candidate whose texts have
the word at all and for each hit of the page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from shoplens.core.catalogue import Product
from shoplens.core.masks import fit
from shoplens.core.ports import CatalogueStore, Mask, Numbers, StoredProduct
from shoplens.core.query import Query, narrowed, reworded
from shoplens.core.understood import Chip, ColumnValues, Denial, Understood
from shoplens.core.where import All, Any_, In, Where, fold, parse_where
from shoplens.engine.copy_ports import Columns, SwitchableWords
from shoplens.engine.parts import Floats, PartScores, no_variants
from shoplens.errors import ShopLensError

SOURCE = "understood"
"""The source of reasons that are a chip's."""

WEIGHTS: Mapping[str, float] = {
    "color": 4.0, "gender": 4.0, "kind": 8.0, "brand": 4.0, "material": 4.0, "pattern": 4.0, "size": 2.0,
    "measure": 2.0, "age": 2.0,
}  # fmt: skip
"""Kind of a chip -> log odds that it adds to a product that has it; chosen on dev (docs/adr/0013-understanding.md)."""

OTHER_KIND = 0.0
"""Share of the weight for a product of another kind than asked for: a red belt is no better a "red bag" than a
blue one."""


_FEW = 8
_MOST_READ = 120
"""Products beyond the candidates that are read for a denial: a query of nothing else ("not red") has no candidates."""
_NONE: Numbers = np.empty(0, np.int64)
_NO_VARIANTS: Mask = np.zeros(0, np.bool_)


class Understands(Protocol):
    """Reads words against what the catalogue can tell."""

    def understand(self, words: str, columns: ColumnValues, without: Collection[str] = ()) -> Understood:
        """What the words ask for; ``without``: ids of chips that are not wanted."""

    def says(self, texts: Iterable[str], denial: Denial) -> bool:
        """Whether one of the texts says what is denied."""


@dataclass(slots=True, eq=False)
class Asked:
    """What was understood of one query, at work on one state of the copies.

    ``query``: as it is looked for: the words that are left, the filter with what must hold. ``demands``: what of it the
    words say must hold.
    """

    query: Query
    understood: Understood
    understands: Understands | None = None
    columns: Columns | None = None
    words: SwitchableWords | None = None
    demands: tuple[Where, ...] = ()
    _masks: dict[str, Mask] = field(default_factory=dict)
    _cleared: list[Mask] = field(default_factory=list)
    _seq: int = 0
    _sifted: frozenset[int] = frozenset()
    _told: dict[str, Sequence[tuple[str, frozenset[str]]]] = field(default_factory=dict)

    def beside(self, where: Where | None) -> tuple[Where | None, Asked]:
        """Another filter together with what the words demand, and the same words to be asked beside it."""
        again = replace(self, _cleared=[], _seq=0, _sifted=frozenset())
        return _together(where, self.demands), again

    @property
    def denying(self) -> list[tuple[Chip, Denial]]:
        """The chips that deny something."""
        return [(chip, chip.denial) for chip in self.understood.chips if chip.denial is not None]

    def allowed(self, allowed: Mask) -> Mask:
        """The variants that are left when those of products that are called what is denied are gone."""
        if self.columns is None or self.words is None:
            return allowed
        self._seq = self.words.seq
        product_of = self.columns.product_of
        for _, denial in self.denying:
            try:
                called = self.words.saying(denial.names, denial.unless) if denial.facets else _NONE
            except ShopLensError:  # a damaged index: the last word is the catalogue's in any case
                continue
            told = self._mask(denial.told) if denial.told else None
            if told is not None:  # they need not be read: their own fields tell
                self._cleared.append(self.columns.products(fit(told, len(allowed)) & allowed))
            if not len(called):
                continue
            size = min(len(allowed), len(product_of))
            of = np.zeros(max(int(product_of.max(initial=0)), int(called[-1])) + 1, bool)
            of[called] = True
            gone = of[product_of[:size]]
            for text in filter(None, (denial.told, denial.spared)):
                gone &= ~fit(self._mask(text), size)
            allowed = allowed.copy()
            allowed[:size] &= ~gone
        return allowed

    def honest(self, result: Numbers, candidates: Numbers, store: CatalogueStore) -> tuple[Numbers, Numbers]:
        """Result set and candidates without those whose texts say what is denied: of the candidates all, of the others
        the first that have the word at all, as many as ``_MOST_READ``."""
        self._sifted = frozenset(candidates.tolist()) if self.denying else frozenset()
        if self.words is None or not self.denying or not len(result):
            return result, candidates
        others = result[~np.isin(result, candidates)]
        try:
            doubts = self._doubtful(candidates, self.words)
            more = self._doubtful(others, self.words)
        except ShopLensError:
            self._sifted = frozenset()
            return result, candidates
        first = np.unique(np.concatenate([_NONE, *(some for *_, some in more)]))[:_MOST_READ]
        self._sifted |= frozenset(first.tolist())
        doubts += [(chip, denial, some[np.isin(some, first)]) for chip, denial, some in more]
        near = np.unique(np.concatenate([_NONE, *(some for *_, some in doubts)])).tolist()
        read = {stored.number: stored.product for stored in store.get(near) if stored is not None}
        gone = {
            number
            for chip, denial, some in doubts
            for number in some.tolist()
            if number in read and self._denies(read[number], chip, denial)
        }
        if not gone:
            return result, candidates
        return result[~np.isin(result, list(gone))], candidates[~np.isin(candidates, list(gone))]

    def _doubtful(self, products: Numbers, words: SwitchableWords) -> list[tuple[Chip, Denial, Numbers]]:
        """For each denial those of some products, rising, that have to be read: no field tells, and a text has the
        word."""
        if len(products) and 0 < len(self.denying) == len(self._cleared):
            size = int(products.max()) + 1
            products = products[~np.logical_and.reduce([fit(mask, size) for mask in self._cleared])[products]]
        if not len(products):
            return []
        return [(chip, one, words.mentioning(one.names, products)) for chip, one in self.denying if one.facets]

    def refused(self, numbers: Sequence[int], store: CatalogueStore) -> frozenset[int]:
        """Those of some products that are called what is denied."""
        some = store.get(numbers) if self.denying else ()
        return frozenset(one.number for one in some if one is not None and self.refuses(one.product))

    def refuses_now(self, stored: StoredProduct) -> bool:
        """As ``refuses``; a candidate that was held against it, and has not changed since, is not read again."""
        if not self.understood.chips or (stored.seq <= self._seq and stored.number in self._sifted):
            return False
        return self.refuses(stored.product)

    def refuses(self, product: Product) -> bool:
        """Whether the product is called what is denied, and no field of a variant tells otherwise."""
        return any(self._denies(product, chip, denial) for chip, denial in self.denying)

    def _denies(self, product: Product, chip: Chip, denial: Denial) -> bool:
        says = self.understands is not None and self.understands.says(_texts(product, chip), denial)
        return says and not self._tells(product, denial)

    def _mask(self, text: str) -> Mask:
        """The variants that meet a filter; each is worked out once in a query."""
        found = self._masks.get(text)
        if found is None and self.columns is not None:
            found = self._masks[text] = self.columns.mask(_parsed(text))
        return _NO_VARIANTS if found is None else found

    def _tells(self, product: Product, denial: Denial) -> bool:
        """Whether a variant's own fields tell that it is something else than what is denied."""
        if not denial.told:
            return False
        values = self._told.get(denial.told)
        if values is None:
            values = self._told[denial.told] = _values(_parsed(denial.told))
        return any(
            fold(value) in known
            for name, known in values
            for variant in product.variants
            for value in variant.attributes.get(name) or product.attributes.get(name, ())
        )

    def shown(self, query: Query) -> Query:
        """The query for choosing which variant of a product to show: 红色 is said by the one whose colour is Red."""
        said = [value for chip in self.understood.chips if chip.boost for value in _said(chip.boost)]
        return reworded(query, " ".join([query.words, *said])) if said else query

    def wanted(self, allowed: Mask) -> Numbers:
        """The products that have all that counts in favour, if that says a kind: they are found whatever their words
        ("t-shirt" finds what stands under Tees)."""
        chips = [chip for chip in self.understood.chips if chip.boost]
        if self.columns is None or not any(chip.kind == "kind" for chip in chips):
            return _NONE
        mask = allowed
        kinds = np.zeros(len(allowed), bool)
        for chip in chips:
            has = fit(self._mask(chip.boost), len(allowed))
            if chip.kind == "kind":
                kinds |= has
            else:
                mask = mask & has
        return np.flatnonzero(self.columns.products(mask & kinds)).astype(np.int64)

    def beyond_price(self, allowed: Mask) -> tuple[str, str, int] | None:
        """Where the price that is asked for leaves nothing of the kind that is: kind and limit as they are written, and
        how many products of the kind there are at other prices. None where a filter beside the words may be why."""
        kinds = [chip for chip in self.understood.chips if chip.kind == "kind" and chip.boost]
        limits = [chip for chip in self.understood.chips if chip.kind == "price" and chip.filter]
        if self.columns is None or not (kinds and limits) or self.query.where != _together(None, self.demands):
            return None
        mask = np.logical_or.reduce([fit(self._mask(chip.boost), len(allowed)) for chip in kinds])
        if (mask & allowed).any():
            return None
        without = int(np.count_nonzero(self.columns.products(mask)))
        return (kinds[0].text, limits[0].text, without) if without else None

    def scores(self, candidates: Numbers, allowed: Mask, say: float) -> list[PartScores]:
        """What each chip that counts in favour says of the candidates: its weight, where an allowed variant has it."""
        if self.columns is None or not len(candidates) or not say:
            return []
        wanted: list[tuple[Chip, Floats]] = []
        of_kind = np.zeros(len(candidates))
        for chip in self.understood.chips:
            if not chip.boost:
                continue
            products = self.columns.products(fit(self._mask(chip.boost), len(allowed)) & allowed)
            inside = candidates < len(products)
            raw = np.zeros(len(candidates))
            raw[inside] = products[candidates[inside]]
            wanted.append((chip, raw))
            if chip.kind == "kind":
                of_kind = np.maximum(of_kind, raw)
        if not of_kind.any():
            of_kind[:] = 1.0
        return [
            PartScores(
                SOURCE,
                chip.text,
                raw,
                WEIGHTS.get(chip.kind, 0.0) * say * raw * (OTHER_KIND + (1 - OTHER_KIND) * of_kind),
                np.zeros(len(raw)),
                no_variants,
                lambda _: "",
            )
            for chip, raw in wanted
        ]


NOT_ASKED = Asked(Query(), Understood(""))


def asked(query: Query, understands: Understands | None, columns: Columns, words: SwitchableWords) -> Asked:
    """What the words of a query ask for."""
    if understands is None or not (query.understand and query.words):
        return Asked(query, Understood(query.words, (), query.words))
    understood = understands.understand(query.words, columns, query.without_chips)
    if query.pictures or query.seeds:  # the photo shows what is wanted; its words edit it, or stand beside it
        understood = replace(understood, chips=tuple(chip for chip in understood.chips if not chip.boost))
    if not understood.chips:
        return Asked(query, understood)
    terms = [term for chip in understood.chips if chip.filter and (term := _parsed(chip.filter)) is not None]
    looked_for = narrowed(query, understood.rest, _together(query.where, terms))
    return Asked(looked_for, understood, understands, columns, words, tuple(terms))


def _together(where: Where | None, terms: Sequence[Where]) -> Where | None:
    every = [*([] if where is None else [where]), *terms]
    return All(tuple(every)) if len(every) > 1 else every[0] if every else None


@lru_cache(maxsize=512)
def _parsed(text: str) -> Where | None:
    return parse_where(text)


@lru_cache(maxsize=64)
def _values(where: Where | None) -> tuple[tuple[str, frozenset[str]], ...]:
    """Field and folded values of a filter of lists."""
    terms = where.terms if isinstance(where, Any_) else (where,)
    return tuple((t.field, frozenset(map(fold, t.values))) for t in terms if isinstance(t, In))


@lru_cache(maxsize=512)
def _said(boost: str) -> tuple[str, ...]:
    """The values that a boost names of what variants differ in: few, as a category may have hundreds."""
    own = [value for name, values in _values(_parsed(boost)) if name != "category" for value in sorted(values)]
    return tuple(own[:_FEW])


def _texts(product: Product, chip: Chip) -> Iterable[str]:
    """What a product is called, as far as a denial of that kind looks: titles, what its pictures told; of all but
    colours and materials its categories and attributes, too. Of prose nothing: it says what a thing goes with."""
    if chip.kind == "brand":
        return [product.brand]
    titles = [product.title, *(t.title for t in product.translations)]
    if product.brand:
        titles = [title.replace(product.brand, " ") for title in titles]
    texts = [*titles, *(d.text for d in product.derived)]
    if chip.kind not in ("color", "material"):
        texts += [step for path in (product.category, *product.categories) for step in path]
    if chip.kind == "feature":
        attributes = (product.attributes, *(variant.attributes for variant in product.variants))
        texts += [value for some in attributes for values in some.values() for value in values]
    return texts

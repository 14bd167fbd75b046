"""Whether what was judged is in the shop at all: with ids of another kind every measure would be 0 without a word."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from shoplens.errors import EvaluationError
from shoplens.evaluation.judgements import JudgedQuery, Judgements

SHOWN = 5
"""Ids that a sentence names."""


class Catalogue(Protocol):
    """Knows which ids a shop has; a shop's store is one."""

    def numbers_of(self, product_ids: Sequence[str]) -> Mapping[str, int]:
        """Product id -> a number, for those that exist."""

    def variant_ids(self, ids: Sequence[str]) -> Collection[str]:
        """Those of the ids that are ids of variants."""


@dataclass(frozen=True, slots=True)
class JudgedIds:
    """How many ids the judgements of the queries name, and which of them the shop has not.

    An id counts once as a product's and once as a variant's, as queries ask for one or the other. ``of_variants``:
    missing products that are variants; ``of_products``: missing variants that are products.
    """

    judged: int
    missing: tuple[str, ...] = ()
    of_variants: tuple[str, ...] = ()
    of_products: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What is missing, in one sentence; "" where nothing is."""
        if not self.missing:
            return ""
        some = ", ".join(self.missing[:SHOWN]) + (", ..." if len(self.missing) > SHOWN else "")
        here = self.judged - len(self.missing)
        are = f"{here} are" if here > 1 else "1 is" if here else "none is"
        return f"of {self.judged} judged ids {are} in the shop; missing: {some}"

    @property
    def hint(self) -> str:
        """What to do about it."""
        if self.of_variants:
            return (
                f"{self.of_variants[0]} is the id of a variant: judge products, "
                'or ask with "group_by": "variant" in the queries'
            )
        if self.of_products:
            return (
                f'{self.of_products[0]} is the id of a product: judge variants where a query has "group_by": "variant"'
            )
        return "the third column is the id of a product, as shoplens search --json names it"

    def to_fields(self) -> dict[str, object]:
        """As JSON data."""
        return {"judged": self.judged, "missing": list(self.missing)}


def judged_ids(queries: Sequence[JudgedQuery], judgements: Judgements, catalogue: Catalogue) -> JudgedIds:
    """Looks up the ids that the judgements of these queries name.

    Raises:
        EvaluationError: the shop has none of them.
    """
    wanted: dict[bool, dict[str, None]] = {False: {}, True: {}}
    for query in queries:
        by_variant = query.fields.get("group_by") == "variant"
        wanted[by_variant].update(dict.fromkeys(judgements.get(query.query_id, ())))
    products, variants = list(wanted[False]), list(wanted[True])
    known, known_variants = catalogue.numbers_of(products), set(catalogue.variant_ids(variants))
    no_products = [name for name in products if name not in known]
    no_variants = [name for name in variants if name not in known_variants]
    others, own = set(catalogue.variant_ids(no_products)), catalogue.numbers_of(no_variants)
    found = JudgedIds(
        len(products) + len(variants),
        (*no_products, *no_variants),
        tuple(name for name in no_products if name in others),
        tuple(name for name in no_variants if name in own),
    )
    if found.judged and len(found.missing) == found.judged:
        raise EvaluationError(found.text, where="judgements", hint=found.hint)
    return found

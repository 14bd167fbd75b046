"""What a product's pictures tell of which the shop says nothing: kind, colour, material, pattern, as derived texts.

Only attributes that the product lacks are filled, and only where the confidence is one from which on nine of ten were
right on dev. The same product and vectors give the same texts, so an unchanged feed stays unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import DerivedText, Product
from shoplens.understanding.colours import BASIC
from shoplens.understanding.describing import Attribute, Describer
from shoplens.understanding.notions import FIELDS

VectorsOf = Callable[[Sequence[str]], Mapping[str, npt.NDArray[np.float16]]]
_NEVER = 2.0
_PICTURES = 8
"""Pictures of a product that are looked at: its first, and the first of each variant."""


class Filler:
    """Fills what products lack. Implements ``core.ports.Filling``; safe to use from several threads."""

    def __init__(self, describer: Describer) -> None:
        self._describer = describer
        self._source = f"{describer.heads.space.name}-heads@{describer.heads.space.revision}"

    def fill(self, products: Sequence[Product], hashes: Mapping[str, str], vectors_of: VectorsOf) -> list[Product]:
        """The products, in order; those of which something was filled have more ``derived`` texts.

        Args:
            hashes: location -> hash of every usable picture of these products.
            vectors_of: picture hashes -> vectors, of those that there are.
        """
        if not self._describer.heads.calibrated:
            return list(products)
        wanted: list[tuple[list[str], list[str]]] = []
        for product in products:
            shown = shown_by(product, hashes)
            wanted.append((self._describer.notions.lacking(product) if shown else [], shown))
        keys = list(dict.fromkeys(key for lacks, shown in wanted if lacks for key in shown))
        if not keys:
            return list(products)
        known = vectors_of(keys)
        rows = [[known[key] for key in shown if key in known] if lacks else [] for lacks, shown in wanted]
        vectors = [row for some in rows for row in some]
        if not vectors:
            return list(products)
        seen = self._look(np.stack(vectors).astype(np.float32))
        out, at = [], 0
        for product, (lacks, _), some in zip(products, wanted, rows, strict=True):
            texts = self._texts(lacks, seen[at : at + len(some)]) if some else []
            out.append(replace(product, derived=(*product.derived, *texts)) if texts else product)
            at += len(some)
        return out

    def _look(self, vectors: npt.NDArray[np.float32]) -> list[dict[str, Attribute]]:
        """Of each vector what is sure enough, by head; of colours the basic one where no more is sure."""
        describer, limits = self._describer, self._describer.heads.limits
        found: list[dict[str, Attribute]] = [{} for _ in vectors]
        for name, head in describer.heads.heads.items():
            p = head.probabilities(vectors)
            for row in np.flatnonzero(p.max(axis=1) >= limits.get(name, _NEVER)):
                found[row][name] = describer.best(head, p[row])
        basic = describer.basic_probabilities(describer.colour_probabilities(vectors))
        for row in np.flatnonzero(basic.max(axis=1) >= limits.get("basic", _NEVER)):
            at = int(basic[row].argmax())
            found[row].setdefault("colour", describer.named(("colour",), BASIC[at], basic[row, at]))
        return found

    def _texts(self, lacks: Sequence[str], seen: Sequence[Mapping[str, Attribute]]) -> list[DerivedText]:
        out: list[DerivedText] = []
        for head in lacks:
            # Of one product there is one kind, whatever the variant; of colours there may be several.
            told = [row[head] for row in (seen if head == "colour" else seen[:1]) if head in row]
            surest: dict[str, Attribute] = {}
            for one in told:
                if one.key not in surest or surest[one.key].confidence < one.confidence:
                    surest[one.key] = one
            for attribute in surest.values():
                out += self._in_both_languages(FIELDS[head][0], attribute)
        return out

    def _in_both_languages(self, field: str, attribute: Attribute) -> list[DerivedText]:
        confidence = round(attribute.confidence, 2)
        texts = [DerivedText(field, attribute.english, self._source, confidence)]
        if attribute.chinese:
            texts.append(DerivedText(f"{field}_zh", attribute.chinese, self._source, confidence))
        return texts


def shown_by(product: Product, hashes: Mapping[str, str]) -> list[str]:
    """Hashes of the first usable picture of the product and of each variant, each once; at most `_PICTURES`."""
    found: dict[str, None] = {}
    for images in (product.images, *(product.variant_images(variant) for variant in product.variants)):
        first = next((hashes[i.location] for i in images if hashes.get(i.location)), None)
        if first is not None:
            found.setdefault(first)
    return list(found)[:_PICTURES]

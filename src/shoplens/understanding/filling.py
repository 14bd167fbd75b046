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
        out = []
        for product, (lacks, shown) in zip(products, wanted, strict=True):
            rows = [known[key] for key in shown if key in known] if lacks else []
            texts = self._texts(lacks, np.stack(rows).astype(np.float32)) if rows else []
            out.append(replace(product, derived=(*product.derived, *texts)) if texts else product)
        return out

    def _texts(self, lacks: Sequence[str], vectors: npt.NDArray[np.float32]) -> list[DerivedText]:
        limits = self._describer.heads.limits
        told = self._describer.describe_vectors(vectors)
        out: list[DerivedText] = []
        for head in lacks:
            if head == "colour":
                found = self._colours(vectors)
            else:  # of one product there is one kind, whatever the variant
                first: Attribute | None = getattr(told[0], head)
                found = [first] if first and first.confidence >= limits.get(head, _NEVER) else []
            for attribute in found:
                out += self._in_both_languages(FIELDS[head][0], attribute)
        return out

    def _colours(self, vectors: npt.NDArray[np.float32]) -> list[Attribute]:
        """Of each picture its colour, or its basic colour where no more is certain; each once, the surest first."""
        limits = self._describer.heads.limits
        colours = self._describer.colour_probabilities(vectors)
        basic = self._describer.basic_probabilities(colours)
        found: dict[str, Attribute] = {}
        for told, row in zip(self._describer.describe_vectors(vectors), basic, strict=True):
            at = int(row.argmax())
            if told.colour and told.colour.confidence >= limits.get("colour", _NEVER):
                colour = told.colour
            elif row[at] >= limits.get("basic", _NEVER):
                colour = self._describer.named(("colour",), BASIC[at], row[at])
            else:
                continue
            known = found.get(colour.key)
            if known is None or known.confidence < colour.confidence:
                found[colour.key] = colour
        return list(found.values())

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

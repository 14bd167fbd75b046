"""Where a product's words name a colour that none of its pictures shows: "title says red, picture is blue".

A colour that is said is compared with those that it can be taken for: navy with black, tan with beige. It is
contradicted where the vectors of all the pictures that should show it give it next to no probability and, where the
pixels can be had, next to none of them has it either. Both limits are chosen so that at most one true title in a
hundred is accused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shoplens.core.catalogue import Attributes, ImageRef, Product, Variant
from shoplens.core.ports import StoredProduct
from shoplens.core.spaces import Pixels
from shoplens.understanding.colours import BASIC, METALS, anchor_shares, basic_shares, looks
from shoplens.understanding.describing import Attribute, Describer
from shoplens.understanding.notions import SaidColour

VectorsOf = Callable[[Sequence[str]], Mapping[str, npt.NDArray[np.float16]]]
Look = Callable[[str], Pixels | None]

_PICTURES = 8
_LOOKED_AT = 200
"""Suspects whose pixels are looked at; each is decoded again, some 10 ms."""


@dataclass(frozen=True, slots=True)
class Claim:
    """``said``: colours, one of which the pictures ``locations`` should show. ``where``: "title", "color"."""

    where: str
    said: tuple[SaidColour, ...]
    locations: tuple[str, ...]
    variant_id: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """``seen``: the basic colour of the picture ``picture`` (its hash). ``probability``: what the said colours have."""

    product_id: str
    claim: Claim
    seen: Attribute
    picture: str
    probability: float

    def __str__(self) -> str:
        said = " and ".join(dict.fromkeys(colour.written for colour in self.claim.said))
        whose = self.claim.variant_id or self.product_id
        return f"{whose}: {self.claim.where} says {said}, picture is {self.seen.english} ({self.seen.confidence:.2f})"


class Contradictions:
    """Finds contradictions in a catalogue. Safe to use from several threads."""

    def __init__(self, describer: Describer) -> None:
        self._describer = describer

    def find(
        self, chunks: Iterable[Sequence[StoredProduct]], vectors_of: VectorsOf, look: Look = lambda _: None
    ) -> list[Contradiction]:
        """Contradictions, the surest first.

        Args:
            vectors_of: picture hashes -> vectors.
            look: the pixels of a picture by its hash; None where they cannot be had, then the vector alone decides.
        """
        if "contradiction" not in self._describer.heads.limits:
            return []
        found = [one for chunk in chunks for one in self._suspected(chunk, vectors_of)]
        found.sort(key=lambda one: (one.probability, one.product_id))
        # A title that says what the colour's field says is not said twice.
        once = {(one.product_id, frozenset(c.key for c in one.claim.said)): one for one in reversed(found)}
        found = list(once.values())[::-1]
        looked = [one for one in found[:_LOOKED_AT] if not self._excused(one, look)]
        return looked + [one for one in found[_LOOKED_AT:] if not self._excused(one, lambda _: None)]

    def _suspected(self, chunk: Sequence[StoredProduct], vectors_of: VectorsOf) -> Iterator[Contradiction]:
        claims = [(stored, claim) for stored in chunk for claim in self.claims(stored.product)]
        shown = [_usable(claim, stored.pictures) for stored, claim in claims]
        known = vectors_of(list(dict.fromkeys(key for keys in shown for key in keys)))
        limit = self._describer.heads.limits["contradiction"]
        for (stored, claim), keys in zip(claims, shown, strict=True):
            rows = [key for key in keys if key in known]
            if not rows:
                continue
            colours = self._describer.colour_probabilities(np.stack([known[key] for key in rows]).astype(np.float32))
            agreed = self._describer.agreement(colours, [colour.key for colour in claim.said])
            if agreed.max() < limit:
                basic = self._describer.basic_probabilities(colours[0])
                at = int(basic.argmax())
                seen = self._describer.named(("colour",), BASIC[at], basic[at])
                yield Contradiction(stored.product.id, claim, seen, rows[0], float(agreed.max()))

    def _excused(self, one: Contradiction, look: Look) -> bool:
        """Whether enough pixels have the colour, whatever the vector says; without pixels the vector must be surer."""
        limits = self._describer.heads.limits
        pixels = look(one.picture)
        if pixels is None:
            return one.probability >= limits.get("alone", 0.0)
        share = pixels_of(basic_shares(anchor_shares(pixels)), [colour.key for colour in one.claim.said])
        return float(share) >= limits.get("trace", 0.0)

    def claims(self, product: Product) -> Iterator[Claim]:
        """What a product's words say of its colours, each with the pictures that should show it."""
        own = [(v, self._said_in(v.attributes)) for v in product.variants]
        colours = {frozenset(colour.key for colour in said) for _, said in own if said}
        for variant, said in own:
            # Pictures of the product show one of its variants, nobody says which.
            if said and (variant.images or len(colours) == 1):
                yield Claim("color", said, _first(product.variant_images(variant)), _id_of(product, variant))
        everything = _first(product.all_images(), _PICTURES)
        if said := self._said_in(product.attributes):
            yield Claim("color", said, everything)
        texts = [product.title, *(t.title for t in product.translations)]
        titles = [self._describer.notions.colours_in(_without(text, product.brand)) for text in texts]
        if said := tuple(dict.fromkeys(colour for some in titles for colour in some)):
            yield Claim("title", said, everything)

    def _said_in(self, attributes: Attributes) -> tuple[SaidColour, ...]:
        values = [v for name, some in attributes.items() if name == "color" or name.startswith("color_") for v in some]
        return tuple(dict.fromkeys(colour for v in values for colour in self._describer.notions.colours_in(v)))


def pixels_of(shares: npt.NDArray[np.float32], keys: Sequence[str]) -> npt.NDArray[np.float32]:
    """The share of pixels [..., BASIC] that could be one of the lexicon's colours ``keys``: [...]."""
    wanted = {basic for key in keys for basic in looks(key)}
    wanted |= {name for basic in wanted for name in METALS.get(basic, ())}
    return np.asarray(shares[..., [BASIC.index(name) for name in sorted(wanted)]].sum(axis=-1), dtype=np.float32)


def _usable(claim: Claim, pictures: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(pictures[at] for at in claim.locations if pictures.get(at)))


def _first(images: Sequence[ImageRef], count: int = 1) -> tuple[str, ...]:
    return tuple(image.location for image in images[:count])


def _id_of(product: Product, variant: Variant) -> str:
    return variant.id if len(product.variants) > 1 else ""


def _without(text: str, brand: str) -> str:
    """A title without its brand: "Red Tape brown shoes" are not red."""
    return re.sub(re.escape(brand.strip()), " ", text, flags=re.IGNORECASE) if brand.strip() else text

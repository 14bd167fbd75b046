"""Galleries and queries on dev data for the calibration: photos of fashion, phone photos, drawn goods."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Calibration, Vectors
from shoplens.encoders.lexicon import Lexicon
from shoplens.training import captions
from shoplens.training.calibrate import Trial, calibrate
from shoplens.training.data import Item, clothing_items, fashion_items, grocery_items
from shoplens.training.measure import Relevant
from shoplens.training.rendering import KINDS, Design, render, sample
from shoplens.training.rendering.words import COLOUR_WORDS, KIND_WORDS
from shoplens.training.report import Encoded, encode_items

_DRAWN = 4
_SEED = 77
"""Not the seed of the training pictures: these designs were never seen."""


def calibrations(
    encoder: Encoder, root: Path, lexicon: Lexicon
) -> tuple[dict[str, Calibration], dict[str, dict[str, float]]]:
    """Calibration of each pair of modalities, and what its floor keeps and rejects (means over galleries).

    Unknown to a gallery: in words, goods that it has none of; in pictures, groceries.
    """
    fashion = encode_items(encoder, root, [i for i in fashion_items(root, lexicon) if i.split == "dev"])
    clothes = encode_items(encoder, root, [i for i in clothing_items(root, lexicon) if i.split == "dev"])
    groceries = grocery_items(root)
    strange = encode_items(encoder, root, [i for i in groceries if i.split == "unseen"][::3]).vectors
    pages = encode_items(encoder, root, [i for i in groceries if i.name.startswith("iconic")])
    phone = encode_items(encoder, root, [i for i in groceries if i.split == "dev"][::6])
    goods = encoder.encode_words(_unlike_clothes(lexicon))
    designs = drawn_designs()
    drawn = [encoder.encode_pictures([render(d, 224, scene=s) for d in designs]) for s in (0, _SEED)]
    strange_goods = encoder.encode_words(_undrawn(lexicon))
    titles = encoder.encode_words([item.title for item in fashion.items])
    fashion_words, fashion_right = _words_of_fashion(encoder, fashion.items, lexicon)
    alike = np.asarray([[a.alike == b.alike for b in fashion.items] for a in fashion.items])
    kinds = np.asarray([[a.kind == b.kind for b in fashion.items] for a in fashion.items])
    found = {
        "words>picture": calibrate(
            [
                Trial(fashion_words @ fashion.vectors.T, fashion_right, goods @ fashion.vectors.T),
                _words_of_clothes(encoder, clothes, lexicon, goods),
                _words_of_drawn(encoder, designs, drawn[0], strange_goods),
            ]
        ),
        # A photo asks for things of its kind; the colour may differ. Shelf photos of groceries are too unlike their
        # pages to say what a cosine is worth, but a floor must not shut them out.
        "picture>picture": calibrate(
            [
                Trial(_without_self(fashion.vectors), _off_diagonal(kinds), strange @ fashion.vectors.T),
                Trial(_without_self(clothes.vectors), _other_senders(clothes.items), strange @ clothes.vectors.T),
                Trial(drawn[1] @ drawn[0].T, _same_kind(designs), strange @ drawn[0].T),
                Trial(
                    phone.vectors @ pages.vectors.T,
                    _same_group(phone.items, pages.items),
                    fashion.vectors @ pages.vectors.T,
                    fit=False,
                ),
            ]
        ),
        "words>words": calibrate([Trial(fashion_words @ titles.T, fashion_right, goods @ titles.T)]),
        "picture>words": calibrate([Trial(fashion.vectors @ titles.T, alike, strange @ titles.T)]),
    }
    return {name: pair[0] for name, pair in found.items()}, {name: pair[1] for name, pair in found.items()}


def drawn_designs() -> list[Design]:
    """A few designs of every kind that can be drawn, from the front."""
    rng = np.random.default_rng(_SEED)
    designs = [sample(rng, kind) for kind in KINDS for _ in range(_DRAWN)]
    return [Design(d.kind, d.colour, d.second_colour, d.material, d.pattern, d.seed, "front") for d in designs]


def _words_of_fashion(encoder: Encoder, items: Sequence[Item], lexicon: Lexicon) -> tuple[Vectors, Relevant]:
    """Colour and kind, and kind alone, in both languages."""
    texts, right = [], []
    for kind, colour in sorted({(i.kind, i.colour) for i in items} | {(i.kind, "") for i in items}):
        k = lexicon.by_key["kind", kind]
        c = lexicon.by_key["colour", colour] if colour else None
        texts += [captions.english(k, c, None)[0], captions.chinese(k, c, None)[0]]
        right += [[i.kind == kind and colour in ("", i.colour) for i in items]] * 2
    return encoder.encode_words(texts), np.asarray(right)


def _words_of_clothes(encoder: Encoder, gallery: Encoded, lexicon: Lexicon, goods: Vectors) -> Trial:
    kinds = sorted({item.kind for item in gallery.items})
    texts = [t for k in kinds for t in (lexicon.by_key["kind", k].english[0], lexicon.by_key["kind", k].chinese[0])]
    right = np.repeat(np.asarray([[i.kind == kind for i in gallery.items] for kind in kinds]), 2, axis=0)
    return Trial(encoder.encode_words(texts) @ gallery.vectors.T, right, goods @ gallery.vectors.T)


def _words_of_drawn(encoder: Encoder, designs: Sequence[Design], vectors: Vectors, unknown: Vectors) -> Trial:
    """Colour and kind, and kind alone, in both languages."""
    texts, right = [], []
    for kind, colour in sorted({(d.kind, d.colour) for d in designs} | {(d.kind, "") for d in designs}):
        k, c = KIND_WORDS[kind], COLOUR_WORDS[colour] if colour else (("",), ("",))
        texts += [f"{c[0][0]} {k[0][0]}".strip(), f"{c[1][0]}{k[1][0]}"]
        right += [[d.kind == kind and colour in ("", d.colour) for d in designs]] * 2
    return Trial(encoder.encode_words(texts) @ vectors.T, np.asarray(right), unknown @ vectors.T)


_NO_CLOTHES = """
    teapot pan knife lamp chair sofa table bed shelf mirror rug clock notebook pen book phone laptop keyboard camera
    television printer shampoo toothbrush puzzle basketball bicycle tent guitar bread cake tea coffee rice egg cheese
    grape corn broccoli wine beer stroller fan toaster fridge hammer drill apple banana potato
"""
_UNDRAWN = """
    pan knife bed rug notebook pen book phone laptop keyboard camera television printer shampoo toothbrush puzzle
    basketball bicycle tent guitar bread cake tea rice egg cheese grape corn broccoli wine beer stroller toaster fridge
    hammer drill apple banana potato
"""


def _unlike_clothes(lexicon: Lexicon) -> list[str]:
    """Goods that no shop for fashion sells, in both languages."""
    return [text for key in _NO_CLOTHES.split() for text in _both(lexicon, key)]


def _undrawn(lexicon: Lexicon) -> list[str]:
    """Goods that cannot be drawn yet, in both languages."""
    return [text for key in _UNDRAWN.split() for text in _both(lexicon, key)]


def _both(lexicon: Lexicon, key: str) -> tuple[str, str]:
    entry = lexicon.by_key["goods", key]
    return entry.english[0], entry.chinese[0]


def _without_self(vectors: Vectors) -> Vectors:
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -1.0)
    return scores


def _same_group(photos: Sequence[Item], pages: Sequence[Item]) -> Relevant:
    return np.asarray([[photo.group == page.group for page in pages] for photo in photos])


def _same_kind(designs: Sequence[Design]) -> Relevant:
    return np.asarray([[a.kind == b.kind for b in designs] for a in designs])


def _off_diagonal(relevant: Relevant) -> Relevant:
    return relevant & ~np.eye(len(relevant), dtype=bool)


def _other_senders(items: Sequence[Item]) -> Relevant:
    return np.asarray([[a.kind == b.kind and a.group != b.group for b in items] for a in items])

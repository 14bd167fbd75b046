"""A product as a document of the word index."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import Any

import tantivy

from shoplens.core.catalogue import Product
from shoplens.indexes.tokens import tokens
from shoplens.indexes.vocabulary import NONE, Vocabulary
from shoplens.indexes.words_heads import MARK, heads
from shoplens.indexes.words_query import IDENTIFIERS, NAMED, NUMBER, WORDS, identifier_key

SEQ = "seq"
WEIGHTS = {"title": 20, "brand": 8, "category": 8, "attributes": 1, "description": 4, "derived": 1}
"""Field of a product -> how many times a token of it counts (BM25F: Robertson, Zaragoza, Taylor 2004)."""
NAMES = ("title", "brand", "category", "attributes")
"""The fields that say what a product is."""
SENTINEL = 0
"""Product number of the document that carries the sequence number; products are numbered from 1."""

_UNITED = re.compile(r"\s*(?:[&,/、与和]|\band\b|\bor\b)\s*", re.IGNORECASE)
"""What stands between the kinds of one category: "Hoodies & Sweatshirts"."""

_TOKENIZER = "shoplens"


def build_schema() -> Any:
    """The fields: product number, sequence (of the sentinel), identifiers as they are, and two of tokens.

    One weighted field for all texts: a query of three words then goes through three lists instead of fifteen.
    """
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field(NUMBER, indexed=True, fast=True)
    builder.add_unsigned_field(SEQ, fast=True)
    builder.add_text_field(IDENTIFIERS, tokenizer_name=_TOKENIZER, index_option="basic")
    builder.add_text_field(WORDS, tokenizer_name=_TOKENIZER, index_option="freq")
    builder.add_text_field(NAMED, tokenizer_name=_TOKENIZER, index_option="basic")
    return builder.build()


def register(index: Any) -> None:
    """Gives an index the tokenizer that its fields name: tokens come ready made, parted by spaces."""
    index.register_tokenizer(_TOKENIZER, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


def texts_of(product: Product) -> dict[str, list[str]]:
    """Field of a product -> its texts."""
    variants = product.variants
    attributes = dict.fromkeys(v for values in product.attributes.values() for v in values)
    attributes |= dict.fromkeys(v for variant in variants for values in variant.attributes.values() for v in values)
    codes = dict.fromkeys(code for v in variants for code in (v.sku, v.mpn, v.gtin) if code)
    return {
        "title": [product.title, *(t.title for t in product.translations)],
        "brand": [product.brand],
        "category": list(dict.fromkeys(step for path in (product.category, *product.categories) for step in path)),
        "attributes": [*attributes, *codes],
        "description": [product.description, *(t.description for t in product.translations)],
        "derived": [d.text for d in product.derived],
    }


def identifiers_of(product: Product, among: Set[str] | None = None) -> set[str]:
    """The keys under which the product is found outright: its id, its variants' ids, skus, gtins and mpns.

    ``among``: the only keys that are of interest; a product of many variants has many, and each takes its time.
    """
    names = [product.id]
    for variant in product.variants:
        names += [variant.id, variant.sku, variant.gtin, variant.mpn]
    if among is None:
        return {key for key in map(identifier_key, filter(None, names)) if key}
    starts = {key[0] for key in among if key}
    likely = [n for n in names if n and (not n.isascii() or not n[0].isalnum() or n[0].lower() in starts)]
    return {key for key in map(identifier_key, likely) if key and key in among}


def document(number: int, product: Product, vocabulary: Vocabulary = NONE) -> Any:
    """The document of a product. Among its names stand the heads of its titles, marked as such."""
    out = tantivy.Document()
    out.add_unsigned(NUMBER, number)
    words: list[str] = []
    names: dict[str, None] = {}
    for name, texts in texts_of(product).items():
        found = [token for text in texts if text for token in tokens(text)]
        words += found * WEIGHTS[name]
        if name in NAMES:
            names.update(dict.fromkeys(found))
    names.update(dict.fromkeys(MARK + head for text in _kinds_of(product) for head in heads(text, vocabulary)))
    out.add_text(WORDS, " ".join(words))
    out.add_text(NAMED, " ".join(names))
    out.add_text(IDENTIFIERS, " ".join(identifiers_of(product)))
    return out


def _kinds_of(product: Product) -> Iterator[str]:
    """The texts that say what kind of thing a product is: its titles, and each kind that its category unites."""
    yield product.title
    for translation in product.translations:
        yield translation.title
    for path in (product.category, *product.categories):
        if path:
            yield from _UNITED.split(path[-1])


def sentinel(seq: int) -> Any:
    """The document that tells up to which sequence number the index stands."""
    out = tantivy.Document()
    out.add_unsigned(NUMBER, SENTINEL)
    out.add_unsigned(SEQ, seq)
    return out

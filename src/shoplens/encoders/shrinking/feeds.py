"""What the graphs of an encoder's folder read, made of a shop's pictures and texts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from shoplens.core.spaces import EncoderCard, Pixels
from shoplens.encoders.bpe import BytePairTokenizer
from shoplens.encoders.lexicon import load_lexicon
from shoplens.encoders.onnx_folder import TENSORS
from shoplens.encoders.picture_steps import PictureSteps
from shoplens.encoders.preprocess import PREPROCESSING, to_batch
from shoplens.encoders.shrinking.graphs import Feed
from shoplens.encoders.word_reader import WordReader, WordSteps

_PICTURES = 16
_TEXTS = 64
_WORDS = 3000
"""Words of the lexicon that are read beside a shop's titles, at most."""


def picture_feeds(card: EncoderCard, pictures: Sequence[Pixels]) -> list[Feed]:
    """Batches of pictures as ``image.onnx`` reads them."""
    said = card.preprocessing
    chunks = [pictures[at : at + _PICTURES] for at in range(0, len(pictures), _PICTURES)]
    if said["name"] == PREPROCESSING:
        return [{"pixels": to_batch(chunk, int(said["resolution"]))} for chunk in chunks]
    steps = PictureSteps.from_fields(said["picture"])
    tensors = {**TENSORS, **dict(said.get("tensors") or {})}
    batches = [steps.batch(chunk) for chunk in chunks]
    if tensors["layout"] == "float32-nchw":
        return [{tensors["pixels"]: steps.normalize(batch)} for batch in batches]
    return [{tensors["pixels"]: batch} for batch in batches]


def words_feeds(card: EncoderCard, folder: Path, texts: Sequence[str]) -> list[Feed]:
    """Batches of texts of one length each as ``text.onnx`` reads them, the longest batch first."""
    said = card.preprocessing
    if said["name"] == PREPROCESSING:
        tokenizer = BytePairTokenizer.from_file(folder / "tokenizer.json")
        ids = [tokenizer.encode(text, int(said["longest_text"])) or [1] for text in texts]
        rows = [(one, [1] * len(one)) for one in ids]
    else:
        read = WordReader(folder / "tokenizer.json", WordSteps(**said["words"])).read(texts)
        rows = [(list(one), list(mask)) for one, mask in read]
    tensors = {**TENSORS, **dict(said.get("tensors") or {})}
    by_length: dict[int, list[tuple[list[int], list[int]]]] = {}
    for row in rows:
        by_length.setdefault(len(row[0]), []).append(row)
    feeds: list[Feed] = []
    for alike in by_length.values():
        for at in range(0, len(alike), _TEXTS):
            chunk = alike[at : at + _TEXTS]
            numbers, masks = (np.asarray([row[side] for row in chunk], np.int64) for side in (0, 1))
            feeds.append({tensors["ids"]: numbers, tensors["mask"]: masks})
    return sorted(feeds, key=lambda feed: -feed[tensors["ids"]].size)


def texts_for(card: EncoderCard, titles: Sequence[str]) -> list[str]:
    """A shop's titles, and the words of the lexicon, in the languages of the card: shoppers say less than titles do."""
    languages = card.languages or ("en", "zh")
    entries = load_lexicon().entries
    said = [e.english[:1] if "en" in languages else () for e in entries]
    said += [e.chinese[:1] if "zh" in languages else () for e in entries]
    words = list(dict.fromkeys(chain.from_iterable(said)))
    return [*titles, *words[:: -(-len(words) // _WORDS) or 1]]


__all__ = ["picture_feeds", "texts_for", "words_feeds"]

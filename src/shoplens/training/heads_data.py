"""The pictures from which the heads learn and on which they are measured: their vectors as a shop stores them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Pixels, Vectors
from shoplens.encoders.lexicon import Lexicon
from shoplens.training.data import Item, Pool, clothing_items, fashion_items, grocery_items, picture_reader
from shoplens.training.rendered import draw_pictures, load_pictures
from shoplens.understanding.colours import anchor_shares

DRAWN_DEV = 1000
_SIDE = 128
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Looked:
    """Items with the vectors of their pictures (float32 of the fp16 that a shop stores, [n, d]) and the shares of
    their pixels' anchors ([n, anchors], zeros where they were not counted)."""

    items: Sequence[Item]
    vectors: Vectors
    shares: npt.NDArray[np.float32]

    def rows(self, source: str, split: str) -> npt.NDArray[np.int64]:
        """Row numbers of a source and split."""
        found = [n for n, item in enumerate(self.items) if item.source == source and item.split == split]
        return np.asarray(found, dtype=np.int64)


def look(encoder: Encoder, root: Path, work: Path, drawn: int, lexicon: Lexicon) -> Looked:
    """Every picture that a head learns from or is measured on; kept in ``work`` for the encoder's revision.

    Drawn pictures: ``work/rendered`` (those of the encoder's training are used again), and a thousand of another
    seed to choose on, which the encoder has not seen.
    """
    draw_pictures(work / "rendered", drawn, _SIDE)
    draw_pictures(work / "rendered-dev", DRAWN_DEV, _SIDE, seed=1)
    real = [*fashion_items(root, lexicon), *clothing_items(root, lexicon), *grocery_items(root)]
    train, dev = (load_pictures(work / name, lexicon) for name in ("rendered", "rendered-dev"))
    held_out = [replace(item, split="dev") for item in dev.items]
    items = [*real, *train.items, *held_out]
    saved = work / f"looked-{encoder.card.revision}.npz"
    if saved.exists():
        with np.load(saved) as kept:
            if len(kept["vectors"]) == len(items):
                return Looked(items, kept["vectors"].astype(np.float32), kept["shares"])
    parts = [
        _look_at_real(encoder, root, real),
        _look_at_drawn(encoder, train, False),
        _look_at_drawn(encoder, dev, True),
    ]
    vectors, shares = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
    np.savez(saved, vectors=vectors.astype(np.float16), shares=shares)
    return Looked(items, vectors.astype(np.float16).astype(np.float32), shares)


def _look_at_real(encoder: Encoder, root: Path, items: Sequence[Item]) -> tuple[Vectors, npt.NDArray[np.float32]]:
    vectors, shares = [], []
    with picture_reader(root) as read:
        for start in range(0, len(items), _BATCH):
            some = items[start : start + _BATCH]
            pictures = [read(item) for item in some]
            vectors.append(encoder.encode_pictures(pictures))
            counted = [item.source == "fashion" and item.split != "train" for item in some]
            shares.append(_counted(pictures, counted))
    return np.concatenate(vectors), np.concatenate(shares)


def _look_at_drawn(encoder: Encoder, pool: Pool, count: bool) -> tuple[Vectors, npt.NDArray[np.float32]]:
    vectors, shares = [], []
    for start in range(0, len(pool.items), _BATCH):
        pictures = list(pool.pixels[start : start + _BATCH, :, :, :3])
        vectors.append(encoder.encode_pictures(pictures))
        shares.append(_counted(pictures, [count] * len(pictures)))
    return np.concatenate(vectors), np.concatenate(shares)


def _counted(pictures: Sequence[Pixels], wanted: Sequence[bool]) -> npt.NDArray[np.float32]:
    nothing = np.zeros_like(anchor_shares(np.zeros((1, 1, 3), np.uint8)))
    rows = [anchor_shares(picture) if asked else nothing for picture, asked in zip(pictures, wanted, strict=True)]
    return np.stack(rows)

"""A process that re-encodes a shop and tells on a pipe what is safely stored; killed by tests.

    python -m tests.switching.writer FOLDER

After each batch of four products "stored PRODUCTS PICTURES TEXTS KEPT" is printed, "done" at the end.
"""

from __future__ import annotations

import sys
from pathlib import Path

from shoplens.app import open_shop
from shoplens.config import Config
from shoplens.engine import reencoding
from shoplens.engine.reencoding import ReencodeReport


def main(folder: Path) -> None:
    """Re-encodes the shop with the encoder ``two``."""
    reencoding.BATCH = 4  # many small transactions: many places to die in
    config = Config.load(folder / "shop", encoder=f"onnx:{folder / 'encoders' / 'one'}", pictures={"workers": 1})

    def told(so_far: ReencodeReport) -> None:
        print("stored", so_far.products, so_far.pictures_encoded, so_far.texts_encoded, so_far.kept, flush=True)

    with open_shop(config) as shop:
        print("open", flush=True)
        shop.spaces.reencode(f"onnx:{folder / 'encoders' / 'two'}", on_progress=told)
    print("done", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

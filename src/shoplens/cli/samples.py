"""Pictures and titles that an encoder is tried on: a shop's own, a folder's, or those of the demo shop."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import orjson

from shoplens.encoders.calibrating import Sample
from shoplens.errors import EncoderError, PictureError
from shoplens.pictures import DecodePool

AT_MOST = 400
_KINDS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif")


def of_shop(shop: Path | None, side: int) -> Sample:
    """Up to 400 pictures from all over a shop's catalogue, with their products' titles.

    Raises:
        ShopNotFoundError, StoreError: the shop cannot be opened.
    """
    from shoplens.app import open_shop
    from shoplens.encoders.onnx_dual import bundled_encoder

    # The shop's own encoder may be the very one that cannot be opened yet.
    with open_shop(shop, encoder=bundled_encoder()) as opened:
        products = [stored for some in opened.store.scan() for stored in some if stored.pictures]
        chosen = products[:: max(1, len(products) // AT_MOST)][:AT_MOST]
        titles = [(n, s.product.title) for n, s in enumerate(chosen) if s.product.title]
        wanted = [(n, key) for n, s in enumerate(chosen) for key in dict.fromkeys(s.pictures.values())]

        def read() -> Iterator[tuple[int, bytes]]:
            for owner, key in wanted[:: max(1, len(wanted) // AT_MOST)][:AT_MOST]:
                with contextlib.suppress(PictureError):  # it is no longer where the feed said
                    yield owner, opened.thumbnail(key, max(480, side))

        return _sample(list(read()), titles, side)


def of_folder(folder: Path, side: int) -> Sample:
    """Up to 400 pictures of a folder and those below it. Raises EncoderError when there are none."""
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _KINDS and p.is_file())
    if not found:
        raise EncoderError(
            "no pictures here", where=str(folder), hint=f"name a folder with pictures ({', '.join(_KINDS)})"
        )
    chosen = found[:: max(1, len(found) // AT_MOST)][:AT_MOST]
    return _sample([(n, path.read_bytes()) for n, path in enumerate(chosen)], [], side)


def of_demo(side: int) -> Sample:
    """The pictures and titles of the demo shop that ships with ShopLens."""
    with resources.as_file(resources.files("shoplens.demo") / "shop") as folder:
        rows = [orjson.loads(line) for line in (folder / "products.jsonl").read_bytes().splitlines() if line]
        owner_of = {str(row["id"]): n for n, row in enumerate(rows)}
        found = []
        for path in sorted((folder / "pictures").iterdir()):
            owner = next(
                (owner_of[path.name[:n]] for n in range(len(path.name), 0, -1) if path.name[:n] in owner_of), -1
            )
            found.append((owner, path.read_bytes()))
    titles = [(owner_of[str(row["id"])], str(row["title"])) for row in rows if row.get("title")]
    return _sample(found[:: max(1, len(found) // AT_MOST)][:AT_MOST], titles, side)


def _sample(pictures: list[tuple[int, bytes]], titles: list[tuple[int, str]], side: int) -> Sample:
    """Decoded in processes that can be killed, as all pictures of unknown origin; what cannot be read is left out."""
    pool = DecodePool()
    try:
        decoded = list(pool.decode_many((data for _, data in pictures), max(side, 256)))
    finally:
        pool.close()
    kept = [(owner, d.pixels) for (owner, _), d in zip(pictures, decoded, strict=True) if not isinstance(d, Exception)]
    return Sample(
        pictures=[pixels for _, pixels in kept],
        texts=[title for _, title in titles],
        picture_owners=[owner for owner, _ in kept],
        text_owners=[owner for owner, _ in titles],
    )


__all__ = ["AT_MOST", "of_demo", "of_folder", "of_shop"]

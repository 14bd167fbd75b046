"""How values lie in the tables: products as JSON, hashes as bytes, vectors as fp16."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import orjson

from shoplens.core.catalogue import Product
from shoplens.core.ports import VectorRows
from shoplens.errors import StoreError

_HEX = re.compile(r"(?:[0-9a-f]{2})+")
_RAW, _TEXT = b"\x01", b"\x00"


def pack_hash(text: str) -> bytes:
    """A hash as bytes: one tag, then 32 bytes for a sha256 in hex; any other text stays text behind the other tag."""
    if _HEX.fullmatch(text):
        return _RAW + bytes.fromhex(text)
    return _TEXT + text.encode()


def unpack_hash(data: bytes) -> str:
    """The inverse of ``pack_hash``."""
    data = bytes(data)
    return data[1:].hex() if data[:1] == _RAW else data[1:].decode()


def pack_product(product: Product) -> str:
    """A product as JSON text, from which ``unpack_product`` makes an equal one."""
    data = product.to_dict()
    try:
        return orjson.dumps(data).decode()
    except TypeError:
        # Lone surrogates and integers beyond 64 bits: orjson refuses them, JSON can hold them. The blank in front
        # tells the reader to use the standard library too, since orjson would read such integers as floats.
        return " " + json.dumps(data, separators=(",", ":"))


def unpack_product(body: str) -> Product:
    """The product that ``pack_product`` wrote. Raises StoreError when the text is damaged."""
    try:
        return Product.from_dict(json.loads(body) if body.startswith(" ") else orjson.loads(body))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(
            f"a stored product cannot be read: {error!r}", hint="run: shoplens doctor --shop DIR; then index again"
        ) from error


def pack_vectors(rows: VectorRows) -> dict[bytes, bytes]:
    """Key -> little-endian fp16 bytes; the last of equal keys counts.

    Raises:
        StoreError: the array is not [len(keys), space.dimension], or holds what fp16 cannot.
    """
    array = np.asarray(rows.vectors)
    if array.shape != (len(rows.keys), rows.space.dimension):
        raise StoreError(
            f"{len(rows.keys)} keys came with vectors of shape {array.shape}; the space has {rows.space.dimension}",
            where=str(rows.space),
            hint="give one row of the space's dimension for each key",
        )
    with np.errstate(over="ignore"):
        halves = array.astype("<f2")
    if not np.isfinite(halves).all():
        raise StoreError(
            "a vector holds NaN, infinity or more than fp16 can", where=str(rows.space), hint="see to the encoder"
        )
    return {pack_hash(key): halves[i].tobytes() for i, key in enumerate(rows.keys)}


def unpack_vectors(data: Sequence[bytes], dimension: int) -> npt.NDArray[np.float16]:
    """Bytes of several vectors -> fp16 [n, d], read-only. Raises StoreError when a length is wrong."""
    joined = b"".join(data)
    if len(joined) != len(data) * dimension * 2:
        raise StoreError("stored vectors have another length than their space", hint="run: shoplens doctor --shop DIR")
    return np.frombuffer(joined, "<f2").reshape(len(data), dimension).astype(np.float16, copy=False)

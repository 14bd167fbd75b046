"""A vector index on disk: one file, written beside and renamed, so that there is always a whole one or none.

Layout: the columns one after the other; a JSON footer (what they are, and a CRC-32 of each); the length and the
CRC-32 of the footer; eight bytes of magic. The end is written last, so a file that was cut off has none.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from shoplens.core.spaces import Modality, Space
from shoplens.errors import ShopError, SpaceMismatchError
from shoplens.indexes.codes import Codebook, Sketch
from shoplens.indexes.durable import replacing
from shoplens.indexes.vectors_view import COLUMNS, EXTRAS, View, starts_of

VERSION = 3

_MAGIC = b"SLVECTS\n"
_END = struct.Struct("<QI8s")
_CHUNK = 1 << 22
_TYPES = {
    "codes": np.uint8,
    "vectors": np.float16,
    "products": np.int64,
    "first": np.int64,
    "keys": np.uint8,
    "alive": np.bool_,
    "extra_rows": np.int64,
    "extra_variants": np.int64,
    "mean": np.float32,
    "projection": np.float32,
    "levels": np.float32,
    "cells": np.float32,
    "spread": np.float32,
}
_BOOK = ("mean", "projection", "levels", "cells", "spread")
_COUNTS = ("count", "extra", "dead", "product_count", "top_variant", "seq")


class DamagedSnapshotError(Exception):
    """A snapshot that cannot be used, and why. Never leaves ``indexes``: the index starts empty and is replayed."""


def snapshot_path(folder: Path, modality: Modality) -> Path:
    """Where the snapshot of a modality lies in an index's folder."""
    return folder / f"vectors-{modality}.snapshot"


def write_snapshot(folder: Path, space: Space, modality: Modality, view: View) -> None:
    """Writes a view: temporary file, fsync, rename, fsync of the folder.

    Raises:
        ShopError: the folder cannot be written to; the snapshot before, if any, is untouched.
    """
    path = snapshot_path(folder, modality)
    try:
        with replacing(path) as file:
            _write(file, space, modality, view)
    except OSError as error:
        raise ShopError(
            f"the snapshot of the {modality} index cannot be written: {error.strerror or error}",
            where=str(path),
            hint="make room or give write access; nothing is lost, the index is rebuilt from the store",
        ) from error


def read_snapshot(folder: Path, space: Space, modality: Modality) -> View | None:
    """The view that was saved; None where there is no snapshot.

    Raises:
        DamagedSnapshotError: it is cut off, altered, or not one of ours.
        SpaceMismatchError: it was built in another space.
    """
    path = snapshot_path(folder, modality)
    try:
        with path.open("rb") as file:
            return _read(file, path, space, modality)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedSnapshotError(f"it cannot be read: {error}") from error


def _write(file: BinaryIO, space: Space, modality: Modality, view: View) -> None:
    columns: list[dict[str, Any]] = []
    book = view.sketch.book if view.sketch is not None else None
    parts: list[tuple[str, npt.NDArray[Any]]] = [(name, getattr(view, name)[: view.count]) for name in COLUMNS]
    parts += [(name, getattr(view, name)[: view.extra]) for name in EXTRAS]
    parts += [(name, getattr(book, name)) for name in _BOOK if book is not None]
    for name, part in parts:
        data = np.ascontiguousarray(part)
        crc = 0
        for chunk in _chunks(data):
            file.write(chunk)
            crc = zlib.crc32(chunk, crc)
        columns.append({"name": name, "dtype": data.dtype.str, "shape": list(data.shape), "crc": crc})
    footer = json.dumps(
        {
            "version": VERSION,
            "space": str(space),
            "modality": modality,
            "learned_rows": book.rows if book is not None else 0,
            "columns": columns,
            **{name: getattr(view, name) for name in _COUNTS},
        }
    ).encode()
    file.write(footer)
    file.write(_END.pack(len(footer), zlib.crc32(footer), _MAGIC))


def _read(file: BinaryIO, path: Path, space: Space, modality: Modality) -> View:
    footer = _footer(file)
    if footer.get("version") != VERSION or footer.get("modality") != modality:
        raise DamagedSnapshotError(f"it is of version {footer.get('version')}, for {footer.get('modality')}")
    if footer["space"] != str(space):
        raise SpaceMismatchError(
            f"the {modality} index was built in space {footer['space']}, the encoder in use maps into {space}",
            where=str(path),
            hint="run: shoplens index --rebuild, or go back to the encoder that built it",
        )
    try:
        counts = {name: int(footer[name]) for name in _COUNTS}
        lengths = dict.fromkeys(COLUMNS, counts["count"]) | dict.fromkeys(EXTRAS, counts["extra"])
        file.seek(0)
        columns: dict[str, Any] = {}
        for entry in footer["columns"]:
            name, shape, dtype = entry["name"], tuple(entry["shape"]), np.dtype(entry["dtype"])
            if dtype != _TYPES[name] or shape[0] != lengths.get(name, shape[0]):
                raise DamagedSnapshotError(f"its column {name} has shape {shape} of {dtype}")
            columns[name] = _column(file, name, shape, dtype, int(entry["crc"]), spare=name in lengths)
        if columns["vectors"].shape[1] != space.dimension:
            raise DamagedSnapshotError(f"its vectors have {columns['vectors'].shape[1]} dimensions")
        n = counts["count"]
        sketch = None
        if footer["learned_rows"]:
            book = Codebook(**{name: columns.pop(name) for name in _BOOK}, rows=int(footer["learned_rows"]))
            sketch = Sketch(book, columns["codes"][:n])
        starts = starts_of(columns["products"][:n], columns["alive"][:n])
        return View(**{**columns, **counts}, starts=starts, sketch=sketch)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DamagedSnapshotError(f"its footer makes no sense: {error!r}") from error


def _footer(file: BinaryIO) -> dict[str, Any]:
    size = file.seek(0, os.SEEK_END)
    if size < _END.size:
        raise DamagedSnapshotError("it is cut off")
    file.seek(size - _END.size)
    length, crc, magic = _END.unpack(file.read(_END.size))
    if magic != _MAGIC or length > size - _END.size:
        raise DamagedSnapshotError("it is cut off, or not a snapshot of ours")
    file.seek(size - _END.size - length)
    text = file.read(length)
    if zlib.crc32(text) != crc:
        raise DamagedSnapshotError("its footer was altered")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _column(
    file: BinaryIO, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], expected: int, *, spare: bool
) -> npt.NDArray[Any]:
    # Room for an eighth more, so that the first write after opening does not copy everything.
    room = np.empty((shape[0] + (shape[0] // 8 + 64 if spare else 0), *shape[1:]), dtype)
    crc = 0
    for chunk in _chunks(room[: shape[0]]):
        if file.readinto(chunk) != len(chunk):  # type: ignore[attr-defined]
            raise DamagedSnapshotError(f"its column {name} is cut off")
        crc = zlib.crc32(chunk, crc)
    if crc != expected:
        raise DamagedSnapshotError(f"its column {name} was altered")
    return room


def _chunks(data: npt.NDArray[Any]) -> list[memoryview]:
    if not data.size:
        return []
    flat: memoryview = data.reshape(-1).view(np.uint8).data
    return [flat[start : start + _CHUNK] for start in range(0, len(flat), _CHUNK)]

"""A vector index on disk: one file, written beside and renamed, so that there is always a whole one or none.

Layout: the columns one after the other; a JSON footer (what they are, and a CRC-32 of each); the length and the
CRC-32 of the footer; eight bytes of magic. The end is written last, so a file that was cut off has none.
"""

from __future__ import annotations

import hashlib
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
from shoplens.indexes.codes import Floats, code_size, sign_codes
from shoplens.indexes.vectors_view import COLUMNS, EXTRAS, View, starts_of

VERSION = 1

_MAGIC = b"SLVECTS\n"
_END = struct.Struct("<QI8s")
_CHUNK = 1 << 22
_COUNTS = ("count", "extra", "dead", "product_count", "top_variant", "seq")


class DamagedSnapshotError(Exception):
    """A snapshot that cannot be used, and why. Never leaves ``indexes``: the index starts empty and is replayed."""


def snapshot_path(folder: Path, modality: Modality) -> Path:
    """Where the snapshot of a modality lies in an index's folder."""
    return folder / f"vectors-{modality}.snapshot"


def write_snapshot(folder: Path, space: Space, modality: Modality, mean: Floats, view: View) -> None:
    """Writes a view: temporary file, fsync, rename, fsync of the folder.

    Raises:
        ShopError: the folder cannot be written to; the snapshot before, if any, is untouched.
    """
    path = snapshot_path(folder, modality)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            _write(file, space, modality, mean, view)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise ShopError(
            f"the snapshot of the {modality} index cannot be written: {error.strerror or error}",
            where=str(path),
            hint="make room or give write access; nothing is lost, the index is rebuilt from the store",
        ) from error


def read_snapshot(folder: Path, space: Space, modality: Modality, mean: Floats) -> View | None:
    """The view that was saved; None where there is no snapshot.

    Codes that were taken with another mean are taken anew.

    Raises:
        DamagedSnapshotError: it is cut off, altered, or not one of ours.
        SpaceMismatchError: it was built in another space.
    """
    path = snapshot_path(folder, modality)
    try:
        with path.open("rb") as file:
            return _read(file, path, space, modality, mean)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedSnapshotError(f"it cannot be read: {error}") from error


def _write(file: BinaryIO, space: Space, modality: Modality, mean: Floats, view: View) -> None:
    columns: list[dict[str, Any]] = []
    for name in (*COLUMNS, *EXTRAS):
        length = view.count if name in COLUMNS else view.extra
        data = np.ascontiguousarray(getattr(view, name)[:length])
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
            "mean": _digest(mean),
            "columns": columns,
            **{name: getattr(view, name) for name in _COUNTS},
        }
    ).encode()
    file.write(footer)
    file.write(_END.pack(len(footer), zlib.crc32(footer), _MAGIC))


def _read(file: BinaryIO, path: Path, space: Space, modality: Modality, mean: Floats) -> View:
    footer = _footer(file)
    if footer.get("version") != VERSION or footer.get("modality") != modality:
        raise DamagedSnapshotError(f"it is of version {footer.get('version')}, for {footer.get('modality')}")
    if footer["space"] != str(space):
        raise SpaceMismatchError(
            f"the {modality} index was built in space {footer['space']}, the encoder in use maps into {space}",
            where=str(path),
            hint="run: shoplens index --rebuild, or go back to the encoder that built it",
        )
    counts = {name: int(footer[name]) for name in _COUNTS}
    shapes = _shapes(counts, space.dimension)
    file.seek(0)
    columns: dict[str, Any] = {}
    try:
        for entry in footer["columns"]:
            name, shape, dtype = entry["name"], tuple(entry["shape"]), np.dtype(entry["dtype"])
            expected, kind = shapes[name]
            if shape[0] != expected[0] or (len(shape) == 2 and name != "keys" and shape != expected) or dtype != kind:
                raise DamagedSnapshotError(f"its column {name} has shape {shape} of {dtype}")
            columns[name] = _column(file, name, shape, dtype, int(entry["crc"]))
        n = counts["count"]
        view = View(**{**columns, **counts}, starts=starts_of(columns["products"][:n], columns["alive"][:n]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise DamagedSnapshotError(f"its footer makes no sense: {error!r}") from error
    if footer["mean"] != _digest(mean):
        view.codes[: view.count] = sign_codes(view.vectors[: view.count], mean)
    return view


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


def _shapes(counts: dict[str, int], dimension: int) -> dict[str, tuple[tuple[int, ...], npt.DTypeLike]]:
    n, m = counts["count"], counts["extra"]
    return {
        "codes": ((n, code_size(dimension)), np.uint8),
        "vectors": ((n, dimension), np.float16),
        "products": ((n,), np.int64),
        "first": ((n,), np.int64),
        "keys": ((n, 0), np.uint8),
        "alive": ((n,), np.bool_),
        "extra_rows": ((m,), np.int64),
        "extra_variants": ((m,), np.int64),
    }


def _column(file: BinaryIO, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], expected: int) -> npt.NDArray[Any]:
    # Room for an eighth more, so that the first write after opening does not copy everything.
    room = np.empty((shape[0] + shape[0] // 8 + 64, *shape[1:]), dtype)
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


def _digest(mean: Floats) -> str:
    return hashlib.sha256(np.ascontiguousarray(mean, "<f4").tobytes()).hexdigest()

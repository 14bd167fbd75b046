"""Filter columns on disk: one file, written beside and renamed, so that there is always a whole one or none.

Layout: the parts one after the other (arrays as they lie in memory, texts as a JSON list); a JSON footer that names
them and holds the CRC-32 of all parts; the length and the CRC-32 of the footer; eight bytes of magic.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.errors import ShopError
from shoplens.indexes.columns_values import Values
from shoplens.indexes.columns_view import Column, Entries, View
from shoplens.indexes.durable import replacing

VERSION = 1
"""Raise it when the layout or the meaning of the columns changes: older snapshots are then filled anew."""

_NAME = "columns.snapshot"
_MAGIC = b"SLCOLMN\n"
_END = struct.Struct("<QI8s")
_ARRAYS = tuple(f.name for f in fields(View) if f.name not in ("seq", "columns"))
_ALIGN = 8


class DamagedColumnsError(Exception):
    """A snapshot that cannot be used, and why. Never leaves ``indexes``: the columns are filled from the store."""


def write_columns(folder: Path, view: View) -> None:
    """Writes a view: temporary file, fsync, rename, fsync of the folder.

    Raises:
        ShopError: the folder cannot be written to; the snapshot before, if any, is untouched.
    """
    path = folder / _NAME
    try:
        with replacing(path) as file:
            parts, crc, at = [], 0, 0
            for name, data in _parts(view):
                raw = data if isinstance(data, bytes) else np.ascontiguousarray(data).view(np.uint8).data
                padding = bytes(-len(raw) % _ALIGN)
                parts.append([name, "text" if isinstance(data, bytes) else data.dtype.str, at, len(raw)])
                for piece in (raw, padding):
                    file.write(piece)
                    crc = zlib.crc32(piece, crc)
                at += len(raw) + len(padding)
            names = {n: [c.shared.aligned, c.own.aligned] for n, c in view.columns.items()}
            footer = {"version": VERSION, "seq": view.seq, "columns": names, "parts": parts, "crc": crc}
            raw = json.dumps(footer, ensure_ascii=True).encode()
            file.write(raw + _END.pack(len(raw), zlib.crc32(raw), _MAGIC))
    except OSError as error:
        raise ShopError(
            f"the snapshot of the filter columns cannot be written: {error}",
            where=str(path),
            hint="free some space or mend the folder's permissions; nothing is lost, it is filled from the store",
        ) from error


def read_columns(folder: Path) -> View | None:
    """The view of the snapshot in a folder; None if there is none.

    Raises:
        DamagedColumnsError: the file is cut off, changed, or of another version.
    """
    path = folder / _NAME
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DamagedColumnsError(str(error)) from error
    if len(data) < _END.size:
        raise DamagedColumnsError("it is cut off")
    length, crc, magic = _END.unpack(data[-_END.size :])
    start = len(data) - _END.size - length
    if magic != _MAGIC or start < 0 or zlib.crc32(data[start : start + length]) != crc:
        raise DamagedColumnsError("its end is damaged or cut off")
    footer = json.loads(data[start : start + length])
    if footer["version"] != VERSION:
        raise DamagedColumnsError(f"it has version {footer['version']}, not {VERSION}")
    if zlib.crc32(memoryview(data)[:start]) != footer["crc"]:
        raise DamagedColumnsError("its checksum does not match")
    found: dict[str, Any] = {}
    for name, kind, at, size in footer["parts"]:
        raw = memoryview(data)[at : at + size]
        found[name] = json.loads(bytes(raw)) if kind == "text" else np.frombuffer(raw, np.dtype(kind))
    columns = {name: _column(found, i, *aligned) for i, (name, aligned) in enumerate(footer["columns"].items())}
    return View(seq=footer["seq"], columns=columns, **{name: found[name] for name in _ARRAYS})


def _parts(view: View) -> Iterator[tuple[str, npt.NDArray[Any] | bytes]]:
    for name in _ARRAYS:
        yield name, getattr(view, name)
    for i, column in enumerate(view.columns.values()):
        for kind, entries in (("shared", column.shared), ("own", column.own)):
            yield f"{i}.{kind}.at", entries.at
            yield f"{i}.{kind}.codes", entries.codes
        # Text is ASCII here, so that lone surrogates of a broken feed survive the round trip too.
        yield f"{i}.texts", json.dumps(column.values.texts).encode()
        if column.floats is not None:
            yield f"{i}.floats", column.floats
        if column.flags is not None:
            yield f"{i}.flags", column.flags


def _column(found: dict[str, Any], i: int, shared_aligned: bool, own_aligned: bool) -> Column:
    return Column(
        Values(found[f"{i}.texts"]),
        Entries(found[f"{i}.shared.at"], found[f"{i}.shared.codes"], shared_aligned),
        Entries(found[f"{i}.own.at"], found[f"{i}.own.codes"], own_aligned),
        found.get(f"{i}.floats"),
        found.get(f"{i}.flags"),
    )

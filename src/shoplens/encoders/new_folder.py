"""A folder that appears whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from shoplens.errors import EncoderError


@contextlib.contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A place to write in; it becomes ``out`` when everything went well, and is gone otherwise.

    Raises EncoderError when ``out`` is there already and not an empty folder.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise EncoderError("there is something here already", where=str(out), hint="name a folder that is new or empty")
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        if out.exists():
            out.rmdir()
        part.replace(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


__all__ = ["new_folder"]

"""Libraries that warn of what is meant to be so."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def without_warning(text: str) -> Iterator[None]:
    """Keeps a library's message that holds ``text`` from the root logger while it works."""

    def keep(record: logging.LogRecord) -> bool:
        return text not in record.getMessage()

    root = logging.getLogger()
    root.addFilter(keep)
    try:
        yield
    finally:
        root.removeFilter(keep)


__all__ = ["without_warning"]

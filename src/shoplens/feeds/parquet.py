"""Parquet files, by pyarrow, which is an optional part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from shoplens.core.catalogue import RowProblem
from shoplens.errors import FeedError, MissingExtraError
from shoplens.feeds.rows import Row

BATCH = 1024


class ParquetRows:
    """Rows of a Parquet file; ``line`` is the row's number, from 1."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.columns: list[str] = [str(name) for name in self._open().schema_arrow.names]

    def rows(self) -> Iterator[Row | RowProblem]:
        """All rows, a batch at a time."""
        for number, values in enumerate(self._values(), 1):
            yield Row(number, values)

    def _values(self) -> Iterator[dict[str, Any]]:
        import pyarrow

        file = self._open()
        try:
            for batch in file.iter_batches(batch_size=BATCH, use_threads=False):
                yield from batch.to_pylist()
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise FeedError(
                f"the Parquet file is damaged: {error}", where=str(self._path), hint="export it again"
            ) from error
        finally:
            file.close()

    def _open(self) -> Any:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise MissingExtraError("a Parquet feed", extra="parquet", where=str(self._path)) from error
        try:
            return pyarrow.parquet.ParquetFile(str(self._path), memory_map=True, pre_buffer=False)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            raise FeedError(f"no Parquet file: {error}", where=str(self._path), hint="export it again") from error

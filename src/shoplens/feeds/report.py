"""The report of an import as a file: one JSON object a line for each row or field that could not be used."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from shoplens.core.catalogue import RowProblem
from shoplens.errors import FeedError


def write_report(problems: Iterable[RowProblem], path: str | Path) -> int:
    """Writes problems as they come, UTF-8; returns how many. Takes no more memory for many of them.

    Raises:
        FeedError: the file cannot be written.
    """
    path = Path(path)
    count = 0
    try:
        with path.open("w", encoding="utf-8", errors="replace", newline="\n") as file:
            for problem in problems:
                # A picture and a feed as a whole have no line: none is said, instead of a line 0 that nobody finds.
                fields = asdict(problem) | {"line": problem.line or None}
                file.write(json.dumps(fields, ensure_ascii=False) + "\n")
                count += 1
    except OSError as error:
        raise FeedError(
            f"the report cannot be written: {error.strerror or error}", where=str(path), hint="choose another place"
        ) from error
    return count

"""``search --heat FOLDER``: a heat map of each hit's picture, as a JPEG."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from shoplens.cli.output import stderr
from shoplens.core.answer import Answer
from shoplens.core.query import Query
from shoplens.errors import NotFoundError, PictureError, QueryError

if TYPE_CHECKING:
    from shoplens.app import Shop

_SIDE = 480


def write_heat(shop: Shop, query: Query, answer: Answer, folder: Path) -> None:
    """Writes ``POSITION-ID.jpg`` for each hit with a picture; tells of those that cannot be had.

    Raises:
        QueryError: there is nothing to look for, or the folder cannot be written to.
    """
    from shoplens.heating import drawn

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for hit in answer.hits:
            if not hit.picture:
                continue
            try:
                data = drawn(shop.heat(hit.picture, query), shop.thumbnail(hit.picture, _SIDE))
            except (NotFoundError, PictureError) as error:
                stderr.print(f"note: no heat map of {hit.product.id}: {error.message}", style="yellow")
                continue
            name = re.sub(r"[^\w.-]+", "_", hit.product.id)[:60]
            (folder / f"{hit.position:03}-{name}.jpg").write_bytes(data)
    except OSError as error:
        raise QueryError(
            f"heat maps cannot be written: {error.strerror}", where="--heat", hint="name a folder that you may write to"
        ) from error

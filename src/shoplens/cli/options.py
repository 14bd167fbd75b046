"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ShopFolder = Annotated[Path | None, typer.Option("--shop", "-s", help="The shop's folder (setting: shop).")]
Judged = Annotated[
    Path,
    typer.Option(
        "--qrels",
        help="Judgements in TREC format: query_id 0 product_id grade (variant_id where the query groups by variant).",
    ),
]
MaybeJudged = Annotated[
    Path | None,
    typer.Option("--qrels", help="Judgements of people in TREC format; the page's own download is one."),
]
MachineJudged = Annotated[
    Path | None,
    typer.Option(
        help="Judgements that shoplens judge wrote; they fill what people have not judged, and are told as such."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

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
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

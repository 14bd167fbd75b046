"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ShopFolder = Annotated[Path | None, typer.Option("--shop", "-s", help="The shop's folder (setting: shop).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]

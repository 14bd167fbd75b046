"""``shoplens crops``: the things on one photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json


def crops(
    photo: Annotated[Path, typer.Argument(help="The photo.")],
    shop: ShopFolder = None,
    json: AsJson = False,
) -> None:
    """Propose parts of a photo to search with: the things on it, best first, each with a guess of its kind."""
    from shoplens.app import open_shop
    from shoplens.photos import crop_to_fields

    with open_shop(shop) as opened:
        opened.catch_up(2.0)
        found = opened.crops(photo)
    if json:
        print_json({"crops": [crop_to_fields(one) for one in found]})
        return
    for one in found:
        box, kind = one.crop, one.kind
        named = f"{kind.english} {kind.chinese} ({kind.confidence:.2f})" if kind.key else "of no known kind"
        part = f"--crop {box.x0:g},{box.y0:g},{box.x1:g},{box.y1:g}"
        console.print(Text.assemble((f"{one.confidence:.2f}  ", "bold"), named, f"  {part}"))
    if not found:
        console.print("Nothing stands out on this photo.")

"""``shoplens crops``: the things on one photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, price_of, print_json
from shoplens.core.answer import Answer
from shoplens.core.query import Query


def crops(
    photo: Annotated[Path, typer.Argument(help="The photo.")],
    shop: ShopFolder = None,
    search: Annotated[bool, typer.Option("--search", help="Search with each of them, too.")] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", help="Hits of each search.")] = 3,
    json: AsJson = False,
) -> None:
    """Propose parts of a photo to search with: the things on it, best first, each with a guess of its kind."""
    from shoplens.app import open_shop
    from shoplens.photos import crop_to_fields, found_to_fields, search_each
    from shoplens.pictures.photo import photo_of

    with open_shop(shop) as opened:
        opened.catch_up(2.0)
        if search:
            each = search_each(opened, Query(pictures=(photo_of(photo),), per_page=limit))
            found, answers = [one for one, _ in each], [answer for _, answer in each]
        else:
            found, answers = list(opened.crops(photo)), []
    if json:
        every = [found_to_fields(*pair) for pair in zip(found, answers, strict=True)] if search else None
        print_json({"crops": every if every is not None else [crop_to_fields(one) for one in found]})
        return
    for number, one in enumerate(found):
        box, kind = one.crop, one.kind
        named = f"{kind.english} {kind.chinese} ({kind.confidence:.2f})" if kind.key else "of no known kind"
        part = f"--crop {box.x0:g},{box.y0:g},{box.x1:g},{box.y1:g}"
        console.print(Text.assemble((f"{one.confidence:.2f}  ", "bold"), named, f"  {part}"))
        if search:
            _show(answers[number])
    if not found:
        console.print("Nothing stands out on this photo.")


def _show(answer: Answer) -> None:
    for hit in answer.hits:
        told = "  ".join(filter(None, (f"      {hit.position}.", hit.product.title, price_of(hit), hit.product.id)))
        console.print(Text(told))
    if not answer.hits:
        console.print("      Nothing like it in the shop.")

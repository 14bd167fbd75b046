"""``shoplens suggest``: what a search box proposes for the beginning of a query."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json
from shoplens.core.query import words_of
from shoplens.core.suggestion import suggestion_to_fields

WAIT_S = 120.0
"""How long a first call waits for the suggestions of a large shop to be made; the next one finds them on the disk."""


def suggest(
    words: Annotated[list[str], typer.Argument(help="What was typed so far, in English, Chinese or pinyin.")],
    shop: ShopFolder = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=50, help="Suggestions at most.")] = 8,
    json: AsJson = False,
) -> None:
    """Complete the beginning of a query from what the shop has in stock."""
    from shoplens.app import open_shop

    typed = words_of(words)
    with open_shop(shop) as opened:
        opened.suggestions.wait(WAIT_S)
        found = opened.suggest(typed, limit)
    if json:
        print_json({"suggestions": [suggestion_to_fields(one) for one in found]})
    elif not found:
        console.print("Nothing in stock is called so.")
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("suggestion", "kind", "products", "leads to"):
            table.add_column(name, overflow="fold", justify="right" if name == "products" else "left")
        for one in found:
            table.add_row(*map(Text, (one.text, one.kind, f"{one.count:,}", one.filter or one.product_id)))
        console.print(table)

"""``shoplens export``: the shop's products as a feed for others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json, stderr
from shoplens.core.catalogue import Product
from shoplens.exporting import Publishing
from shoplens.exporting import export as write


def export(
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="google (Merchant, .xml or .tsv), acp (Agentic Commerce Protocol, .jsonl), openai (ChatGPT's file "
            "upload, .jsonl, .csv or .tsv), jsonld (schema.org, .jsonld).",
        ),
    ],
    out: Annotated[str, typer.Option("--out", "-o", help="File to write, .gz after its ending compresses; - prints.")],
    shop: ShopFolder = None,
    pictures_url: Annotated[
        str, typer.Option(help="Address below which pictures lie that the shop knows by their paths.")
    ] = "",
    seller: Annotated[str, typer.Option(help="Name of the shop, for agents.")] = "",
    seller_url: Annotated[str, typer.Option(help="Address of the shop.")] = "",
    country: Annotated[
        list[str] | None, typer.Option(help="Country in which the shop sells (two letters); repeat it for several.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Write all products as a feed for Google, for shop agents, or as JSON-LD."""
    from shoplens.app import Shop, open_shop

    def products(opened: Shop) -> Iterator[Product]:
        for chunk in opened.store.scan():
            yield from (stored.product for stored in chunk)

    publishing = Publishing(seller, seller_url, pictures_url, tuple(code.upper() for code in country or ()))
    with open_shop(shop) as opened:
        done = write(products(opened), format, out, publishing)
    if json and out != "-":
        print_json({"products": done.products, "rows": done.rows, "lacking": done.lacking, "paths": done.paths})
        return
    for name, count in done.lacking.items():
        stderr.print(Text(f"note: {count:,} of {done.rows:,} rows have no {name}, which {format} asks for", "yellow"))
    if done.paths:
        told = f"warning: {done.paths:,} of {done.rows:,} rows name pictures by their paths on this machine"
        stderr.print(Text(f"{told}, which {format} cannot fetch: give --pictures-url", "yellow"))
    if out != "-":
        console.print(f"{done.products:,} products, {done.rows:,} rows in {out}")

"""``shoplens describe``: what one photo shows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json
from shoplens.config import Config
from shoplens.errors import ShopNotFoundError


def describe(
    photo: Annotated[Path, typer.Argument(help="The photo.")],
    shop: ShopFolder = None,
    json: AsJson = False,
) -> None:
    """Tell what a photo shows: kind, colours and their shares, material, pattern, each with its confidence.

    Needs no shop; with --shop, the encoder of its settings looks.
    """
    from shoplens.attributes import Understanding, decode_pool
    from shoplens.pictures.photo import photo_of
    from shoplens.switching import load_encoder, serving_name, settled

    config = Config.load(shop)
    if shop is not None and not config.shop.is_dir():  # a typing error would have another encoder look
        raise ShopNotFoundError(
            "there is no shop here", where=str(config.shop), hint="leave --shop out: the settings' encoder looks"
        )
    name = settled(serving_name(config), config.shop)
    given = photo_of(photo)
    encoder = load_encoder(config.model_copy(update={"encoder": name}))
    pool = decode_pool(config)
    try:
        told = Understanding(encoder, name).describe_photo(given, pool)
    finally:
        pool.close()
    if json:
        print_json(dataclasses.asdict(told))
        return
    for what in ("kind", "colour", "material", "pattern"):
        if found := getattr(told, what):
            named = f"{found.english} {found.chinese}".strip()
            console.print(Text.assemble((f"{what}: ", "bold"), f"{named} ({found.confidence:.2f})"))
    shares = ", ".join(f"{c.english} {c.share:.0%}" for c in told.colours)
    console.print(Text.assemble(("colours: ", "bold"), shares))
    if not told.calibrated:
        console.print("The confidences were not fitted for this encoder: they order answers and say no more.")

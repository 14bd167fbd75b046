"""``shoplens uploads``: photos of shoppers that are kept for a while, encrypted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json
from shoplens.config import Config

group = typer.Typer(
    name="uploads",
    help="Photos of shoppers that are kept for a while (setting uploads.keep_hours).",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@group.command("list")
def list_(shop: ShopFolder = None, json: AsJson = False) -> None:
    """List the photos that are kept, the newest first."""
    from shoplens.stores.kept_photos import FOLDER, KeptPhotos, key_of

    config = Config.load(shop)
    kept = KeptPhotos(config.shop / FOLDER, key_of(config.uploads), timedelta(hours=config.uploads.keep_hours)).all()
    if json:
        print_json([{"id": one.id, "at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "bytes": one.size} for one in kept])
        return
    for one in kept:
        console.print(f"{one.id}  {one.at:%Y-%m-%d %H:%M:%S}  {one.size:,} bytes", markup=False)
    console.print(f"{len(kept):,} photos")


@group.command()
def read(
    photo: Annotated[str, typer.Argument(help="The photo's id, as `shoplens uploads list` has it.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write, a JPEG; readable by its owner alone.")],
    shop: ShopFolder = None,
) -> None:
    """Write a photo that is kept to a file, decrypted."""
    from shoplens.stores.kept_photos import FOLDER, KeptPhotos, key_of

    config = Config.load(shop)
    data = KeptPhotos(config.shop / FOLDER, key_of(config.uploads), timedelta(hours=config.uploads.keep_hours)).read(
        photo
    )
    out.touch(0o600)
    out.write_bytes(data)
    console.print(f"Written: {out}", markup=False)


@group.command()
def clear(shop: ShopFolder = None) -> None:
    """Remove all photos that are kept."""
    from shoplens.stores.kept_photos import FOLDER, forget

    console.print(f"{forget(Config.load(shop).shop / FOLDER):,} photos removed")

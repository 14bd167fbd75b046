"""``shoplens backup`` and ``shoplens restore``: a shop in one file, and back again."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, paragraph, print_json


def backup(
    out: Annotated[Path, typer.Argument(help="The file to write, or a folder for one named after the moment.")],
    shop: ShopFolder = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a backup of this name.")] = False,
    json: AsJson = False,
) -> None:
    """Write a backup of a shop to one file, while the shop is in use."""
    from shoplens.backups import back_up
    from shoplens.config import Config

    path, manifest = back_up(Config.load(shop), out, overwrite=overwrite)
    if json:
        print_json(_fields(manifest) | {"file": str(path)})
        return
    paragraph(f"Written: {path} ({_told(manifest)}).")
    paragraph("Pictures of the catalogue are not in it; they stay where the feed says.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="BACKUP", help="The file that backup wrote.")],
    shop: ShopFolder = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the shop that is there; it is kept under another name.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only prove that the backup is whole.")] = False,
    database: Annotated[
        str, typer.Option(help="PostgreSQL address of an empty database to restore into; else a file in the folder.")
    ] = "",
    json: AsJson = False,
) -> None:
    """Put a backup in the place of a shop, once it is proved whole."""
    from shoplens.backups import prove
    from shoplens.backups import restore as put_back

    if check:
        manifest = prove(file)
        print_json(_fields(manifest)) if json else paragraph(f"The backup is whole ({_told(manifest)}).")
        return
    # Not by Config.load: the settings of the shop that is replaced may be what is broken.
    folder = shop or Path(os.environ.get("SHOPLENS_SHOP") or "shop")
    database = database or os.environ.get("SHOPLENS_STORE_URL", "")
    manifest, before = put_back(file, folder, force=force, database=database)
    if json:
        print_json(_fields(manifest) | {"shop": str(folder), "before": str(before) if before else None})
        return
    paragraph(f"Restored: {folder} ({_told(manifest)}).")
    if before is not None:
        paragraph(f"The shop that was there: {before}. Remove it when you are content.")
    console.print(f"Indexes are built anew when it is first opened; see: shoplens doctor --shop {folder}")


def _fields(manifest: Any) -> dict[str, Any]:
    return dataclasses.asdict(manifest)


def _told(manifest: Any) -> str:
    products = manifest.rows.get("products", 0)
    return (
        f"{products:,} products, sequence {manifest.sequence}, {manifest.size / 1e6:.1f} MB, "
        f"made {manifest.made} by ShopLens {manifest.shoplens}"
    )

"""``shoplens migrate``: brings a shop to this version of ShopLens, with a backup taken first."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import paragraph, print_json


def migrate(
    shop: ShopFolder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    backup: Annotated[
        Path | None, typer.Option(help="Where the backup goes that is taken first; else into the shop's folder.")
    ] = None,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Take no backup first.")] = False,
    json: AsJson = False,
) -> None:
    """Bring a shop to this version of ShopLens, with a backup taken first."""
    from shoplens.config import Config
    from shoplens.migrating import migrate as bring
    from shoplens.migrating import plan

    config = Config.load(shop)
    planned = plan(config)
    taken = None if dry_run else bring(config, backup=backup, without=no_backup)
    if json:
        told = dataclasses.asdict(planned) | {"done": not dry_run, "backup": str(taken[0]) if taken else None}
        print_json(told)
        return
    size = f", {planned.size / 1e6:.1f} MB" if planned.size else ""
    paragraph(
        f"Tables of version {planned.found}, this ShopLens has {planned.target} ({planned.products:,} products{size})."
    )
    for step in planned.steps:
        paragraph(f"  {step.version} to {step.to}: {step.does}")
    if taken is not None:
        paragraph(f"Backup: {taken[0]} ({taken[1].size / 1e6:.1f} MB).")
    if not planned.steps:
        paragraph("Nothing is to be done.")
    else:
        paragraph("Nothing was changed (--dry-run)." if dry_run else "Done.")
    if planned.missing:
        lacking = " and ".join(f"{n:,} by {what}" for what, n in planned.missing.items())
        paragraph(f"Products that are not found until they are encoded in {planned.space}: {lacking}.")
        paragraph("  try: shoplens encoder reencode bundled, or index the feed again")

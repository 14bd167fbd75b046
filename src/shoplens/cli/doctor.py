"""``shoplens doctor``: what is wrong with this catalogue and this installation, and how to mend it."""

from __future__ import annotations

import dataclasses

import typer
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, paragraph, print_json

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def doctor(shop: ShopFolder = None, json: AsJson = False) -> None:
    """Tell what is wrong with a shop's catalogue and installation, and how to mend it."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        findings = opened.doctor()
        about = opened.about()
    errors = sum(f.level == "error" for f in findings)
    if json:
        print_json({"findings": [dataclasses.asdict(f) for f in findings], "about": about})
    else:
        for name, value in about.items():
            console.print(Text.assemble((f"{name}: ", "bold"), str(value)))
        for finding in findings:
            paragraph(Text.assemble((f"{finding.level}: ", _STYLES[finding.level]), finding.message))
            for example in finding.examples:
                console.print(Text(f"    {example}", style="dim"))
            if finding.hint:
                paragraph(f"  try: {finding.hint}")
        if not findings:
            console.print("Nothing is wrong.")
    if errors:
        raise typer.Exit(4)

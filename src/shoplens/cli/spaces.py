"""``shoplens encoder reencode|switch|spaces|forget``: another encoder for a shop, while the one that it has serves."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, paragraph, print_json, stderr
from shoplens.config import Config
from shoplens.core.ports import Encoder
from shoplens.errors import ConfigError, EncoderError, MissingExtraError

if TYPE_CHECKING:
    from shoplens.app import Shop
    from shoplens.engine.reencoding import ReencodeReport

Name = Annotated[str, typer.Argument(metavar="ENCODER", help="Its name, or its folder; see: shoplens encoder list.")]
_TOLD = 5


def reencode(
    encoder: Name,
    shop: ShopFolder = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Folder or zip in which the pictures lie now, if not where they were indexed.")
    ] = None,
    thumbnails: Annotated[
        bool, typer.Option(help="Of a picture whose file is gone, take the shop's thumbnail where there is one.")
    ] = True,
    report: Annotated[
        Path | None, typer.Option(help="Where to write the pictures that could not be read (in the shop's folder).")
    ] = None,
    json: AsJson = False,
) -> None:
    """Encode a shop's catalogue with another encoder, beside the one that serves and goes on serving.

    What is stored is not encoded again: run it again after a kill, or for products that were indexed since.
    """
    from shoplens.encoders.opening import open_encoder

    config = Config.load(shop)
    opened_encoder = open_encoder(encoder, threads=config.search.threads)
    columns = (
        TextColumn("products"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[encoded]:,} encoded"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with (
        _open(config, lambda: opened_encoder) as opened,
        Progress(*columns, console=stderr, transient=True, disable=json or not stderr.is_terminal) as bar,
    ):
        task = bar.add_task("", total=sum(1 for _ in opened.store.ids()), encoded=0)

        def on_progress(so_far: ReencodeReport) -> None:
            encoded = so_far.pictures_encoded + so_far.texts_encoded
            bar.update(task, completed=so_far.products, encoded=encoded)

        done = opened.spaces.reencode(
            opened_encoder, pictures=pictures, thumbnails=thumbnails, report=report, on_progress=on_progress
        )
        folder, serves = opened.folder, str(opened.space) == done.space
        written = report or opened.folder / "reencode-report.jsonl"
    if json:
        print_json({**asdict(done), "problems": len(done.problems), "complete": done.complete})
        return
    console.print(
        f"{done.products:,} products, {done.pictures_encoded:,} pictures and {done.texts_encoded:,} texts encoded in "
        f"the space {done.space}, {done.kept:,} were there; {done.seconds:.1f} s",
        markup=False,
    )
    if done.from_thumbnails:
        console.print(f"{done.from_thumbnails:,} of the pictures from thumbnails: their files are gone")
    if done.unreadable:
        console.print(f"{done.unreadable:,} pictures could not be read any more; see {written}", markup=False)
        for problem in done.problems[:_TOLD]:
            console.print(Text(f"    {problem.product_id}: {problem.reason}", style="dim"))
    named = f"{shlex.quote(encoder)} --shop {shlex.quote(str(folder))}"
    if serves:
        return
    if done.complete:
        paragraph(f"Next: shoplens encoder switch {named}")
    else:
        lacking = ", ".join(f"{count:,} products lack one of their {what}" for what, count in _lacking(done))
        paragraph(f"Vectors are missing: {lacking}. Switch all the same: shoplens encoder switch {named} --incomplete")


def switch(
    encoder: Annotated[
        str | None, typer.Argument(metavar="[ENCODER]", help="Its name, or its folder; none with --back.")
    ] = None,
    shop: ShopFolder = None,
    back: Annotated[bool, typer.Option("--back", help="Switch to the encoder that served before the last switch.")] = (
        False
    ),
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Switch even if products lack a vector in the new space.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Make another encoder the one that serves a shop; services take it up within a second or two.

    The vectors of the one before stay, to switch back, until encoder forget drops them.
    """
    from shoplens.encoders.opening import open_encoder
    from shoplens.switching import choice_of, settled

    if back == (encoder is not None):
        raise ConfigError(
            "one encoder is wanted, or --back", where="encoder switch", hint="shoplens encoder switch NAME --shop DIR"
        )
    config = Config.load(shop)
    choice = choice_of(config)
    wanted = encoder or (settled(choice.before, config.shop) if choice else config.encoder)
    with _open(config, lambda: open_encoder(wanted)) as opened:
        before = opened.space
        space = opened.spaces.switch(encoder, incomplete=incomplete, follow=False)
        choice = opened.spaces.chosen()
        folder = opened.folder
    name = choice.name if choice else encoder
    if json:
        print_json({"encoder": name, "space": str(space), "before": choice.before if choice else None})
        return
    console.print(f"{name} serves now, in the space {space}", markup=False)
    if before != space:
        console.print(f"back: shoplens encoder switch --back --shop {shlex.quote(str(folder))}", markup=False)


def spaces(shop: ShopFolder = None, json: AsJson = False) -> None:
    """List the spaces of which a shop keeps vectors: which one serves, how large they are, what they lack."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        kept = opened.spaces.kept()
    if json:
        print_json([{**asdict(one), "space": str(one.space), "complete": one.complete} for one in kept])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("space", overflow="fold")
    table.add_column("vectors", justify="right", no_wrap=True)
    table.add_column("MB", justify="right", no_wrap=True)
    table.add_column("products that lack one", overflow="fold")
    for one in kept:
        lacking = ", ".join(f"{count:,} ({what})" for what, count in one.missing.items() if count) or "none"
        cells = ("*" if one.serves else "", str(one.space), f"{one.vectors:,}", f"{one.bytes / 1e6:.1f}", lacking)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    console.print("* serves")


def forget(
    space: Annotated[str, typer.Argument(metavar="SPACE", help="As encoder spaces and doctor name it.")],
    shop: ShopFolder = None,
    json: AsJson = False,
) -> None:
    """Drop the vectors of a space that a shop no longer needs; never those of the one that serves."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        dropped = opened.spaces.forget(space)
    if json:
        print_json({"space": space, "dropped": dropped})
        return
    console.print(f"{dropped:,} vectors of {space} dropped; the database uses their room for what comes", markup=False)


def _open(config: Config, encoder: Callable[[], Encoder]) -> Shop:
    """The shop with the encoder that serves it; where that cannot be opened any more, with the one that is to."""
    from shoplens.app import open_shop

    try:
        return open_shop(config)
    except (EncoderError, MissingExtraError, ConfigError):
        return open_shop(config, encoder=encoder())


def _lacking(done: ReencodeReport) -> list[tuple[str, int]]:
    return [("pictures" if what == "picture" else what, count) for what, count in done.missing.items() if count]


__all__ = ["forget", "reencode", "spaces", "switch"]

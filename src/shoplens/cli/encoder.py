"""``shoplens encoder``: which encoders there are, what one is, how a hub model becomes ONNX, which is better, and how a
shop gets another one."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from shoplens.cli.compare import compare
from shoplens.cli.encoder_cards import fields_of
from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, paragraph, print_json, stderr
from shoplens.cli.spaces import forget, reencode, spaces, switch
from shoplens.config import Config
from shoplens.errors import EncoderError

group = typer.Typer(
    name="encoder",
    help="List, show, export and compare encoders; give a shop another one.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

KNOWN: tuple[tuple[str, str], ...] = (
    ("bundled", "pictures; English and Chinese words; ships with ShopLens"),
    ("open_clip:hf-hub:Marqo/marqo-ecommerce-embeddings-B", "pictures; English words; trained on products"),
    ("transformers:google/siglip2-base-patch16-256", "pictures; words of many languages"),
    ("transformers:OFA-Sys/chinese-clip-vit-base-patch16", "pictures; Chinese words"),
    ("timm:resnet50", "pictures only"),
    ("timm:vit_base_patch16_224", "pictures only"),
    ("timm:vgg16", "pictures only"),
    ("timm:inception_v3", "pictures only"),
)
"""The bundled encoder, and hub models that are known to be served; any other of these kinds may be named too."""
_LIBRARIES = {"open_clip": "open_clip", "transformers": "transformers", "timm": "timm"}


class Precision(StrEnum):
    """What the weights of an export are kept in."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


@group.command("list")
def list_encoders(shop: ShopFolder = None, json: AsJson = False) -> None:
    """List the encoders that can be named: bundled, exported folders, well-known hub models."""
    from shoplens.switching import portable, serving_name

    config = Config.load(shop)
    rows: list[dict[str, Any]] = [
        {"name": name, "what": what, "ready": _ready(name), "used": False} for name, what in KNOWN
    ]
    rows[1:1] = [_exported(path) for path in _folders(config)]
    serves = serving_name(config)
    used = next((row for row in rows if portable(str(row["name"]), config.shop) == serves), None)
    if used is None:
        used = {"name": serves, "what": "named by the setting or the shop", "ready": _ready(serves), "used": True}
        rows.insert(0, used)
    used["used"] = True
    if json:
        print_json(rows)
        return
    for row in rows:
        mark = "* " if row["used"] else "  "
        paragraph(Text.assemble(mark, (str(row["name"]), "bold"), f"  {row['what']} ({row['ready']})"))
    console.print(
        '* in use. A new shop takes another one by encoder = "NAME" in shoplens.toml; one that is there, by: '
        "shoplens encoder reencode NAME",
        markup=False,
    )


@group.command("show")
def show(
    name: Annotated[str, typer.Argument(help="An encoder's name, or the folder of one; see: shoplens encoder list.")],
    json: AsJson = False,
) -> None:
    """Show an encoder's card: space, preprocessing, data, figures, files. A hub model is fetched for it."""
    from shoplens.encoders.opening import open_encoder

    fields = fields_of(open_encoder(name).card)
    if json:
        print_json(fields)
        return
    for key, value in fields.items():
        _tell(key, value)


@group.command("export")
def export(
    name: Annotated[
        str,
        typer.Argument(help="A hub model (open_clip:MODEL, transformers:MODEL, timm:MODEL), onnx:FOLDER or bundled."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write; it must be new or empty.")],
    precision: Annotated[
        Precision, typer.Option(help="fp32; fp16: half the size; int8: a quarter, judged by the sample's neighbours.")
    ] = Precision.FP32,
    prune: Annotated[
        float, typer.Option(help="Share of channels, heads and hidden units to take out, 0 to 0.9; the rest is mended.")
    ] = 0.0,
    least_recall: Annotated[
        float | None,
        typer.Option(help="Refuse a smaller encoder that finds less than this share of the ten nearest pictures."),
    ] = None,
    shop: ShopFolder = None,
    pictures: Annotated[
        Path | None, typer.Option(help="Try it on the pictures of this folder instead of a shop's.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Write a hub model as ONNX, so that serving needs no torch, or any encoder in fewer bits and with fewer channels.

    It is tried on the pictures of --shop or --pictures; without either, on those of the demo shop. Refused where it is
    not the same encoder, or loses too much of it.
    """
    from shoplens.cli import smaller
    from shoplens.encoders import opening

    if shop is not None and pictures is not None:
        raise EncoderError("two samples", where="--pictures", hint="give --shop or --pictures, not both")
    wish = smaller.Wish(precision.value, prune, least_recall)
    given = smaller.Given(shop, pictures)
    kind, _ = opening.split(name)
    if kind not in opening.LIBRARIES:
        smaller.tell(smaller.of_folder(name, out, wish, given, lambda step: _say(step, json)), json)
        return
    _say(f"loading {name}", json)
    model = opening.load_hub(name)
    if prune or least_recall is not None:
        smaller.tell(smaller.of_hub(model, out, wish, given, lambda step: _say(step, json)), json)
        return
    sample = given.sample(model.steps.side)
    from shoplens.encoders import exporting

    report = exporting.export(
        model, out, precision=precision.value, sample=sample, on_step=lambda step: _say(step, json)
    )
    if json:
        print_json({**asdict(report), "card": fields_of(report.card), "folder": str(report.folder)})
        return
    card = report.card
    console.print(f"{card.space} in {report.folder}, {report.bytes / 1e6:.1f} MB, {precision.value}", markup=False)
    for what, found in report.parity.items():
        console.print(f"{what}: worst cosine to the original {found['cosine']:.6f} on {found['count']:.0f}")
    for what, found in report.smaller.items():
        console.print(f"{what}: worst cosine of {precision.value} to fp32 {found['cosine']:.6f}")
    if report.recall is not None:
        console.print(f"recall@10 against fp32: {report.recall:.3f} on {report.pictures} pictures")
    smaller.tell_next(report.folder)


for verb in (compare, reencode, switch, spaces, forget):
    group.command()(verb)


def _say(step: str, json: bool) -> None:
    if not json:
        stderr.print(f"{step} ...", markup=False)


def _ready(name: str) -> str:
    library = _LIBRARIES.get(name.partition(":")[0])
    if library is None or importlib.util.find_spec(library) is not None:
        return "ready" if library is None else "ready (torch)"
    return "needs: pip install 'shoplens[hub]'"


def _folders(config: Config) -> list[Path]:
    """Exported encoders in ``encoders`` beside the shop or in it."""
    places = dict.fromkeys((Path("encoders"), Path(config.shop) / "encoders"))
    return [card.parent for place in places for card in sorted(place.glob("*/card.json"))]


def _exported(folder: Path) -> dict[str, Any]:
    from shoplens.encoders.onnx_folder import card_of_folder

    try:
        card = card_of_folder(folder, check=False)
    except EncoderError as error:
        return {"name": f"onnx:{folder}", "what": "", "ready": f"damaged: {error.message}", "used": False}
    reads = "pictures and words" if "words" in card.modalities else "pictures only"
    return {"name": f"onnx:{folder}", "what": f"{reads}; {card.space}", "ready": "ready", "used": False}


def _tell(key: str, value: Any, depth: int = 0) -> None:
    indent = "  " * depth
    if isinstance(value, Mapping) and value:
        console.print(Text.assemble(indent, (f"{key}:", "bold")))
        for inner, inner_value in value.items():
            _tell(str(inner), inner_value, depth + 1)
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        console.print(Text.assemble(indent, (f"{key}:", "bold")))
        for row in value:
            console.print(Text(f"{indent}  {', '.join(str(v) for v in row.values())}"))
    elif value not in ("", [], {}, None):
        said = ", ".join(str(v) for v in value) if isinstance(value, list) else str(value)
        console.print(Text.assemble(indent, (f"{key}: ", "bold"), said))


__all__ = ["KNOWN", "group"]

"""``shoplens encoder export`` with fewer bits and fewer channels: of the bundled encoder, of folders, of hub models."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoplens.cli.encoder_cards import fields_of
from shoplens.cli.output import console, print_json
from shoplens.encoders.calibrating import Sample
from shoplens.errors import MissingExtraError

if TYPE_CHECKING:
    from shoplens.encoders.hub import HubModel
    from shoplens.encoders.shrinking.folders import ShrinkReport

_SIDE = 224
"""Shortest side, in pixels, of pictures for an encoder whose card does not say."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: the precision, the share to prune, the least recall."""

    precision: Any
    pruned: float
    least: float | None


@dataclass(frozen=True, slots=True)
class Given:
    """Where the sample comes from; the demo shop where neither is named."""

    shop: Path | None
    pictures: Path | None

    def sample(self, side: int) -> Sample:
        """Pictures and titles, decoded at ``side`` or more."""
        from shoplens.cli import samples

        if self.pictures is not None:
            return samples.of_folder(self.pictures, side)
        return samples.of_shop(self.shop, side) if self.shop is not None else samples.of_demo(side)


def of_folder(name: str, out: Path, wish: Wish, given: Given, say: Say) -> ShrinkReport:
    """The bundled encoder, or that of a folder, made smaller."""
    from shoplens.encoders.opening import BUNDLED, split

    kind, reference = split(name)
    if kind == BUNDLED:
        with resources.as_file(resources.files("shoplens.encoders").joinpath("bundled")) as folder:
            return _shrink(folder, out, wish, given, say)
    return _shrink(Path(reference).expanduser(), out, wish, given, say)


def of_hub(model: HubModel, out: Path, wish: Wish, given: Given, say: Say) -> ShrinkReport:
    """A hub model, exported in fp32 behind the usual gate and then made smaller."""
    from shoplens.encoders import exporting
    from shoplens.encoders.shrinking import folders

    sample = given.sample(model.steps.side)
    with tempfile.TemporaryDirectory(prefix="shoplens-export-") as place:
        whole = Path(place) / "fp32"
        exporting.export(model, whole, sample=sample, on_step=say)
        return folders.shrink(
            whole, out, precision=wish.precision, pruned=wish.pruned, least=wish.least, sample=sample, on_step=say
        )


def _shrink(folder: Path, out: Path, wish: Wish, given: Given, say: Say) -> ShrinkReport:
    try:
        import onnx  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("making an encoder smaller", extra="onnx") from error
    from shoplens.encoders.onnx_folder import card_of_folder
    from shoplens.encoders.shrinking import folders

    card = card_of_folder(folder)
    side = card.picture_side or int(card.preprocessing.get("resolution", _SIDE))
    sample = given.sample(side)
    return folders.shrink(
        folder, out, precision=wish.precision, pruned=wish.pruned, least=wish.least, sample=sample, on_step=say
    )


def tell(report: ShrinkReport, json: bool) -> None:
    """Says what was made, and what it costs."""
    if json:
        print_json({**asdict(report), "card": fields_of(report.card), "folder": str(report.folder)})
        return
    after, before = report.bytes
    size = f"{after / 1e6:.1f} MB of towers instead of {before / 1e6:.1f}"
    console.print(f"{report.card.space} in {report.folder}, {size}, {report.precision}", markup=False)
    console.print(f"made from {report.origin}", markup=False)
    for name, said in report.towers.items():
        if "whole" in said:
            console.print(f"{name} stays whole: {said['whole']}", markup=False)
            continue
        units = said["units"]
        console.print(
            f"{name}: {sum(was - stay for stay, was in units)} of {sum(was for _, was in units)} channels, heads and"
            f" hidden units gone in {len(units)} places; {100 * said['weights']:.0f} % fewer weights,"
            f" {100 * said['multiplications']:.0f} % fewer multiplications",
            markup=False,
        )
    for modality, found in report.recall.items():
        asked = "pictures" if modality == "picture" else "titles"
        console.print(
            f"of the ten nearest pictures {found:.3f} are found still (asked with {asked} that mended nothing)"
        )
    tell_next(report.folder)


def tell_next(folder: Path) -> None:
    """The commands that put an exported encoder to use."""
    console.print(f'Next: set encoder = "onnx:{folder}" and run shoplens index FEED', markup=False)
    console.print(f"or, for a shop that is there: shoplens encoder reencode onnx:{folder} --shop DIR", markup=False)


__all__ = ["Given", "Wish", "of_folder", "of_hub", "tell", "tell_next"]

"""Encoders kept as a folder of ONNX towers with a card, as ``shoplens encoder export`` writes them.

The folder: ``image.onnx``; for models that read words ``text.onnx`` and ``tokenizer.json``; ``card.json``, which says
how pictures and words are prepared and holds the SHA-256 of every other file. docs/howto/hub-encoders.md has the card's
fields, so that towers of one's own can be put beside a card written by hand. Needs no torch.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from shoplens.core.ports import Encoder
from shoplens.core.spaces import Calibration, EncoderCard, Modality, Pixels, Vectors
from shoplens.encoders.dual import DualEncoder, Tokens, Towers
from shoplens.encoders.hub_sources import slug
from shoplens.encoders.onnx_dual import DualOnnxEncoder, read_card, sha256
from shoplens.encoders.picture_steps import PictureSteps
from shoplens.encoders.preprocess import PREPROCESSING as LETTERBOX
from shoplens.encoders.word_reader import WordReader, WordSteps
from shoplens.errors import EncoderError

CARD = "card.json"
STEPS = "steps-v1"
_LAYOUTS = ("uint8-nhwc", "float32-nchw")
_HINT = "export the encoder anew (shoplens encoder export), or mend the card: docs/howto/hub-encoders.md"


def open_folder(folder: Path, *, threads: int = 1, check: bool = True) -> Encoder:
    """The encoder of a folder: exported from a hub, or of the kind that ships with the package.

    Args:
        folder: where the files are.
        threads: cores that one call may use.
        check: whether to hold the files against the SHA-256 in the card.

    Raises:
        EncoderError: a file is missing, damaged, or not what the card says.
        MissingExtraError: its words are read by the tokenizers library, which is not installed.
    """
    raw = _read(folder)
    if _said(raw, "preprocessing").get("name") == LETTERBOX:
        return DualOnnxEncoder(folder, threads=threads, check=check)
    card = read_folder_card(folder, check=check)
    said = card.preprocessing
    try:
        steps = PictureSteps.from_fields(said["picture"])
        words = WordSteps(**said["words"]) if "words" in card.modalities else None
        tensors = {**TENSORS, **dict(said.get("tensors") or {})}
        alone = [str(modality) for modality in said.get("alone") or ()]
        if tensors["layout"] not in _LAYOUTS:
            raise ValueError(f"layouts are {', '.join(_LAYOUTS)}, not {tensors['layout']!r}")
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(folder / CARD, f"{type(error).__name__}: {error}") from error
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning between calls would take the cores from the rest of the process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    picture = _picture_tower(_session(folder / "image.onnx", options), steps, tensors)
    picture = _one_by_one(picture) if "picture" in alone else picture
    if words is None:
        return DualEncoder(card, steps, Towers(picture))
    reader = WordReader(folder / "tokenizer.json", words)
    read = _words_tower(_session(folder / "text.onnx", options), tensors)
    return DualEncoder(card, steps, Towers(picture, _one_by_one(read) if "words" in alone else read, reader))


TENSORS: Mapping[str, str] = {
    "layout": "uint8-nhwc",
    "pixels": "pixels",
    "picture": "embedding",
    "ids": "ids",
    "mask": "mask",
    "words": "embedding",
}
"""Names of the graphs' inputs and outputs, and how pixels go in, where a card does not say otherwise."""


def card_of_folder(folder: Path, *, check: bool = True) -> EncoderCard:
    """The card of any folder that `open_folder` opens, without opening its towers. Raises as that does."""
    if _said(_read(folder), "preprocessing").get("name") == LETTERBOX:
        return read_card(folder, check=check)
    return read_folder_card(folder, check=check)


def read_folder_card(folder: Path, *, check: bool = True) -> EncoderCard:
    """The card of an exported folder; ``check`` holds every file that it lists against its SHA-256.

    Raises EncoderError naming the file that is missing or damaged.
    """
    raw = _read(folder)
    path = folder / CARD
    said = _said(raw, "preprocessing")
    if said.get("name") != STEPS:
        raise EncoderError(
            f"made for preprocessing {said.get('name')!r}, this version has {STEPS!r}", where=str(path), hint=_HINT
        )
    try:
        modalities: tuple[Modality, ...] = ("picture", "words") if said.get("words") else ("picture",)
        files = {str(name): str(digest) for name, digest in raw["files"].items()}
        needed = ["image.onnx", *(["text.onnx", "tokenizer.json"] if "words" in modalities else [])]
        if lacking := [name for name in needed if name not in files]:
            raise ValueError(f"no SHA-256 of {', '.join(lacking)}")
        if strange := [name for name in files if Path(name).name != name]:
            raise ValueError(f"files lie in the folder itself, not at {strange[0]!r}")
        if any(not isinstance(raw[key], str) or raw[key] != slug(raw[key]) for key in ("name", "revision")):
            raise ValueError("name and revision hold only letters, digits, dots, underscores and hyphens")
        if (dimension := int(raw["dimension"])) < 1:
            raise ValueError(f"vectors of {dimension} numbers")
        card = EncoderCard(
            name=raw["name"],
            revision=raw["revision"],
            dimension=dimension,
            preprocessing=dict(said),
            languages=tuple(raw.get("languages", ())),
            data=tuple(raw.get("data", ())),
            metrics=dict(raw.get("metrics", {})),
            files=files,
            calibration={
                str(pair): Calibration(float(v["slope"]), float(v["offset"]), float(v["floor"]))
                for pair, v in raw.get("calibration", {}).items()
            },
            licence=str(raw.get("licence", "")),
            notes=str(raw.get("notes", "")),
            modalities=modalities,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _wrong(path, f"{type(error).__name__}: {error}") from error
    if check:
        for name, expected in files.items():
            _check(folder / name, expected)
    return card


def write_folder_card(folder: Path, card: EncoderCard) -> EncoderCard:
    """Writes ``card.json`` for the files that lie in the folder, with their SHA-256; returns the card as written."""
    files = {p.name: sha256(p) for p in sorted(folder.iterdir()) if p.is_file() and p.name != CARD}
    fields = {
        "name": card.name,
        "revision": card.revision,
        "dimension": card.dimension,
        "preprocessing": dict(card.preprocessing),
        "languages": list(card.languages),
        "data": [dict(row) for row in card.data],
        "metrics": dict(card.metrics),
        "calibration": {pair: asdict(found) for pair, found in card.calibration.items()},
        "files": files,
        "licence": card.licence,
        "notes": card.notes,
    }
    (folder / CARD).write_text(json.dumps(fields, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return card_of_folder(folder, check=False)


def _read(folder: Path) -> Mapping[str, Any]:
    path = folder / CARD
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise EncoderError(
            "there is no encoder here: card.json is missing",
            where=str(folder),
            hint="name a folder written by: shoplens encoder export NAME --out DIR",
        ) from error
    except (OSError, ValueError) as error:
        raise _wrong(path, str(error)) from error
    if not isinstance(raw, dict):
        raise _wrong(path, "it is no JSON object")
    return raw


def _said(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _check(path: Path, expected: str) -> None:
    try:
        found = sha256(path)
    except OSError as error:
        raise _wrong(path, f"it cannot be read: {error.strerror}") from error
    if found != expected:
        raise _wrong(path, f"its SHA-256 is {found[:12]}…, the card says {expected[:12]}…")


def _session(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a family of plain exceptions
        raise _wrong(path, str(error).splitlines()[0]) from error


def _run(session: ort.InferenceSession, output: str, given: dict[str, npt.NDArray[Any]]) -> Vectors:
    try:
        return np.asarray(session.run([output], given)[0], np.float32)
    except Exception as error:  # as above: wrong names, wrong shapes, a broken graph
        raise EncoderError(f"the ONNX tower fails: {str(error).splitlines()[0]}", hint=_HINT) from error


def _picture_tower(session: ort.InferenceSession, steps: PictureSteps, tensors: Mapping[str, str]) -> Any:
    def run(batch: Pixels) -> Vectors:
        given = batch if tensors["layout"] == "uint8-nhwc" else steps.normalize(batch)
        return _run(session, tensors["picture"], {tensors["pixels"]: given})

    return run


def _words_tower(session: ort.InferenceSession, tensors: Mapping[str, str]) -> Any:
    # Some exporters drop inputs that a graph does not use, such as the mask of a tower that pools at the last place.
    takes = {one.name for one in session.get_inputs()}

    def run(ids: Tokens, mask: Tokens) -> Vectors:
        given = {tensors["ids"]: ids, tensors["mask"]: mask}
        return _run(session, tensors["words"], {name: value for name, value in given.items() if name in takes})

    return run


def _one_by_one(run: Callable[..., Vectors]) -> Callable[..., Vectors]:
    """The tower run row by row: some that are quantised give a row another vector in other company."""

    def each(*given: npt.NDArray[Any]) -> Vectors:
        return np.concatenate([run(*(array[n : n + 1] for array in given)) for n in range(len(given[0]))])

    return each


def _wrong(path: Path, why: str) -> EncoderError:
    return EncoderError(f"this file of the encoder is damaged or missing: {why}", where=str(path), hint=_HINT)


__all__ = ["CARD", "STEPS", "TENSORS", "card_of_folder", "open_folder", "read_folder_card", "write_folder_card"]

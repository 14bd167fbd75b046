"""Encoders kept as a folder of two ONNX towers, a tokenizer and a card; and the one that ships with the package.

The folder: ``image.onnx`` (uint8 [n, R, R, 3] -> ``embedding`` [n, d] and ``patches`` [n, h, w, d]), ``text.onnx``
(``ids`` and ``mask`` int64 [n, t] -> ``embedding`` [n, d]), ``tokenizer.json``, ``card.json``, ``means.npz``. The card
holds the SHA-256 of the other files, so that a damaged copy is refused by name instead of answering nonsense.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from shoplens.core.spaces import Calibration, EncoderCard, Pixels, Vectors
from shoplens.encoders.bpe import BytePairTokenizer, words_of
from shoplens.encoders.preprocess import PREPROCESSING, to_batch
from shoplens.errors import EncoderError

_PICTURES_A_RUN = 16
_TEXTS_A_RUN = 64
_FAMILIAR = 3
_FILES = ("image.onnx", "text.onnx", "tokenizer.json", "means.npz")


class DualOnnxEncoder:
    """An `Encoder` made of a folder with two ONNX towers. Safe to call from several threads.

    Each text and each picture has the same vector whatever else is in the call: texts of equal token count run
    together (no padding), and pictures are independent of each other.

    Args:
        folder: where the files are.
        threads: cores that one call may use.
        check: whether to hold the files against the SHA-256 in the card (some 10 ms).

    Raises:
        EncoderError: a file is missing, damaged, or not what the card says.
    """

    def __init__(self, folder: Path, *, threads: int = 1, check: bool = True) -> None:
        self._card = read_card(folder, check=check)
        self._resolution = int(self._card.preprocessing["resolution"])
        self._longest = int(self._card.preprocessing["longest_text"])
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Spinning between calls would take the cores from the rest of the process.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._image = _session(folder / "image.onnx", options)
        self._text = _session(folder / "text.onnx", options)
        self._tokenizer = BytePairTokenizer.from_file(folder / "tokenizer.json")

    @property
    def card(self) -> EncoderCard:
        """What this encoder is."""
        return self._card

    @property
    def resolution(self) -> int:
        """Side of the square that pictures are letterboxed to, in pixels."""
        return self._resolution

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Vectors:
        """float32 [n, d], rows of unit length. Pictures are uint8 [h, w, 3], RGB, upright, of any size."""
        out = np.zeros((len(pictures), self._card.dimension), np.float32)
        for start in range(0, len(pictures), _PICTURES_A_RUN):
            squares = to_batch(pictures[start : start + _PICTURES_A_RUN], self._resolution)
            out[start : start + len(squares)] = self._image.run(["embedding"], {"pixels": squares})[0]
        return out

    def encode_words(self, texts: Sequence[str]) -> Vectors:
        """float32 [n, d], rows of unit length.

        Tokens beyond ``card.preprocessing["longest_text"]`` are cut. "" and texts without a known piece are read as
        one unknown piece: a valid vector, near nothing in particular.
        """
        out = np.zeros((len(texts), self._card.dimension), np.float32)
        ids = [self._tokenizer.encode(text, self._longest) or [1] for text in texts]
        by_length: dict[int, list[int]] = {}
        for row, tokens in enumerate(ids):
            by_length.setdefault(len(tokens), []).append(row)
        for rows in by_length.values():
            for start in range(0, len(rows), _TEXTS_A_RUN):
                chunk = rows[start : start + _TEXTS_A_RUN]
                batch = np.asarray([ids[row] for row in chunk], dtype=np.int64)
                out[chunk] = self._text.run(["embedding"], {"ids": batch, "mask": np.ones_like(batch)})[0]
        return out

    def familiar(self, text: str) -> bool:
        """Whether some word of the text was met in training: its pieces have three letters or more on average, or it
        is a Chinese character that has a piece. The vector of a text of which this is not so ("asdfgh", an article
        number) says nothing.
        """
        return any(
            len(word) >= _FAMILIAR * len(pieces) or (len(word) == 1 and ord(word) > 0x2E7F and pieces != [1])
            for word, pieces in ((w, self._tokenizer.encode(w, self._longest)) for w in words_of(text))
            if pieces and not word.isdigit()
        )

    def encode_patches(self, pictures: Sequence[Pixels]) -> tuple[Vectors, npt.NDArray[np.float32]]:
        """Embeddings [n, d] and patch maps [n, h, w, d]: an embedding is the unit of the mean of its map.

        So the similarity to a vector t is the mean over patches of (patch . t) / |mean of the map|. A patch covers
        ``resolution / h`` pixels of the letterboxed square (`shoplens.encoders.preprocess.content_box`).
        """
        vectors, maps = [], []
        for start in range(0, len(pictures), _PICTURES_A_RUN):
            squares = to_batch(pictures[start : start + _PICTURES_A_RUN], self._resolution)
            embedding, patches = self._image.run(["embedding", "patches"], {"pixels": squares})
            vectors.append(embedding)
            maps.append(patches)
        if not vectors:
            side = int(self._card.preprocessing["patch_map"])
            dimension = self._card.dimension
            return np.zeros((0, dimension), np.float32), np.zeros((0, side, side, dimension), np.float32)
        return np.concatenate(vectors), np.concatenate(maps)


def bundled_encoder(*, threads: int = 1) -> DualOnnxEncoder:
    """The encoder that ships with the package. Raises EncoderError when the installation is damaged."""
    with resources.as_file(resources.files("shoplens.encoders").joinpath("bundled")) as folder:
        return DualOnnxEncoder(folder, threads=threads)


def read_card(folder: Path, *, check: bool = True) -> EncoderCard:
    """The card of an encoder's folder, with its means; ``check`` holds every file against its SHA-256.

    Raises EncoderError naming the file that is missing or damaged.
    """
    path = folder / "card.json"
    try:
        raw: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise EncoderError(
            "there is no encoder here: card.json is missing",
            where=str(folder),
            hint="reinstall shoplens, or name a folder written by: python -m shoplens.training.bundled",
        ) from error
    except (ValueError, OSError) as error:
        raise _damaged(path, str(error)) from error
    try:
        files = {str(name): str(digest) for name, digest in raw["files"].items()}
        if raw["preprocessing"]["name"] != PREPROCESSING:
            raise EncoderError(
                f"made for preprocessing {raw['preprocessing']['name']!r}, this version has {PREPROCESSING!r}",
                where=str(path),
                hint="use the encoder that belongs to this version of shoplens",
            )
        calibration = {
            str(pair): Calibration(float(v["slope"]), float(v["offset"]), float(v["floor"]))
            for pair, v in raw["calibration"].items()
        }
        if check:
            for name in _FILES:
                _check(folder / name, files[name])
        means = _means(folder / "means.npz", int(raw["dimension"]))
        return EncoderCard(
            name=str(raw["name"]),
            revision=str(raw["revision"]),
            dimension=int(raw["dimension"]),
            preprocessing=dict(raw["preprocessing"]),
            languages=tuple(raw["languages"]),
            data=tuple(raw["data"]),
            metrics=dict(raw["metrics"]),
            files=files,
            calibration=calibration,
            means=means,
            licence=str(raw["licence"]),
            notes=str(raw["notes"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _means(path: Path, dimension: int) -> dict[str, npt.NDArray[np.float32]]:
    with np.load(path) as stored:
        means = {name: np.asarray(stored[name], dtype=np.float32) for name in stored.files}
    for name, mean in means.items():
        if mean.shape != (dimension,):
            raise ValueError(f"mean {name!r} has shape {mean.shape}, not ({dimension},)")
    return means


def _check(path: Path, expected: str) -> None:
    try:
        found = sha256(path)
    except OSError as error:
        raise _damaged(path, str(error)) from error
    if found != expected:
        raise _damaged(path, f"its SHA-256 is {found[:12]}…, the card says {expected[:12]}…")


def _session(path: Path, options: ort.SessionOptions) -> ort.InferenceSession:
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a family of plain exceptions
        raise _damaged(path, str(error).splitlines()[0]) from error


def _damaged(path: Path, why: str) -> EncoderError:
    return EncoderError(
        f"this file of the encoder is damaged or missing: {why}",
        where=str(path),
        hint="reinstall the package: pip install --force-reinstall shoplens",
    )


__all__ = ["DualOnnxEncoder", "bundled_encoder", "read_card", "sha256"]

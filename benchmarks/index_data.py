"""Rows and queries for the index benchmark: the bundled encoder's own vectors, jittered up to the number."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from harness import DATA, RUNS
from shoplens.core.spaces import unit

QUERIES = 300
_CHUNK = 50_000
_PICTURES = 9_000


@dataclass(frozen=True)
class Base:
    """What is jittered. ``pictures`` float32 [b, d]; ``queries``: kind -> float32 [q, d], held out; ``source``."""

    pictures: np.ndarray
    queries: dict[str, np.ndarray]
    source: str

    @property
    def dimension(self) -> int:
        return int(self.pictures.shape[1])


def base(dimension: int) -> Base:
    """The bundled encoder's vectors of real and rendered pictures; made-up ones where either is missing."""
    try:
        from shoplens.encoders.onnx_dual import bundled_encoder

        encoder = bundled_encoder(threads=1)
    except Exception as error:
        print(f"# no bundled encoder ({error}): rows are made up, in two regions of the space")
        return _made_up(dimension)
    if dimension != encoder.card.dimension or not (DATA / "fashion" / "images.zip").exists():
        print(f"# no data at {DATA}, or other than {encoder.card.dimension} dimensions asked for: rows are made up")
        return _made_up(dimension)
    kept = RUNS / f"index-vectors-{encoder.card.revision}.npz"
    if not kept.exists():
        real, held = _real_pictures()
        rendered = _rendered_pictures()
        texts = _texts()
        vectors = encoder.encode_pictures(real + rendered)
        asked = encoder.encode_pictures(held)
        words = encoder.encode_words(texts)
        RUNS.mkdir(parents=True, exist_ok=True)
        np.savez(kept, pictures=vectors, held=asked, words=words, counts=[len(real), len(rendered)])
    found = np.load(kept)
    real_count, rendered_count = found["counts"].tolist()
    source = f"{encoder.card.space}: {real_count} real and {rendered_count} rendered pictures, jittered"
    return Base(found["pictures"], {"picture": found["held"][:QUERIES], "words": found["words"][:QUERIES]}, source)


def rows(start: Base, count: int, seed: int = 1) -> Iterator[np.ndarray]:
    """Unit vectors float32 [<= 50,000, d], ``count`` in all.

    A row is a picture's vector, moved by a quarter of the difference of two other pictures' vectors, and by noise of
    length 0.05: so the rows spread as the encoder's own vectors do, in few directions, and no two are alike. Noise in
    all directions alone would make the space rounder, and the task easier for codes, than it is.
    """
    rng = np.random.default_rng(seed)
    for first in range(0, count, _CHUNK):
        n = min(_CHUNK, count - first)
        one, a, b = rng.integers(0, len(start.pictures), (3, n))
        noise = rng.standard_normal((n, start.dimension), np.float32) * np.float32(0.05 / start.dimension**0.5)
        moved = start.pictures[one] + 0.25 * (start.pictures[a] - start.pictures[b]) + noise
        yield unit(moved)


def _real_pictures() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(for rows, held out for queries), small."""
    with (DATA / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
        split = {row["image"]: row["split"] for row in csv.DictReader(file)}
    own: list[np.ndarray] = []
    held: list[np.ndarray] = []
    with zipfile.ZipFile(DATA / "fashion" / "images.zip") as pack:
        for name in sorted(split):
            place = own if split[name] == "train" else held
            if len(place) < (_PICTURES if place is own else QUERIES):
                place.append(_small(pack.read(name)))
    for path in sorted((DATA / "clothing" / "images").glob("*.jpg")) + sorted((DATA / "grocery").glob("*/*.jpg")):
        own.append(_small(path.read_bytes()))
    return own, held


def _rendered_pictures() -> list[np.ndarray]:
    import shoplens.demo

    folder = Path(shoplens.demo.__file__).parent / "shop" / "pictures"
    return [_small(path.read_bytes()) for path in sorted(folder.glob("*.jpg"))]


def _small(data: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(data))
    picture.draft("RGB", (160, 160))
    picture = picture.convert("RGB")
    picture.thumbnail((160, 160))
    return np.asarray(picture)


def _texts() -> list[str]:
    """Distinct texts that shoppers could ask: titles and labels, English and Chinese in turn."""
    with (DATA / "fashion" / "products.csv").open(encoding="utf-8", newline="") as file:
        english = [row["title"] for row in csv.DictReader(file) if row["split"] != "train"]
    with (DATA / "clothing" / "items.csv").open(encoding="utf-8", newline="") as file:
        chinese = list(dict.fromkeys(row["label_zh"] for row in csv.DictReader(file)))
    lines = (DATA / "grocery" / "products.jsonl").read_text(encoding="utf-8").splitlines()
    grocery = [json.loads(line)["title"] for line in lines]
    everything = list(dict.fromkeys([*chinese, *grocery, *english]))
    return everything[:QUERIES]


def _made_up(dimension: int) -> Base:
    """Two modalities, each around its own point, in 30 directions that fade: as a small encoder's vectors lie."""
    rng = np.random.default_rng(0)
    fade = 0.9 ** np.arange(dimension)
    centres = rng.standard_normal((400, dimension)) * fade
    regions = {name: rng.standard_normal(dimension) / dimension**0.5 * 0.5 for name in ("picture", "words")}

    def some(n: int, region: str) -> np.ndarray:
        near = centres[rng.integers(0, 400, n)] + 0.5 * rng.standard_normal((n, dimension)) * fade
        return unit(unit(near) + regions[region])

    return Base(
        some(8_000, "picture"),
        {"picture": some(QUERIES, "picture"), "words": some(QUERIES, "words")},
        "made up: two regions of the space, 400 centres in fading directions",
    )

"""The bundled encoder in fewer bits and with fewer channels: size, time and what is found, in one table.

    python benchmarks/smaller.py [--pruned .125,.25,.5] [--split test] [--sample 400] [--rounds 200] [--core N]

Every variant is made as `shoplens encoder export bundled --precision P --prune S` makes it, from pictures and titles of
fashion's train split; the choices in the method were made on its dev split. Times are those of one picture (a square of
the tower's size) and of one text of four pieces on one core, all variants by turns in one process; what counts is the
ratio to fp32. R@1 and R@10: a product's photo by its title among all of the split. nDCG@10: "black tshirts men", and
the same in Chinese. Ten alike: how many of the ten nearest photos by fp32 (exact) are found still, asked with photos
and with titles. Needs the data sets (``SHOPLENS_DATA``) and the package onnx. A short form: ``--pruned .25
--rounds 30``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from harness import pin, save, table
from shoplens.core.ports import Encoder
from shoplens.core.spaces import Pixels, Vectors, exact_top_k
from shoplens.encoders.calibrating import Sample
from shoplens.encoders.lexicon import load_lexicon
from shoplens.encoders.onnx_folder import open_folder
from shoplens.encoders.preprocess import letterbox
from shoplens.encoders.shrinking.folders import shrink
from shoplens.training.data import Item, data_root, fashion_items, picture_reader
from shoplens.training.report import Encoded, fashion_figures

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
TEXT = "black leather handbag women"
SHOWN = {
    "R@1": "title R@1",
    "R@10": "title R@10",
    "nDCG@10": "labels nDCG@10",
    "nDCG@10 zh": "zh nDCG@10",
    "photo P@10": "photo P@10",
}


def read(root: Path, items: Sequence[Item], side: int) -> list[Pixels]:
    """Squares of the tower's size, so that no time goes into scaling."""
    with picture_reader(root) as reader:
        return [letterbox(reader(item), side) for item in items]


def timed(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each call; all of them by turns, in another order every round."""
    rng = np.random.default_rng(0)
    names = list(calls)
    found: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds + 5):
        for place in rng.permutation(len(names)):
            start = time.perf_counter()
            calls[names[place]]()
            if turn >= 5:
                found[names[place]].append(1e3 * (time.perf_counter() - start))
    return found


def alike(before: tuple[Vectors, Vectors], after: tuple[Vectors, Vectors], skip: int, k: int = 10) -> float:
    """Share of the k nearest rows that are the same; ``skip`` 1 leaves the query itself out."""
    tops = [exact_top_k(queries, rows, k + skip)[0] for queries, rows in (before, after)]
    found = []
    for me, (a, b) in enumerate(zip(*tops, strict=True)):
        sets = [{int(n) for n in some if not skip or n != me} for some in (a, b)]
        found.append(len(sets[0] & sets[1]) / len(sets[0]))
    return float(np.mean(found))


def make(name: str, source: Path, out: Path, sample: Sample, share: float) -> tuple[Path, dict[str, float]]:
    """The folder of a variant, and the shares of weights and multiplications that are gone (picture, text)."""
    if name == "int8 (as it ships)":
        return source, {}
    precision: Any = name.split()[0]
    report = shrink(source, out, precision=precision, pruned=share, sample=sample, least=0.0)
    gone = {}
    for file, what in (("image.onnx", "picture"), ("text.onnx", "text")):
        if "multiplications" in report.towers.get(file, {}):
            gone[f"{what}: fewer products"] = report.towers[file]["multiplications"]
    return out, gone


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pruned", default=".125,.25,.5", help="shares to prune, with commas")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--sample", type=int, default=400, help="pictures of train that choose and mend")
    parser.add_argument("--rounds", type=int, default=200, help="of the clock")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    args = parser.parse_args()
    if any(os.environ.get(name) != "1" for name in ONE_THREAD):  # read by the libraries when they are loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **dict.fromkeys(ONE_THREAD, "1")})
    pin([args.core])
    root, lexicon = data_root(), load_lexicon()
    items = fashion_items(root, lexicon)
    train = [item for item in items if item.split == "train"]
    train = train[:: max(1, len(train) // args.sample)][: args.sample]
    asked = [item for item in items if item.split == args.split]
    shares = [float(share) for share in args.pruned.split(",") if share]
    plans = [("fp32", 0.0), ("fp16", 0.0), ("int8 (as it ships)", 0.0)]
    plans += [(f"int8, {100 * share:g} % pruned", share) for share in shares]
    with (
        resources.as_file(resources.files("shoplens.encoders").joinpath("bundled")) as bundled,
        tempfile.TemporaryDirectory(prefix="shoplens-bench-") as place,
    ):
        side = int(open_folder(bundled).card.preprocessing["resolution"])  # type: ignore[attr-defined]
        sample = Sample(read(root, train, side), [item.title for item in train])
        gallery = read(root, asked, side)
        folders: dict[str, Path] = {}
        rows: dict[str, dict[str, Any]] = {}
        for number, (name, share) in enumerate(plans):
            precise = name if share == 0 else name.replace(",", "")
            start = time.perf_counter()
            folders[name], gone = make(precise, bundled, Path(place) / str(number), sample, share)
            took = time.perf_counter() - start
            print(f"# {name}: made in {took:.0f} s", flush=True)
            rows[name] = {"encoder": name, "MB": _size(folders[name]), **gone}
        encoders = {name: open_folder(folder, threads=1) for name, folder in folders.items()}
        _found(encoders, rows, Encoded(asked, np.zeros((0, 0), np.float32)), gallery)
        _clock(encoders, rows, gallery[0], args.rounds)
    done = list(rows.values())
    table(done)
    save("smaller", {"split": args.split, "sample": len(train), "rows": done})


def _size(folder: Path) -> float:
    return round(sum((folder / name).stat().st_size for name in ("image.onnx", "text.onnx")) / 1e6, 2)


def _found(
    encoders: dict[str, Encoder], rows: dict[str, dict[str, Any]], asked: Encoded, gallery: list[Pixels]
) -> None:
    lexicon = load_lexicon()
    titles = [item.title for item in asked.items]
    first: tuple[Vectors, Vectors] | None = None
    for name, encoder in encoders.items():
        pictures, words = encoder.encode_pictures(gallery), encoder.encode_words(titles)
        first = first or (pictures, words)
        figures = fashion_figures(encoder, Encoded(asked.items, pictures), lexicon)
        rows[name] |= {shown: round(figures[key], 3) for shown, key in SHOWN.items()}
        rows[name]["ten alike, photos"] = round(alike((first[0], first[0]), (pictures, pictures), 1), 3)
        rows[name]["ten alike, titles"] = round(alike((first[1], first[0]), (words, pictures), 0), 3)


def _clock(encoders: dict[str, Encoder], rows: dict[str, dict[str, Any]], picture: Pixels, rounds: int) -> None:
    for what, call in (
        ("picture", lambda encoder: lambda: encoder.encode_pictures([picture])),
        ("text", lambda encoder: lambda: encoder.encode_words([TEXT])),
    ):
        times = timed({name: call(encoder) for name, encoder in encoders.items()}, rounds)
        best = {name: float(np.median(some)) for name, some in times.items()}
        for name, median in best.items():
            rows[name][f"{what}: ms"] = round(median, 2)
            rows[name][f"{what}: fastest"] = round(min(times[name]), 2)
            rows[name][f"{what}: to fp32"] = round(median / best["fp32"], 2)


if __name__ == "__main__":
    main()

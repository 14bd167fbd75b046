"""How good the heads are: accuracy, calibration, what may be filled, and colours that contradict titles."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from shoplens.training.data import Item
from shoplens.training.heads_data import Looked
from shoplens.training.probing import calibration_error, threshold
from shoplens.understanding.colours import BASIC, basic_shares, looks
from shoplens.understanding.contradicting import pixels_of
from shoplens.understanding.describing import Describer, combined

Figures = dict[str, dict[str, float]]

FALSE_ALARMS = 0.01
_LIMITS = (0.005, 0.0075, 0.01, 0.0125, 0.015, 0.02, 0.025, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15)
_TRACES = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 1.01)


class Labelled(Protocol):
    """The labels of one head."""

    keys: tuple[str, ...]
    allowed: npt.NDArray[np.bool_]

    def rows(self, split: str, source: str = "") -> npt.NDArray[np.int64]:
        """Rows of a split and source of which something is known."""


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles of fashion that name a colour: of each its row, the lexicon's keys of its colours, and another title's
    colour (``far``: that cannot be taken for one of its own)."""

    rows: npt.NDArray[np.int64]
    said: Sequence[Sequence[str]]
    swapped: Sequence[Sequence[str]]
    far: npt.NDArray[np.bool_]


def titles(describer: Describer, looked: Looked, split: str, seed: int = 0) -> Titles:
    """The titles of a split; each is given the colour of another one, drawn at random, for its swapped form."""
    rows, said = [], []
    for row in looked.rows("fashion", split):
        keys = [colour.key for colour in describer.notions.colours_in(looked.items[row].title)]
        if keys:
            rows.append(row)
            said.append(keys)
    rng = np.random.default_rng(seed)
    swapped = []
    for keys in said:
        others = [other[0] for other in said if not set(other) & set(keys)]
        swapped.append([others[int(rng.integers(len(others)))]])
    far = [not _basics(own) & _basics(other) for own, other in zip(said, swapped, strict=True)]
    return Titles(np.asarray(rows), said, swapped, np.asarray(far))


def accused(
    describer: Describer, looked: Looked, rows: npt.NDArray[np.int64], said: Sequence[Sequence[str]]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Of pictures and colours said of them: the probability of those colours, and their share of the pixels."""
    colours = describer.colour_probabilities(looked.vectors[rows])
    agreed = [describer.agreement(row, keys) for row, keys in zip(colours, said, strict=True)]
    shares = basic_shares(looked.shares[rows])
    seen = [pixels_of(row, keys) for row, keys in zip(shares, said, strict=True)]
    return np.asarray(agreed, np.float32), np.asarray(seen, np.float32)


def contradiction_limits(describer: Describer, looked: Looked) -> dict[str, float]:
    """The limits that find most swapped colours on dev with at most `FALSE_ALARMS` on true titles: "contradiction" of
    the probability with "trace" of the pixels, and "alone" of the probability where there are no pixels."""
    dev = titles(describer, looked, "dev")
    true, false = (accused(describer, looked, dev.rows, said) for said in (dev.said, dev.swapped))
    best = (-1.0, 0.0, 0.0)
    for limit in _LIMITS:
        for trace in _TRACES:
            alarms = ((true[0] < limit) & (true[1] < trace)).mean()
            found = float(((false[0] < limit) & (false[1] < trace)).mean())
            if alarms <= FALSE_ALARMS and found > best[0]:
                best = (found, limit, trace)
    alone = max(limit for limit in (0.0, *_LIMITS) if (true[0] < limit).mean() <= FALSE_ALARMS)
    return {"contradiction": best[1], "trace": best[2], "alone": alone}


def basic_limit(describer: Describer, looked: Looked, precision: float) -> float:
    """The confidence from which on the basic colour is right, on dev."""
    confidence, right = _basic(describer, looked, looked.rows("fashion", "dev"))
    return threshold(confidence, right, precision)


def all_figures(describer: Describer, looked: Looked, labels: Mapping[str, Labelled]) -> Figures:
    """Figures of every head on dev and test of fashion and on dev of the other sources, and of contradictions."""
    figures: Figures = {}
    for name, own in labels.items():
        for source, split in _MEASURED:
            rows = own.rows(split, source)
            if len(rows) < 10 or name not in describer.heads.heads:
                continue
            p = describer.heads.heads[name].probabilities(looked.vectors[rows])
            guess = p.argmax(axis=1)
            right = own.allowed[rows, guess]
            figures[f"{name} {source} {split}"] = _figures(p.max(axis=1), right, describer.heads.limits[name])
    for split in ("dev", "test"):
        confidence, right = _basic(describer, looked, looked.rows("fashion", split))
        figures[f"basic colour fashion {split}"] = _figures(confidence, right, describer.heads.limits["basic"])
        figures[f"contradiction fashion {split}"] = contradiction_figures(describer, looked, split)
    rows = looked.rows("grocery", "unseen")
    sure = describer.heads.heads["kind"].probabilities(looked.vectors[rows]).max(axis=1)
    figures["kind grocery, kinds never seen"] = {
        "pictures": float(len(rows)), "filled": float((sure >= describer.heads.limits["kind"]).mean())
    }  # fmt: skip
    for source in ("rendered", "fashion"):
        figures[f"shares {source} dev"] = share_figures(describer, looked, source)
    return {name: {key: round(value, 4) for key, value in part.items()} for name, part in figures.items()}


def contradiction_figures(describer: Describer, looked: Looked, split: str) -> dict[str, float]:
    """False alarms on true titles, and the share found of swapped colours, of all and of those far from the true."""
    some = titles(describer, looked, split)
    limits = describer.heads.limits
    flags, alone = [], []
    for said in (some.said, some.swapped):
        probability, pixels = accused(describer, looked, some.rows, said)
        flags.append((probability < limits["contradiction"]) & (pixels < limits["trace"]))
        alone.append(probability < limits["alone"])
    return {
        "titles": float(len(some.rows)),
        "false alarms": float(flags[0].mean()),
        "found": float(flags[1].mean()),
        "found of far colours": float(flags[1][some.far].mean()),
        "false alarms, vector alone": float(alone[0].mean()),
        "found, vector alone": float(alone[1].mean()),
    }


def share_figures(describer: Describer, looked: Looked, source: str) -> dict[str, float]:
    """Of plain products the share of their colour, beside what pixels alone would say; of drawn ones with a pattern in
    two colours, how many show both, each above a tenth."""
    rows = looked.rows(source, "dev")
    vectors = looked.vectors[rows]
    colours = describer.colour_probabilities(vectors)
    basic, support, plain = (
        describer.basic_probabilities(colours), describer.support(colours), describer.plainness(vectors)
    )  # fmt: skip
    own: list[float] = []
    alone: list[float] = []
    both: list[bool] = []
    for n, row in enumerate(rows):
        item = looked.items[row]
        first, second, pattern = colours_of(item, describer)
        pixels = basic_shares(looked.shares[row])
        shares = combined(pixels, basic[n], support[n], float(plain[n]))
        if pattern == "plain" and looks(first):
            own.append(float(shares[_at([first])].sum()))
            alone.append(float(pixels[_at([first])].sum()))
        elif pattern in _TWO and looks(first) and looks(second) and not _basics([first]) & _basics([second]):
            both.append(all(float(shares[_at([key])].sum()) >= 0.1 for key in (first, second)))
    figures = {
        "plain": float(len(own)),
        "share of the colour": float(np.mean(own)),
        "pixels alone": float(np.mean(alone)),
    }
    return figures | ({"of two colours": float(len(both)), "both are told": float(np.mean(both))} if both else {})


def colours_of(item: Item, describer: Describer) -> tuple[str, str, str]:
    """The lexicon's keys of an item's colour and second colour, and its pattern; "" where nothing is known."""
    if item.source == "rendered":
        named = [describer.notions.colours_in(word) for word in item.traits[1:3]]
        first, second = (found[0].key if found else "" for found in named)
        return first, second, item.traits[4]
    return item.colour, "", "plain" if re.search(r"\bsolid\b", item.title.casefold()) else ""


def _at(keys: Sequence[str]) -> list[int]:
    return [BASIC.index(name) for name in sorted(_basics(keys))]


_TWO = frozenset({"stripes", "polka dots", "checks", "plaid", "zigzag", "colour-block"})
_MEASURED = (
    ("fashion", "dev"), ("fashion", "test"), ("clothing", "dev"), ("grocery", "dev"), ("rendered", "dev"),
)  # fmt: skip


def _figures(confidence: npt.NDArray[np.float32], right: npt.NDArray[np.bool_], limit: float) -> dict[str, float]:
    sure = confidence >= limit
    return {
        "pictures": float(len(right)),
        "accuracy": float(right.mean()),
        "calibration error": calibration_error(confidence, right),
        "filled": float(sure.mean()),
        "precision of filled": float(right[sure].mean()) if sure.any() else 0.0,
    }


def _basic(
    describer: Describer, looked: Looked, rows: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    rows = np.asarray([row for row in rows if looks(looked.items[row].colour)])
    p = describer.basic_probabilities(describer.colour_probabilities(looked.vectors[rows]))
    guess = p.argmax(axis=1)
    right = [BASIC[g] == looks(looked.items[row].colour)[0] for g, row in zip(guess, rows, strict=True)]
    return p.max(axis=1), np.asarray(right)


def _basics(keys: Sequence[str]) -> set[str]:
    return {basic for key in keys for basic in looks(key)}

"""The demo shop's catalogue: which products there are, their words, prices, stock and designs. Seeded, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from shoplens.training.rendering.assortment import NAMES, PARTNERS, Line, Shelf, shelves
from shoplens.training.rendering.design import METAL_COLOURS, Design
from shoplens.training.rendering.prose import CARE, FEATURES
from shoplens.training.rendering.prose_further import FURTHER
from shoplens.training.rendering.sampling import palette
from shoplens.training.rendering.scene import render
from shoplens.training.rendering.settings import render_in, setting_of
from shoplens.training.rendering.words import COLOUR_WORDS, KIND_WORDS, MATERIAL_WORDS, PATTERN_WORDS

PICTURE_SIZE = 480
QUALITY = 75
SEED = 2026
THIRD_VIEWS, LATER_THIRD_VIEWS, SOLD_OUT, ON_SALE = 0.16, 0.3, 0.09, 0.16
"""Shares of products with a third view (of the first lines, of those that came later) and on sale, and of variants
out of stock."""


@dataclass(frozen=True)
class Shot:
    """A picture to take: what, and in which setting ("": on the studio's paper)."""

    design: Design
    setting: str = ""

    def render(self) -> npt.NDArray[np.uint8]:
        """The picture: uint8 sRGB of shape (PICTURE_SIZE, PICTURE_SIZE, 3)."""
        if self.setting:
            return render_in(self.design, PICTURE_SIZE, self.setting)
        return render(self.design, PICTURE_SIZE)


@dataclass(frozen=True)
class Listing:
    """A product as it goes into the feed, and how each of its pictures is taken (by path in the feed)."""

    row: dict[str, Any]
    shots: dict[str, Shot]


@dataclass
class _Stock:
    """A shelf while it is being filled."""

    shelf: Shelf
    rng: np.random.Generator
    names: list[str]
    seed: int
    used: dict[str, int]
    number: int = 0

    @staticmethod
    def of(at: int, shelf: Shelf) -> _Stock:
        rng = np.random.default_rng([SEED, at])
        names = [str(name) for name in rng.permutation(NAMES)]
        return _Stock(shelf, rng, names, int(rng.integers(1_000_000)), {})

    def listing(self, key: str, line: Line) -> Listing:
        """The next product of the shelf."""
        number, self.number = self.number, self.number + 1
        colours = _colours(self.shelf, line, self.used, self.rng)
        wording = 0 if number < len(self.shelf.lines) else number - len(self.shelf.lines) + 1
        return _listing(key, self.shelf, line, colours, self.names[number], self.seed + number, wording, self.rng)


def catalogue() -> list[Listing]:
    """All listings of the shop, in the feed's order; the same on every call."""
    stocks = [_Stock.of(at, shelf) for at, shelf in enumerate(shelves())]
    first = [(stock, line) for stock in stocks for line in stock.shelf.lines]
    later = [(stock, line) for stock in stocks for line in stock.shelf.new_lines]
    return [stock.listing(f"sl-{at:03d}", line) for at, (stock, line) in enumerate(first + later, 1)]


def _colours(shelf: Shelf, line: Line, used: dict[str, int], rng: np.random.Generator) -> list[str]:
    """The least used colours of the kind's palette, classics first: a kind comes in as many colours as possible."""
    if line.pattern in SPOTTED:
        return [SPOTTED[line.pattern][0]]
    choices = [str(colour) for colour in rng.permutation(palette(shelf.kind, line.material))]
    classics = shelf.classics
    choices.sort(key=lambda colour: (used.get(colour, 0), classics.index(colour) if colour in classics else 99))
    for colour in choices[: line.colours]:
        used[colour] = used.get(colour, 0) + 1
    return choices[: line.colours]


ONLY_VIEW = dict.fromkeys(("clock", "chair", "stool", "armchair", "lamp", "candle", "bowl"), "detail") | {
    "headphones": "angle"
}
"""Kinds whose third view is always this one: turned they look as before (a clock: wrong), or a detail says little."""

SPOTTED = {"leopard": ("tan", "brown"), "camouflage": ("olive", "tan")}
"""Patterns whose two colours are given."""


def _listing(
    key: str,
    shelf: Shelf,
    line: Line,
    colours: list[str],
    name: str,
    seed: int,
    wording: int,
    rng: np.random.Generator,
) -> Listing:
    gender = str(rng.choice(shelf.gender)) if shelf.gender else ""
    brand = str(rng.choice(shelf.brands))
    prices = _prices(shelf, rng)
    third_views = LATER_THIRD_VIEWS if wording else THIRD_VIEWS
    third_view = str(rng.choice(["angle", "detail"])) if rng.random() < third_views else ""
    shots: dict[str, Shot] = {}
    variants: list[dict[str, Any]] = []
    for position, colour in enumerate(colours):
        second = SPOTTED[line.pattern][1] if line.pattern in SPOTTED else str(rng.choice(PARTNERS[colour]))
        design = Design(shelf.kind, colour, second, line.material, line.pattern, seed)
        slug = f"{key}-{colour.replace(' ', '-')}"
        views = {"": Shot(design)}
        if position == 0:
            views["-set"] = Shot(design, setting_of(design))
            if third_view:
                third_view = ONLY_VIEW.get(shelf.kind, third_view)
                views[f"-{third_view}"] = Shot(replace(design, view=third_view))
        images = [f"pictures/{slug}{view}.jpg" for view in views]
        shots.update(zip(images, views.values(), strict=True))
        for size in shelf.sizes or ("",):
            quantity = 0 if rng.random() < SOLD_OUT else int(rng.integers(1, 60))
            variant = {"id": f"{slug}-{size.lower()}" if size else slug}
            variant |= {"color": colour, "color_zh": COLOUR_WORDS[colour][1][0]}
            variant |= {"size": size} if size else {}
            variants.append({**variant, **prices, "quantity": quantity, "in_stock": quantity > 0, "images": images})
    first = shots[next(iter(shots))].design
    title, title_zh = _titles(first, name, gender, single=len(colours) == 1)
    description, description_zh = _descriptions(first, colours, wording)
    row: dict[str, Any] = {"id": key, "title": title, "title_zh": title_zh}
    row |= {"description": description, "description_zh": description_zh}
    row |= {"brand": brand, "category": list(shelf.category)}
    row |= {"gender": gender} if gender else {}
    row |= {"material": line.material, "pattern": line.pattern, **prices, "currency": "USD"}
    return Listing({**row, "images": list(shots), "variants": variants}, shots)


def _prices(shelf: Shelf, rng: np.random.Generator) -> dict[str, float]:
    """A price within the shelf's, and for about one line in six a sale price below it."""
    low, high = shelf.price
    price = Decimal(int(low + (high - low) * rng.beta(2, 2.6)))
    price += Decimal(str(rng.choice(["0.90", "0.50", "0.00", "0.99"])))
    share = Decimal(str(rng.choice(["0.70", "0.80", "0.85"])))
    if rng.random() >= ON_SALE:
        return {"price": float(price)}
    return {"price": float(price), "sale_price": float((price * share).quantize(Decimal("0.01")))}


GENDERS = {"women": ("Women's", "女士"), "men": ("Men's", "男士"), "unisex": ("", "中性")}


def _titles(d: Design, name: str, gender: str, single: bool) -> tuple[str, str]:
    """Titles in English and Chinese; the colour is in the title only where there is but one."""
    pattern, pattern_zh = (
        ("", "") if d.pattern == "plain" else (PATTERN_WORDS[d.pattern][0][0], PATTERN_WORDS[d.pattern][1][0])
    )
    who, who_zh = GENDERS[gender] if gender and d.kind not in ("handbag", "heel", "dress", "skirt", "tie") else ("", "")
    if gender == "unisex":
        who_zh = ""
    colour, colour_zh = (COLOUR_WORDS[d.colour][0][0], COLOUR_WORDS[d.colour][1][0]) if single else ("", "")
    material, material_zh = MATERIAL_WORDS[d.material]
    noun = KIND_WORDS[d.kind][0][0]
    if d.kind in ("sneaker", "boot", "sandal", "loafer", "heel", "glove"):
        noun += "s"
    if d.kind == "jeans" or (d.kind == "necklace" and d.material == "metal"):
        material, material_zh = "", ""
    words = [name, who, colour, pattern, material, noun]
    english = " ".join(
        word
        if "'" in word
        else word.capitalize()
        if word.islower() and " " not in word
        else " ".join(part[:1].upper() + part[1:] for part in word.split())
        for word in words
        if word
    )
    return english, f"{name} 系列 {who_zh}{colour_zh}{pattern_zh}{material_zh}{KIND_WORDS[d.kind][1][0]}"


def _descriptions(d: Design, colours: list[str], wording: int) -> tuple[str, str]:
    """Two sentences on the kind, one on pattern or colours, one on the material.

    There are two of each of the first two: `wording` 0 is the first of both, and 1, 2 and 3 the other pairs.
    """
    features = [(FEATURES, FURTHER)[wording >> at & 1][d.kind][at] for at in range(2)]
    care = CARE[d.material]
    names = [COLOUR_WORDS[c][0][0] for c in colours]
    names_zh = [COLOUR_WORDS[c][1][0] for c in colours]
    if d.pattern != "plain":
        second, second_zh = COLOUR_WORDS[d.second_colour][0][0], COLOUR_WORDS[d.second_colour][1][0]
        pattern, pattern_zh = PATTERN_WORDS[d.pattern][0][0], PATTERN_WORDS[d.pattern][1][0]
        look = f"{pattern.capitalize()} in {names[0]} and {second}."
        look_zh = f"{names_zh[0]}与{second_zh}相间的{pattern_zh}图案。"
    elif d.colour in METAL_COLOURS:
        look, look_zh = f"In {' and '.join(names)} tone.", f"{'、'.join(names_zh)}色调。".replace("色色调", "色调")
    else:
        look, look_zh = f"In plain {_listed(names)}.", f"纯色款：{'、'.join(names_zh)}。"
    return (
        f"{features[0][0]} {features[1][0]} {look} {care[0]}",
        f"{features[0][1]}{features[1][1]}{look_zh}{care[1]}",
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"

"""What a catalogue can tell of what words ask for: its brands, colours, sizes and categories, as names to look up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from shoplens.core.names import Names
from shoplens.core.understood import ColumnValues
from shoplens.core.where import Any_, In, Where
from shoplens.understanding.reading import Meanings, Reading, kind_of, of_group

FIELDS: dict[str, tuple[str, ...]] = {
    "color": ("color", "colour", "product_colour", "product_color", "color_zh"),
    "material": ("material", "fabric", "outer_material", "upper_material", "material_zh"),
    "pattern": ("pattern", "pattern_zh"),
    "gender": ("gender", "target_gender", "gender_zh"),
    "age": ("age_group", "age", "gender"),
    "kind": ("product_type", "article_type", "item_type", "kind", "product_type_zh"),
    "size": ("size", "shoe_size", "clothing_size"),
    "measure": (
        "size", "volume", "capacity", "content", "net_content", "weight", "net_weight", "length", "width", "height",
        "diameter", "dimensions", "screen_size", "display_diagonal", "storage", "memory", "power", "wattage",
        "pack_size", "unit_size", "quantity_unit", "country_and_volume", "manufacturer_and_volume",
    ),
}  # fmt: skip
"""Kind of chip -> fields that tell it, where a shop has them."""
CATEGORY = "category"
MOST_BRANDS = 50_000
"""Brands that are known by name; a shop with more has other things in that field."""
_MOST_VALUES = 20_000
_MOST_TEXT = 6_000
"""Characters of the values of one filter: a filter has at most 8,192."""
_STEP = " > "

_DIMENSIONS: dict[str, dict[str, float]] = {
    "ml": {"ml": 1, "millilitre": 1, "milliliter": 1, "毫升": 1, "cl": 10, "dl": 100, "l": 1000, "litre": 1000,
           "liter": 1000, "litres": 1000, "liters": 1000, "升": 1000},
    "g": {"g": 1, "gr": 1, "gram": 1, "grams": 1, "克": 1, "mg": 0.001, "毫克": 0.001, "kg": 1000, "kgs": 1000,
          "kilo": 1000,
          "kilos": 1000, "kilogram": 1000, "kilograms": 1000, "公斤": 1000, "千克": 1000, "斤": 500},
    "oz": {"oz": 1, "ounce": 1, "ounces": 1, "fl oz": 1},
    "lb": {"lb": 1, "lbs": 1},
    "mm": {"mm": 1, "毫米": 1, "cm": 10, "厘米": 10, "公分": 10, "m": 1000, "meter": 1000, "metre": 1000,
           "meters": 1000,
           "metres": 1000, "米": 1000},
    "in": {"inch": 1, "inches": 1, '"': 1, "″": 1, "”": 1, "英寸": 1, "寸": 1},
    "ft": {"ft": 1, "feet": 1, "foot": 1},
    "gb": {"mb": 0.001, "gb": 1, "tb": 1000},
    "w": {"w": 1, "watt": 1, "watts": 1, "瓦": 1},
    "mah": {"mah": 1, "毫安": 1},
}  # fmt: skip
_PER = {unit: (dimension, factor) for dimension, units in _DIMENSIONS.items() for unit, factor in units.items()}

_UNITS = "|".join(re.escape(unit) for unit in sorted(_PER, key=len, reverse=True))
MEASURES = re.compile(rf"(?<![a-z0-9.,])(?P<n>\d{{1,6}}(?:[.,]\d{{1,3}})?)[\s-]?(?P<unit>{_UNITS})(?![a-z0-9])")
"""An amount with a unit, in lower case."""

Amount = tuple[str, float]


def amount_of(match: re.Match[str]) -> Amount:
    """Dimension and amount of a match of MEASURES: 0.5 l and 500 ml are the same."""
    dimension, factor = _PER[match["unit"]]
    return dimension, round(float(match["n"].replace(",", ".")) * factor, 6)


_LETTERS = {
    "small": "s", "medium": "m", "large": "l", "extra large": "xl", "extra small": "xs", "2xl": "xxl", "3xl": "xxxl",
}  # fmt: skip
_SIZE = re.compile(r"^(?:size|eu|uk|us|eur)\s*|\s*(?:eu|uk|us|eur|码|号)$")


def size_of(text: str) -> str:
    """A size as sizes are compared: "EU 42" and "42码" are 42, "Large" is l."""
    plain = " ".join(text.casefold().split())
    plain = _SIZE.sub("", _SIZE.sub("", plain)).removesuffix(".0")
    return _LETTERS.get(plain, plain)


class Known:
    """What one state of a catalogue can tell. Not changed once made.

    Args:
        columns: the texts of its fields.
        reading: what names mean.
    """

    def __init__(self, columns: ColumnValues, reading: Reading) -> None:
        self._held = tuple(columns.values(name) for name in _LOOKED_AT)  # so that no other list takes an id of these
        self.prices = columns.has("price")
        self.currencies = tuple(c for c in columns.values("currency") if c)
        brands = [
            b for b in list(columns.values("brand"))[:MOST_BRANDS] if len(b.strip()) > 1 and not b.strip().isdigit()
        ]
        self._brands: dict[str, list[str]] = {}
        self._branded: dict[tuple[str, ...], Where | None] = {}
        for brand in brands:
            self._brands.setdefault(brand.casefold().strip(), []).append(brand)
        self.brands: Names[tuple[str, ...]] = Names({name: tuple(some) for name, some in self._brands.items()})
        self._by_meaning: dict[str, dict[tuple[str, str], list[tuple[str, str]]]] = {}
        self._all: dict[str, list[tuple[str, str]]] = {}
        for group, fields in FIELDS.items():
            if group in ("size", "measure"):
                continue
            for field in fields:
                self._take(group, field, list(columns.values(field))[:_MOST_VALUES], reading)
        steps: dict[str, list[str]] = {}
        for path in list(columns.values(CATEGORY))[:_MOST_VALUES]:
            self._take_category(path, reading, steps)
        self.steps: Names[tuple[str, ...]] = Names({name: tuple(paths) for name, paths in steps.items()})
        self.sizes = self._sizes(columns)
        self.measures = self._measures(columns)

    def _take(self, group: str, field: str, texts: Iterable[str], reading: Reading) -> None:
        known = self._by_meaning.setdefault(group, {})
        for text in texts:
            meanings = heads(reading, text) if group == "kind" else spoken(reading, text)
            some = {one for meant in meanings for one in of_group(meant, group)}
            if group == "age":
                some |= {one for meant in spoken(reading, text) for one in of_group(meant, "gender")}
            for one in some:
                known.setdefault(one, []).append((field, text))
            if some:
                self._all.setdefault(group, []).append((field, text))

    def _take_category(self, path: str, reading: Reading, steps: dict[str, list[str]]) -> None:
        last = path.rpartition(_STEP)[2]
        for group in ("kind", "gender", "age"):
            known = self._by_meaning.setdefault(group, {})
            meanings = heads(reading, last) if group == "kind" else spoken(reading, last)
            for one in {one for meant in meanings for one in of_group(meant, group)}:
                known.setdefault(one, []).append((CATEGORY, path))
        for part in _PARTS.split(last.casefold()):
            if len(part) > 2 and not part.isdigit() and kind_of(reading.means(part)) in ("", "feature"):
                steps.setdefault(part, []).append(path)
                if part.endswith("s") and len(part) > 3:
                    steps.setdefault(part[:-1], []).append(path)

    @staticmethod
    def _sizes(columns: ColumnValues) -> dict[str, list[tuple[str, str]]]:
        out: dict[str, list[tuple[str, str]]] = {}
        for field in FIELDS["size"]:
            for text in list(columns.values(field))[:_MOST_VALUES]:
                if len(text) <= 20:
                    out.setdefault(size_of(text), []).append((field, text))
        return out

    @staticmethod
    def _measures(columns: ColumnValues) -> dict[Amount, list[tuple[str, str]]]:
        out: dict[Amount, list[tuple[str, str]]] = {}
        for field in FIELDS["measure"]:
            for text in list(columns.values(field))[:_MOST_VALUES]:
                for match in MEASURES.finditer(text[:80].casefold().replace("\xa0", " ")):
                    out.setdefault(amount_of(match), []).append((field, text))
        return out

    def values(self, group: str, meanings: Meanings) -> Where | None:
        """The filter of what has a value that means one of these; None where the catalogue has no such value."""
        known = self._by_meaning.get(group, {})
        return joined(pair for one in sorted(meanings) for pair in known.get(one, ()))

    def branded(self, names: Iterable[str]) -> Where | None:
        """The filter of brands that hold one of the names ("Red Wing"); None where there is none."""
        some = tuple(name for name in names if len(name) > 1)
        if some not in self._branded:
            held = [b for low, brands in self._brands.items() if any(name in low for name in some) for b in brands]
            self._branded[some] = joined(("brand", brand) for brand in held)
        return self._branded[some]

    def told(self, group: str, denied: Meanings) -> Where | None:
        """The filter of what has a value of this kind that is understood and means none of these; None where there is
        none."""
        gone = {pair for one in denied for pair in self._by_meaning.get(group, {}).get(one, ())}
        return joined(pair for pair in self._all.get(group, ()) if pair not in gone)


@lru_cache(maxsize=100_000)
def spoken(reading: Reading, text: str) -> tuple[Meanings, ...]:
    """What the names in a value mean."""
    return tuple(meant for _, _, meant in reading.names.spans(text[:120].casefold()))


@lru_cache(maxsize=100_000)
def heads(reading: Reading, text: str) -> tuple[Meanings, ...]:
    """What the last names of a value's parts mean: "Printer cleaning cartridge" is no printer, "Hoodies & Sweatshirts"
    are both."""
    out = []
    for part in _PARTS.split(text[:120].casefold()):
        last = [(end, meant) for _, end, meant in reading.names.spans(part.partition(" for ")[0])]
        if last and not part.partition(" for ")[0][last[-1][0] :].strip(" ()s"):
            out.append(last[-1][1])
    return tuple(out)


_PARTS = re.compile(r"\s*(?:[&,/;(|]|\band\b)\s*")


def joined(pairs: Iterable[tuple[str, str]]) -> Where | None:
    """`field in [...]` for each field, joined by `or`; as many values as a filter can hold."""
    fields: dict[str, dict[str, None]] = {}
    size = 0
    for field, text in pairs:
        size += len(text) + 4
        if size > _MOST_TEXT:
            break
        fields.setdefault(field, {}).setdefault(text)
    terms: Sequence[Where] = [In(field, tuple(values)) for field, values in fields.items()]
    return None if not terms else terms[0] if len(terms) == 1 else Any_(tuple(terms))


def state_of(columns: ColumnValues) -> tuple[object, ...]:
    """What tells whether a catalogue has learnt a value since: compared by equality."""
    return tuple((id(some), len(some)) for name in _LOOKED_AT if (some := columns.values(name)))


_LOOKED_AT = tuple(dict.fromkeys(("brand", "currency", CATEGORY, *(f for fields in FIELDS.values() for f in fields))))

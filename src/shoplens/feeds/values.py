"""One value of a feed -> text, texts, yes or no, numbers, pictures, category paths."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from shoplens.core.catalogue import RESERVED_FIELDS, ImageRef
from shoplens.feeds.columns import attribute_name

EMPTY = frozenset({"", "\\N", "NULL", "null", "NaN", "nan", "None", "#N/A"})
"""What stands for "no value" in exports."""
MAX_IMAGES = 100
MAX_ADDRESS = 4096

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]+")
_SURROGATE = re.compile("[\ud800-\udfff]+")
_LONGEST_TAG = 2000
_OPENS = re.compile(r"<[a-zA-Z/!?]")
_TAG = re.compile(r"""<[a-zA-Z/!?](?:[^"'>]|"[^"]*"|'[^']*')*+>""")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")  # "AT&T" and "Rock&note" are none
_MARKUP = re.compile(rf"<[a-zA-Z/!]|{_ENTITY.pattern}")
_BREAKS = re.compile(r"/?(?:p|br|div|li|ul|ol|tr|table|h[1-6]|section|article|blockquote|hr|dd|dt|dl)\b", re.IGNORECASE)
_YES = frozenset({
    "1", "1.0", "true", "yes", "y", "t", "on", "in_stock", "instock", "in-stock", "available",
    "limited_availability", "low_stock", "有货", "有", "现货", "是", "在售", "√",
})  # fmt: skip
_NO = frozenset({
    "0", "0.0", "false", "no", "n", "f", "off", "out_of_stock", "outofstock", "out-of-stock", "unavailable",
    "sold_out", "soldout", "discontinued", "preorder", "pre_order", "backorder", "back_order", "无货", "无",
    "缺货", "售罄", "否", "预售", "×",
})  # fmt: skip
_IMAGE_END = re.compile(r"\.[A-Za-z0-9]{2,5}(?:[?#].*)?$")


def text(value: Any) -> str:
    """A value as one line or more of text: control characters and lone surrogates gone, "" for no value."""
    if isinstance(value, str):
        found = value.strip()
        if found in EMPTY:
            return ""
        if not found.isprintable():  # also false for line breaks, which stay
            found = _SURROGATE.sub("�", _CONTROL.sub("", found)).strip()
        return found
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if value != value:
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, (Mapping, list, tuple)):
        return text(json.dumps(value, ensure_ascii=False, default=str))
    if isinstance(value, (bytes, bytearray)):
        return text(bytes(value).decode("utf-8", "replace"))
    return text(str(value))


def words(value: Any) -> str:
    """Text for shoppers: HTML reduced to its text, entities decoded. Linear in its length.

    Blocks start new lines; scripts and styles are dropped. A "<" that opens no tag stays.
    """
    found = text(value).replace("\xa0", " ")
    if not _MARKUP.search(found):
        return found
    out: list[str] = []
    position = 0
    lower = ""
    while (start := found.find("<", position)) >= 0:
        out.append(found[position:start])
        if found.startswith("<!--", start):
            end = found.find("-->", start + 4)
            position = end + 3 if end >= 0 else len(found)
            continue
        end = _tag_end(found, start)
        if end < 0:
            out.append("<")
            position = start + 1
            continue
        inside = found[start + 1 : start + 16].lower()
        position = end
        name = re.match(r"script|style", inside)
        if name:
            lower = lower or found.lower()
            close = lower.find(f"</{name[0]}", end) if len(lower) == len(found) else -1
            closed = found.find(">", close) if close >= 0 else -1
            position = closed + 1 if closed >= 0 else len(found)
        elif _BREAKS.match(inside):
            out.append("\n• " if inside.startswith("li") else "\n")
        elif inside.startswith(("td", "th", "/td", "/th")):
            out.append(" ")
    out.append(found[position:])
    return _tidy(_unescape("".join(out)))


def _tag_end(found: str, start: int) -> int:
    """The end of the tag that "<" opens, quotes heeded if they are even; -1 if it opens none."""
    end = found.find(">", start, start + _LONGEST_TAG)
    if end < 0 or not _OPENS.match(found, start):
        return -1
    match = _TAG.match(found, start, start + _LONGEST_TAG)
    return match.end() if match else end + 1


def _unescape(found: str) -> str:
    decoded = _ENTITY.sub(lambda match: html.unescape(match[0]), found)
    return _SURROGATE.sub("�", _CONTROL.sub("", decoded))


def _tidy(found: str) -> str:
    rows = (re.sub(r"[^\S\n]+", " ", row).strip() for row in found.split("\n"))
    return "\n".join(row for row in rows if row and row != "•")


def texts(value: Any, separators: str = "") -> tuple[str, ...]:
    """A value as several texts, each once: a list, a JSON list in a text, or text cut at any of the separators."""
    pieces: Iterable[Any]
    if isinstance(value, (list, tuple, set)):
        pieces = value
    else:
        found = text(value)
        if not separators and not found.startswith("["):
            return (found,) if found else ()
        listed = _json_list(found)
        if listed is not None:
            pieces = listed
        elif separators and found:
            pieces = re.split(f"[{re.escape(separators)}]", found)
        else:
            pieces = (found,)
    return tuple(dict.fromkeys(each for piece in pieces if (each := text(piece))))


def _json_list(found: str) -> list[Any] | None:
    if not (found.startswith("[") and found.endswith("]")):
        return None
    try:
        listed = json.loads(found)
    except (ValueError, RecursionError):
        return None
    return listed if isinstance(listed, list) else None


def attributes(pairs: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """Attributes by name; one that is named like a field of the catalogue gets ``attribute_`` before its name."""
    out: dict[str, tuple[str, ...]] = {}
    for name, values in pairs:
        if not values or not name:
            continue
        if name in RESERVED_FIELDS:
            name = f"attribute_{name}"
        out[name] = tuple(dict.fromkeys((*out[name], *values))) if name in out else values
    return out


def attribute_pairs(value: Any) -> list[tuple[str, tuple[str, ...]]]:
    """Attributes of an object, of a list of {name, value}, or of text such as "Material: Wool; Fit: slim"."""
    if isinstance(value, str):
        found = text(value)
        if found.startswith(("{", "[")):
            try:
                value = json.loads(found)
            except (ValueError, RecursionError):
                return [("attributes", (found,))]
        else:
            pairs = [
                piece.partition(":" if ":" in piece else "=") for piece in re.split(r"[;|\n]", found) if piece.strip()
            ]
            if pairs and all(sign for _, sign, _ in pairs):
                return [(attribute_name(name), texts(each)) for name, _, each in pairs]
            return [("attributes", (found,))] if found else []
    if isinstance(value, Mapping):
        return [(attribute_name(str(name)), texts(each)) for name, each in value.items()]
    if isinstance(value, (list, tuple)):
        out = []
        for each in value:
            if isinstance(each, Mapping):
                name = text(each.get("name") or each.get("attribute_name") or each.get("key"))
                out.append(
                    (attribute_name(name), texts(each.get("value", each.get("attribute_value", each.get("values")))))
                )
            else:
                out.append(("attributes", texts(each)))
        return out
    return []


def yes_or_no(value: Any) -> bool | None:
    """Whether a thing is there. Pre-orders and back-orders are not. Raises ValueError for other words."""
    if isinstance(value, bool):
        return value
    found = re.sub(r"\s+", "_", text(value).casefold().rsplit("/", 1)[-1])  # schema.org writes an address
    if not found:
        return None
    if found in _YES:
        return True
    if found in _NO:
        return False
    if re.fullmatch(r"-?\d+(\.\d+)?", found):
        return float(found) > 0
    raise ValueError("neither in stock nor out of stock")


def whole(value: Any) -> int | None:
    """A quantity. Raises ValueError for what is no number."""
    found = text(value)
    if not found:
        return None
    match = re.fullmatch(r"([+-]?\d{1,15})(?:[.,]\d+)?", re.sub(r"(?<=\d)[,\s](?=\d{3}\b)", "", found))
    if match is None:
        raise ValueError("not a quantity")
    return int(match[1])


def digits(value: Any) -> str:
    """A GTIN. Raises ValueError when a spreadsheet has rounded it."""
    for found in texts(value, ",;|"):
        found = found.removesuffix(".0").strip("'= \"")
        if re.fullmatch(r"\d+([.,]\d+)?[eE]\+?\d+", found):
            raise ValueError("a spreadsheet has rounded this number")
        if found:
            return found
    return ""


def images(value: Any, alt: str = "") -> tuple[ImageRef, ...]:
    """Pictures of a cell: a list, a JSON list, objects with src or url, or addresses apart by , ; | or spaces.

    Raises ValueError for what is too long for an address; MAX_IMAGES are kept.
    """
    found: dict[str, ImageRef] = {}
    for piece in _pieces(value):
        if isinstance(piece, Mapping):
            keys = ("location", "src", "url", "link", "image", "path", "href")
            address = text(next((piece[key] for key in keys if piece.get(key)), ""))
            own_alt = text(piece.get("alt") or piece.get("altText"))
        else:
            address, own_alt = text(piece), alt
        if len(address) > MAX_ADDRESS:
            raise ValueError(f"an address of {len(address)} characters")
        if address:
            found.setdefault(address, ImageRef(address, own_alt))
    return tuple(list(found.values())[:MAX_IMAGES])


def _pieces(value: Any) -> Iterable[Any]:
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, Mapping):
        return [value]
    found = text(value)
    if found.isalnum():
        return [found]
    listed = _json_list(found)
    if listed is not None:
        return listed
    if re.match(r"https?://|//", found):  # addresses may hold commas themselves
        return re.split(r"(?<![\s,;|])[\s,;|]++(?=https?://|//)", found)
    if "|" in found or "\n" in found:
        return re.split(r"[|\n]", found)
    for sign in (";", ","):
        pieces = [piece.strip() for piece in found.split(sign)]
        if len(pieces) > 1 and all(_IMAGE_END.search(piece) for piece in pieces if piece):
            return pieces
    return [found]


def category_paths(value: Any) -> tuple[tuple[str, ...], ...]:
    """Category paths: a list is one path (a list of lists or of paths several); text is cut at > » › → or " / "."""
    if isinstance(value, str):
        return _paths_of_text(value)
    if isinstance(value, (list, tuple)):
        if any(isinstance(each, (list, tuple)) for each in value) or any(
            isinstance(each, str) and ">" in each for each in value
        ):
            # A list within a list of lists is no path; so nothing is nested deeper than this looks.
            paths = [
                path
                for each in value
                if not (isinstance(each, (list, tuple)) and any(isinstance(e, (list, tuple)) for e in each))
                for path in category_paths(each)
            ]
            return tuple(dict.fromkeys(paths))
        return tuple(path for path in (join_levels(words(_name(each)) for each in value),) if path)
    return _paths_of_text(text(_name(value)))


@lru_cache(maxsize=4096)  # a shop has far fewer categories than products
def _paths_of_text(value: str) -> tuple[tuple[str, ...], ...]:
    found = text(value)
    listed = _json_list(found)
    if listed is not None:
        return category_paths(listed)
    paths = [_cut(each) for each in (found.split("|") if ">" in found else [found])]
    return tuple(dict.fromkeys(path for path in paths if path))


def _name(value: Any) -> Any:
    return value.get("name", "") if isinstance(value, Mapping) else value


_LEVELS = re.compile(r">|»|›|→|&gt;|(?<=\s)/(?=\s)")


def _cut(found: str) -> tuple[str, ...]:
    return join_levels(words(level) for level in _LEVELS.split(found))


def join_levels(levels: Iterable[str]) -> tuple[str, ...]:
    """Levels of a category without empty ones and without one that repeats the level above."""
    out: list[str] = []
    for level in levels:
        if level and (not out or out[-1] != level):
            out.append(level)
    return tuple(out)

"""Google Merchant XML, RSS 2.0 and Atom: items are cut out of the text and parsed one by one.

So memory stays flat, a row has its line, and an item that is not well-formed costs itself only.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from shoplens.core.catalogue import RowProblem
from shoplens.errors import FeedFormatError
from shoplens.feeds.rows import Row
from shoplens.feeds.text import detect_encoding, open_text, reading
from shoplens.feeds.xml_items import cut_items

NAMESPACE = "http://base.google.com/ns/1.0"

_PREFIX = re.compile(r"[<\s/](\w+):")
_DECLARED = re.compile(r"""xmlns:(\w+)\s*=\s*(?:"([^"<>]*)"|'([^'<>]*)')""")
_ENTITY = re.compile(r"&(?:(amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});|([A-Za-z]\w{0,31});)?")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]+")
_GROUPS = frozenset(
    {"shipping", "tax", "installment", "subscription_cost", "loyalty_program", "free_shipping_threshold"}
)


class MerchantXml:
    """A merchant feed in XML."""

    def __init__(self, path: Path, encoding: str | None = None) -> None:
        self._path = path
        self._encoding = encoding or _encoding(path)
        found: dict[str, None] = {}
        for row in islice(self.rows(), 200):
            if isinstance(row, Row):
                found.update(dict.fromkeys(row.values))
        self.columns = list(found)
        if not found:
            raise FeedFormatError(
                "there is no item in it that could be read",
                where=str(path),
                hint="<item> (RSS) or <entry> (Atom) is expected",
            )

    def rows(self) -> Iterator[Row | RowProblem]:
        """One row an item; repeated elements are lists."""
        with reading(self._path) as file:
            declared: dict[str, str] = {}
            source = open_text(file, self._encoding)
            for found in cut_items(source, str(self._path), lambda head: declared.update(self._head(head))):
                if isinstance(found, RowProblem):
                    yield found
                    continue
                line, text = found
                element, problem = _parse(text, line, _used(text, declared))
                if problem is not None:
                    yield problem
                if element is not None:
                    yield Row(line, _values(element))

    def _head(self, head: str) -> dict[str, str]:
        """Namespace declarations before the first item. Raises FeedFormatError for entities of the feed's own."""
        if re.search(r"<!ENTITY|<!DOCTYPE[^<>\[]*(?:\[|SYSTEM|PUBLIC)", head):
            raise FeedFormatError(
                "declares entities or an outside document type, which is refused",
                where=str(self._path),
                hint="export the feed without <!DOCTYPE>",
            )
        found = {name: value or other for name, value, other in _DECLARED.findall(head)}
        found.setdefault("g", NAMESPACE)
        found.setdefault("c", "http://base.google.com/cns/1.0")
        return found


def _encoding(path: Path) -> str:
    """The bytes' own encoding; a declared GBK or Latin one decides where they leave it open."""
    found = detect_encoding(path)
    if found not in ("cp1252", "gb18030"):
        return found
    with reading(path) as file:
        head = file.read(200).decode("latin-1")
    match = re.search(r"""encoding\s*=\s*["']([\w\-]+)""", head)
    name = match[1].lower() if match else ""
    if name.startswith("gb"):
        return "gb18030"
    return "cp1252" if name.startswith(("iso-8859-1", "windows-1252", "latin")) else found


def _used(text: str, declared: Mapping[str, str]) -> str:
    """The declarations of those namespaces that an item uses: a feed may declare any number of them."""
    used = sorted(declared.keys() & set(_PREFIX.findall(text)))
    return "".join(f' xmlns:{name}="{declared[name]}"' for name in used)


def _parse(text: str, line: int, declared: str) -> tuple[Element | None, RowProblem | None]:
    try:
        return fromstring(f"<r{declared}>{text}</r>", forbid_dtd=True)[0], None
    except (ParseError, DefusedXmlException, ValueError) as error:
        reason = f"not well-formed XML: {error}"
    try:
        element = fromstring(f"<r{declared}>{_repair(text)}</r>", forbid_dtd=True)[0]
    except (ParseError, DefusedXmlException, ValueError):
        return None, RowProblem(line, "", reason, text[:120])
    return element, RowProblem(line, "", f"{reason}; mended", text[:120], skipped=False)


def _repair(text: str) -> str:
    """Bare ampersands, HTML's entities and control characters, the usual faults, put right outside of CDATA."""
    text = _ILLEGAL.sub("", text)
    out: list[str] = []
    done = 0
    while (start := text.find("<![CDATA[", done)) >= 0 and (end := text.find("]]>", start)) >= 0:
        out += [_ENTITY.sub(_entity, text[done:start]), text[start : end + 3]]
        done = end + 3
    return "".join([*out, _ENTITY.sub(_entity, text[done:])])


def _entity(match: re.Match[str]) -> str:
    if match[1]:
        return match[0]
    if match[2] and (found := html.unescape(match[0])) != match[0]:
        return html.escape(found)
    return "&amp;" + match[0][1:]


def _values(item: Element) -> dict[str, Any]:
    """Element name -> text, or a list of texts. Google's own elements hide RSS's of the same name."""
    plain: dict[str, list[Any]] = {}
    google: dict[str, list[Any]] = {}
    for element in item:
        namespace, _, name = element.tag.rpartition("}") if "}" in str(element.tag) else ("", "", str(element.tag))
        target = google if namespace == "{" + NAMESPACE else plain
        if len(element):
            if name == "product_detail":
                pair = {_local(each): (each.text or "").strip() for each in element}
                google.setdefault("product_detail", []).append(pair)
            elif name not in _GROUPS:
                target.setdefault(name, []).append(" ".join("".join(element.itertext()).split()))
            continue
        found = (element.text or "").strip() or (element.get("href", "") if name == "link" else "")
        if found:
            target.setdefault(name, []).append(found)
    merged = {**plain, **google}
    details = merged.pop("product_detail", None)
    out: dict[str, Any] = {name: found[0] if len(found) == 1 else found for name, found in merged.items()}
    if details:
        out["attributes"] = details
    return out


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]

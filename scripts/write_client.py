#!/usr/bin/env python
"""Writes those parts of the client that follow from others: its types (from the schemas of the OpenAPI document) and
the methods that do not wait (from those that do).

python scripts/write_client.py           writes them
python scripts/write_client.py --check   ends with 1 and names what is not up to date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shoplens.server.describing import completed

SCHEMAS: Mapping[str, Any] = completed({"paths": {}})["components"]["schemas"]
FOLDER = Path(__file__).resolve().parents[1] / "src" / "shoplens" / "client"
MADE = '"""{said}\n\nMade by scripts/write_client.py; do not edit.\n"""\n'
NAMES = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
OWN = ("q", "images")
"""Fields of a search that the methods of the client take as arguments of their own."""
WIDTH = 118


def types_page() -> str:
    """client/types.py: one TypedDict a schema, in the order of the document."""
    out: list[str] = []
    for name, schema in SCHEMAS.items():
        _declare(name, schema, out)
    fields = dict(SCHEMAS["SearchRequest"]["properties"])
    rest = {name: schema for name, schema in fields.items() if name not in OWN}
    _declare("SearchFields", {"type": "object", "properties": {**rest, "images": fields["images"]}}, out)
    words = ("Any", "Literal", "NotRequired", "TypedDict")
    used = [word for word in words if re.search(rf"\b{word}\b", "".join(out))]
    head = MADE.format(said="What the service takes and gives, as its OpenAPI document has it.")
    body = "\n".join(out)
    switches = "# ruff: noqa: UP013, E501\n# fmt: off\n"
    imports = f"from __future__ import annotations\n\nfrom typing import {', '.join(used)}\n"
    return f"{head}\n{switches}{imports}\n{body}\n"


def _declare(name: str, schema: Mapping[str, Any], out: list[str]) -> None:
    if schema.get("type") != "object" or "properties" not in schema:
        out.append(f'{name} = "{_type(schema, name, out)}"')
        return
    needed = set(schema.get("required", ()))
    total = not schema["properties"] or bool(needed)
    parts: list[str] = []
    for field, inner in schema["properties"].items():
        said = _type(inner, name + "".join(map(str.capitalize, field.split("_"))), out)
        parts.append(f'"{field}": "{said if field in needed or not total else f"NotRequired[{said}]"}"')
    closing = "})" if total else "}, total=False)"
    line, lines = f'{name} = TypedDict("{name}", {{', []
    for n, part in enumerate(parts):
        piece = part + ("" if n == len(parts) - 1 else ", ")
        if len(line) + len(piece.rstrip()) + len(closing) > WIDTH:
            lines.append(line.rstrip())
            line = "    "
        line += piece
    out.append("\n".join([*lines, line + closing]))


def _type(schema: Mapping[str, Any], name: str, out: list[str]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for word in ("oneOf", "anyOf"):
        if word in schema:
            kinds = [_type(one, name, out) for one in schema[word]]
            return " | ".join(sorted(dict.fromkeys(kinds), key=lambda kind: kind == "None"))
    if "enum" in schema:
        return "Literal[" + ", ".join(repr(value) for value in schema["enum"]) + "]"
    kinds = schema.get("type", [])
    if isinstance(kinds, list):
        return " | ".join(_type({**schema, "type": kind}, name, out) for kind in kinds) or "Any"
    if kinds == "array":
        return f"list[{_type(schema.get('items', {}), name, out)}]"
    if kinds == "object":
        if schema.get("properties"):
            _declare(name, schema, out)
            return name
        more = schema.get("additionalProperties")
        return f"dict[str, {_type(more, name, out) if isinstance(more, Mapping) else 'Any'}]"
    return NAMES[kinds]


def async_page() -> str:
    """client/endpoints_async.py: the same methods, awaited."""
    text = (FOLDER / "endpoints.py").read_text("utf-8")
    code = text.split('"""', 2)[2]
    code = re.sub(r"^    def ", "    async def ", code, flags=re.MULTILINE)
    code = code.replace("return self.ask(", "return await self.ask(")
    code = code.replace("class Endpoints:", "class AsyncEndpoints:")
    code = code.replace("Endpoints is the base of Client", "AsyncEndpoints is the base of AsyncClient")
    head = MADE.format(said="One method an operation of the service, awaited.")
    return f"{head}\n# fmt: off" + code.replace("\n\n", "\n", 1)


def pages() -> dict[Path, str]:
    """The files and what they are to hold."""
    return {FOLDER / "types.py": types_page(), FOLDER / "endpoints_async.py": async_page()}


def stale() -> list[str]:
    """The files that are not up to date."""
    return [path.name for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]


def main() -> int:
    """Writes, or checks."""
    if "--check" in sys.argv[1:]:
        found = stale()
        print("\n".join(f"{name} is not up to date: run python scripts/write_client.py" for name in found))
        return 1 if found else 0
    for path, text in pages().items():
        path.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

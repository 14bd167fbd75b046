"""What the pages are made of: the scripts and styles that web/ builds, and the templates that name them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment, select_autoescape

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
"""Not asked of the machine: a registry that calls .js plain text would leave the page without its script."""
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' blob: data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""Of every page: nothing from elsewhere, nothing inline."""


@dataclass(frozen=True)
class Built:
    """The built assets.

    ``files``: name -> bytes; ``tag``: changes with any content, so that browsers may keep assets for good; as it is a
    folder of the address, a script finds the others beside itself. ``manifest``: what each entry needs beside itself.
    """

    files: Mapping[str, bytes]
    tag: str
    manifest: Mapping[str, Any]

    def needs(self, entry: str) -> dict[str, Any]:
        """The script, the styles and the further modules of an entry (``src/shop/main.tsx``)."""
        first = self.manifest[entry]
        styles: list[str] = []
        modules: list[str] = []

        def walk(part: Mapping[str, Any]) -> None:
            for name in part.get("imports", ()):
                if self.manifest[name]["file"] not in modules:
                    modules.append(self.manifest[name]["file"])
                    walk(self.manifest[name])
            styles.extend(name for name in part.get("css", ()) if name not in styles)

        walk(first)
        return {"script": first["file"], "styles": styles, "modules": modules}


@cache
def built() -> Built:
    """The assets of this package, read once."""
    folder = resources.files("shoplens.server") / "ui"
    files: dict[str, bytes] = {}
    for place in (folder, folder / "assets"):
        files |= {f.name: f.read_bytes() for f in place.iterdir() if PurePosixPath(f.name).suffix in KINDS}
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    manifest = json.loads((folder / "assets" / "manifest.json").read_text("utf-8"))
    return Built(files, digest.hexdigest()[:12], manifest)


def template(name: str) -> Any:
    """A template of the folder ui; every value is escaped but those marked safe."""
    folder = resources.files("shoplens.server") / "ui"
    return Environment(autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True).from_string(
        (folder / name).read_text("utf-8")
    )


def embedded(data: object) -> str:
    """Data as JSON that may stand inside <script type="application/json">: "<" could end the element."""
    return json.dumps(data).replace("<", "\\u003c")

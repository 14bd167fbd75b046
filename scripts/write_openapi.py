#!/usr/bin/env python
"""Writes the service's OpenAPI document, from which the types of the web pages are made (see docs/howto/web.md).

python scripts/write_openapi.py FILE
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from shoplens.app import open_shop
from shoplens.server import create_app


def document() -> dict[str, Any]:
    """The document of a shop with the settings that come with ShopLens; it does not depend on the catalogue."""
    with tempfile.TemporaryDirectory() as folder, open_shop(folder, create=True) as shop:
        made = create_app(shop).openapi()
    made["info"]["version"] = "0"  # types do not change with a release
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Path(sys.argv[1]).write_text(json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n", "utf-8")

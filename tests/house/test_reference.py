"""Documented is a test: pages made from the source are up to date, and what can be used is in the reference."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import shoplens
from shoplens import errors
from shoplens.core.answer import Answer
from shoplens.core.wire import QUERY_FIELDS, answer_to_fields

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    path = DOCS / name
    assert path.is_file(), f"docs/{name} is missing"
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """scripts/write_reference.py, as a module."""
    spec = importlib.util.spec_from_file_location("write_reference", ROOT / "scripts" / "write_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_made_from_the_source_are_up_to_date(writer: ModuleType) -> None:
    assert writer.stale_pages() == [], "run: make docs"


def subclasses(kind: type) -> Iterator[type]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def test_every_error_of_shoplens_stands_in_the_tree_with_a_code_of_its_own() -> None:
    import shoplens.app
    import shoplens.server  # loads what might define errors elsewhere  # noqa: F401

    kinds = [errors.ShopLensError, *subclasses(errors.ShopLensError)]
    # An error of one edge alone may live there, if the reference of that edge names its code.
    outside = [k for k in kinds if k.__module__ != errors.__name__ and k.__module__.startswith("shoplens.")]
    assert [k.__qualname__ for k in outside if f"`{k.code}`" not in page("reference/http.md")] == []
    kinds = [k for k in kinds if k.__module__ == errors.__name__]
    tree, reference = errors.__doc__ or "", page("reference/errors.md")
    for kind in kinds:
        assert re.search(rf"\b{kind.__name__}\b", tree), kind
        assert f"| `{kind.__name__}` | `{kind.code}` |" in reference
    codes = [kind.code for kind in kinds]
    assert len(codes) == len(set(codes))


def test_the_tree_is_drawn_as_it_is() -> None:
    """Depth and order of the drawing are those of the classes."""
    drawn = re.findall(r"^([│├└─ ]*)(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    parents: list[str] = []
    for indent, name in drawn:
        depth = len(indent) // 4
        parents = [*parents[:depth], name]
        kind = getattr(errors, name)
        assert kind.__mro__[1].__name__ == (parents[-2] if depth else "Exception"), name


def test_every_command_and_option_is_in_the_reference(writer: ModuleType) -> None:
    reference = page("reference/cli.md")
    assert {"index", "search", "serve", "evaluate", "doctor", "demo"} <= set(writer.commands())
    for name, command in writer.commands().items():
        section = reference.partition(f"## shoplens {name}\n")[2].partition("\n## ")[0]
        assert section, name
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                if option.startswith("-"):
                    assert f"`{option}`" in section, f"{name} {option}"
            assert parameter.help, f"{name} {parameter.name} has no help"


def test_every_setting_is_in_the_reference(writer: ModuleType) -> None:
    reference = page("reference/config.md")
    for path, info in writer.settings():
        assert f"| `{'.'.join(path)}` |" in reference
        assert info.description, path


def test_every_public_name_is_in_the_reference() -> None:
    reference = page("reference/python.md")
    for name in shoplens.__all__:
        assert f"## {name}\n" in reference, name


def test_every_endpoint_and_every_field_of_search_is_in_the_reference(small: Any) -> None:
    from shoplens.server import create_app

    reference = page("reference/http.md")
    document = create_app(small.open()).openapi()
    assert document["paths"]
    for path, operations in document["paths"].items():
        for method in operations:
            assert re.search(rf"\b{method.upper()}\b[^\n]*{re.escape(path)}(?![\w/])", reference), f"{method} {path}"
    for field in (*QUERY_FIELDS, *answer_to_fields(Answer((), 0, 1, 24, "q", 0.0))):
        assert f"`{field}`" in reference or f"`{field}[]`" in reference, field


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for path in [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


def test_every_page_is_listed() -> None:
    index = page("index.md")
    missing = [
        str(path.relative_to(DOCS))
        for path in DOCS.rglob("*.md")
        if path.name != "index.md" and f"({path.relative_to(DOCS)})" not in index
    ]
    assert missing == []

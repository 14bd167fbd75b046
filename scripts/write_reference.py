#!/usr/bin/env python
"""Writes those pages of docs/reference that are made from the source: errors, command line, settings, Python.

python scripts/write_reference.py           writes the pages
python scripts/write_reference.py --check   ends with 1 and names the pages that are not up to date
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import typer.core
import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import shoplens
from shoplens import errors
from shoplens.attributes import ShopAttributes
from shoplens.cli.app import app, exit_code
from shoplens.config import Config
from shoplens.core.answer import Answer, Facet, FacetValue, Hit, Reason
from shoplens.core.catalogue import Money, Product, Variant
from shoplens.core.query import Crop, Query, QueryPicture, Seed, SortKey
from shoplens.core.rules import Boost, Condition, Hide, Pin, Redirect, Rule, RuleVersion, Synonyms
from shoplens.engine.reencoding import KeptSpace, ReencodeReport
from shoplens.rules import Move, RulePreview, RuleSaved, ShopRules
from shoplens.server.problems import status_of
from shoplens.switching import ShopSpaces
from shoplens.understanding.describing import Attribute, ColourShare, PictureAttributes

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "reference"
MADE = "<!-- Made by scripts/write_reference.py from {source}; do not edit. -->\n\n"


# --- errors --------------------------------------------------------------------------------------


def error_tree() -> list[type[errors.ShopLensError]]:
    """Every error, parents before children, in the order of the source."""

    def below(kind: type[errors.ShopLensError]) -> Iterator[type[errors.ShopLensError]]:
        yield kind
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from below(child)

    return list(below(errors.ShopLensError))


def errors_page() -> str:
    """docs/reference/errors.md."""
    tree = inspect.cleandoc(errors.__doc__ or "").partition("\n\n")[2]
    lines = [
        MADE.format(source="src/shoplens/errors.py") + "# Errors\n",
        "Every error that ShopLens raises on purpose is a `ShopLensError`. It says what happened (`message`), where"
        " (`where`: the file, line, field or setting), and what to do next (`hint`). `code` is stable: programs may"
        " rely on it. The command line prints an error to standard error (with `--json` as"
        ' `{"error": {"code", "message", "where", "hint"}}`) and ends with the exit code below; HTTP answers with a'
        " problem document (RFC 9457) of the status below.\n",
        f"```text\n{tree}\n```\n",
        "| error | code | HTTP | exit | meaning |",
        "|---|---|---|---|---|",
    ]
    for kind in error_tree():
        sample = _sample(kind)
        meaning = " ".join((inspect.getdoc(kind) or "").partition("\n\n")[0].split())
        status, code = status_of(sample), exit_code(sample)
        lines.append(f"| `{kind.__name__}` | `{kind.code}` | {status} | {code} | {_cell(meaning)} |")
    return "\n".join(lines) + "\n"


def _sample(kind: type[errors.ShopLensError]) -> errors.ShopLensError:
    return kind("example", extra="example") if kind is errors.MissingExtraError else kind("example")


# --- command line --------------------------------------------------------------------------------


def commands() -> dict[str, typer.core.TyperCommand]:
    """Every command of ``shoplens`` by its name ("index", "encoder list"), in the order of ``shoplens --help``."""
    root = typer.main.get_command(app)
    if not isinstance(root, typer.core.TyperGroup):
        raise TypeError("the command line has no verbs")
    return dict(_below(root, ""))


def _below(group: typer.core.TyperGroup, before: str) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    context = typer.Context(group, info_name="shoplens")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, typer.core.TyperGroup):
            yield from _below(command, f"{before}{name} ")
        elif isinstance(command, typer.core.TyperCommand):
            yield f"{before}{name}", command


def cli_page() -> str:
    """docs/reference/cli.md."""
    lines = [
        MADE.format(source="src/shoplens/cli") + "# Command line\n",
        inspect.cleandoc(sys.modules[exit_code.__module__].__doc__ or "").partition("\n\n")[2].replace("``", "`")
        + "\n",
        "Settings that no option sets come from `SHOPLENS_*` variables and `shoplens.toml`: see"
        " [config.md](config.md).\n",
    ]
    for name, command in commands().items():
        words = [_word(parameter) for parameter in command.params]
        usage = " ".join(["shoplens", name, *(word for word in words if word), "[OPTIONS]"])
        lines += [f"## shoplens {name}\n", f"{command.help}\n", f"```text\n{usage}\n```\n"]
        lines += ["| argument or option | default | meaning |", "|---|---|---|"]
        lines += [_parameter(parameter) for parameter in command.params]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _parameter(parameter: Any) -> str:
    if isinstance(parameter, typer.core.TyperOption):
        names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts))
        if not parameter.is_flag:
            names += f" {_kind(parameter.type_descriptor.annotation)}"
    else:
        names = f"`{str(parameter.name).upper()}`"
    if parameter.required:
        default = "required"
    elif parameter.default is True:
        default = f"`{parameter.opts[0]}`"
    else:
        default = "" if parameter.default in (None, "", (), False) else f"`{parameter.default}`"
    return f"| {names} | {default} | {_cell(str(parameter.help or ''))} |"


def _word(parameter: Any) -> str:
    """How an argument, or an option that must be given, stands in the usage line."""
    if isinstance(parameter, typer.core.TyperOption):
        return f"{parameter.opts[0]} {_kind(parameter.type_descriptor.annotation)}" if parameter.required else ""
    name = str(parameter.name).upper() + ("..." if parameter.nargs == -1 else "")
    return name if parameter.required else f"[{name}]"


def _kind(annotation: Any) -> str:
    for inner in (annotation, *get_args(annotation)):
        if inner in _KINDS:
            return _KINDS[inner]
    return next((_kind(inner) for inner in get_args(annotation) if get_args(inner)), "VALUE")


_KINDS: dict[Any, str] = {Path: "PATH", int: "N", float: "X", str: "TEXT"}


# --- settings ------------------------------------------------------------------------------------


def config_page() -> str:
    """docs/reference/config.md."""
    lines = [
        MADE.format(source="src/shoplens/config.py") + "# Settings\n",
        "Sources, the first wins: arguments of the command or of `open_shop`, `SHOPLENS_*` variables, `shoplens.toml`"
        " (in the shop's folder, else in the working folder). A setting of a section is reached by two underscores:"
        " `SHOPLENS_SERVER__PORT=9000` is `port = 9000` under `[server]`. An unknown setting is an error.\n",
        "| setting | variable | default | meaning |",
        "|---|---|---|---|",
    ]
    for path, info in settings():
        variable = "SHOPLENS_" + "__".join(path).upper()
        lines.append(f"| `{'.'.join(path)}` | `{variable}` | {_default(info)} | {_cell(info.description or '')} |")
    return "\n".join(lines) + "\n"


def settings(
    model: type[BaseModel] = Config, above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every setting: its path, and what is known of it."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from settings(kind, (*above, name))
        else:
            yield (*above, name), info


def _default(info: FieldInfo) -> str:
    value: Any = info.get_default(call_default_factory=True)
    if value is PydanticUndefined or value in ("", ()):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("``", "`").replace("|", "\\|").replace("\n", " ")


# --- Python --------------------------------------------------------------------------------------

DATA = (
    *(Query, QueryPicture, Crop, Seed, SortKey, Answer, Hit, Reason, Facet, FacetValue, Product, Variant, Money),
    *(ReencodeReport, KeptSpace, PictureAttributes, Attribute, ColourShare),
    *(Rule, Condition, Pin, Hide, Boost, Redirect, Synonyms, RuleVersion, RuleSaved, RulePreview, Move),
)
"""Classes that a caller of ``open_shop`` meets."""
PARTS = (ShopSpaces, ShopAttributes, ShopRules)
"""What a Shop hands out to work with."""


def python_page() -> str:
    """docs/reference/python.md: every name of ``shoplens.__all__``, and the data that goes in and comes out."""
    lines = [
        MADE.format(source="src/shoplens") + "# Python\n",
        "`from shoplens import open_shop` is all that most programs need. Everything raises the errors of"
        " [errors.md](errors.md).\n",
    ]
    public = {name: getattr(shoplens, name) for name in shoplens.__all__}
    for name, value in {**public, **{part.__name__: part for part in PARTS}}.items():
        if isinstance(value, str):
            lines.append(f"## {name}\n\nThe version of ShopLens, as text.\n")
            continue
        made_by_caller = value not in PARTS
        described = _described(name, value)
        lines += [f"## {name}\n", *(described if made_by_caller else described[1:])]
        for method, member in vars(value).items() if inspect.isclass(value) else ():
            if method.startswith("_"):
                continue
            function = member.fget if isinstance(member, property) else member
            if inspect.isfunction(function):
                lines += [f"### {name}.{method}\n", *_described(method, function, isinstance(member, property))]
    lines.append("## What goes in and what comes out\n")
    for kind in DATA:
        lines += [f"### {kind.__name__}\n", f"`{kind.__module__}`\n", *_described(kind.__name__, kind)]
    return "\n".join(lines).rstrip() + "\n"


def _described(name: str, value: Any, is_property: bool = False) -> list[str]:
    if is_property:
        head = f"{name}: {inspect.signature(value).return_annotation}"
    elif is_dataclass(value):
        head = "\n".join(f"{field.name}: {field.type}{_field_default(field)}" for field in fields(value))
    else:
        head = _signature(name, value.__init__ if inspect.isclass(value) else value)
    doc = (inspect.getdoc(value) or "").replace("``", "`")
    return [f"```text\n{head}\n```\n", f"{_paragraphs(doc)}\n"]


def _signature(name: str, function: Callable[..., Any]) -> str:
    """One line, or one parameter a line where it would be long. Annotations as they are in the source."""
    signature = inspect.signature(function)
    parts: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in parts:
            parts.append("*")
        star = _STARS.get(parameter.kind, "")
        default = parameter.default
        shown = "..." if callable(default) else repr(default)
        parts.append(
            f"{star}{parameter.name}: {parameter.annotation}" + ("" if default is parameter.empty else f" = {shown}")
        )
    result = signature.return_annotation
    arrow = "" if result in (None, "None", signature.empty) else f" -> {result}"
    line = f"{name}({', '.join(parts)}){arrow}"
    if len(line) <= 100:
        return line
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts).replace("    *,\n", "    *,\n") + f"){arrow}"


_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def _paragraphs(doc: str) -> str:
    """A docstring as Markdown: its sections (Args, Raises, ...) as lists."""
    out: list[str] = []
    in_section = False
    for line in doc.splitlines():
        if line in ("Args:", "Returns:", "Raises:"):
            in_section = True
            out += [f"**{line[:-1]}**", ""]
        elif in_section and line.startswith("    ") and not line.startswith("     "):
            out.append(f"- {line.strip()}")
        elif in_section and line.strip():
            out.append(f"  {line.strip()}")
        else:
            out.append(line)
    return "\n".join(out)


def _field_default(field: Any) -> str:
    if field.default is not MISSING:
        return f" = {field.default!r}"
    return "" if field.default_factory is MISSING else f" = {field.default_factory.__name__}()"


PAGES: dict[str, Callable[[], str]] = {
    "errors.md": errors_page,
    "cli.md": cli_page,
    "config.md": config_page,
    "python.md": python_page,
}


def stale_pages() -> list[str]:
    """The pages whose file is not what the source says."""
    stale = []
    for name, make in PAGES.items():
        path = FOLDER / name
        if not path.is_file() or path.read_text("utf-8") != make():
            stale.append(name)
    return stale


def main(arguments: list[str]) -> int:
    """Writes or checks the pages; the exit code."""
    if arguments == ["--check"]:
        stale = stale_pages()
        for name in stale:
            print(f"docs/reference/{name} is not what the source says: run make docs and commit it", file=sys.stderr)
        return 1 if stale else 0
    if arguments:
        print(__doc__, file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

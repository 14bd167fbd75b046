"""What the commands print: tables for people, JSON for programs, errors with what to do next."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoplens.core.answer import Answer, Hit
from shoplens.errors import ShopLensError

console = Console(highlight=False, soft_wrap=True)
stderr = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(data: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.buffer.write(orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
    sys.stdout.buffer.flush()


def error_fields(error: ShopLensError) -> Mapping[str, Any]:
    """An error as JSON data: a stable code, what happened, where, and what to do next."""
    return {"error": {"code": error.code, "message": error.message, "where": error.where, "hint": error.hint}}


def tell_error(error: ShopLensError, as_json: bool) -> None:
    """An error on standard error: what, where, and what to do next."""
    if as_json:
        sys.stderr.buffer.write(orjson.dumps(error_fields(error)) + b"\n")
        return
    where = f"{error.where}: " if error.where else ""
    stderr.print(Text.assemble(("error: ", "bold red"), f"{where}{error.message}"))
    if error.hint:
        stderr.print(Text.assemble(("  try: ", "bold"), error.hint))


def paragraph(text: str, indent: str = "    ") -> None:
    """Text broken between words to the terminal's width, further lines indented; a file or pipe gets one line."""
    if not console.is_terminal:
        console.print(Text(text))
        return
    width = max(console.width, 20)
    for line in textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False):
        console.print(Text(line))


def price_of(hit: Hit) -> str:
    """The price of the variant shown, with its currency."""
    return str(hit.variant.price) if hit.variant.price else ""


def show_answer(answer: Answer, *, explain: bool = False) -> None:
    """An answer as a table."""
    for note in answer.notes:
        stderr.print(Text(f"note: {note}", style="yellow"))
    for part in answer.degraded:
        stderr.print(Text(f"note: {part} did not work; the answer does without", style="yellow"))
    if not answer.hits:
        beyond = answer.found > 0
        console.print("No more hits on this page." if beyond else "Nothing in this shop is like it.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right")
    table.add_column("score", justify="right")
    table.add_column("id", overflow="fold")
    table.add_column("title", overflow="fold")
    table.add_column("variant", overflow="fold")
    table.add_column("price", justify="right")
    table.add_column("why" if explain else "best source")
    for hit in answer.hits:
        values = [" ".join(v) for v in hit.variant.attributes.values()]
        reasons = hit.reasons if explain else hit.reasons[:1]
        why = "\n".join(f"{r.source} {r.contribution:+.2f} ({r.part}, {r.score:.3f})" for r in reasons)
        title = hit.product.title or next((t.title for t in hit.product.translations), "")
        cells = (str(hit.position), f"{hit.score:.2f}", hit.product.id, title, ", ".join(values), price_of(hit), why)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    verdict = {"match": "", "similar": " (similar, nothing certain)", "none": ""}[answer.verdict]
    console.print(f"{answer.found} found{verdict}, {answer.search_time_ms:.1f} ms")
    for facet in answer.facets:
        counts = ", ".join(f"{v.value} {v.count}" for v in facet.values[:12])
        if facet.minimum is not None:
            counts = f"{facet.minimum:g} to {facet.maximum:g}; {counts}"
        console.print(Text.assemble((f"{facet.field}: ", "bold"), counts))

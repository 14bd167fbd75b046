"""What the commands print: tables for people, JSON for programs, errors with what to do next."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from shoplens.cli.facets import facet_lines
from shoplens.cli.why import why_lines
from shoplens.core.answer import Answer, Hit
from shoplens.core.understood import Chip
from shoplens.errors import ShopLensError

_OPTIONS: Mapping[str, str] = {"filter_by": "--where", "facet_by": "--facet", "sort_by": "--sort"}
"""Fields of a search, and how the command line has them."""
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
    where = f"{_OPTIONS.get(error.where, error.where)}: " if error.where else ""
    stderr.print(Text.assemble(("error: ", "bold red"), f"{where}{error.message}"))
    if error.hint:
        stderr.print(Text.assemble(("  try: ", "bold"), error.hint))


def paragraph(text: str | Text, indent: str = "    ") -> None:
    """Text broken between words to the terminal's width, further lines indented; a file or pipe gets one line."""
    whole = Text(text) if isinstance(text, str) else text
    if not console.is_terminal:
        console.print(whole)
        return
    width = max(console.width, 30)
    first, *rest = whole.wrap(console, width, tab_size=1) if len(whole) > width else [whole]
    console.print(first)
    if rest:
        left = Text(" ").join(line for line in rest)
        for line in left.wrap(console, width - len(indent), tab_size=1):
            console.print(Text.assemble(indent, line))


def price_of(hit: Hit) -> str:
    """The price of the variant shown, with its currency."""
    return str(hit.variant.price) if hit.variant.price else ""


def show_answer(answer: Answer, *, shop: str = "", explain: bool = False) -> None:
    """An answer as a table that fits 80 columns; ``shop`` is named in the command that fills an empty one."""
    for note in answer.notes:
        if not note.is_cause:
            stderr.print(Text(f"note: {note.text}", style="yellow"))
    if answer.did_you_mean:
        stderr.print(Text.assemble(("did you mean: ", "bold"), answer.did_you_mean))
    if answer.understood:
        stderr.print(Text.assemble(("understood: ", "bold"), "; ".join(map(_chip, answer.understood))))
    if answer.applied_rules:
        stderr.print(Text.assemble(("rules: ", "bold"), ", ".join(answer.applied_rules)))
    if answer.redirect:
        stderr.print(Text.assemble(("go to: ", "bold"), answer.redirect))
    for part in answer.degraded:
        stderr.print(Text(f"note: {_DEGRADED.get(part, part)}", style="yellow"))
    if not answer.hits:
        _say_why_none(answer, shop)
    else:
        console.print(_table(answer))
        if explain:
            for hit in answer.hits:
                for line in why_lines(hit):
                    paragraph(line, " " * 16)
        verdict = {"match": "", "similar": " (similar, nothing certain)", "none": ""}[answer.verdict]
        console.print(f"{answer.found} found{verdict}, {answer.search_time_ms:.1f} ms")
    for facet in answer.facets:
        for line in facet_lines(facet):
            paragraph(line)


def _chip(chip: Chip) -> str:
    """A chip as a person reads it: under $50 (price<50), not red (none called red), blue (rather)."""
    must = [chip.filter] if chip.filter else []
    must += ["none called " + ", ".join(chip.denial.names[:3])] if chip.denial and chip.denial.names else []
    return f"{chip.text} ({'; '.join(must) or ('rather' if chip.boost else 'not used')})"


_DEGRADED = {
    "encoder": "the words could not be compared with pictures just now; they were looked for in the texts only",
    "words": "the texts could not be searched just now; the words were compared with pictures only",
    "rules": "the newest rules could not be read just now; those before them were applied",
}


def _say_why_none(answer: Answer, shop: str) -> None:
    causes = [note for note in answer.notes if note.is_cause]
    if answer.found:
        # Without hits asked for there is nothing that could be missing.
        console.print("No more hits on this page." if answer.per_page else f"{answer.found} found")
    for note in causes:
        # The command as it can be typed: with the folder of this shop.
        console.print(
            Text(note.text.replace("DIR", shlex.quote(shop)) if shop and note.code == "shop_empty" else note.text)
        )
    if not answer.found and not causes:
        console.print("Nothing in this shop is like it.")


def _table(answer: Answer) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("id", overflow="fold", max_width=20)
    table.add_column("title", overflow="fold")
    table.add_column("variant", overflow="fold", max_width=24)
    table.add_column("price", justify="right", no_wrap=True)
    table.add_column("why", overflow="fold", max_width=15)
    for hit in answer.hits:
        own = hit.variant.attributes
        # "color_zh" says again what "color" says.
        values = [" ".join(v) for name, v in own.items() if name.removesuffix("_zh") not in own or name[-3:] != "_zh"]
        title = hit.product.title or next((t.title for t in hit.product.translations), "")
        why = hit.reasons[0].source if hit.reasons else "pinned" if hit.pinned else ""
        # What is pinned though nothing of the query found it has no score.
        score = f"{hit.score:.2f}" if hit.score or not hit.pinned else ""
        cells = (str(hit.position), score, hit.product.id, title, ", ".join(values), price_of(hit), why)
        table.add_row(*(Text(cell) for cell in cells))
    return table

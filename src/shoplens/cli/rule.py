"""``shoplens rule``: a merchandiser's rules, kept with their history and tried on a query before they go live."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, paragraph, print_json, stderr
from shoplens.core.answer import Answer
from shoplens.core.query import Query, words_of
from shoplens.core.rule_fields import moment_from_text, moment_to_text, rule_to_fields, version_to_fields
from shoplens.core.rules import Boost, Hide, Pin, Redirect, Rule, RuleVersion, Target
from shoplens.core.where import parse_where
from shoplens.errors import RuleError

group = typer.Typer(
    name="rule",
    help="Pin, hide, boost, bury, redirect, synonyms: rules of merchandisers.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

By = Annotated[str, typer.Option(help="Who changes it; the user of this process if not given.")]
RuleId = Annotated[str, typer.Argument(help="The rule's id.")]
Expected = Annotated[
    int | None, typer.Option(help="The version that is to be changed (0: none yet); an error if there is a newer one.")
]


@group.command()
def put(
    file: Annotated[Path, typer.Argument(help="A file of JSON: one rule, or a list of them.")],
    shop: ShopFolder = None,
    by: By = "",
    version: Expected = None,
    json: AsJson = False,
) -> None:
    """Store a rule, or all of a file; they count from the next query on, in services that run, too."""
    from shoplens.app import open_shop
    from shoplens.rules import checked_rule

    rules = [checked_rule(rule) for rule in _read(file)]  # all of them before the first is stored
    if version is not None and len(rules) != 1:
        raise RuleError("--version is for one rule", where=str(file), hint="leave it out, or give a file of one rule")
    with open_shop(shop) as opened:
        saved = [opened.rules.put(rule, by=by, version=version) for rule in rules]
    if json:
        print_json([version_to_fields(one.version) | {"warnings": list(one.warnings)} for one in saved])
        return
    for one in saved:
        _say(one.version, one.warnings)


@group.command("list")
def list_rules(shop: ShopFolder = None, json: AsJson = False) -> None:
    """List the rules that there are, the strongest first."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        found = sorted(opened.rules.list(), key=lambda v: (-(v.rule or _NONE).priority, v.rule_id))
    if json:
        print_json([version_to_fields(version) for version in found])
        return
    if not found:
        console.print("There are no rules yet. Next: shoplens rule put FILE.json")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("rule", "priority", "when", "then", "time", "by"):
        table.add_column(name, overflow="fold")
    for version in found:
        rule = version.rule or _NONE
        cells = (rule.id, str(rule.priority), _when(rule), _then(rule), _time(rule), version.by)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)


@group.command()
def show(rule_id: RuleId, shop: ShopFolder = None) -> None:
    """Print a rule as JSON: what `put` takes."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        rule = opened.rules.get(rule_id).rule or _NONE
    console.print(Text(orjson.dumps(rule_to_fields(rule), option=orjson.OPT_INDENT_2).decode()))


@group.command()
def delete(
    rule_id: RuleId, shop: ShopFolder = None, by: By = "", version: Expected = None, json: AsJson = False
) -> None:
    """Take a rule out of force; its history stays."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        gone = opened.rules.delete(rule_id, by=by, version=version)
    print_json(version_to_fields(gone)) if json else _say(gone)


@group.command()
def history(
    rule_id: Annotated[str, typer.Argument(help="The rule's id; without it, the changes of all rules.")] = "",
    shop: ShopFolder = None,
    json: AsJson = False,
) -> None:
    """List the versions of a rule, deletions too: who made them, and when."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        found = opened.rules.history(rule_id)
    if json:
        print_json([version_to_fields(version) for version in found])
        return
    for version in found:
        told = "" if version.rule is None else f"  {_when(version.rule)}: {_then(version.rule)}"
        head = f"{version.rule_id} {version.version}"
        paragraph(Text.assemble((head, "bold"), f"  {version.what}  {moment_to_text(version.at)}  {version.by}{told}"))


@group.command()
def restore(
    rule_id: RuleId,
    version: Annotated[int, typer.Argument(help="The version to go back to (see history).")],
    shop: ShopFolder = None,
    by: By = "",
    json: AsJson = False,
) -> None:
    """Make an old version of a rule its newest one; of a deleted rule, too."""
    from shoplens.app import open_shop

    with open_shop(shop) as opened:
        saved = opened.rules.restore(rule_id, version, by=by)
    if json:
        print_json(version_to_fields(saved.version) | {"warnings": list(saved.warnings)})
    else:
        _say(saved.version, saved.warnings)


@group.command()
def preview(
    words: Annotated[list[str] | None, typer.Argument(help="The query.")] = None,
    rule: Annotated[
        Path | None, typer.Option(help="A file of JSON with the rule; without it, all rules in force against none.")
    ] = None,
    where: Annotated[str, typer.Option("--where", "-w", help="A filter of the query.")] = "",
    at: Annotated[str, typer.Option(help="The moment of both answers, in UTC; now, or the rule's start.")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", help="Hits to look at.")] = 10,
    shop: ShopFolder = None,
    json: AsJson = False,
) -> None:
    """Show what a rule would do to a query, before and after; nothing is stored."""
    from shoplens.app import open_shop
    from shoplens.rules import preview_to_fields

    given = _read(rule) if rule is not None else [None]
    if len(given) != 1:
        raise RuleError("a preview is of one rule", where=str(rule), hint="give a file of one rule")
    moment: datetime | None = moment_from_text(at, "--at") if at else None
    query = Query(words_of(words or ()), where=parse_where(where), per_page=limit)
    with open_shop(shop) as opened:
        opened.catch_up(2.0)
        seen = opened.rules.preview(given[0], query, at=moment)
    if json:
        print_json(preview_to_fields(seen))
        return
    for warning in seen.warnings:
        stderr.print(Text(f"note: {warning}", style="yellow"))
    if not seen.applies:
        console.print("No rule has a say in this query." if rule is None else "The rule has no say in this query.")
        return
    if seen.after.redirect:
        console.print(Text(f"sends shoppers to {seen.after.redirect}"))
    before = {hit.product.id: hit.position for hit in seen.before.hits}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("#", "before", "id", "title", "rules"):
        table.add_column(name, overflow="fold")
    for hit in seen.after.hits:
        why = ", ".join(dict.fromkeys(r.part for r in hit.reasons if r.source == "rule"))
        was = str(before.get(hit.product.id, "-"))
        table.add_row(*(Text(cell) for cell in (str(hit.position), was, hit.product.id, hit.product.title, why)))
    console.print(table)
    if gone := [m.product_id for m in seen.moves if m.after is None]:
        paragraph(f"no longer on the page: {', '.join(gone)}")
    console.print(f"{_found(seen.before)} before, {_found(seen.after)} after")


_NONE = Rule("")


def _read(file: Path) -> list[Any]:
    """The rules of a file of JSON."""
    try:
        data = orjson.loads(file.read_bytes())
    except OSError as error:
        raise RuleError(
            f"the file cannot be read: {error.strerror}",
            where=str(file),
            hint="check the path; a rule is a JSON object, see docs/howto/rules.md",
        ) from error
    except orjson.JSONDecodeError as error:
        raise RuleError(f"the file is no JSON: {error}", where=str(file), hint="see docs/howto/rules.md") from error
    if data == []:
        raise RuleError("the file holds no rule", where=str(file), hint="see docs/howto/rules.md")
    return data if isinstance(data, list) else [data]


def _say(version: RuleVersion, warnings: Iterable[str] = ()) -> None:
    done = {"put": "stored", "delete": "deleted", "restore": "restored"}[version.what]
    console.print(Text(f"{version.rule_id}: {done} as version {version.version} by {version.by}"))
    for warning in warnings:
        stderr.print(Text(f"note: {version.rule_id}: {warning}", style="yellow"))


def _when(rule: Rule) -> str:
    parts = []
    if rule.when.query:
        parts.append(f"{'is' if rule.when.match == 'exact' else 'has'} {' or '.join(map(repr, rule.when.query))}")
    if rule.when.filter is not None:
        parts.append(f"filter {rule.when.filter}")
    return " and ".join(parts) or "always"


def _then(rule: Rule) -> str:
    told = []
    for action in rule.then:
        if isinstance(action, Pin):
            told.append(f"pin {action.product_id} at {action.position}")
        elif isinstance(action, Hide):
            told.append(f"hide {_what(action.what)}")
        elif isinstance(action, Boost):
            told.append(f"{'boost' if action.by > 0 else 'bury'} {_what(action.what)} by {abs(action.by):g}")
        elif isinstance(action, Redirect):
            told.append(f"go to {action.url}")
        else:
            told.append(
                f"{action.of} is also {', '.join(action.words)}" if action.of else f"same: {', '.join(action.words)}"
            )
    return "; ".join(told)


def _what(what: Target) -> str:
    return ", ".join(what) if isinstance(what, tuple) else str(what)


def _time(rule: Rule) -> str:
    if not rule.enabled:
        return "off"
    ends = [f"{name} {moment_to_text(at)}" for name, at in (("from", rule.starts), ("to", rule.ends)) if at]
    return " ".join(ends)


def _found(answer: Answer) -> str:
    return f"{answer.found} found"

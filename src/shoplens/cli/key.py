"""``shoplens key``: keys of the HTTP service, made, listed and revoked. A service that runs notices within a second."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from shoplens.cli.options import AsJson, ShopFolder
from shoplens.cli.output import console, print_json
from shoplens.config import Config
from shoplens.core.keys import ID_BYTES, SECRET_BYTES, digest, key_from_request, key_to_fields, spelt
from shoplens.core.rule_fields import moment_to_text
from shoplens.stores import SqlStore

group = typer.Typer(
    name="key",
    help="Keys of the HTTP service: who may search, change the catalogue, administer.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@group.command()
def create(
    name: Annotated[str, typer.Option(help="Who uses it, and for what.")],
    scope: Annotated[list[str], typer.Option(help="search, catalogue or admin (may all); repeat for several.")],
    shop: ShopFolder = None,
    expires: Annotated[str, typer.Option(help="When it ends: 90d, 12h or 2027-01-31T00:00:00Z.")] = "",
    filter: Annotated[
        str, typer.Option(help="What it sees at most, such as brand=Luma; only of keys with the scope search alone.")
    ] = "",
    rate: Annotated[str, typer.Option(help="How often it may ask: 20/s, 600/min, 1000/h.")] = "",
    quota: Annotated[int | None, typer.Option(help="Requests a day (UTC).")] = None,
    json: AsJson = False,
) -> None:
    """Make a key. It is shown this once and kept nowhere: only its SHA-256 is stored."""
    from shoplens.stores.key_store import KeyStore

    given: dict[str, Any] = {"name": name, "scopes": list(scope), "expires": expires, "filter": filter}
    given |= {"rate": rate} | ({} if quota is None else {"quota": quota})
    made = key_from_request(given, secrets.token_hex(ID_BYTES), datetime.now(UTC))
    text = spelt(made.id, secrets.token_bytes(SECRET_BYTES))
    with _store(shop) as store:
        KeyStore(store.database).add(made, digest(text))
    if json:
        print_json(key_to_fields(made) | {"key": text})
        return
    console.print(text, markup=False)
    console.print(f"Keep it now: it is not shown again. Send it as Authorization: Bearer KEY. Its id is {made.id}.")


@group.command("list")
def list_keys(shop: ShopFolder = None, json: AsJson = False) -> None:
    """List the keys that there are and were, the newest first; none of them can be shown again."""
    from shoplens.stores.key_store import KeyStore

    now = datetime.now(UTC)
    with _store(shop) as store:
        keys = KeyStore(store.database).all()
    if json:
        print_json([key_to_fields(key) for key in keys])
        return
    if not keys:
        console.print("There is no key yet: shoplens key create --name NAME --scope search")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("id", "name", "scopes", "filter", "rate", "quota", "expires", "state"):
        table.add_column(title, overflow="fold")
    for key in keys:
        ends = "" if key.expires is None else moment_to_text(key.expires)
        limits = (str(key.where or ""), str(key.rate or ""), "" if key.quota is None else f"{key.quota:,}", ends)
        state = key.fault(now).removeprefix("key_") or "counts"
        table.add_row(*(Text(cell) for cell in (key.id, key.name, ", ".join(key.scopes), *limits, state)))
    console.print(table)


@group.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id: the middle part of it, or as shoplens key list says.")],
    shop: ShopFolder = None,
    json: AsJson = False,
) -> None:
    """End a key for good; services that run refuse it within a second."""
    from shoplens.stores.key_store import KeyStore

    with _store(shop) as store:
        key = KeyStore(store.database).revoke(key_id, datetime.now(UTC))
    if json:
        print_json(key_to_fields(key))
    else:
        console.print(f"{key.id} ({key.name}): revoked", markup=False)


def _store(shop: Any) -> SqlStore:
    from shoplens.stores import open_store
    from shoplens.switching import DATABASE

    config = Config.load(shop)
    return open_store(config.store_url or str(config.shop / DATABASE))

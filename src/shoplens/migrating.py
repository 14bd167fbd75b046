"""Bringing a shop to this version of ShopLens: what would be done, and doing it with a backup taken first."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from shoplens.archives import ENDING, Manifest
from shoplens.backups import back_up
from shoplens.config import Config
from shoplens.core.spaces import Modality
from shoplens.errors import ShopLensError
from shoplens.stores import open_store
from shoplens.stores.carrying import Step, facts_of, missing_in, read_meta, steps_from
from shoplens.stores.schema import SCHEMA_VERSION
from shoplens.switching import CHOICE_KEY, DATABASE, choice_from, load_encoder

BACKUPS = "backups"
"""In the shop's folder: where a backup goes that is taken before a migration."""


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What brings a shop to this version.

    ``found`` and ``target``: versions of the tables; ``steps`` lead from one to the other, none where they are equal.
    ``size``: bytes of the store's file (0: a PostgreSQL database); ``products``: how many there are.
    ``space``: in which the shop is searched; ``missing``: products that lack a vector of it, by modality.
    """

    found: int
    target: int
    steps: tuple[Step, ...]
    size: int
    products: int
    space: str = ""
    missing: dict[Modality, int] = field(default_factory=dict)


def plan(config: Config) -> MigrationPlan:
    """What `migrate` would do; nothing is changed.

    Raises:
        ShopNotFoundError: there is no shop.
        StoreError: it cannot be read, or was written by a newer ShopLens.
    """
    url = _url(config)
    facts = facts_of(url)
    space, missing = "", {}
    with contextlib.suppress(ShopLensError):  # an encoder that cannot be opened is told by doctor
        card = load_encoder(config, choice_from(read_meta(url, CHOICE_KEY))).card
        space = str(card.space)
        missing = {m: n for m, n in missing_in(url, card.space).items() if n and m in card.modalities}
    steps = tuple(steps_from(facts.version))
    return MigrationPlan(
        facts.version, SCHEMA_VERSION, steps, facts.size, facts.rows.get("products", 0), space, missing
    )


def migrate(config: Config, *, backup: Path | None = None, without: bool = False) -> tuple[Path, Manifest] | None:
    """Brings a shop's tables to this version in one transaction, after a backup was taken.

    Args:
        backup: where the backup goes; None: into the folder ``backups`` of the shop's.
        without: take no backup.

    Returns:
        The backup; None where none was taken: nothing was to be done, or ``without``.

    Raises:
        as ``plan``, `back_up` and ``open_store`` do; the tables are then as they were.
    """
    facts = facts_of(_url(config))
    if not steps_from(facts.version):
        return None
    taken = None
    if not without:
        if backup is None:
            moment = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
            backup = Path(config.shop) / BACKUPS / f"tables-{facts.version}-{moment}{ENDING}"
        taken = back_up(config, backup)
    open_store(_url(config)).close()
    return taken


def _url(config: Config) -> str:
    return config.store_url or str(Path(config.shop) / DATABASE)

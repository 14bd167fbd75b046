"""The tables, their version, and the steps from one version to the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    func,
    insert,
    inspect,
    select,
    update,
)

from shoplens.errors import ShopNotFoundError, StoreError

SCHEMA_VERSION = 5
"""Version of the tables below; it is raised together with an entry in MIGRATIONS."""

VERSION_KEY = "schema_version"

_PREPARING = 0x53686F704C656E73
"""PostgreSQL's lock for creating and migrating tables: "ShopLens" in bytes."""

metadata = MetaData()

# SQLite gives only "INTEGER PRIMARY KEY" the speed of its own row number.
_Number = BigInteger().with_variant(Integer(), "sqlite")

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

# One row. It is locked by every write: what is counted here is given in the order of commits, and never given twice.
counters = Table(
    "counters",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("product", BigInteger, nullable=False),
    Column("variant", BigInteger, nullable=False),
    Column("rule", BigInteger, nullable=False, server_default="0"),
)

products = Table(
    "products",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("words_hash", Text, nullable=False),
    Column("pictures_hash", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

variants = Table(
    "variants",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("product", _Number, ForeignKey("products.number"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("id", Text, nullable=False),
    Index("variants_by_product", "product", "position"),
    Index("variants_by_id", "id"),
)

product_pictures = Table(
    "product_pictures",
    metadata,
    Column("product", _Number, ForeignKey("products.number"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("location", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Index("product_pictures_by_hash", "hash"),
    sqlite_with_rowid=False,
)

picture_facts = Table(
    "picture_facts",
    metadata,
    Column("location", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("problem", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    sqlite_with_rowid=False,
)

vector_sets = Table(
    "vector_sets",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("space", Text, nullable=False),
    Column("modality", Text, nullable=False),
    Index("vector_sets_by_name", "space", "modality", unique=True),
)

# Rows are appended and read through from end to end; the hashes, which come in no order, touch the index only.
vectors = Table(
    "vectors",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("set_id", _Number, ForeignKey("vector_sets.id"), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("vectors_by_key", "set_id", "key", unique=True),
)

# Rows are only added, so that a copy reads on from the last one; a picture that is gone keeps its own, as vectors do.
picture_prints = Table(
    "picture_prints",
    metadata,
    Column("id", _Number, primary_key=True, autoincrement=True),
    Column("key", LargeBinary, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("picture_prints_by_key", "key", unique=True),
)

changes = Table(
    "changes",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("product_id", Text, nullable=False),
    Column("deleted", Boolean(create_constraint=False), nullable=False),
    Column("offer_only", Boolean(create_constraint=False), nullable=False),
    Index("changes_by_number", "number"),
)

# The rules of merchandisers: every version that there ever was, and who made it. The last one of a rule counts; without
# a body it is a deletion. Rows are only ever added, and the database itself refuses anything else.
rule_versions = Table(
    "rule_versions",
    metadata,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("rule_id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("what", Text, nullable=False),
    Column("body", Text, nullable=True),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
    Index("rule_versions_by_rule", "rule_id", "version", unique=True),
)

# Keys of the service. The key itself is kept nowhere: only its SHA-256, which tells nothing of 32 random bytes.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("body", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("revoked", Text, nullable=True),
    sqlite_with_rowid=False,
)

# How much of its quota a key has used on a day (UTC).
key_uses = Table(
    "key_uses",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("used", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Work that outlasts a request: what is to be done, and how far it has come.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("created", Text, nullable=False),
    Column("changed", Text, nullable=False),
    Column("by", Text, nullable=False),
    sqlite_with_rowid=False,
)

# What a write was answered, so that the same write sent again is not done again.
answered_writes = Table(
    "answered_writes",
    metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", Text, nullable=False),
    Index("answered_writes_by_time", "at"),
    sqlite_with_rowid=False,
)

_KEPT = "the history of rules is never rewritten"
_GUARDS = (
    *(
        (
            "sqlite",
            f"CREATE TRIGGER rules_kept_{n} BEFORE {n} ON rule_versions BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END",
        )
        for n in ("UPDATE", "DELETE")
    ),
    (
        "postgresql",
        f"CREATE FUNCTION rules_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_KEPT}'; END $$",
    ),
    (
        "postgresql",
        "CREATE TRIGGER rules_kept BEFORE UPDATE OR DELETE ON rule_versions FOR EACH ROW EXECUTE FUNCTION rules_kept()",
    ),
)
for _dialect, _guard in _GUARDS:
    event.listen(rule_versions, "after_create", DDL(_guard).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

Step = Callable[[Connection], None]


def _add_rules(connection: Connection) -> None:
    """Adds the table of merchandising rules, and their counter."""
    connection.exec_driver_sql("ALTER TABLE counters ADD COLUMN rule BIGINT NOT NULL DEFAULT 0")
    rule_versions.create(connection, checkfirst=False)


def _add_prints(connection: Connection) -> None:
    """Adds the table of the pictures' fingerprints."""
    picture_prints.create(connection, checkfirst=True)


def _add_service(connection: Connection) -> None:
    """Adds the tables of the service: keys, jobs, answered writes."""
    for table in (api_keys, jobs, answered_writes):
        table.create(connection, checkfirst=True)


def _add_key_uses(connection: Connection) -> None:
    """Adds the table of what keys have used of their quotas."""
    key_uses.create(connection, checkfirst=True)


MIGRATIONS: Mapping[int, Step] = {1: _add_rules, 2: _add_prints, 3: _add_service, 4: _add_key_uses}
"""From a version to the next one: MIGRATIONS[n] turns tables of version n into those of n + 1."""


def create_tables(connection: Connection) -> None:
    """Makes all tables of a new shop, empty, inside the caller's transaction."""
    metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(counters), {"id": 1, "seq": 0, "product": 0, "variant": 0, "rule": 0})
    connection.execute(insert(meta), {"key": VERSION_KEY, "value": str(SCHEMA_VERSION)})


def version_of(connection: Connection) -> int | None:
    """The version of the tables that are there; None where there are none.

    Raises:
        StoreError: there are tables, but not a shop's.
    """
    names = set(inspect(connection).get_table_names())
    if not names:
        return None
    found = None
    if "meta" in names:
        found = connection.execute(select(meta.c.value).where(meta.c.key == VERSION_KEY)).scalar()
    if found is None or not str(found).isdigit():
        raise StoreError("the database holds tables, but not those of a shop", hint="name another file or database")
    return int(found)


def prepare(
    connection: Connection,
    *,
    create: bool,
    steps: Mapping[int, Step] = MIGRATIONS,
    target: int = SCHEMA_VERSION,
) -> int | None:
    """Creates the tables, or brings them to version ``target`` step by step, inside the caller's transaction.

    Returns:
        The version that was found; None where there were no tables.

    Raises:
        ShopNotFoundError: there are no tables, and ``create`` is false.
        StoreError: the tables are newer than ``target``, or no step leads on from an older version.
    """
    if connection.dialect.name == "postgresql":  # SQLite's BEGIN IMMEDIATE keeps others out by itself
        connection.execute(select(func.pg_advisory_xact_lock(_PREPARING)))
    found = version_of(connection)
    if found is None:
        if not create:
            raise ShopNotFoundError("there is no shop in it", hint="make one: shoplens index FEED --shop DIR")
        create_tables(connection)
        return None
    check_version(found, target)
    for version in range(found, target):
        if version not in steps:
            raise StoreError(
                f"tables of version {version} cannot be brought to version {target}",
                hint="index the feed into a new shop: shoplens index FEED --shop NEW",
            )
        steps[version](connection)
        connection.execute(update(meta).where(meta.c.key == VERSION_KEY).values(value=str(version + 1)))
    return found


def check_version(found: int, target: int = SCHEMA_VERSION) -> None:
    """Refuses tables that a newer ShopLens has written. Raises StoreError."""
    if found > target:
        raise StoreError(
            f"it was written by a newer ShopLens (tables of version {found}, this one knows {target})",
            hint="run: pip install --upgrade shoplens",
        )

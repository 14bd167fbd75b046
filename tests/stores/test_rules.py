"""SqlStore as a RuleStore: against the conformance suite, on SQLite and PostgreSQL; its history cannot be rewritten."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text
from tests.stores.conftest import Addresses
from tests.suites import rule_store as suite
from tests.suites.rule_store import Naive, change_of
from tests.support import ColourEncoder

from shoplens.app import open_shop
from shoplens.core.catalogue import Product
from shoplens.core.ports import Write
from shoplens.core.rules import Pin, Rule
from shoplens.errors import RuleConflictError, StoreError
from shoplens.stores import open_store
from shoplens.stores.schema import SCHEMA_VERSION

FEW = settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
RULE = Rule("summer", then=(Pin("P1"),))


@FEW
@given(suite.CHANGES)
def test_says_what_a_list_says(addresses: Addresses, changes: list[Rule | str]) -> None:
    naive, where = Naive(), addresses()
    with open_store(where, create=True) as store:
        for number, change in enumerate(changes):
            name = change if isinstance(change, str) else change.id
            made = change_of(change, number, len(naive.rule_history(name)) + 1)
            assert store.add_rule(made) == naive.add_rule(made)
    with open_store(where) as store:
        assert store.rules() == naive.rules()
        assert store.rule_history() == naive.log
        for name in ("summer", "夏季", "a.b-c_1", "nobody"):
            assert store.rule_history(name) == naive.rule_history(name)
        assert store.rules_seq == naive.rules_seq
        assert store.last_seq() == 0, "rules are no change of the catalogue"


def test_a_version_follows_the_last_one_or_is_refused(address: str) -> None:
    with open_store(address, create=True) as store:
        for wrong in (0, 2):
            with pytest.raises(RuleConflictError, match="version 0"):
                store.add_rule(change_of(RULE, 0, wrong))
        store.add_rule(change_of(RULE, 0, 1))
        with pytest.raises(RuleConflictError, match="version 1"):
            store.add_rule(change_of(RULE, 1, 1))
        assert [v.version for v in store.rule_history()] == [1]


def test_of_several_who_change_one_version_one_does(address: str) -> None:
    with open_store(address, create=True) as store:

        def change(number: int) -> bool:
            try:
                store.add_rule(change_of(RULE, number, 1))
            except RuleConflictError:
                return False
            return True

        with ThreadPoolExecutor(6) as threads:
            assert sorted(threads.map(change, range(6))) == [False] * 5 + [True]
        assert len(store.rule_history()) == 1


@pytest.mark.parametrize("statement", ["UPDATE rule_versions SET by = 'x'", "DELETE FROM rule_versions"])
def test_the_database_itself_keeps_the_history(address: str, statement: str) -> None:
    with open_store(address, create=True) as store:
        store.add_rule(change_of(RULE, 0, 1))
        before = store.rule_history()
        with pytest.raises(StoreError, match="never rewritten"), store._database.transaction() as connection:
            connection.execute(text(statement.replace(" by ", ' "by" ')))
        assert store.rule_history() == before


def test_another_process_s_change_is_seen_with_the_next_number(address: str) -> None:
    with open_store(address, create=True) as store, open_store(address) as other:
        assert (store.last_seq(), store.rules_seq) == (0, 0)
        other.add_rule(change_of(RULE, 0, 1))
        assert (store.last_seq(), store.rules_seq) == (0, 1)
        other.write(Write(put=[Product("P1")]))
        assert (store.last_seq(), store.rules_seq) == (1, 1)
        with ThreadPoolExecutor(1) as threads:  # a thread that has asked for nothing yet
            assert threads.submit(lambda: store.rules_seq).result() == 1


def test_a_store_of_the_version_before_gets_its_table(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(path, create=True) as store:
        store.write(Write(put=[Product("P1", title="kept")]))
    with sqlite3.connect(path) as raw:  # as version 1 left it
        raw.executescript(
            "DROP TABLE rule_versions; ALTER TABLE counters DROP COLUMN rule;"
            "UPDATE meta SET value = '1' WHERE key = 'schema_version'"
        )
    with pytest.raises(StoreError, match="version 1"):
        open_store(path, read_only=True)
    with open_store(path) as store:
        assert store.get_meta("schema_version") == str(SCHEMA_VERSION)
        store.add_rule(change_of(RULE, 0, 1))
        assert store.rules()[0] == 1
        assert store.get([1])[0].product.title == "kept"  # type: ignore[union-attr]
        with pytest.raises(StoreError, match="never rewritten"), store._database.transaction() as connection:
            connection.execute(text("DELETE FROM rule_versions"))


def test_a_postgres_store_of_the_version_before_gets_its_table(postgres_addresses: Addresses) -> None:
    address = postgres_addresses()
    with open_store(address, create=True) as store, store._database.transaction() as connection:
        for statement in (
            "DROP TABLE rule_versions",
            "DROP FUNCTION rules_kept",
            "ALTER TABLE counters DROP COLUMN rule",
            "UPDATE meta SET value = '1' WHERE key = 'schema_version'",
        ):
            connection.execute(text(statement))
    with open_store(address) as store:
        store.add_rule(change_of(RULE, 0, 1))
        assert store.rules()[0] == 1
        assert store.get_meta("schema_version") == str(SCHEMA_VERSION)


def test_a_shop_whose_store_is_a_server_has_rules(addresses: Addresses, tmp_path: Path) -> None:
    address = addresses()
    with (
        open_shop(tmp_path / "a", create=True, encoder=ColourEncoder(), store_url=address) as shop,
        open_shop(tmp_path / "b", create=True, encoder=ColourEncoder(), store_url=address) as other,
    ):
        shop.store.write(Write(put=[Product(f"P{n}", title="Red shirt") for n in range(4)]))
        shop.catch_up()
        assert [hit.product.id for hit in other.search("").hits] == ["P0", "P1", "P2", "P3"]
        saved = shop.rules.put(
            {"id": "pins", "then": {"pin": [{"id": "P3", "position": 2}], "hide": ["P0"]}}, by="anna"
        )
        assert not saved.warnings
        answer = other.search("")
        assert [hit.product.id for hit in answer.hits] == ["P1", "P3", "P2"]
        assert answer.applied_rules == ("pins",)
        other.rules.delete("pins", by="ben")
        assert shop.search("").applied_rules == ()
        assert [(v.what, v.by) for v in shop.rules.history("pins")] == [("put", "anna"), ("delete", "ben")]

"""Rules in a real shop as they change: versions, previews, who sees a change when, and rules that have no effect."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shoplens.app import Shop
from shoplens.core.answer import Answer
from shoplens.core.catalogue import Product
from shoplens.core.ports import Write
from shoplens.core.query import Query
from shoplens.core.rules import Boost, Condition, Hide, Pin, Redirect, Rule, Rulebook
from shoplens.core.where import parse_where
from shoplens.engine.ruling import RulesAt
from shoplens.errors import NotFoundError, RuleConflictError, RuleError, StoreError
from tests.conftest import SmallShop, cushions
from tests.support import ColourEncoder

IDS = ("C1", "C2", "C3", "C4", "C5", "M1")
NOW = datetime(2026, 11, 27, tzinfo=UTC)


def ids(answer: Answer) -> list[str]:
    return [hit.product.id for hit in answer.hits]


@pytest.fixture
def shop(small: SmallShop) -> Shop:
    shop = small.open()
    small.index(shop, cushions(small))
    return shop


def pin(*products: str, **more: Any) -> dict[str, Any]:
    return {"id": "pins", "then": {"pin": list(products)}, **more}


def test_a_change_is_seen_by_every_process_with_the_next_query(small: SmallShop, shop: Shop) -> None:
    reader = small.open()
    assert ids(reader.search("cushion"))[0] != "M1"
    shop.rules.put(pin("M1"), by="anna")
    assert ids(reader.search("cushion"))[0] == "M1"
    reader.rules.delete("pins")
    assert ids(shop.search("cushion"))[0] != "M1"
    shop.store.write(Write(put=[Product("N1", title="Cushion of nobody")]))
    shop.rules.restore("pins", 1, by="anna")
    assert ids(reader.search("cushion"))[0] == "M1"


def test_without_a_change_the_rules_are_read_once(shop: Shop) -> None:
    read = 0
    rules = shop.store.rules

    def counted() -> Any:
        nonlocal read
        read += 1
        return rules()

    shop.store.rules = counted  # type: ignore[method-assign]
    shop.search("cushion")
    assert read == 0, "a shop without rules never reads them"
    shop.rules.put(pin("M1"))
    before = read
    for _ in range(3):
        assert ids(shop.search("cushion"))[0] == "M1"
    assert read == before + 1


def test_history_tells_who_when_what_and_an_old_version_comes_back(shop: Shop) -> None:
    start = datetime.now(UTC)
    assert shop.rules.put(pin("C1"), by="anna").version.version == 1
    assert shop.rules.put(pin("C2"), by="王芳").version.version == 2
    assert shop.rules.put(pin("C2"), by="ben").version.version == 2, "the same rule again is no change"
    shop.rules.delete("pins", by="ben")
    assert (list(shop.rules.list()), shop.search("cushion").applied_rules) == ([], ())
    back = shop.rules.restore("pins", 1, by="anna").version
    assert back.rule == shop.rules.get("pins").rule == shop.rules.history("pins")[0].rule
    told = [(v.version, v.what, v.by) for v in shop.rules.history("pins")]
    assert told == [(1, "put", "anna"), (2, "put", "王芳"), (3, "delete", "ben"), (4, "restore", "anna")]
    assert all(start <= v.at <= datetime.now(UTC) for v in shop.rules.history())
    for unknown in (3, 9):
        with pytest.raises(NotFoundError, match=f"no version {unknown}"):
            shop.rules.restore("pins", unknown)
    with pytest.raises(NotFoundError, match="no rule 'nobody'"):
        shop.rules.delete("nobody")
    with pytest.raises(NotFoundError):
        shop.rules.history("nobody")


def test_who_changes_an_old_version_is_told(shop: Shop) -> None:
    shop.rules.put(pin("C1"), version=0)
    shop.rules.put(pin("C2"), version=1)
    with pytest.raises(RuleConflictError, match="version 2"):
        shop.rules.put(pin("C3"), version=1)
    with pytest.raises(RuleConflictError):
        shop.rules.delete("pins", version=1)


def test_unknown_products_are_warned_of_and_unknown_fields_refused(shop: Shop) -> None:
    saved = shop.rules.put(pin("nobody", "M1-red", "C1", ends="2020-01-01"))
    assert [w.split(":")[0] for w in saved.warnings] == [
        "there is no product 'nobody' in this shop yet",
        "'M1-red' is the id of a variant",
        "its end is past",
    ]
    for then in ({"boost": [{"filter": "bramd=Luma"}]}, {"hide": [{"filter": "bramd=Luma"}]}):
        with pytest.raises(RuleError, match="bramd") as told:
            shop.rules.put({"id": "bad", "then": then})
        assert "brand" in (told.value.hint or "")
        assert next(iter(then)) in (told.value.where or "")
    with pytest.raises(RuleError, match="bramd"):
        shop.rules.put(pin("C1", when={"filter": "bramd"}))
    assert [v.rule_id for v in shop.rules.list()] == ["pins"]


def test_there_is_an_end_to_the_number_of_rules(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shoplens.rules.MAX_RULES", 3)
    for number in range(3):
        shop.rules.put({**pin("C1"), "id": f"r{number}"})
    shop.rules.put({**pin("C2"), "id": "r0"})
    with pytest.raises(RuleError, match="3 rules"):
        shop.rules.put(pin("C1"))
    shop.rules.delete("r0")
    shop.rules.put(pin("C1"))
    with pytest.raises(RuleError, match="3 rules"):
        shop.rules.restore("r0", 1)


def test_doctor_tells_of_rules_without_effect(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.rules.put(pin("C1", "C2"))
    shop.rules.put({"id": "off", "then": {"hide": ["nobody"]}, "enabled": False})
    assert not [f for f in shop.doctor() if f.code.startswith("rules_")]
    shop.store.write(Write(delete=["C2"]))
    (told,) = (f for f in shop.doctor() if f.code == "rules_without_effect")
    assert (told.level, told.count, told.examples) == (
        "warning", 1, ("pins: there is no product 'C2' in this shop yet",),
    )  # fmt: skip

    def damaged() -> Any:
        raise StoreError("cannot be read")

    monkeypatch.setattr(shop.store, "rules", damaged)
    assert "rules_unreadable" in {f.code for f in shop.doctor()}


def test_a_preview_stores_nothing_and_tells_what_moves(shop: Shop) -> None:
    rule = pin("M1", when={"query": "cushion"}, enabled=False)
    before = ids(shop.search("cushion"))
    seen = shop.rules.preview(rule, "cushion")
    assert seen.applies
    assert ids(seen.before) == before
    assert ids(seen.after) == ["M1", *(i for i in before if i != "M1")]
    assert (seen.moves[0].product_id, seen.moves[0].after) == ("M1", 1)
    assert seen.moves[0].before == (before.index("M1") + 1 if "M1" in before else None)
    assert not shop.rules.preview(rule, "mug").applies
    assert (list(shop.rules.list()), ids(shop.search("cushion"))) == ([], before)


def test_a_preview_shows_a_rule_at_its_time_among_the_others(shop: Shop) -> None:
    shop.rules.put({"id": "other", "then": {"pin": ["C5"]}})
    later = datetime.now(UTC) + timedelta(days=3)
    rule = Rule("pins", Condition(), (Pin("C4"),), starts=later, priority=1)
    seen = shop.rules.preview(rule, "cushion")
    assert (seen.at, ids(seen.before)[0], ids(seen.after)[:2]) == (later, "C5", ["C4", "C5"])
    assert not shop.rules.preview(rule, "cushion", at=datetime.now(UTC)).applies
    all_of_them = shop.rules.preview(None, Query("cushion"))
    assert all_of_them.before.applied_rules == ()
    assert all_of_them.after.applied_rules == ("other",)


def test_a_field_that_is_gone_takes_its_rule_s_effect_but_not_the_search(small: SmallShop, shop: Shop) -> None:
    where = parse_where("season=winter")
    assert where is not None
    gone = RulesAt(Rulebook([Rule("g", then=(Boost(where), Hide(where), Pin("C5")))]), NOW)
    assert ids(shop._answerer.search(Query("cushion"), gone))[0] == "C5"


def test_rules_that_cannot_be_read_leave_the_search_alone(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged() -> Any:
        raise StoreError("cannot be read")

    shop.rules.put(pin("M1"))
    assert ids(shop.search("cushion"))[0] == "M1"
    monkeypatch.setattr(shop.store, "rules", damaged)
    shop.store.add_rule(
        shop.rules.history("pins")[0].__class__("x", 1, Rule("x", then=(Redirect("/"),)), "put", NOW, "b")
    )
    answer = shop.search("cushion")
    assert ids(answer)[0] == "M1", "the last rules that could be read"
    assert answer.degraded == ("rules",)


def test_a_switch_of_encoder_keeps_the_rules(tmp_path: Path) -> None:
    small = SmallShop(tmp_path / "s")
    shop = small.open()
    small.index(shop, cushions(small))
    shop.rules.put(pin("M1"))
    shop.balance(shop._balance)
    assert ids(shop.search("cushion"))[0] == "M1"
    assert isinstance(shop.encoder, ColourEncoder)
    small.close()

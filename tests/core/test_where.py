"""Filters: the grammar, its one meaning, and that nothing a shopper types can break the parser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shoplens.core.catalogue import Money, Product, Variant, record
from shoplens.core.where import (
    MAX_DEPTH,
    MAX_FILTER,
    All,
    Any_,
    Compare,
    Has,
    In,
    Not,
    Where,
    fields_of,
    meets,
    parse_where,
)
from shoplens.errors import FilterError

NAMES = st.one_of(
    st.sampled_from(["price", "brand", "in_stock", "material type", "Größe", "颜色", "a.b", "and", "not", "a..b"]),
    st.text(min_size=1, max_size=12).filter(lambda s: "\x00" not in s),
)
VALUES = st.text(max_size=12) | st.sampled_from(["10", "-1.5", "Men > Tops", "Dolce & Gabbana", 'say "x"', "a\\", "or"])
LEAVES: st.SearchStrategy[Where] = st.one_of(
    st.builds(Has, NAMES),
    st.builds(Compare, NAMES, st.sampled_from(["=", "~"]), VALUES),
    st.builds(
        Compare, NAMES, st.sampled_from(["<", "<=", ">", ">="]), st.floats(-1e9, 1e9).map(str) | st.integers().map(str)
    ),
    st.builds(In, NAMES, st.lists(VALUES, max_size=3, unique=True).map(tuple)),
)


def _two(inner: st.SearchStrategy[Where], kind: type[All] | type[Any_]) -> st.SearchStrategy[Where]:
    # The parser joins `a and (b and c)`; a tree of terms is drawn as the parser would leave it.
    terms = st.lists(inner.filter(lambda t: not isinstance(t, kind)), min_size=2, max_size=3)
    return terms.map(lambda some: kind(tuple(some)))


WHERES: st.SearchStrategy[Where] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        _two(inner, All),
        _two(inner, Any_),
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(WHERES)
@example(Has("in"))
@example(Compare("a..b", "=", "x"))
@example(In("x", ()))
@example(Not(Not(Has("x"))))
def test_str_parses_back_to_an_equal_filter(where: Where) -> None:
    assert parse_where(str(where)) == where


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                ["price", "<", ">", "=", "..", "1", "10", "in", "not", "and", "or", "(", ")", "[", "]", ",", '"', "'",
                 "!", "~", "&&", "|", "&", "\\", "\n", "红", " ", "x", "!=", "not in", "0..5", "﷽", "\u2003"]
            )
        ).map(" ".join),
        st.text(alphabet="()[]<>=!~&|,.\"'\\ ax1", max_size=60),
    )
)  # fmt: skip
@example("x in ..5")
@example("x = ")
@example("(" * 400 + "x")
@example("not " * 2000 + "x")
@example('a="')
@example("price in 1..")
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    try:
        where = parse_where(text)
    except FilterError as error:
        problem = error
    else:
        problem = None
    if problem is not None:
        assert 0 <= problem.position <= len(text)
        assert problem.hint
        return
    assert (where is None) == (not text.strip())
    if where is not None:
        assert parse_where(str(where)) == where


def test_limits_are_told() -> None:
    with pytest.raises(FilterError, match=str(MAX_FILTER)):
        parse_where("x" * (MAX_FILTER + 1))
    with pytest.raises(FilterError, match=str(MAX_DEPTH)):
        parse_where("(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", None),
        ("   ", None),
        ("in_stock", Has("in_stock")),
        ("not in_stock", Not(Has("in_stock"))),
        ("! in_stock", Not(Has("in_stock"))),
        ("price<49.90", Compare("price", "<", "49.90")),
        ("brand=Dolce Vita and x", All((Compare("brand", "=", "Dolce Vita"), Has("x")))),
        ("brand==A || brand<>B", Any_((Compare("brand", "=", "A"), Not(Compare("brand", "=", "B"))))),
        ("a or b and c", Any_((Has("a"), All((Has("b"), Has("c")))))),
        ("(a or b) and c", All((Any_((Has("a"), Has("b"))), Has("c")))),
        ("brand in [Luma, Fila]", In("brand", ("Luma", "Fila"))),
        ("brand not in [Luma]", Not(In("brand", ("Luma",)))),
        ("brand=[Luma, Fila]", In("brand", ("Luma", "Fila"))),
        ("price in 20..50", All((Compare("price", ">=", "20"), Compare("price", "<=", "50")))),
        ("price in ..50", Compare("price", "<=", "50")),
        ("price in 20..", Compare("price", ">=", "20")),
        ('category="Men > Tops"', Compare("category", "=", "Men > Tops")),
        ("title~手提包", Compare("title", "~", "手提包")),
        ("'material type'=Wool", Compare("material type", "=", "Wool")),
    ],
)
def test_grammar(text: str, where: Where | None) -> None:
    assert parse_where(text) == where


@pytest.mark.parametrize("text", ["price<", "price<cheap", "and", "(a", "a)", "brand in", "brand in [a", "a b", "a=[b"])
def test_what_is_no_filter(text: str) -> None:
    with pytest.raises(FilterError):
        parse_where(text)


PRODUCT = Product(
    "P1",
    title="Leather Bag",
    category=("Women", "Bags"),
    attributes={"material": ("Leather", "Cotton"), "season": ("All",)},
    variants=(
        Variant("red", price=Money(4990, "EUR"), list_price=Money(5990, "EUR"), in_stock=True, quantity=3,
                attributes={"color": ("Red",), "size": ("10",)}),
        Variant("blue", price=Money(2000, "EUR"), in_stock=False,
                attributes={"color": ("Blue",), "season": ("Winter",)}),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "met_by"),
    [
        ("price<49.90", ["blue"]),
        ("price<=49.9", ["red", "blue"]),
        ("price=49.900", ["red"]),
        ("in_stock", ["red"]),
        ("not in_stock", ["blue"]),
        ("in_stock=no", ["blue"]),
        ("on_sale=true", ["red"]),
        ("color=RED", ["red"]),
        ("color=Ｒｅｄ", ["red"]),
        ("color!=Red", ["blue"]),
        ("size=10.0", ["red"]),
        ("size!=10", ["blue"]),  # a variant without the field
        ("size>9", ["red"]),
        ("material=cotton", ["red", "blue"]),
        ("season=All", ["red"]),  # the variant's own value hides the product's
        ("category=Women", ["red", "blue"]),
        ('category="Women > Bags"', ["red", "blue"]),
        ("category=Bags", []),
        ("title~leather", ["red", "blue"]),
        ("price~49", []),
        ("title<5", []),
        ("quantity in 1..3", ["red"]),
        ("quantity", ["red"]),
        ("color in [red, blue] and not size", ["blue"]),
        ("has_picture", []),
        ("color in []", []),
    ],
)
def test_meaning(text: str, met_by: list[str]) -> None:
    where = parse_where(text)
    assert where is not None
    assert [v.id for v in PRODUCT.variants if where.matches(record(PRODUCT, v))] == met_by
    assert meets(PRODUCT, where) == bool(met_by)


def test_one_variant_must_meet_all() -> None:
    assert not meets(PRODUCT, parse_where("color=Red and price<30"))
    assert meets(PRODUCT, None)


@settings(max_examples=200, deadline=None)
@given(WHERES)
def test_fields_of_names_each_once(where: Where) -> None:
    names = fields_of(where)
    assert len(set(names)) == len(names)
    assert fields_of(Not(where)) == names
    assert fields_of(All((where, where))) == names


def test_every_example_of_the_reference_parses() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "filters.md"
    text = page.read_text(encoding="utf-8")
    examples = [line for block in re.findall(r"```filter\n(.*?)```", text, re.S) for line in block.splitlines()]
    assert len(examples) >= 15
    for line in filter(str.strip, examples):
        where = parse_where(line)
        assert where is not None, line
        assert parse_where(str(where)) == where
    wrong = [line for block in re.findall(r"```no-filter\n(.*?)```", text, re.S) for line in block.splitlines()]
    assert wrong
    for line in wrong:
        with pytest.raises(FilterError):
            parse_where(line)

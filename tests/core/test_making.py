"""Values made in the quick way are those that the dataclass makes."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from shoplens.core.answer import Hit, Reason
from shoplens.core.catalogue import ImageRef, Money, Product, Variant
from shoplens.core.making import changer, maker
from shoplens.core.ports import StoredProduct

ALL = (Product, Variant, Money, ImageRef, StoredProduct, Reason, Hit)


@pytest.mark.parametrize("kind", ALL)
def test_the_same_as_the_dataclass_makes(kind: Any) -> None:
    make, names = maker(kind), [f.name for f in fields(kind)]
    values = [(name,) for name in names]  # all different: no field gets another's
    assert make(*values) == kind(*values)
    assert make(**dict(zip(names, values, strict=True))) == kind(*values)
    needed = values[: sum(f.default is f.default_factory for f in fields(kind))]  # both missing
    assert make(*needed) == kind(*needed)
    assert hash(make(*values)) == hash(kind(*values))
    with pytest.raises(FrozenInstanceError):
        setattr(make(*needed), names[0], 1)


def test_what_comes_after_init_comes_too() -> None:
    assert maker(Product)("cup").variants == (Variant("cup"),)


def test_defaults_that_are_made_are_made_each_time() -> None:
    make = maker(Variant)
    assert make("a").attributes == {}
    assert make("a").attributes is not make("a").attributes


@pytest.mark.parametrize("wrong", [((), {}), (("a", 1), {"id": "b"}), (("a",), {"colour": "red"})])
def test_arguments_that_the_dataclass_refuses(wrong: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    for make in (Variant, maker(Variant)):
        with pytest.raises(TypeError):
            make(*wrong[0], **wrong[1])


def test_what_it_cannot_make() -> None:
    @dataclass
    class Open:
        name: str

    @dataclass(slots=True)
    class Counted:
        name: str
        count: int = field(default=0, init=False)

    @dataclass(slots=True, kw_only=True)
    class Named:
        name: str

    for kind in (Open, Counted, Named, int, len):
        with pytest.raises(TypeError):
            maker(kind)


def test_a_changed_value_is_as_replace_makes_it() -> None:
    one = Reason("words", "words", 1.0, 2.0, 3, "p", ("a",))
    assert changer(Reason, "terms")(one, ("b", "c")) == replace(one, terms=("b", "c"))
    assert changer(Reason, "part", "rank")(one, "image 1", 7) == replace(one, part="image 1", rank=7)
    assert one.terms == ("a",)
    with pytest.raises(TypeError, match="no field colour"):
        changer(Reason, "colour")

"""A shop under other settings, to be compared: what a side of `shoplens compare` is made of, and how it is opened."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

from shoplens.app import Shop, open_shop
from shoplens.config import Config
from shoplens.core.answer import Answer
from shoplens.core.ports import Encoder
from shoplens.core.query import Query
from shoplens.encoders.cached import CachedEncoder
from shoplens.encoders.opening import open_encoder
from shoplens.engine.balance import Balance
from shoplens.errors import ConfigError, SpaceIncompleteError
from shoplens.switching import portable, serving_name

AS_IT_IS = "as it is"
_OWN = ("name", "rules", "understand", "balance")
_YES = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}
_QUIET = {"query_log": {"enabled": False}}
"""Queries that compare or evaluate are no shopper's."""


@dataclass(frozen=True, slots=True)
class Side:
    """One configuration of a shop. ``settings``: as in shoplens.toml; ``balance``: fields of the engine's Balance."""

    name: str
    shop: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    balance: Mapping[str, Any] = field(default_factory=dict)
    rules: bool = True
    understand: bool = True


def side_of(given: Sequence[str], shop: Path | None, option: str) -> Side:
    """A side from what an option was given: files of settings (*.toml) and NAME=VALUE, the later one wins.

    NAME is any setting (search.semantic_ratio, encoder, shop), balance.FIELD, rules, understand, or name.

    Raises:
        ConfigError: neither; a file that cannot be read; an unknown field of the balance. Unknown settings are told
            when the side is opened.
    """
    values: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if equals and not one.endswith(".toml"):
            _put(values, name.strip().split("."), text.strip())
        elif one.endswith(".toml"):
            _merge(values, _read(Path(one), option))
        else:
            raise ConfigError(
                f"{one!r} is no setting", where=option, hint="write NAME=VALUE, such as search.semantic_ratio=0.8"
            )
    settings = {name: value for name, value in values.items() if name not in _OWN}
    if "semantic_ratio" in settings:
        settings.setdefault("search", {})["semantic_ratio"] = settings.pop("semantic_ratio")
    folder = settings.pop("shop", None)
    files = [one for one in given if one.endswith(".toml")]
    told = [Path(one).stem if one in files else one for one in given if not one.startswith("name=")]
    return Side(
        str(values.get("name") or ", ".join(told) or AS_IT_IS),
        Path(folder) if folder is not None else shop,
        settings,
        _balance(values.get("balance", {}), option),
        _yes(values.get("rules", True), f"{option} rules"),
        _yes(values.get("understand", True), f"{option} understand"),
    )


@contextmanager
def opened(side: Side) -> Iterator[tuple[Shop, Callable[[Query], Answer]]]:
    """The shop under a side's settings, warmed up, and its search.

    Raises:
        SpaceIncompleteError: it has no vectors of the side's encoder.
        ConfigError, ShopError, EncoderError: it cannot be opened.
    """
    shop = _open(side)
    try:
        yield shop, partial(_answer, shop, side)
    finally:
        shop.close()


def search_of(side: Side) -> Callable[[Query], Answer]:
    """A side's search, in a process of its own: its shop is closed when that ends."""
    return partial(_answer, _open(side), side)


def _open(side: Side) -> Shop:
    config = Config.load(side.shop, **_joined(side.settings, _QUIET))
    shop = open_shop(config, encoder=_other_encoder(config, side))
    try:
        _refuse_incomplete(shop, side)
        if side.balance:
            own = Balance(depth=config.search.depth, semantic_ratio=config.search.semantic_ratio)
            shop.balance(replace(own, **side.balance))
        shop.warm_up()
    except BaseException:
        shop.close()
        raise
    return shop


def _answer(shop: Shop, side: Side, query: Query) -> Answer:
    asked = query if side.understand else replace(query, understand=False)
    return shop.search(asked) if side.rules else shop.rules.without(asked)


def _other_encoder(config: Config, side: Side) -> Encoder | None:
    """The side's own encoder, where it is not the one that serves the shop."""
    name = side.settings.get("encoder")
    if name is None or portable(str(name), config.shop) == serving_name(config):
        return None
    return CachedEncoder(open_encoder(str(name), threads=config.search.threads))


def _refuse_incomplete(shop: Shop, side: Side) -> None:
    if "encoder" not in side.settings:
        return
    missing = {
        m: n for m, n in shop.store.missing_vectors(shop.space).items() if n and m in shop.encoder.card.modalities
    }
    if missing:
        name = side.settings["encoder"]
        raise SpaceIncompleteError(
            f"the shop lacks vectors of {max(missing.values())} products in the space {shop.space}",
            where=side.name,
            hint=f"run: shoplens encoder reencode {name} --shop {shop.folder}",
        )


def _put(values: dict[str, Any], path: Sequence[str], value: str) -> None:
    for part in path[:-1]:
        inner = values.setdefault(part, {})
        if not isinstance(inner, dict):
            inner = values[part] = {}
        values = inner
    values[path[-1]] = value


def _merge(values: dict[str, Any], above: Mapping[str, Any]) -> None:
    for name, value in above.items():
        if isinstance(value, Mapping) and isinstance(values.get(name), dict):
            _merge(values[name], value)
        else:
            values[name] = dict(value) if isinstance(value, Mapping) else value


def _joined(settings: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    _merge(out, settings)
    _merge(out, above)
    return out


def _read(path: Path, option: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not a TOML file: {error}", where=f"{option} {path}", hint="mend it") from error
    except OSError as error:
        raise ConfigError(
            f"the file cannot be read: {error.strerror}", where=f"{option} {path}", hint="name a file of settings"
        ) from error


def _balance(given: Any, option: str) -> dict[str, Any]:
    known = {one.name: one.default for one in fields(Balance)}
    out: dict[str, Any] = {}
    for name, value in (given if isinstance(given, Mapping) else {"": given}).items():
        if name not in known:
            raise ConfigError(
                f"the balance has no {name!r}", where=option, hint=f"one of balance.{', balance.'.join(known)}"
            )
        try:
            number = float(value)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{value!r} is no number", where=f"{option} balance.{name}", hint="give one") from error
        out[name] = int(number) if isinstance(known[name], int) else number
    return out


def _yes(value: Any, where: str) -> bool:
    found = value if isinstance(value, bool) else _YES.get(str(value).lower())
    if found is None:
        raise ConfigError(f"{value!r} is neither on nor off", where=where, hint="write on or off")
    return found

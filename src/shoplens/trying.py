"""A shop under another configuration, beside the one that serves: other weights, another encoder, no rules.

Nothing of the shop is changed and no query of these is in its log. What the command ``shoplens compare`` opens a second
shop for is made here of the parts that are open already; only another encoder brings an index of its own.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from shoplens.app import Shop
from shoplens.attributes import composer_of
from shoplens.core.answer import Answer
from shoplens.core.fields import finite, refuse_unknown, text_of, whole_of, wrong, yes_of
from shoplens.core.ports import Encoder
from shoplens.core.query import Query
from shoplens.core.rules import Rulebook
from shoplens.encoders.cached import CachedEncoder
from shoplens.encoders.opening import open_encoder
from shoplens.engine.answering import Answerer
from shoplens.engine.balance import Balance
from shoplens.engine.copies import Copies
from shoplens.engine.ruling import RulesAt, now
from shoplens.engine.same_picture import SamePictures
from shoplens.errors import QueryError, SpaceIncompleteError
from shoplens.explaining import explainer_of
from shoplens.indexes.tokens import tokens
from shoplens.lexical import lexicon_asking
from shoplens.pictures.fingerprint import PART, fingerprints
from shoplens.stores import NoLock
from shoplens.switching import portable, serving_name, settled

FIELDS: Mapping[str, str] = {
    "name": "what it is called beside the other",
    "encoder": "name of an encoder of which the shop has all vectors; not given: the one that serves",
    "semantic_ratio": "0: words as written only; 1: vectors only",
    "depth": "candidates taken from each source",
    "balance": "how much each source counts (docs/adr/0007-fusion.md): words, text, picture, photo, ...",
    "rules": "false: without merchandising rules",
    "understand": "false: words as they are written",
}
"""Of a configuration."""
MOST_OPEN = 2
"""Encoders kept open beside the one that serves, each with its index; the one asked longest ago is closed first."""
MOST_SAY = 1_000
"""Of a weight of the balance: more says the same, and sums stay numbers."""
_MOST_ANSWERERS = 8
MAX_NAME = 200
AS_IT_IS = "as it is"


@dataclass(frozen=True, slots=True)
class Configuration:
    """How a shop is to be searched. ``encoder``: "" for the one that serves. None: as the shop has it."""

    name: str = AS_IT_IS
    encoder: str = ""
    semantic_ratio: float | None = None
    depth: int | None = None
    balance: tuple[tuple[str, float], ...] = field(default=())
    rules: bool = True
    understand: bool = True


def configuration_from_fields(given: Any, where: str) -> Configuration:
    """A configuration from JSON data. Raises QueryError, naming the field after ``where``."""
    if given is None:
        return Configuration()
    if not isinstance(given, Mapping):
        raise wrong(where, "an object", given)
    told = {name: value for name, value in given.items() if value is not None}
    refuse_unknown(told, FIELDS, where)
    try:
        ratio = finite(told["semantic_ratio"], "semantic_ratio") if "semantic_ratio" in told else None
        depth = whole_of(told, "depth", 0) if "depth" in told else None
        balance = _balance(told.get("balance", {}))
        made = Configuration(
            (text_of(told, "name").strip() or _called(told))[:MAX_NAME],
            text_of(told, "encoder").strip(),
            ratio,
            depth,
            balance,
            "rules" not in told or yes_of(told, "rules"),
            "understand" not in told or yes_of(told, "understand"),
        )
    except QueryError as error:
        raise QueryError(error.message, where=f"{where}.{error.where}", hint=error.hint) from error
    if ratio is not None and not 0 <= ratio <= 1:
        raise QueryError("a share is from 0 to 1", where=f"{where}.semantic_ratio", hint="0.8, say")
    if depth is not None and not 10 <= depth <= 5_000:
        raise QueryError("a depth is from 10 to 5000", where=f"{where}.depth", hint="200, say")
    return made


class ShopTrials:
    """Answers queries as a shop would under other configurations. Safe to use from several threads."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._guard = shop, threading.Lock()
        self._same = SamePictures(shop.store, fingerprints, PART)
        self._opened: OrderedDict[str, tuple[Encoder, Copies]] = OrderedDict()
        self._answerers: OrderedDict[tuple[Any, ...], tuple[Copies, Answerer]] = OrderedDict()

    def search(self, query: Query, under: Configuration) -> Answer:
        """Answers a query under a configuration.

        Raises:
            SpaceIncompleteError: the shop lacks vectors in its encoder's space.
            ConfigError, EncoderError, MissingExtraError: its encoder cannot be opened.
            QueryError, PictureError, NotFoundError: as a search raises them.
        """
        asked = query if under.understand else replace(query, understand=False)
        answerer = self._answerer(under)
        return answerer.search(asked) if under.rules else answerer.search(asked, RulesAt(Rulebook(), now()))

    def close(self) -> None:
        """Closes what was opened beside the encoder that serves."""
        with self._guard:
            for _, copies in self._opened.values():
                copies.close()
            self._opened.clear()
            self._answerers.clear()

    def is_serving(self, under: Configuration) -> bool:
        """Whether a configuration asks the encoder that serves."""
        config = self._shop.config
        return not under.encoder or portable(under.encoder, config.shop) == serving_name(config)

    def _answerer(self, under: Configuration) -> Answerer:
        shop = self._shop
        with self._guard:
            if self.is_serving(under):
                name, encoder, copies = shop.spaces.name(), shop.encoder, shop.copies
            else:
                name = settled(under.encoder, shop.folder)
                encoder, copies = self._other(name)
            key = (name, under.semantic_ratio, under.depth, under.balance)
            known = self._answerers.get(key)
            if known is None or known[0] is not copies:  # the shop was switched meanwhile
                parts = shop.store, copies, encoder, shop.decoder, tokens, self._balance_of(under)
                explains = explainer_of(shop.store, encoder, name).explain
                composer = composer_of(encoder, name)
                made = Answerer(*parts, composer, lexicon_asking(), shop.rules.live, explains, self._same)
                known = self._answerers[key] = copies, made
            self._answerers.move_to_end(key)
            while len(self._answerers) > _MOST_ANSWERERS:
                self._answerers.popitem(last=False)
            return known[1]

    def _balance_of(self, under: Configuration) -> Balance:
        search = self._shop.config.search
        own = Balance(depth=search.depth, semantic_ratio=search.semantic_ratio)
        given: dict[str, Any] = dict(under.balance)
        if under.semantic_ratio is not None:
            given["semantic_ratio"] = under.semantic_ratio
        if under.depth is not None:
            given["depth"] = under.depth
        return replace(own, **given)

    def _other(self, name: str) -> tuple[Encoder, Copies]:
        shop = self._shop
        if name not in self._opened:
            encoder = CachedEncoder(open_encoder(name, threads=shop.config.search.threads))
            card = encoder.card
            missing = {m: n for m, n in shop.store.missing_vectors(card.space).items() if n and m in card.modalities}
            if missing:
                raise SpaceIncompleteError(
                    f"the shop lacks vectors of {max(missing.values())} products in the space {card.space}",
                    where="encoder",
                    hint=f"build it first: POST /v1/encoders/build, or shoplens encoder reencode {name}",
                )
            copies = shop.spaces.open_copies(card.space, NoLock(shop.folder))
            copies.refresh()
            self._opened[name] = encoder, copies
        self._opened.move_to_end(name)
        while len(self._opened) > MOST_OPEN:
            _, (_, old) = self._opened.popitem(last=False)
            self._answerers = OrderedDict((key, one) for key, one in self._answerers.items() if one[0] is not old)
            old.close()
        return self._opened[name]


def _balance(given: Any) -> tuple[tuple[str, float], ...]:
    if not isinstance(given, Mapping):
        raise wrong("balance", "an object", given)
    known = {name: value for name, value in asdict(Balance()).items() if name not in ("depth", "semantic_ratio")}
    refuse_unknown(given, known, "balance")
    found = tuple(sorted((name, finite(value, f"balance.{name}")) for name, value in given.items()))
    for name, value in found:
        if abs(value) > MOST_SAY:
            raise QueryError("out of bounds", where=f"balance.{name}", hint=f"from -{MOST_SAY} to {MOST_SAY}")
    return found


def _called(told: Mapping[str, Any]) -> str:
    parts = [f"{name} {value}" for name, value in told.items() if name not in ("name", "balance")]
    parts += [f"{name} {value}" for name, value in (told.get("balance") or {}).items()] if "balance" in told else []
    return ", ".join(parts).replace("True", "on").replace("False", "off") or AS_IT_IS

"""What is wrong with a catalogue and an installation, and how to mend it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shoplens.core.ports import CatalogueStore, Encoder, StoredProduct, VectorStore
from shoplens.core.spaces import EncoderCard, Modality, Space
from shoplens.engine.copies import Copies
from shoplens.engine.reencoding import KeptSpace
from shoplens.errors import ShopError

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know. ``count``: how many products or pictures; ``examples``: a few of their ids."""

    level: Level
    code: str
    message: str
    hint: str = ""
    count: int = 0
    examples: tuple[str, ...] = ()


class Store(CatalogueStore, VectorStore, Protocol):
    """What the examination needs of the store."""

    @property
    def read_only(self) -> bool:
        """Whether writes are refused."""

    def check(self) -> list[str]:
        """What is wrong with the store itself; empty when nothing is."""

    def missing_vectors(self, space: Space) -> dict[Modality, int]:
        """How many products lack a vector in a space: of a picture they show, and of their words."""

    def scan(self) -> Iterator[list[StoredProduct]]:
        """All products, in chunks."""

    def missing_prints(self) -> int:
        """How many pictures that products show have no fingerprint."""

    def rejected_pictures(self, limit: int) -> tuple[int, list[tuple[str, str]]]:
        """How many pictures were rejected, and (location, reason) of the first ones."""


def examine(store: Store, copies: Copies, encoder: Encoder, kept: Sequence[KeptSpace]) -> Iterator[Finding]:
    """Findings, the gravest first. ``kept``: the spaces of which the store has vectors."""
    yield from _store(store)
    yield from _copies(store, copies)
    yield from _spaces(store, encoder.card, kept)
    yield from _catalogue(store)


def _store(store: Store) -> Iterator[Finding]:
    if store.read_only:
        said = "the folder cannot be written to, or its disk is full: the shop is searched as it lies"
        yield Finding("warning", "read_only", said, "give this user the right to write, or free some space")
    for problem in store.check():
        yield Finding("error", "store", problem, "restore a backup, or index the feed into a new folder")


def _copies(store: Store, copies: Copies) -> Iterator[Finding]:
    newest = copies.refresh()
    for name, copy in (
        ("filter columns", copies.parts.columns),
        ("picture vectors", copies.parts.pictures),
        ("text vectors", copies.parts.texts),
    ):
        if copy.seq < newest:
            yield Finding("error", "copy_behind", f"the {name} stand at {copy.seq} of {newest}", "restart the process")
    damaged = copies.parts.words.problem
    try:
        copies.keep_words(hold=False)
    except ShopError as error:
        yield Finding(
            "error", "words_unwritable", f"the word index cannot be written: {error.message}", error.hint or ""
        )
    if damaged:
        mended = copies.words_current()
        hint = "it has been built anew" if mended else "restart the process that holds the shop: it builds it anew"
        yield Finding("warning" if mended else "error", "words_damaged", f"the word index is damaged: {damaged}", hint)
    elif not copies.words_current():
        behind = store.last_seq() - copies.parts.words.seq
        yield Finding(
            "warning", "words_behind", f"the word index is {behind} changes behind", "another process is writing it"
        )


def _spaces(store: Store, card: EncoderCard, kept: Sequence[KeptSpace]) -> Iterator[Finding]:
    space = card.space
    for modality, count in store.missing_vectors(space).items():
        if count and modality in card.modalities:
            yield Finding(
                "error",
                "vectors_missing",
                f"{count} products lack a vector of their {modality} in the space {space}",
                "run index with the feed again, or shoplens encoder reencode: both encode what is missing",
                count,
            )
    for other in kept:
        if other.space == space:
            continue
        size = f"{other.vectors} vectors ({other.bytes / 1e6:.1f} MB)"
        if other.complete:
            said = f"{size} are kept of the space {other.space}, of the whole catalogue"
            hint = f"they serve to switch to it; to drop them: shoplens encoder forget {other.space}"
            yield Finding("note", "other_space", said, hint, other.vectors)
        else:
            lacking = max(other.missing.values())
            said = f"the space {other.space} is incomplete: {size}, and {lacking} products lack one"
            hint = f"go on: shoplens encoder reencode ENCODER; or drop it: shoplens encoder forget {other.space}"
            yield Finding("note", "space_incomplete", said, hint, lacking)


def _catalogue(store: Store) -> Iterator[Finding]:
    found: dict[str, list[str]] = {name: [] for name in _CHECKS}
    owners: dict[str, list[str]] = {}
    titles: Counter[str] = Counter()
    total = 0
    for chunk in store.scan():
        for stored in chunk:
            total += 1
            for name, wrong in _CHECKS.items():
                if wrong(stored):
                    found[name].append(stored.product.id)
            for key in set(stored.pictures.values()):
                owners.setdefault(key, []).append(stored.product.id)
            if stored.product.title:
                titles[stored.product.title] += 1
    if not total:
        yield Finding("warning", "empty", "the catalogue is empty", "run: shoplens index FEED")
        return
    count, rejected = store.rejected_pictures(5)
    if count:
        yield Finding(
            "warning",
            "pictures_rejected",
            f"{count} pictures could not be used",
            "mend or replace them and run index again",
            count,
            tuple(f"{location}: {reason}" for location, reason in rejected),
        )
    if lacking := store.missing_prints():
        said = f"{lacking} pictures have no fingerprint: a photo that is one of them is not found as the same picture"
        hint = "run index with the feed again; for pictures on the net with --recheck-pictures"
        yield Finding("note", "prints_missing", said, hint, lacking)
    for name, (level, message, hint) in _MESSAGES.items():
        if ids := found[name]:
            yield Finding(level, name, message.format(len(ids), total), hint, len(ids), tuple(ids[:5]))
    shared = [ids for ids in owners.values() if len(ids) > 1]
    if shared:
        yield Finding(
            "note",
            "same_picture",
            f"{len(shared)} pictures are shown by more than one product",
            "are they the same product listed twice?",
            len(shared),
            tuple(" = ".join(ids[:4]) for ids in shared[:5]),
        )
    repeated = [title for title, n in titles.items() if n > 1]
    if repeated:
        yield Finding(
            "note",
            "same_title",
            f"{len(repeated)} titles are used by more than one product",
            "group variants with item_group_id, or tell the products apart",
            len(repeated),
            tuple(repeated[:5]),
        )


_CHECKS: dict[str, Callable[[StoredProduct], bool]] = {
    "no_picture_usable": lambda s: bool(s.product.all_images()) and not s.pictures,
    "no_picture": lambda s: not s.product.all_images(),
    "no_title": lambda s: not s.product.title and not s.product.translations,
    "no_price": lambda s: all(v.price is None for v in s.product.variants),
    "no_category": lambda s: not s.product.category,
}
_MESSAGES: dict[str, tuple[Level, str, str]] = {
    "no_picture_usable": (
        "warning",
        "{} of {} products have pictures of which none could be used",
        "see report.jsonl in the shop's folder; photos cannot find them",
    ),
    "no_title": ("warning", "{} of {} products have no title", "words can hardly find them"),
    "no_picture": ("note", "{} of {} products have no picture", "photos cannot find them"),
    "no_price": ("note", "{} of {} products have no price", "filters on price leave them out"),
    "no_category": ("note", "{} of {} products have no category", "facets of categories leave them out"),
}

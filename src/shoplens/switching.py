"""The spaces of a shop: which encoder serves it, how another one is built beside it, switched to, switched back from.

The setting ``encoder`` says what a shop is begun with. Once it was switched, its store says which encoder serves, and
the setting no more: one commit switches every process.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from shoplens.config import Config
from shoplens.core.ports import Encoder, PictureDecoder
from shoplens.core.spaces import Space
from shoplens.encoders.batching import BatchingEncoder
from shoplens.encoders.cached import CachedEncoder
from shoplens.encoders.opening import BUNDLED, open_encoder, split
from shoplens.engine.copies import Copies, discard
from shoplens.engine.copy_ports import Lock, Parts
from shoplens.engine.doctor import Finding
from shoplens.engine.reencoding import KeptSpace, Reencoder, ReencodeReport
from shoplens.errors import (
    ConfigError,
    EncoderError,
    NotFoundError,
    ShopLensError,
    SpaceIncompleteError,
    SpaceInUseError,
)
from shoplens.feeds import write_report
from shoplens.indexes.columns import ArrayColumns
from shoplens.indexes.vectors import FlatVectors
from shoplens.indexes.words import TantivyWords
from shoplens.lexical import lexicon_words
from shoplens.pictures import FeedPictures, open_pictures
from shoplens.pictures.sent import FOLDER as SENT
from shoplens.pictures.thumbnails import CataloguePictures
from shoplens.stores import NoLock, SqlStore, open_as_is

REPORT = "reencode-report.jsonl"
"""In the shop's folder: the pictures that the last re-encoding could not read."""
DATABASE = "shop.db"
"""The store's file in the shop's folder, where no other is set."""
CHOICE_KEY = "encoder"
"""Name of the store's setting that says what the shop was switched to."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which encoder serves a shop since the last switch. Folders within the shop's are kept relative to it.

    ``before``: the name of the encoder that served until then.
    """

    name: str
    space: str
    before: str


def load_encoder(config: Config, choice: Choice | None = None) -> Encoder:
    """The encoder that the shop was switched to, else that of the settings.

    Raises:
        ConfigError, EncoderError, MissingExtraError: it cannot be loaded.
    """
    name = settled(choice.name, config.shop) if choice else config.encoder
    try:
        encoder = open_encoder(name, threads=config.search.threads)
        return CachedEncoder(encoder if config.search.batch == 1 else BatchingEncoder(encoder, config.search.batch))
    except (ConfigError, EncoderError) as error:
        if choice is None:
            raise
        raise EncoderError(
            f"the encoder that this shop was switched to cannot be opened: {error.message}",
            where=error.where,
            hint=f"put it back there, or serve with another one: shoplens encoder switch NAME --shop {config.shop}",
        ) from error


def settled(name: str, shop: Path) -> str:
    """A name as it is opened: a folder that lies in the shop's is named from where we are. Raises ConfigError."""
    kind, reference = split(name)
    inside = shop / reference
    return f"{kind}:{inside}" if reference and inside.is_dir() else name


def serving_name(config: Config) -> str:
    """The name, as `portable` gives it, of the encoder that serves the shop of these settings, or a new one there."""
    choice = choice_of(config)
    return choice.name if choice else setting_name(config)


def choice_of(config: Config) -> Choice | None:
    """What the shop of these settings was switched to, without opening an encoder; None where there is no shop."""
    url = config.store_url or str(config.shop / DATABASE)
    with contextlib.suppress(ShopLensError), open_as_is(url) as store:
        return _choice_of(store)
    return None


def setting_name(config: Config) -> str:
    """The setting ``encoder``, as `portable` gives it; as it is where no encoder can have such a name."""
    with contextlib.suppress(ConfigError):
        return portable(config.encoder, config.shop)
    return config.encoder


def portable(name: str, shop: Path) -> str:
    """A name as the store keeps it: of a folder the whole path, or the path below the shop's folder, which may move.

    Raises ConfigError.
    """
    kind, reference = split(name)
    folder = Path(reference).expanduser()
    if kind == BUNDLED or not folder.is_dir():
        return BUNDLED if kind == BUNDLED else f"{kind}:{reference}"
    whole, home = folder.resolve(), shop.resolve()
    return f"{kind}:{whole.relative_to(home).as_posix() if whole.is_relative_to(home) else whole}"


def open_feed_pictures(config: Config, pictures: Path | None, base: Path) -> FeedPictures:
    """The pictures of a feed in the folder ``base``, or in the folder or zip named for them, within a shop's limits.

    Raises ConfigError when ``pictures`` is neither a folder nor a zip file.
    """
    return open_pictures(
        pictures,
        base,
        Path(config.shop) / "cache" / "web",
        allow_private=config.pictures.allow_private_addresses,
        max_bytes=config.pictures.max_bytes,
        sent=Path(config.shop) / SENT,
    )


class ShopSpaces:
    """The spaces of one shop, to be had as ``shop.spaces``."""

    def __init__(
        self,
        config: Config,
        store: SqlStore,
        decoder: Callable[[], PictureDecoder],
        shown: CataloguePictures,
        serving: Callable[[], Space],
        follow: Callable[[], bool],
    ) -> None:
        self._config = config
        self._folder = Path(config.shop)
        self._store = store
        self._decoder = decoder
        self._shown = shown
        self._serving = serving
        self._follow = follow

    def chosen(self) -> Choice | None:
        """The encoder that the shop was switched to; None where it never was: then the setting ``encoder`` counts."""
        return _choice_of(self._store)

    def name(self) -> str:
        """The name by which the encoder is opened that serves."""
        choice = self.chosen()
        return settled(choice.name, self._folder) if choice else self._config.encoder

    def kept(self) -> list[KeptSpace]:
        """The spaces of which the store has vectors, the one that serves first, then by name."""
        found = []
        for space, count in self._store.spaces().items():
            there = self._store.modalities(space)
            missing = {m: n for m, n in self._store.missing_vectors(space).items() if m in there}
            size = count * space.dimension * 2 + _bytes_below(self._copies_folder(space))
            found.append(KeptSpace(space, count, size, missing, space == self._serving()))
        return sorted(found, key=lambda kept: (not kept.serves, str(kept.space)))

    def ignored_setting(self) -> list[Finding]:
        """Told by doctor: a setting ``encoder`` that names another encoder than the shop was switched to."""
        choice, setting = self.chosen(), setting_name(self._config)
        if choice is None or choice.name == setting or "encoder" not in self._config.model_fields_set:
            return []
        said = f"the setting encoder names {setting}, but this shop was switched to {choice.name}, which serves"
        return [Finding("note", "setting_ignored", said, "take the setting out, or name there what serves")]

    def reencode(
        self,
        encoder: str | Encoder,
        *,
        pictures: str | Path | None = None,
        thumbnails: bool = True,
        report: str | Path | None = None,
        on_progress: Callable[[ReencodeReport], None] = lambda _: None,
    ) -> ReencodeReport:
        """Encodes what the catalogue lacks in an encoder's space, beside the space that serves, which goes on.

        What is stored is not encoded again: a run that was killed goes on where it was. Products that are indexed
        meanwhile are taken in; of those that come later, a further run.

        Args:
            encoder: its name, or an encoder of your own.
            pictures: folder or zip in which the pictures lie now; None: where they lay when they were indexed.
            thumbnails: of a picture whose file is gone take the shop's thumbnail, if there is one that is large enough.
            report: where to write the pictures that could not be read (JSON lines); in the shop's folder when None.
            on_progress: told after each batch that is safely written.

        Raises:
            EncoderError, ConfigError, MissingExtraError: the encoder cannot be loaded.
            ConfigError: ``pictures`` is neither a folder nor a zip file.
            StoreError: the store refuses.
        """
        opened = self._opened(encoder)
        space = opened.card.space
        side = max(opened.card.picture_side, int(opened.card.preprocessing.get("resolution", 0)))
        source = self.open_pictures(Path(pictures) if pictures else None)
        try:
            done = Reencoder(
                self._store,
                source,
                self._decoder(),
                opened,
                kept=source.kept,
                spare=(lambda key: self._shown.kept(key, side)) if thumbnails else (lambda _: None),
                serves=lambda: space in self._in_use(),
                before_writing=lambda: self._forget_copies(space),
            ).run(on_progress)
        finally:
            source.close()
        write_report(done.problems, Path(report) if report else self._folder / REPORT)
        if space not in self._in_use():
            self._build_copies(space)
        return done

    def switch(self, encoder: str | None = None, *, incomplete: bool = False, follow: bool = True) -> Space:
        """Makes another encoder the one that serves, by one commit; the vectors of the one before stay.

        Services take it up within a second or two; other processes when they are opened next, index, or call
        ``Shop.follow``.

        Args:
            encoder: its name; None: the one that served before the last switch.
            incomplete: switch even if products lack a vector in its space.
            follow: take it up in this process too.

        Returns:
            Its space.

        Raises:
            SpaceIncompleteError: products lack a vector in its space.
            EncoderError, ConfigError, MissingExtraError: it cannot be loaded.
            StoreError: the store refuses.
        """
        before = self.chosen()
        if encoder is None and before is None:
            raise ConfigError(
                "this shop was never switched, so there is nothing to switch back to",
                where=str(self._folder),
                hint="name an encoder: shoplens encoder switch NAME --shop DIR",
            )
        name = encoder if encoder is not None or before is None else settled(before.before, self._folder)
        opened = self._opened(name or "")
        card = opened.card
        missing = {m: n for m, n in self._store.missing_vectors(card.space).items() if n and m in card.modalities}
        if missing and not incomplete:
            lacking = ", ".join(f"{n} products lack one of their {_WHAT[m]}" for m, n in missing.items())
            raise SpaceIncompleteError(
                f"vectors are missing in the space {card.space}: {lacking}",
                where=name,
                hint=f"run: shoplens encoder reencode {name} --shop {self._folder}; or switch with --incomplete",
            )
        kept = portable(name or "", self._folder)
        serving = before.name if before else setting_name(self._config)
        last = before.before if before and kept == before.name else serving
        self._store.set_meta(CHOICE_KEY, orjson.dumps(Choice(kept, str(card.space), last)).decode())
        if follow:
            self._follow()
        return card.space

    def forget(self, space: str | Space) -> int:
        """Drops the vectors of a space and its index; returns how many vectors.

        Raises:
            SpaceInUseError: it is the one that serves.
            NotFoundError: no vectors are kept of it.
        """
        named = next((s for s in (*self._store.spaces(), *self._in_use()) if str(s) == str(space)), None)
        if named is None:
            raise NotFoundError(
                f"no vectors are kept of a space {str(space)!r}", hint="list them: shoplens encoder spaces --shop DIR"
            )
        if named in self._in_use():
            raise SpaceInUseError(
                "the shop is searched in this space", where=str(named), hint="switch first: shoplens encoder switch"
            )
        dropped = self._store.drop_space(named)
        discard(self._copies_folder(named))
        return dropped

    # --- for the shop and its commands ----------------------------------------------------------

    def open_copies(self, space: Space, lock: Lock) -> Copies:
        """The copies in which a space is searched, as they stand."""
        folder = self._copies_folder(space)
        parts = Parts(
            columns=ArrayColumns.open(folder / "columns"),
            pictures=FlatVectors.open(folder / "pictures", space, "picture"),
            texts=FlatVectors.open(folder / "texts", space, "words"),
            words=TantivyWords(folder.parent / "words", vocabulary=lexicon_words()),
        )
        return Copies(self._store, self._store, space, parts, lock, folder)

    def open_pictures(self, pictures: Path | None = None) -> FeedPictures:
        """The pictures of the catalogue, where they lay when they were indexed or in the folder or zip named.

        Raises ConfigError when ``pictures`` is neither a folder nor a zip file.
        """
        if pictures is not None:
            return open_feed_pictures(self._config, pictures, self._folder)
        named, base = self._store.get_meta("pictures") or "", self._store.get_meta("feed_base") or "."
        try:
            return open_feed_pictures(self._config, Path(named) if named else None, Path(base))
        except ConfigError:  # the folder is gone: addresses can be asked, and each path is told as missing
            return open_feed_pictures(self._config, None, self._folder)

    # --- parts ----------------------------------------------------------------------------------

    def _opened(self, encoder: str | Encoder) -> Encoder:
        if isinstance(encoder, str):
            return open_encoder(encoder, threads=self._config.search.threads)
        return encoder

    def _in_use(self) -> set[Space]:
        """What this process searches in, and what the shop was switched to."""
        found = {self._serving()}
        if choice := self.chosen():
            with contextlib.suppress(ValueError):
                found.add(Space.parse(choice.space))
        return found

    def _copies_folder(self, space: Space) -> Path:
        return self._folder / "copies" / f"{space.name}-{space.revision}-{space.dimension}"

    def _forget_copies(self, space: Space) -> None:
        # Vectors that are stored later than their products make no entry in the change log: an index of this space that
        # was saved half-built would never learn of them.
        if space not in self._in_use():
            discard(self._copies_folder(space))

    def _build_copies(self, space: Space) -> None:
        """Saves the index of a space that nobody searches yet, so that the switch need not wait for it."""
        copies = self.open_copies(space, NoLock(self._folder))
        copies.refresh()
        with contextlib.suppress(ShopLensError):  # a full disk: it is built when it is opened
            copies.save_if_worth(0)


def _choice_of(store: SqlStore) -> Choice | None:
    return choice_from(store.get_meta(CHOICE_KEY))


def choice_from(kept: str | None) -> Choice | None:
    """What the store's setting ``CHOICE_KEY`` says; None where it says nothing."""
    try:
        return Choice(**orjson.loads(kept)) if kept else None
    except (ValueError, TypeError):
        return None


_WHAT = {"picture": "pictures", "words": "words"}


def _bytes_below(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # saved anew just now
            total += path.stat().st_size if path.is_file() else 0
    return total

"""What jobs do: bring a shop in line with a feed, or encode its catalogue with another encoder.

Both are done again from the start when they were stopped or killed, and go on where they were: what is in the shop
already is not read, decoded or encoded again (by content hash, by vector). So nothing but the request has to be kept.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shoplens.config import JobSettings
from shoplens.engine.indexing import IndexOptions, IndexReport, Progress
from shoplens.engine.reencoding import ReencodeReport
from shoplens.errors import FeedError, FeedRefusedError, PictureError
from shoplens.feeding import ShopFeeds
from shoplens.pictures.addresses import PORTS, Door
from shoplens.pictures.fetch import Fetcher
from shoplens.stores.job_store import Job
from shoplens.switching import ShopSpaces, settled

IMPORT, ENCODE = KINDS = ("import", "encode")
FEED = "feed"
"""Name of a feed that was sent or fetched, in the job's own folder."""
_FETCH_S = 3_600.0
_COUNTED = ("added", "changed", "unchanged", "removed", "pictures", "pictures_encoded", "pictures_rejected",
            "texts_encoded", "rows_skipped", "problems")  # fmt: skip
_REENCODED = ("pictures_encoded", "texts_encoded", "kept", "from_thumbnails", "unreadable")


class Stopped(Exception):
    """A job was asked to stop; what it has written stays."""


@dataclass(slots=True)
class Track:
    """How far a job has come, as JSON data for whoever asks; ``check`` raises Stopped where it is to stop."""

    check: Callable[[], None]
    tell: Callable[[Mapping[str, Any]], None]
    fields: dict[str, Any] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def phase(self, name: str) -> None:
        """Begins a part of the work."""
        self.fields["phase"] = name
        self.tell(self.fields)
        self.check()

    def come(self, done: int, counts: Mapping[str, Any]) -> None:
        """So many products are done."""
        seconds = time.monotonic() - self.started
        rate = done / seconds if seconds > 0 else 0.0
        total = self.fields.get("total")
        left = max(total - done, 0) if total is not None else None
        self.fields |= {**counts, "products": done, "seconds": round(seconds, 3), "rate": round(rate, 1)}
        self.fields["eta_s"] = round(left / rate, 1) if left is not None and rate else None
        self.tell(self.fields)

    def restart(self) -> None:
        """Counts the time from now on."""
        self.started = time.monotonic()


class Work:
    """Does the jobs of one shop.

    Args:
        folder: in which each job has a folder of its own.
        feeds: what indexes, with the encoder that serves now.
        allow_private: fetch feeds from addresses that are not public too.
    """

    def __init__(
        self,
        folder: Path,
        feeds: Callable[[], ShopFeeds],
        spaces: ShopSpaces,
        settings: JobSettings,
        allow_private: bool = False,
    ) -> None:
        self._folder, self._feeds, self._spaces = folder, feeds, spaces
        self._settings, self._private = settings, allow_private

    def folder_of(self, job_id: str) -> Path:
        """Where a job keeps its feed and its report."""
        return self._folder / job_id

    def report_of(self, job_id: str) -> Path:
        """The rows that a job could not use (JSON lines); there once it is over or was stopped."""
        return self.folder_of(job_id) / "report.jsonl"

    def run(self, job: Job, track: Track) -> None:
        """Does a job to its end.

        Raises:
            Stopped: it was asked to stop.
            ShopLensError: it cannot be done.
        """
        self.folder_of(job.id).mkdir(mode=0o700, parents=True, exist_ok=True)
        if job.kind == ENCODE:
            self._encode(job, track)
        else:
            self._import(job, track)

    def path_in_feeds(self, given: str) -> Path:
        """A feed in the folder of the setting ``jobs.feeds``. Raises FeedRefusedError, FeedError."""
        home = self._settings.feeds
        if home is None:
            raise FeedRefusedError(
                "feeds are not imported by their path here",
                where="path",
                hint="set jobs.feeds to the folder in which feeds lie, or send the feed itself",
            )
        path = Path(os.path.realpath(home / given))
        if not path.is_relative_to(Path(os.path.realpath(home))):
            raise FeedRefusedError("the path leads out of the folder of feeds", where="path", hint="name a file in it")
        if not path.exists():
            raise FeedError("there is no such feed in the folder of feeds", where="path", hint="check its name")
        return path

    def check_url(self, url: str) -> None:
        """Refuses an address that the setting ``jobs.feed_hosts`` does not allow. Raises FeedRefusedError."""
        try:
            door = Door(self._private, None if self._private else PORTS)
            door.check_url(url)
            host = url.split("://", 1)[1].split("/", 1)[0].rpartition("@")[2].rpartition(":")
            name = (host[0] or host[2]).lower()
        except (PictureError, IndexError) as error:
            raise FeedRefusedError(
                f"the address is refused: {error}", where="url", hint="give a plain http(s) address"
            ) from error
        if name not in {one.lower() for one in self._settings.feed_hosts}:
            raise FeedRefusedError(
                f"feeds are not fetched from {name!r}", where="url", hint="name the host in jobs.feed_hosts"
            )

    # --- parts ----------------------------------------------------------------------------------

    def _import(self, job: Job, track: Track) -> None:
        body = job.body
        path = self._feed_of(job, track)
        while True:
            feeds = self._feeds()
            # At every row: one with none that can be used must be stoppable, too, and so must the counting.
            source = feeds.source(path, body.get("format"), body.get("mapping")).watched(track.check)
            track.phase("counting")
            track.fields["total"] = source.count()
            track.phase("indexing")
            track.restart()
            options = IndexOptions(
                remove_missing=not body.get("keep_missing", False),
                max_removed=1.0 if body.get("allow_removals") else 0.5,
                recheck_pictures=bool(body.get("recheck_pictures")),
                pictures=bool(body.get("look_at_pictures", True)),
            )
            base = feeds.base() if path.parent == self.folder_of(job.id) else None

            def on_progress(progress: Progress) -> None:
                track.come(progress.report.read, _counts(progress.report))

            told = self.report_of(job.id)
            report = feeds.run(source, None, options, told, lambda _: None, on_progress, base)
            track.come(report.read, _counts(report))
            if self._feeds().encoder.card.space == feeds.encoder.card.space:
                return
            # The shop was switched to another encoder meanwhile: what came in lacks its vectors in the new space.

    def _encode(self, job: Job, track: Track) -> None:
        total = sum(1 for _ in self._feeds().store.ids())
        track.fields["total"] = total
        track.phase("encoding")
        track.restart()

        def on_progress(report: ReencodeReport) -> None:
            track.come(report.products, {name: getattr(report, name) for name in _REENCODED})
            track.check()

        name = settled(job.body["encoder"], self._folder.parent)
        done = self._spaces.reencode(name, report=self.report_of(job.id), on_progress=on_progress)
        track.fields |= {"space": done.space, "missing": dict(done.missing), "complete": done.complete}
        track.come(done.products, {name: getattr(done, name) for name in _REENCODED})

    def _feed_of(self, job: Job, track: Track) -> Path:
        body = job.body
        if "path" in body:
            return self.path_in_feeds(str(body["path"]))
        own = self.folder_of(job.id) / FEED
        if "url" in body and not own.exists():
            track.phase("fetching")
            self._fetch(str(body["url"]), own, track)
        if not own.exists():
            raise FeedError("the feed that was sent is gone", where=f"job {job.id}", hint="send it again")
        return own

    def _fetch(self, url: str, to: Path, track: Track) -> None:
        self.check_url(url)
        half, size, limit = to.with_suffix(".part"), 0, self._settings.max_feed_bytes
        fetcher = Fetcher(Door(self._private, None if self._private else PORTS), timeout_s=_FETCH_S)
        try:
            with fetcher.stream(url) as (reply, chunks), half.open("wb") as file:
                if reply.status != 200:
                    raise FeedError(f"the server answered {reply.status}", where=url, hint="check the address")
                for chunk in chunks:
                    size += len(chunk)
                    if size > limit:
                        raise FeedError(f"the feed has more than {limit} bytes", where=url, hint="send less of it")
                    file.write(chunk)
                    track.check()
                file.flush()
                os.fsync(file.fileno())
            half.replace(to)
        except PictureError as error:
            raise FeedError(f"the feed cannot be fetched: {error.message}", where=url, hint=error.hint) from error
        finally:
            half.unlink(missing_ok=True)
            fetcher.close()


def _counts(report: IndexReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in _COUNTED}

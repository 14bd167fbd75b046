"""Work that outlasts a request: ``shop.jobs``. Kept in the store, done one at a time, gone on with after a crash.

Whoever holds the lock of the folder ``jobs`` does the jobs: a service, in a thread of its own. What any process asks
for (another one's, the command line's) is in the store, and the one at work looks there every second.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from shoplens.config import Config, JobSettings
from shoplens.errors import JobStateError, QueryError, ShopError, ShopLensError, StoreError
from shoplens.feeding import ShopFeeds
from shoplens.job_running import ENCODE, FEED, IMPORT, Stopped, Track, Work
from shoplens.stores import FolderLock, SqlStore
from shoplens.stores.job_store import (
    CANCELLED,
    CANCELLING,
    DONE,
    FAILED,
    ORDERS,
    PAUSED,
    PAUSING,
    QUEUED,
    RUNNING,
    Job,
    JobStore,
)
from shoplens.stores.steady import steady_now
from shoplens.switching import ShopSpaces

FOLDER = "jobs"
"""In the shop's folder: the lock of jobs, and of each job its feed and its report."""
TELL_S = 1.0
"""How often the progress of a job is stored and what was asked meanwhile is looked at, in seconds."""
LOOK_S = 0.5
"""How often a new job is looked for, in seconds."""
_CLEAR_S = 3_600.0
IMPORT_FIELDS = ("path", "url", "format", "mapping", "keep_missing", "allow_removals", "recheck_pictures",
                 "look_at_pictures")  # fmt: skip
"""What an import can be told."""

log = structlog.get_logger("shoplens")


class ShopJobs:
    """The jobs of one shop. Safe to use from several threads and processes."""

    def __init__(
        self,
        folder: Path,
        store: JobStore,
        feeds: Callable[[], ShopFeeds],
        spaces: ShopSpaces,
        settings: JobSettings,
        allow_private: bool = False,
    ) -> None:
        self.folder = folder / FOLDER
        self._store, self._settings = store, settings
        self._work = Work(self.folder, feeds, spaces, settings, allow_private)
        self._lock: FolderLock | None = None
        self._thread: threading.Thread | None = None
        self._end, self._wake = threading.Event(), threading.Event()
        self._live: tuple[str, Mapping[str, Any]] = ("", {})
        self._asked: set[str] = set()
        self._cleared = 0.0

    # --- asking ---------------------------------------------------------------------------------

    def get(self, job_id: str) -> Job:
        """A job as it stands. Raises NotFoundError."""
        return self._store.get(job_id)

    def page(self, limit: int = 50, cursor: str = "") -> tuple[list[Job], str]:
        """Jobs, the newest first, and the cursor for those after ("": none). Raises QueryError for a damaged cursor."""
        found = self._store.page(limit + 1, _place(cursor))
        more = len(found) > limit
        return found[:limit], _cursor(found[limit - 1]) if more else ""

    def report(self, job_id: str) -> Path | None:
        """The file with the rows that a job could not use (JSON lines); None while there is none.

        Raises:
            NotFoundError: there is no such job.
        """
        self._store.get(job_id)
        path = self._work.report_of(job_id)
        return path if path.is_file() else None

    # --- ordering -------------------------------------------------------------------------------

    def new_id(self) -> str:
        """An id for a job."""
        return uuid.uuid4().hex

    def import_feed(self, given: Mapping[str, Any], *, by: str = "", job_id: str = "", request: str = "") -> Job:
        """Orders an import of a feed by its path or address, or of one that lies in ``place_for`` the id already.

        Args:
            given: IMPORT_FIELDS; ``path`` or ``url`` unless the feed was sent.
            by: who asks.
            job_id: of the job; one that is there already is returned as it is.
            request: what was asked, in a word that a second one under the same id must share.

        Raises:
            QueryError: it makes no sense.
            FeedRefusedError: the feed may not be read from there.
        """
        body = _import_body(given)
        sent = bool(job_id) and self.place_for(job_id).exists()
        if sum(name in body for name in ("path", "url")) != (0 if sent else 1):
            raise QueryError("one of path and url is needed", where="body", hint='send {"path": "products.csv"}')
        if "path" in body:
            self._work.path_in_feeds(body["path"])
        if "url" in body:
            self._work.check_url(body["url"])
        return self._add(IMPORT, body, by, job_id, request)

    def encode(self, encoder: str, *, by: str = "", job_id: str = "", request: str = "") -> Job:
        """Orders the encoding of the catalogue with another encoder, beside the one that serves."""
        return self._add(ENCODE, {"encoder": encoder}, by, job_id, request)

    def place_for(self, job_id: str) -> Path:
        """Where the feed of a job is to be put before it is ordered."""
        return self._work.folder_of(job_id) / FEED

    def pause(self, job_id: str) -> Job:
        """Stops a job after what it is at; ``resume`` goes on. Raises NotFoundError, JobStateError."""
        return self._moved(job_id, ORDERS["pause"])

    def resume(self, job_id: str, *, allow_removals: bool | None = None) -> Job:
        """Goes on with a job that was paused or has failed. Raises NotFoundError, JobStateError."""
        body = None
        if allow_removals is not None:
            body = {**self._store.get(job_id).body, "allow_removals": allow_removals}
        job = self._store.move(job_id, ORDERS["resume"], body=body)
        self._wake.set()
        return job

    def cancel(self, job_id: str) -> Job:
        """Stops a job for good; what it has written stays. Raises NotFoundError, JobStateError."""
        job = self._moved(job_id, ORDERS["cancel"])
        if job.state == CANCELLED:
            self._drop_feed(job_id)
        return job

    # --- doing ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the thread that does jobs, as soon as no other process does."""
        if self._thread is None:
            self._end.clear()
            self._thread = threading.Thread(target=self._loop, name="shoplens-jobs", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stops the thread; a job that is at work is stopped between two batches, and goes on at the next start."""
        self._end.set()
        self._wake.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join()
        self._release()

    def run_queued(self) -> int:
        """Does all jobs that wait, in this thread; returns how many. Raises ShopLockedError: another process does."""
        lock = self._locked()
        lock.acquire()
        try:
            self._store.pick_up()
            count = 0
            while (job := self._store.take()) is not None:
                self._do(job)
                count += 1
            return count
        finally:
            self._release()

    # --- parts ----------------------------------------------------------------------------------

    def _add(self, kind: str, body: Mapping[str, Any], by: str, job_id: str, request: str) -> Job:
        made = Job(
            job_id or self.new_id(), kind, QUEUED, {**body, "request": request} if request else body, by=by[:200]
        )
        job = self._store.add(made)
        if job.body.get("request", "") != request:
            raise JobStateError(
                "another job was ordered under this id", where=f"job {job.id}", hint="choose another id"
            )
        self._wake.set()
        return job

    def _moved(self, job_id: str, moves: Mapping[str, str]) -> Job:
        job = self._store.move(job_id, moves)
        if job.state in (PAUSING, CANCELLING):
            self._asked.add(job_id)
        return job

    def _locked(self) -> FolderLock:
        if self._lock is None:
            try:
                self.folder.mkdir(mode=0o700, exist_ok=True)
            except OSError as error:
                raise StoreError(
                    f"the folder of jobs cannot be made: {error.strerror}",
                    where=str(self.folder),
                    hint="free some space",
                ) from error
            self._lock = FolderLock(self.folder)
        return self._lock

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _loop(self) -> None:
        leads = False
        while not self._end.is_set():
            try:
                if not leads and (leads := self._locked().try_acquire()) and (left := self._store.pick_up()):
                    log.info("jobs of a process that ended are taken up", jobs=left)
                if leads:
                    self._clear()
                    while not self._end.is_set() and (job := self._store.take()) is not None:
                        self._do(job)
            except ShopError as error:  # a full disk, a locked file: it is tried again
                log.error("jobs cannot be looked at", error=str(error))
                self._end.wait(5)
            self._wake.wait(LOOK_S)
            self._wake.clear()
        self._release()

    def _do(self, job: Job) -> None:
        log.info("job begun", job=job.id, kind=job.kind)
        told = [0.0]
        track = Track(lambda: None, lambda _: None)
        track.fields["attempts"] = int(job.progress.get("attempts", 0)) + 1

        def check() -> None:
            if self._end.is_set():
                raise Stopped
            if time.monotonic() - told[0] > TELL_S:
                tell_now()
            if job.id in self._asked:
                raise Stopped

        def tell_now() -> None:
            told[0] = time.monotonic()
            if self._store.tell(job.id, track.fields) in (PAUSING, CANCELLING):
                self._asked.add(job.id)

        def tell(_: Mapping[str, Any]) -> None:
            if time.monotonic() - told[0] > TELL_S:
                tell_now()

        track.check, track.tell = check, tell
        tell_now()  # that it was begun is known even if it is killed in the next moment
        end, fields = self._ended(job, track)
        try:
            state = self._store.get(job.id).state
            moves = {RUNNING: end, PAUSING: end, CANCELLING: end}
            if end == QUEUED:  # it was stopped: what for?
                moves = {RUNNING: QUEUED, PAUSING: PAUSED, CANCELLING: CANCELLED}
            done = self._store.move(job.id, moves, progress=fields)
            if done.state in (DONE, CANCELLED):
                self._drop_feed(job.id)
            log.info("job ended", job=job.id, state=done.state, asked=state)
        finally:
            self._asked.discard(job.id)

    def _ended(self, job: Job, track: Track) -> tuple[str, dict[str, Any]]:
        fields = track.fields
        try:
            self._work.run(job, track)
        except Stopped:
            return QUEUED, fields
        except ShopLensError as error:
            log.warning("job failed", job=job.id, error=str(error))
            told = {"code": error.code, "detail": error.message, "where": error.where, "hint": error.hint}
            return FAILED, fields | {"error": {name: text for name, text in told.items() if text}}
        except Exception as error:  # a fault of ours must not end the thread that does the others
            log.exception("job failed unexpectedly", job=job.id)
            return FAILED, fields | {"error": {"code": "unexpected", "detail": f"{type(error).__name__}: {error}"}}
        fields.pop("phase", None)
        return DONE, fields | {"eta_s": 0.0}

    def _clear(self) -> None:
        if time.monotonic() - self._cleared < _CLEAR_S and self._cleared:
            return
        self._cleared = time.monotonic()
        for job_id in self._store.forget(steady_now() - timedelta(days=self._settings.days)):
            shutil.rmtree(self._work.folder_of(job_id), ignore_errors=True)

    def _drop_feed(self, job_id: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(self.place_for(job_id))  # noqa: PTH108


def jobs_of(
    config: Config, folder: Path, store: SqlStore, feeds: Callable[[], ShopFeeds], spaces: ShopSpaces
) -> ShopJobs:
    """The jobs of a shop."""
    private = config.pictures.allow_private_addresses
    return ShopJobs(folder, JobStore(store.database), feeds, spaces, config.jobs, private)


_LONGEST = 4_000
"""Bytes of a path or an address; file systems take 4,096 bytes."""


def _import_body(given: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in given.items():
        if name not in IMPORT_FIELDS:
            raise QueryError(f"there is no field {name[:60]!r}", where=name[:60], hint=", ".join(IMPORT_FIELDS))
        kind: type = str if name in ("path", "url", "format") else dict if name == "mapping" else bool
        if not isinstance(value, kind):
            raise QueryError("a value of a wrong kind", where=name, hint=f"give {_KINDS[kind]}")
        if isinstance(value, str) and (len(value.encode("utf-8", "replace")) > _LONGEST or "\0" in value):
            raise QueryError("no path, address or kind is like that", where=name, hint=f"at most {_LONGEST} bytes")
    mapping = given.get("mapping") or {}
    if not all(isinstance(one, str) for one in mapping.values()):
        raise QueryError("a column is no text", where="mapping", hint='send {"title": "productDisplayName"}')
    return dict(given)


_KINDS: Mapping[type, str] = {str: "text", dict: "an object", bool: "true or false"}


def _cursor(job: Job) -> str:
    return base64.urlsafe_b64encode(f"{job.created} {job.id}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[str, str] | None:
    if not cursor:
        return None
    with contextlib.suppress(ValueError):
        created, _, job_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii").partition(" ")
        if job_id:
            return created, job_id
    raise QueryError("the cursor is damaged", where="cursor", hint="begin without one")

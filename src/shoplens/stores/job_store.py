"""Jobs in the tables: what is to be done, who asked for it, and how far it has come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from shoplens.errors import JobStateError, NotFoundError
from shoplens.stores.connections import Database
from shoplens.stores.schema import jobs

QUEUED, RUNNING, PAUSING, PAUSED, CANCELLING, CANCELLED, DONE, FAILED = STATES = (
    "queued", "running", "pausing", "paused", "cancelling", "cancelled", "done", "failed",
)  # fmt: skip
OVER = (CANCELLED, DONE, FAILED)
ORDERS: Mapping[str, Mapping[str, str]] = {
    "pause": {QUEUED: PAUSED, RUNNING: PAUSING, PAUSING: PAUSING, PAUSED: PAUSED},
    "resume": {PAUSED: QUEUED, FAILED: QUEUED, QUEUED: QUEUED},
    "cancel": {QUEUED: CANCELLED, PAUSED: CANCELLED, FAILED: CANCELLED, CANCELLED: CANCELLED, RUNNING: CANCELLING,
               PAUSING: CANCELLING, CANCELLING: CANCELLING},
}  # fmt: skip
"""What may be asked of a job -> from which state to which; whoever is at work on it does the rest."""
_C = jobs.c
_COLUMNS = (_C.id, _C.kind, _C.state, _C.body, _C.progress, _C.created, _C.changed, _C.by)


def now() -> datetime:
    """The moment, UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Job:
    """Work that outlasts a request. ``body``: what is to be done; ``progress``: how far it has come, as JSON data.

    ``created`` and ``changed``: UTC, 2026-11-27T08:00:00.000000Z. ``by``: who asked for it.
    """

    id: str
    kind: str
    state: str = QUEUED
    body: Mapping[str, Any] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    changed: str = ""
    by: str = ""


_LIST = "list them: shoplens jobs list, or GET /v1/jobs"


class JobStore:
    """The jobs of one shop. What a method has written is on the disk. Safe to use from several threads and processes.

    Every method raises StoreError when the database refuses.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime] = now) -> None:
        self._database, self._clock = database, clock

    def add(self, job: Job) -> Job:
        """Adds a job; returns it as it is stored, or the one of its id that is there already."""
        with self._database.transaction() as connection:
            found = _one(connection, job.id)
            if found is not None:
                return found
            at = self._now()
            row = {"id": job.id, "kind": job.kind, "state": job.state, "by": job.by, "created": at, "changed": at}
            connection.execute(insert(jobs), {**row, "body": _text(job.body), "progress": _text(job.progress)})
            made = _one(connection, job.id)
        return made or job

    def get(self, job_id: str) -> Job:
        """A job. Raises NotFoundError."""
        found = self._database.read(lambda c: _one(c, job_id))
        if found is None:
            raise NotFoundError(f"there is no job {job_id!r}", where="job", hint=_LIST)
        return found

    def page(self, limit: int, before: tuple[str, str] | None = None, states: Collection[str] = ()) -> list[Job]:
        """Jobs, the newest first. ``before``: (created, id) of the last one seen. ``states``: only these."""
        wanted = select(*_COLUMNS).order_by(_C.created.desc(), _C.id.desc()).limit(limit)
        if before is not None:
            created, job_id = before
            wanted = wanted.where(or_(_C.created < created, and_(_C.created == created, _C.id < job_id)))
        if states:
            wanted = wanted.where(_C.state.in_(list(states)))
        return self._database.read(lambda c: [_unpack(row) for row in c.execute(wanted)])

    def move(
        self, job_id: str, moves: Mapping[str, str], *, progress: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Job:  # fmt: skip
        """Takes a job from its state to the next one: ``moves`` names both. At once with its progress, if given.

        Raises:
            NotFoundError: there is no such job.
            JobStateError: its state is none of those.
        """
        with self._database.transaction() as connection:
            found = _one(connection, job_id)
            if found is None:
                raise NotFoundError(f"there is no job {job_id!r}", where="job", hint=_LIST)
            if found.state not in moves:
                raise JobStateError(
                    f"the job is {found.state}", where=f"job {job_id}", hint="only " + ", ".join(moves) + " ones can be"
                )
            values: dict[str, Any] = {"state": moves[found.state], "changed": self._now()}
            if progress is not None:
                values["progress"] = _text(progress)
            if body is not None:
                values["body"] = _text(body)
            connection.execute(update(jobs).where(_C.id == job_id).values(**values))
            return _one(connection, job_id) or found

    def tell(self, job_id: str, progress: Mapping[str, Any]) -> str:
        """Stores how far a job has come; returns its state, which others may have changed ("" if it is gone)."""
        with self._database.transaction() as connection:
            values = {"progress": _text(progress), "changed": self._now()}
            connection.execute(update(jobs).where(_C.id == job_id).values(**values))
            return str(connection.execute(select(_C.state).where(_C.id == job_id)).scalar() or "")

    def take(self) -> Job | None:
        """The oldest queued job, which is now running; None where none waits. For whoever holds the lock of jobs."""
        wanted = select(*_COLUMNS).where(_C.state == QUEUED).order_by(_C.created, _C.id).limit(1)
        if self._database.read(lambda c: c.execute(wanted).first()) is None:
            return None
        with self._database.transaction() as connection:
            row = connection.execute(wanted).first()
            if row is None:
                return None
            values = {"state": RUNNING, "changed": self._now()}
            connection.execute(update(jobs).where(_C.id == row[0]).values(**values))
            return _one(connection, str(row[0]))

    def pick_up(self) -> int:
        """What a process that died has left: its job is queued again, or is what it was about to become. Returns how
        many. For whoever holds the lock of jobs."""
        moves = {RUNNING: QUEUED, PAUSING: PAUSED, CANCELLING: CANCELLED}
        left = self.page(1_000, states=tuple(moves))
        for job in left:
            self.move(job.id, moves)
        return len(left)

    def forget(self, before: datetime) -> list[str]:
        """Removes the jobs that were over before a moment; returns their ids."""
        over = and_(_C.state.in_(OVER), _C.changed < moment_text(before))
        gone = self._database.read(lambda c: list(c.execute(select(_C.id).where(over)).scalars()))
        if gone:
            with self._database.transaction() as connection:
                connection.execute(delete(jobs).where(over))
        return gone

    def _now(self) -> str:
        return moment_text(self._clock())


def moment_text(moment: datetime) -> str:
    """A moment as jobs keep it: texts that sort as the moments do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _one(connection: Connection, job_id: str) -> Job | None:
    row = connection.execute(select(*_COLUMNS).where(_C.id == job_id)).first()
    return None if row is None else _unpack(row)


def _unpack(row: Sequence[Any]) -> Job:
    job_id, kind, state, body, progress, created, changed, by = row
    return Job(job_id, kind, state, orjson.loads(body), orjson.loads(progress), created, changed, by)


def _text(data: Mapping[str, Any]) -> str:
    return orjson.dumps(dict(data)).decode()

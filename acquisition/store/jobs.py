"""The durable queue of background work: statements within a transaction.

A worker holds a job by a lease that its heartbeats renew. A running job whose lease ran out has
lost its worker and is handed to the next one that asks, at most `MAX_ATTEMPTS` times.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from acquisition.domain import Job, JobState, new_id
from acquisition.errors import StoreError
from acquisition.store import schema
from acquisition.store.images import fields

LEASE_S = 30.0
MAX_ATTEMPTS = 3

_job = schema.job
_PRIVATE = ("worker", "lease_until_s", "attempts")


def queue(connection: sa.Connection, kind: str, params: Mapping[str, Any], utc: str) -> Job:
    """A fresh job at the end of the queue."""
    job = Job(new_id("job"), kind, dict(params), JobState.QUEUED, created_utc=utc, updated_utc=utc)
    values = {name: getattr(job, name) for name in job.__dataclass_fields__}
    connection.execute(sa.insert(_job).values(**values, worker="", lease_until_s=0.0, attempts=0))
    return job


def claim(connection: sa.Connection, worker: str, now_s: float, utc: str) -> Job | None:
    """The oldest job that waits or has lost its worker, now held by `worker`; None where there is none."""
    _give_up(connection, now_s, utc)
    waiting = (_job.c.state == JobState.QUEUED) | _is_lost(now_s)
    statement = sa.select(_job.c.id).where(waiting).order_by(_job.c.number).limit(1)
    job_id = connection.scalar(statement.with_for_update(skip_locked=True))
    if job_id is None:
        return None
    _set(
        connection,
        _job.c.id == job_id,
        state=JobState.RUNNING,
        worker=worker,
        lease_until_s=now_s + LEASE_S,
        attempts=_job.c.attempts + 1,
        updated_utc=utc,
    )
    return get(connection, job_id)


def heartbeat(
    connection: sa.Connection, job_id: str, worker: str, progress: float, message: str, now_s: float, utc: str
) -> bool:
    """Renew the lease; True if the worker shall stop: a cancel, or the job is no longer its own."""
    is_held = _set(
        connection,
        _is_held(job_id, worker),
        progress=min(max(progress, 0.0), 1.0),
        message=message,
        lease_until_s=now_s + LEASE_S,
        updated_utc=utc,
    )
    return not is_held or get(connection, job_id).is_cancel_requested


def finish(connection: sa.Connection, job_id: str, worker: str, result: Mapping[str, Any], utc: str) -> None:
    """Done, with its result. Raises `StoreError` if the job is no longer the worker's."""
    values = {"state": JobState.DONE, "progress": 1.0, "result": dict(result), "updated_utc": utc}
    _end(connection, job_id, worker, values)


def fail(connection: sa.Connection, job_id: str, worker: str, message: str, utc: str) -> None:
    """Failed, or cancelled if that was asked for. Raises `StoreError` if another worker has the job."""
    is_cancelled = get(connection, job_id).is_cancel_requested
    state = JobState.CANCELLED if is_cancelled else JobState.FAILED
    _end(connection, job_id, worker, {"state": state, "message": message, "updated_utc": utc})


def cancel(connection: sa.Connection, job_id: str, now_s: float, utc: str) -> None:
    """At once where nobody works on it; else its worker is asked to stop."""
    get(connection, job_id)
    this = _job.c.id == job_id
    idle = (_job.c.state == JobState.QUEUED) | _is_lost(now_s)
    _set(connection, this & idle, state=JobState.CANCELLED, updated_utc=utc)
    _set(connection, this & (_job.c.state == JobState.RUNNING), is_cancel_requested=True, updated_utc=utc)


def restart(connection: sa.Connection, job_id: str, utc: str) -> None:
    """Queue a failed or cancelled job again. Raises `StoreError` for any other."""
    is_ended = _job.c.state.in_([JobState.FAILED, JobState.CANCELLED])
    values = {"state": JobState.QUEUED, "is_cancel_requested": False, "attempts": 0, "message": ""}
    if not _set(connection, (_job.c.id == job_id) & is_ended, **values, updated_utc=utc):
        raise StoreError(f"Job {job_id} neither failed nor was cancelled: there is nothing to restart")


def get(connection: sa.Connection, job_id: str) -> Job:
    """Raises `StoreError` where there is none."""
    row = connection.execute(sa.select(_job).where(_job.c.id == job_id)).mappings().first()
    if row is None:
        raise StoreError(f"The store holds no job {job_id}: check the id")
    return _from_row(row)


def every(connection: sa.Connection) -> list[Job]:
    """Oldest first."""
    statement = sa.select(_job).order_by(_job.c.number)
    return [_from_row(row) for row in connection.execute(statement).mappings()]


def _is_lost(now_s: float) -> sa.ColumnElement[bool]:
    return (_job.c.state == JobState.RUNNING) & (_job.c.lease_until_s < now_s)


def _is_held(job_id: str, worker: str) -> sa.ColumnElement[bool]:
    return (_job.c.id == job_id) & (_job.c.worker == worker) & (_job.c.state == JobState.RUNNING)


def _give_up(connection: sa.Connection, now_s: float, utc: str) -> None:
    lost = _is_lost(now_s)
    _set(connection, lost & _job.c.is_cancel_requested, state=JobState.CANCELLED, updated_utc=utc)
    _set(
        connection,
        lost & (_job.c.attempts >= MAX_ATTEMPTS),
        state=JobState.FAILED,
        message=f"its worker died {MAX_ATTEMPTS} times: see the worker's log, then restart the job",
        updated_utc=utc,
    )


def _end(connection: sa.Connection, job_id: str, worker: str, values: dict[str, Any]) -> None:
    if not _set(connection, _is_held(job_id, worker), **values):
        raise StoreError(f"Job {job_id} is not worker {worker}'s any more: its result was not kept")


def _set(connection: sa.Connection, where: sa.ColumnElement[bool], **values: Any) -> bool:
    return connection.execute(sa.update(_job).where(where).values(**values)).rowcount > 0


def _from_row(row: sa.RowMapping) -> Job:
    values = {name: value for name, value in fields(row).items() if name not in _PRIVATE}
    return Job(**{**values, "state": JobState(values["state"])})

"""The writer of a recording: one thread, one connection, nobody else's transactions in its way."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import Timeout

from acquisition.domain import Event, Gap, Session, SessionState, ViewState
from acquisition.errors import StoreError
from acquisition.sources.base import Batch, SourceInfo
from acquisition.store.engine import BUSY_TIMEOUT_MS, sqlite
from acquisition.store.pending import Pending
from acquisition.store.recording_file import (
    APPLICATION_ID,
    COUNT,
    FORMAT,
    SCHEMA,
    Counts,
    Mark,
    connect,
    lock_of,
    promised,
    record_dtype,
    session_to_json,
    sha256_of,
    tidy,
    translated,
)
from acquisition.store.recording_reader import Recording

CHECKPOINT_S = 30.0
"""How long committed chunks may live in the WAL alone."""
RETRY_S = 1.0
"""How long a checkpoint is put off that a reader was in the way of."""

OnSealed = Callable[[Session], None]


class RecordingWriter:
    """Appends to the recording of one session until it is sealed.

    `append`, `view_state`, `event` and `gap` only remember; `commit` makes all of it durable in one
    transaction. A commit that fails (a full disk) raises `StoreError` and keeps what it was to write
    for the next one. All methods raise `StoreError` and belong to one thread.
    """

    def __init__(
        self, path: Path, info: SourceInfo, session: Session, on_sealed: OnSealed | None = None
    ) -> None:
        """Create the file; `on_sealed` is told of the session as it was sealed."""
        self._path = path
        self._session = session
        self._on_sealed = on_sealed
        self._pending = Pending(record_dtype(info.channels))
        self._counts = Counts()
        self._is_in_doubt = False
        self._lock = lock_of(path)
        self._take_lock()
        try:
            with translated(path):
                self._connection = _create(path, info, session)
                self._mark = Mark(path)
                self._mark.write(self._counts, is_synced=True)
        except BaseException:
            self._lock.release()
            raise
        self._checkpointed_s = time.monotonic()
        self._is_open = True

    @property
    def session(self) -> Session:
        """As it was opened, or sealed."""
        return self._session

    @property
    def n_samples(self) -> int:
        """Samples committed so far."""
        return self._counts.sample

    def append(self, batch: Batch) -> None:
        """Remember what a source sent."""
        self._pending.batch(batch)

    def view_state(self, view: ViewState) -> None:
        """Remember what was painted."""
        self._pending.view_state(view)

    def event(self, event: Event) -> None:
        """Remember what happened; its detail must be JSON."""
        self._pending.event(event)

    def gap(self, gap: Gap) -> None:
        """Remember a stretch without gaze."""
        self._pending.gap(gap)

    def commit(self) -> None:
        """Make all that is remembered durable; what was committed survives a crash and a power cut."""
        if not self._pending:
            return
        counts = self._pending.pack(self._counts)
        with translated(self._path):
            if self._is_in_doubt:
                # The last commit failed, or so we were told: it may have been done all the same.
                self._roll_back()
                self._take_as_committed(promised(self._connection))
            self._is_in_doubt = True
            self._insert_pending(counts)
            self._is_in_doubt = False
            self._mark.write(self._counts)
        if time.monotonic() - self._checkpointed_s >= CHECKPOINT_S:
            self._checkpoint()

    def seal(self, state: SessionState = SessionState.SEALED) -> str:
        """Commit, verify and close; the recording becomes one file that stands alone. Returns its sha256.

        What does not verify is sealed all the same, with what is wrong, and then raised.
        """
        self.commit()
        problems = Recording(self._path).verify()
        with translated(self._path):
            write_seal(self._connection, state, self._counts.sample, problems)
            stand_alone(self._connection)
        self.close()
        sha256 = sha256_of(self._path)
        tidy(self._path)
        self._session = replace(self._session, state=state, n_samples=self._counts.sample, sha256=sha256)
        if self._on_sealed is not None:
            self._on_sealed(self._session)
        if problems:
            raise StoreError(f"The recording was sealed but is not whole: {'; '.join(problems)}")
        return sha256

    def close(self) -> None:
        """Let go of the file; not sealed, it is found interrupted by the next who opens the store."""
        if not self._is_open:
            return
        self._is_open = False
        self._connection.close()
        self._mark.close()
        self._lock.release()

    def _take_lock(self) -> None:
        try:
            self._lock.acquire()
        except Timeout as error:
            raise StoreError(
                f"{self._path} is being recorded by another program: open a new session"
            ) from error
        except OSError as error:
            raise StoreError(f"{self._path.parent} cannot be written ({error.strerror}): check it") from error

    def _insert_pending(self, counts: Counts) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._pending.insert(connection)
            assignments = ", ".join(f"{name} = ?" for name in Counts._fields)
            connection.execute(f"UPDATE high_water SET {assignments}", counts)
            connection.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise
        self._take_as_committed(counts)

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _take_as_committed(self, counts: Counts) -> None:
        self._pending.forget(self._counts, counts)
        self._counts = counts

    def _checkpoint(self) -> None:
        # Never waits for a reader: what cannot be folded in now is a moment later.
        connection = self._connection
        with translated(self._path):
            connection.execute("PRAGMA busy_timeout=0")
            (is_busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
            self._mark.write(self._counts, is_synced=True)
        self._checkpointed_s = time.monotonic() - (CHECKPOINT_S - RETRY_S if is_busy else 0.0)


def _create(path: Path, info: SourceInfo, session: Session) -> sqlite.Connection:
    if path.exists():
        raise StoreError(f"{path} is there already: open a new session")
    # Built under another name, so that no crash leaves half a recording.
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with closing(connect(unfinished, is_writer=True)) as connection:
        connection.executescript(f"BEGIN IMMEDIATE; {SCHEMA}")
        _describe(connection, info, session)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={FORMAT}")
        connection.execute("COMMIT")
    unfinished.rename(path)
    connection = connect(path, is_writer=True)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _describe(connection: sqlite.Connection, info: SourceInfo, session: Session) -> None:
    source = {name: value for name, value in asdict(info).items() if name != "channels"}
    software = {
        "gazeroom": importlib.metadata.version("gazeroom"),
        "python": platform.python_version(),
        "sqlite": sqlite.sqlite_version,
        "platform": platform.platform(),
    }
    connection.execute(
        "INSERT INTO header VALUES (?, ?, ?, ?, ?)",
        (
            session_to_json(session),
            json.dumps(source),
            json.dumps(software),
            time.time_ns(),
            session.opened_host_time_ns,
        ),
    )
    connection.executemany(
        "INSERT INTO channel VALUES (?, ?, ?, ?, ?, ?)",
        [(i, c.label, c.dtype, c.unit, c.role, c.scale) for i, c in enumerate(info.channels)],
    )
    connection.execute(f"INSERT INTO high_water {COUNT}")


def write_seal(
    connection: sqlite.Connection, state: SessionState, n_samples: int, problems: Sequence[str]
) -> None:
    """Say in the file that nothing more comes."""
    sealed_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
    seal = (str(state), n_samples, json.dumps(list(problems)), sealed_utc)
    connection.execute("INSERT INTO seal VALUES (?, ?, ?, ?)", seal)


def stand_alone(connection: sqlite.Connection) -> None:
    """Fold the WAL into the file and do without one."""
    # That needs the file for itself, and SQLite does not wait here for readers, which are short.
    deadline_s = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
            return
        except sqlite.OperationalError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.02)

"""After a crash: bring the catalogue in line with the recordings, which are the truth about gaze.

A recording that nobody writes and nobody sealed is sealed as interrupted. Sessions and readings that
the catalogue lacks are taken from it; readings left open are interrupted, and their marks stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from acquisition.domain import Event, Reading, ReadingState, Session, SessionState
from acquisition.errors import StoreError
from acquisition.store.catalogue import Catalogue
from acquisition.store.recording import close_for_good
from acquisition.store.recording_file import connect, is_live, lock_of, sha256_of, translated
from acquisition.store.recording_reader import Recording


def reconcile(catalogue: Catalogue, folder: Path) -> list[str]:
    """Take up every recording in `folder` that is neither live nor known to be closed.

    Returns a sentence for each that could not be taken up.
    """
    closed = {s.id for s in catalogue.sessions() if s.state is not SessionState.RECORDING}
    problems = []
    for path in sorted(folder.glob("*.sqlite")):
        if path.stem in closed or is_live(path):
            continue
        try:
            _take_up(catalogue, path)
        except StoreError as error:
            problems.append(str(error))
    return problems


def _take_up(catalogue: Catalogue, path: Path) -> None:
    with lock_of(path).acquire(timeout=0):
        session = _sealed(path)
        path.with_suffix(".mark").unlink(missing_ok=True)
    recording = Recording(path)
    session = _known(catalogue, session)
    _take_up_readings(catalogue, session, recording)
    catalogue.close_session(session.id, session.state, session.n_samples, session.sha256)


def _sealed(path: Path) -> Session:
    """The session of the recording, which is sealed as interrupted if it was not sealed before."""
    recording = Recording(path)
    if not recording.header.is_sealed:
        problems = recording.verify()
        n_samples = recording.header.session.n_samples
        with translated(path), closing(connect(path, is_writer=True)) as connection:
            close_for_good(connection, SessionState.INTERRUPTED, n_samples, problems)
        recording = Recording(path)
    return replace(recording.header.session, sha256=sha256_of(path))


def _known(catalogue: Catalogue, session: Session) -> Session:
    """The session with a reader that the catalogue has; both are added where missing."""
    if session.reader_id not in {reader.id for reader in catalogue.readers()}:
        is_simulated = session.is_simulated
        reader = catalogue.ensure_reader(pseudonym=session.reader_pseudonym, is_simulated=is_simulated)
        session = replace(session, reader_id=reader.id)
    catalogue.add_session(session)
    return session


def _take_up_readings(catalogue: Catalogue, session: Session, recording: Recording) -> None:
    events = recording.events()
    closed_ns = {e.detail["reading_id"]: e.host_time_ns for e in events if e.kind == "reading_closed"}
    known = {reading.id: reading for reading in catalogue.readings(session.id)}
    for event in events:
        if event.kind == "reading_opened" and event.detail["reading_id"] not in known:
            reading = _from_event(session, event)
            known[reading.id] = reading
            catalogue.add_reading(reading)
    end_ns = _last_ns(recording, events)
    for reading in known.values():
        if reading.state is ReadingState.OPEN:
            catalogue.interrupt_reading(reading.id, closed_ns.get(reading.id, end_ns))


def _from_event(session: Session, event: Event) -> Reading:
    return Reading(
        event.detail["reading_id"],
        session.id,
        session.reader_id,
        event.detail["case_id"],
        event.host_time_ns,
        is_simulated=session.is_simulated,
    )


def _last_ns(recording: Recording, events: Sequence[Event]) -> int:
    """The last moment that the recording knows of."""
    return max(
        [recording.header.session.opened_host_time_ns]
        + [chunk.host_time_max_ns for chunk in recording.chunks()]
        + [event.host_time_ns for event in events]
        + [view.host_time_ns for view in recording.view_states()]
    )

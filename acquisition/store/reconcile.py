"""After a crash: bring the catalogue in line with the recordings, which are the truth about gaze.

A recording that nobody writes and nobody sealed is sealed as interrupted. Sessions and readings that
the catalogue lacks are taken from it; readings left open are interrupted, and their marks stay.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
from filelock import Timeout

from acquisition.domain import Event, GapCause, Reading, ReadingState, Session, SessionState
from acquisition.errors import StoreError
from acquisition.gaps import find_gaps
from acquisition.geometry import binocular_point
from acquisition.ledger import longest_gap_s
from acquisition.quality import reading_loss
from acquisition.store.catalogue import Catalogue
from acquisition.store.gaze import gaze_of, samples_between
from acquisition.store.recording import stand_alone, write_seal
from acquisition.store.recording_file import connect, lock_of, sha256_of, tidy, translated
from acquisition.store.recording_reader import Recording
from acquisition.validation import validation_from_values

EXPLAINED = (GapCause.PAUSE, GapCause.DISCONNECT, GapCause.OVERFLOW)
"""Gaps that are known from events; the others can be found again in the samples."""


def reconcile(catalogue: Catalogue, folder: Path) -> list[str]:
    """Take up every recording in `folder` that is neither live nor known to be closed.

    Returns a sentence for each that could not be taken up.
    """
    closed = {s.id for s in catalogue.sessions() if s.state is not SessionState.RECORDING}
    problems = []
    for path in sorted(folder.glob("*.sqlite")):
        if path.stem in closed:
            continue
        try:
            with lock_of(path):
                _take_up(catalogue, path)
            tidy(path)
        except Timeout:  # live, or another program is just taking it up
            continue
        except StoreError as error:
            problems.append(str(error))
        except OSError as error:
            problems.append(f"{path} cannot be sealed ({error.strerror}): check the folder's permissions")
    return problems + _interrupt_open(catalogue, folder)


def _take_up(catalogue: Catalogue, path: Path) -> None:
    session = _known(catalogue, _sealed(path))
    _add_readings(catalogue, session, Recording(path))
    catalogue.close_session(session.id, session.state, session.n_samples, session.sha256)
    _add_validations(catalogue, session, Recording(path))


def _sealed(path: Path) -> Session:
    """The session of the recording, which is sealed as interrupted if it was not sealed before."""
    recording = Recording(path)
    session, is_sealed = recording.header.session, recording.header.is_sealed
    problems = [] if is_sealed else recording.verify()
    with translated(path), closing(connect(path, is_writer=True)) as connection:
        if not is_sealed:
            session = replace(session, state=SessionState.INTERRUPTED)
            write_seal(connection, session.state, session.n_samples, problems)
        stand_alone(connection)  # a crash may have come between the seal and this
    return replace(session, sha256=sha256_of(path))


def _known(catalogue: Catalogue, session: Session) -> Session:
    """The session with a reader that the catalogue has; both are added where missing."""
    if session.reader_id not in {reader.id for reader in catalogue.readers()}:
        is_simulated = session.is_simulated
        reader = catalogue.ensure_reader(pseudonym=session.reader_pseudonym, is_simulated=is_simulated)
        session = replace(session, reader_id=reader.id)
    catalogue.add_session(session)
    return session


def _add_readings(catalogue: Catalogue, session: Session, recording: Recording) -> None:
    """The readings that the recording tells of and the catalogue lacks."""
    known = {reading.id for reading in catalogue.readings(session.id)}
    for event in recording.events():
        if event.kind == "reading_opened" and event.detail["reading_id"] not in known:
            catalogue.add_reading(_from_event(session, event))


def _add_validations(catalogue: Catalogue, session: Session, recording: Recording) -> None:
    """The validations that the recording holds and the catalogue lacks."""
    for event in recording.events():
        if event.kind != "validation":
            continue
        try:
            validation = validation_from_values(event.detail)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"{recording.path} holds a validation that cannot be read ({error}): it is left out"
            ) from error
        catalogue.add_validation(replace(validation, reader_id=session.reader_id))


def _interrupt_open(catalogue: Catalogue, folder: Path) -> list[str]:
    """Interrupt the readings that are open in closed sessions; a commit still wins over that."""
    closed = {s.id for s in catalogue.sessions() if s.state is not SessionState.RECORDING}
    problems = []
    for reading in catalogue.readings():
        if reading.state is ReadingState.OPEN and reading.session_id in closed:
            try:
                _interrupt(catalogue, reading, Recording(folder / f"{reading.session_id}.sqlite"))
            except StoreError as error:
                problems.append(str(error))
    return problems


def _interrupt(catalogue: Catalogue, reading: Reading, recording: Recording) -> None:
    end_ns = _closed_ns(recording, reading.id)
    catalogue.interrupt_reading(
        reading.id, end_ns, *_measured(recording, reading.opened_host_time_ns, end_ns)
    )


def _measured(recording: Recording, start_ns: int, end_ns: int) -> tuple[int, float | None, float | None]:
    """Samples of a reading, their loss and its longest gap.

    Nothing where there is no gaze, or where it is damaged, which is reported elsewhere.
    """
    try:
        raw = samples_between(recording, start_ns, end_ns)
    except StoreError:
        return 0, None, None
    rate_hz, known = recording.info.nominal_rate_hz, recording.gaps()
    pauses = [gap for gap in known if gap.cause is GapCause.PAUSE]
    gaze = gaze_of(raw, recording.clock_pairs())
    loss = reading_loss(gaze, start_ns, end_ns, rate_hz, pauses)
    if not recording.info.channels:
        return len(gaze), loss, None
    explained = [gap for gap in known if gap.cause in EXPLAINED]
    gaze = gaze[np.argsort(gaze["time_ns"], kind="stable")]
    found = find_gaps(
        gaze["time_ns"],
        binocular_point(gaze),
        rate_hz,
        explained=explained,
        since_ns=start_ns,
        until_ns=end_ns,
    )
    return len(gaze), loss, longest_gap_s([*found, *explained], start_ns, end_ns)


def _from_event(session: Session, event: Event) -> Reading:
    return Reading(
        event.detail["reading_id"],
        session.id,
        session.reader_id,
        event.detail["case_id"],
        event.host_time_ns,
        is_simulated=session.is_simulated,
    )


def _closed_ns(recording: Recording, reading_id: str) -> int:
    """When the reading was closed, else just after the last moment that the recording knows of."""
    events = recording.events()
    for event in events:
        if event.kind == "reading_closed" and event.detail["reading_id"] == reading_id:
            return event.host_time_ns
    return 1 + max(
        [recording.header.session.opened_host_time_ns]
        + [chunk.host_time_max_ns for chunk in recording.chunks()]
        + [event.host_time_ns for event in events]
        + [view.host_time_ns for view in recording.view_states()]
    )

"""After a crash: nothing acknowledged is lost, and everything odd is said."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_to_order import INFO, make_batch, make_session, reading_opened

from acquisition.domain import (
    Annotation,
    Assessment,
    Event,
    Gap,
    GapCause,
    ReadingState,
    Session,
    SessionState,
    Validation,
    ValidationKind,
)
from acquisition.store import Recording, Store, open_store
from acquisition.store.recording import write_seal
from acquisition.store.recording_file import Mark, connect
from acquisition.validation import NOTHING, validation_to_values

CHILD = """
import sys
from made_to_order import INFO, make_batch, make_session
from acquisition.store import open_store

store = open_store(sys.argv[1])
writer = store.create_recording(INFO, make_session(store))
n = 0
while True:
    writer.append(make_batch(n, 25))
    writer.commit()
    n += 25
    print(n, flush=True)
"""


def start_child(folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, "-c", CHILD, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def kill(child: subprocess.Popen[str]) -> int:
    """Kill -9; returns how many samples it had acknowledged."""
    child.kill()
    rest = child.stdout.read() if child.stdout else ""
    child.wait()
    if child.stdout:
        child.stdout.close()
    return int(rest.split("\n")[-2]) if "\n" in rest else 0


def crash(store: Store) -> tuple[Session, Path]:
    """A recording of 50 samples whose writer went away."""
    writer = store.create_recording(INFO, make_session(store))
    for i in range(5):
        writer.append(make_batch(10 * i, 10))
        writer.commit()
    copy = store._folder / "copy"
    # Copied while it is open, since closing would fold the WAL into the file.
    copy.mkdir()
    for path in store._folder.glob(f"{writer.session.id}.*"):
        shutil.copy(path, copy)
    writer.close()
    for path in copy.iterdir():
        path.replace(store._folder / path.name)
    copy.rmdir()
    return writer.session, store._folder / f"{writer.session.id}.sqlite"


def reopened(store: Store) -> Store:
    store.close()
    return open_store(store._folder.parent)


@pytest.mark.parametrize("n_acknowledged", [25, 500, 5000])
def test_a_killed_recorder_loses_nothing_acknowledged(tmp_path: Path, n_acknowledged: int) -> None:
    child = start_child(tmp_path)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= n_acknowledged:
            break
    n = max(kill(child), n_acknowledged)
    with open_store(tmp_path) as store:
        session = store.sessions()[0]
        assert session.state is SessionState.INTERRUPTED
        assert n <= session.n_samples <= n + 25
        expected = make_batch(0, session.n_samples)
        assert store.raw(session.id).samples.tobytes() == expected.samples.tobytes()
        assert store.problems() == []
        assert [path.name for path in (tmp_path / "recordings").iterdir()] == [f"{session.id}.sqlite"]


def test_a_live_recording_is_left_alone(tmp_path: Path) -> None:
    child = start_child(tmp_path)
    assert child.stdout is not None
    child.stdout.readline()
    with open_store(tmp_path) as store:
        session = store.sessions()[0]
        assert session.state is SessionState.RECORDING
        assert store.recording(session.id).verify() == []
    assert child.stdout.readline()
    kill(child)
    with open_store(tmp_path) as store:
        assert store.sessions()[0].state is SessionState.INTERRUPTED


def test_a_stopped_recorder_is_still_live(tmp_path: Path) -> None:
    child = start_child(tmp_path)
    assert child.stdout is not None
    child.stdout.readline()
    child.send_signal(signal.SIGSTOP)
    with open_store(tmp_path) as store:
        assert store.sessions()[0].state is SessionState.RECORDING
    kill(child)


def test_open_readings_are_interrupted_and_keep_their_marks(store: Store) -> None:
    session = make_session(store)
    writer = store.create_recording(INFO, session)
    reading = store.catalogue.open_reading(session.id, session.reader_id, "cas_1", 100_000_000)
    writer.event(reading_opened(reading))
    writer.append(make_batch(0, 50))
    writer.commit()
    mark = Annotation("ann_1", reading.id, "img_1", "rectangle", ((0.0, 0.0), (1.0, 1.0)), "mass", 1)
    store.catalogue.save_annotation(mark)
    writer.close()
    with reopened(store) as again:
        (found,) = again.readings()
        assert found.state is ReadingState.INTERRUPTED
        assert found.closed_host_time_ns == 493_000_001
        assert found.n_samples == 40  # arrival counts: there are no clock pairs
        assert found.loss == pytest.approx(0.0, abs=0.02)
        assert len(again.gaze(found.id)) == 40
        assert again.catalogue.annotations(found.id) == [mark]
        assert again.catalogue.drafts(session.reader_id, "cas_1") == ([mark], None)


def test_the_longest_gap_of_an_interrupted_reading_is_found_in_its_samples(store: Store) -> None:
    session = make_session(store)
    writer = store.create_recording(INFO, session)
    reading = store.catalogue.open_reading(session.id, session.reader_id, "cas_1", 0)
    writer.event(reading_opened(reading))
    for first in (0, 450, 750):
        writer.append(make_batch(first, 50))
    writer.gap(Gap(500_000_000, 1_500_000_000, GapCause.PAUSE))
    writer.gap(Gap(5_000_000_000, 7_500_000_000, GapCause.DISCONNECT))
    writer.commit()
    writer.close()
    with reopened(store) as again:
        (found,) = again.readings()
        assert found.longest_gap_s == pytest.approx(3.0, abs=0.02), "without the pause"


def test_a_committed_reading_stays_committed(store: Store) -> None:
    session = make_session(store)
    writer = store.create_recording(INFO, session)
    reading = store.catalogue.open_reading(session.id, session.reader_id, "cas_1", 0)
    writer.event(reading_opened(reading))
    writer.commit()
    store.catalogue.commit_reading(reading.id, Assessment(reading.id, 2), 1_000, 0, None)
    writer.close()
    with reopened(store) as again:
        assert again.readings()[0].state is ReadingState.COMMITTED


def test_a_reading_left_open_in_a_sealed_session_is_interrupted(store: Store) -> None:
    session = make_session(store)
    writer = store.create_recording(INFO, session)
    reading = store.catalogue.open_reading(session.id, session.reader_id, "cas_1", 0)
    writer.event(reading_opened(reading))
    writer.append(make_batch(0, 50))
    writer.event(Event(300_000_000, "reading_closed", {"reading_id": reading.id, "state": "committed"}))
    writer.seal()
    with reopened(store) as again:
        (found,) = again.readings()
        assert found.state is ReadingState.INTERRUPTED
        assert (found.closed_host_time_ns, found.n_samples) == (300_000_000, 30)


def _validation(session: Session) -> Validation:
    found = (NOTHING, NOTHING, NOTHING)
    return Validation("val_1", session.id, session.reader_id, ValidationKind.DRIFT, 5, "2026", (), *found)


def test_validations_of_a_crashed_session_are_taken_from_its_recording(store: Store) -> None:
    session = make_session(store)
    writer = store.create_recording(INFO, session)
    writer.event(Event(5, "validation", validation_to_values(_validation(session))))
    writer.commit()
    writer.close()
    with reopened(store) as again:
        assert again.catalogue.validations(session.reader_id) == [_validation(session)]
        assert again.problems() == []


def test_a_validation_that_cannot_be_read_is_reported_and_costs_nothing_else(store: Store) -> None:
    session = make_session(store)
    writer = store.create_recording(INFO, session)
    writer.append(make_batch(0, 50))
    writer.event(Event(5, "validation", {"targets": []}))
    writer.commit()
    writer.close()
    with reopened(store) as again:
        assert len(again.gaze(session.id)) == 50
        assert again.sessions()[0].state is SessionState.INTERRUPTED
        assert any("holds a validation that cannot be read" in problem for problem in again.problems())


def test_a_lost_catalogue_is_rebuilt_from_the_recordings(store: Store) -> None:
    session = make_session(store)
    writer = store.create_recording(INFO, session)
    reading = store.catalogue.open_reading(session.id, session.reader_id, "cas_1", 0)
    writer.event(reading_opened(reading))
    writer.append(make_batch(0, 50))
    writer.seal()
    store.close()
    for path in store._folder.parent.glob("catalogue.sqlite*"):
        path.unlink()
    with open_store(store._folder.parent) as again:
        reader = again.catalogue.ensure_reader(pseudonym="S1", is_simulated=True)
        assert again.sessions() == [replace(writer.session, reader_id=reader.id)]
        assert [(r.id, r.case_id, r.reader_id) for r in again.readings()] == [
            (reading.id, "cas_1", reader.id)
        ]
        assert len(again.gaze(reading.id)) == 50


def test_a_crash_is_reconciled_with_its_wal(store: Store) -> None:
    session, path = crash(store)
    assert path.with_suffix(".sqlite-wal").stat().st_size > 0
    with reopened(store) as again:
        assert again.sessions()[0].n_samples == 50
        assert again.problems() == []
        assert len(again.raw(session.id).samples) == 50
    assert Recording(path).header.session.state is SessionState.INTERRUPTED


def test_a_crash_while_sealing_is_made_up_for(store: Store) -> None:
    _, path = crash(store)
    connection = connect(path, is_writer=True)
    write_seal(connection, SessionState.SEALED, 50, [])
    connection.close()
    with reopened(store) as again:
        (session,) = again.sessions()
        assert (session.state, session.n_samples) == (SessionState.SEALED, 50)
        assert again.problems() == []
        assert not path.with_suffix(".sqlite-wal").exists()
        assert path.read_bytes()[18:20] == b"\x01\x01"  # the file's header: no WAL


def test_a_lost_wal_is_reported_now_and_later(store: Store) -> None:
    _, path = crash(store)
    path.with_suffix(".sqlite-wal").unlink()
    for _ in range(2):
        with reopened(store) as again:
            assert again.sessions()[0].state is SessionState.INTERRUPTED
            assert f"{path} has lost data: 0 rows of chunk are left of 5" in again.problems()


def test_a_damaged_wal_is_reported(store: Store) -> None:
    session, path = crash(store)
    wal = path.with_suffix(".sqlite-wal")
    data = bytearray(wal.read_bytes())
    data[len(data) // 2] ^= 1
    wal.write_bytes(data)
    with reopened(store) as again:
        n = len(again.raw(session.id).samples)
        assert n < 50
        assert f"{path} has lost data: {n} rows of sample are left of 50" in again.problems()
        expected = make_batch(0, n)
        assert again.raw(session.id).samples.tobytes() == expected.samples.tobytes()


@pytest.mark.parametrize("what", ["missing", "damaged"])
def test_a_mark_that_is_gone_is_reported(store: Store, what: str) -> None:
    _, path = crash(store)
    mark = path.with_suffix(".mark")
    if what == "missing":
        mark.unlink()
    else:
        mark.write_text("1 2 3 nonsense")
    with reopened(store) as again:
        assert any("high-water mark" in problem for problem in again.problems())
        assert again.sessions()[0].n_samples == 50


def test_a_mark_behind_the_file_is_no_problem(store: Store) -> None:
    _, path = crash(store)
    mark = Mark(path)
    mark.write(Recording(path).counts()._replace(chunk=4, sample=40))
    mark.close()
    with reopened(store) as again:
        assert again.problems() == []


def test_what_cannot_be_taken_up_is_said_and_the_rest_goes_on(store: Store) -> None:
    crash(store)
    (store._folder / "a_foreign.sqlite").write_text("nonsense" * 500)
    with sqlite3.connect(store._folder / "b_other.sqlite") as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    with reopened(store) as again:
        assert [problem.split("recordings/")[1] for problem in again.problems()] == [
            "a_foreign.sqlite is no SQLite file: choose another store or restore it from a backup",
            "b_other.sqlite is no recording of Gazeroom: take it out of the folder",
        ]
        assert again.sessions()[0].n_samples == 50


def test_a_chunk_damaged_before_the_crash_costs_only_itself(store: Store) -> None:
    session, path = crash(store)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE chunk SET data = zeroblob(length(data)) WHERE seq = 2")
    connection.close()
    with reopened(store) as again:
        assert any("damaged in chunk 2" in problem for problem in again.problems())
        recording = again.recording(session.id)
        kept = [recording.raw(range(seq, seq + 1)).samples["Counter"] for seq in (0, 1, 3, 4)]
        expected = [*range(20), *range(30, 50)]
        assert np.concatenate(kept).tolist() == expected

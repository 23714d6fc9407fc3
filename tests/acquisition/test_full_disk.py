"""A disk that fills up while a session is recorded, and one that stops answering."""

import os
import subprocess
import sys
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from file_limits import files_no_larger_than
from recording_doubles import PATIENCE_S, Rig

from acquisition import recorder as recorder_module
from acquisition.clock import RealClock
from acquisition.domain import Display, GapCause, Session, SessionState, new_id
from acquisition.recorder import MAX_WAITING_S, Recorder, RecorderState
from acquisition.sources import open_source
from acquisition.store import open_store

DISPLAY = Display(1920, 1080, 527.0, 296.0)
RATE_HZ = 600.0


def wait_for_status(recorder, condition):
    """The first status that meets it."""
    with recorder._news:
        assert recorder._news.wait_for(lambda: condition(recorder._status), PATIENCE_S)
        return recorder._status


@contextmanager
def recording_in(folder):
    """A running recorder of a simulated tracker on a real store, the store and the session's id."""
    clock = RealClock()
    with open_store(folder) as store:
        reader = store.catalogue.ensure_reader(is_simulated=True)
        session = Session(
            id=new_id("ses"),
            reader_id=reader.id,
            reader_pseudonym=reader.pseudonym,
            source_name="simulated",
            is_simulated=True,
            display=DISPLAY,
            opened_utc="2026-01-05T09:00:00+00:00",
            opened_host_time_ns=clock.now_ns(),
        )
        source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=RATE_HZ)
        recorder = Recorder(lambda info: store.create_recording(info, session), source, clock)
        recorder.start()
        recorder.wait_until_open(PATIENCE_S)
        wait_for_status(recorder, lambda status: status.n_samples > 0)
        yield recorder, store, session.id
        recorder.stop()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with 4 MB, where that may be had."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing may be mounted here")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@contextmanager
def filled(folder):
    """No byte is free on its disk."""
    ballast = folder / "ballast"
    try:
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield
    finally:
        ballast.unlink()


def see_it_through(recorder, disk_is_full):
    """Record into a full disk for half a second, and on once there is room; the sentence meanwhile."""
    with disk_is_full:
        refused = wait_for_status(recorder, lambda status: not status.is_stored)
        assert refused.state is RecorderState.RECORDING
        n_wanted = refused.n_samples + RATE_HZ / 2
        wait_for_status(recorder, lambda status: status.n_samples > n_wanted)
    wait_for_status(recorder, lambda status: status.is_stored)
    recorder.stop()
    recorder.raise_if_failed()
    assert recorder.status().message == ""
    return refused.message


def check_whole(store, session_id):
    recording = store.recording(session_id)
    kinds = [event.kind for event in recording.events()]
    assert kinds.index("storing_refused") < kinds.index("storing_again")
    (again,) = (event for event in recording.events() if event.kind == "storing_again")
    assert again.detail["waited_s"] > 0
    assert store.catalogue.session(session_id).state is SessionState.SEALED
    stamps_us = recording.raw().samples["device_time_stamp"]
    np.testing.assert_array_equal(np.round(np.diff(stamps_us) * RATE_HZ / 1e6), 1)
    assert GapCause.STALL not in {gap.cause for gap in recording.gaps()}
    assert store.problems() == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on the size of files")
def test_a_disk_that_refuses_is_said_at_once_and_recording_goes_on_by_itself(tmp_path):
    with recording_in(tmp_path) as (recorder, store, session_id):
        said = see_it_through(recorder, files_no_larger_than(4096))
        assert said.startswith("Gaze waits in memory, it is not stored: The disk with ")
        check_whole(store, session_id)


def test_a_full_disk_is_said_at_once_and_recording_goes_on_by_itself(small_disk):
    with recording_in(small_disk) as (recorder, store, session_id):
        said = see_it_through(recorder, filled(small_disk))
        assert said.startswith("Gaze waits in memory, it is not stored: The disk with ")
        assert said.endswith("is full: free some space and try again")
        check_whole(store, session_id)


def test_five_minutes_wait_in_memory(monkeypatch):
    assert MAX_WAITING_S >= 300
    monkeypatch.setattr(recorder_module, "RETRY_EVERY_S", 0.001)
    rig = Rig().start()
    rig.sink.refusals_left = 10**9
    n_samples = 300 * 100  # at the 100 Hz of the double
    for first in range(0, n_samples, 500):
        rig.send(range(first, first + 500))
    rig.clock.advance(1.0)
    wait_for_status(rig.recorder, lambda status: status.n_samples == n_samples)
    assert not rig.recorder.status().is_stored
    assert rig.sink.numbers() == []
    rig.sink.refusals_left = 0
    rig.settle()
    assert rig.sink.numbers() == list(range(n_samples))
    rig.recorder.stop()
    assert rig.sink.event_kinds().count("storing_refused") == 1
    assert rig.sink.event_kinds().count("storing_again") == 1


@pytest.mark.parametrize("fails_at", range(6))
def test_whichever_commit_is_refused_nothing_is_lost_or_doubled(monkeypatch, fails_at):
    monkeypatch.setattr(recorder_module, "RETRY_EVERY_S", 0.0)
    monkeypatch.setattr(recorder_module, "COMMIT_EVERY_S", 0.0)
    rig = Rig().start()
    for number in range(6):
        if number == fails_at:
            rig.sink.refusals_left = 2
        rig.send(range(20 * number, 20 * number + 20))
        rig.settle()
    rig.recorder.stop()
    rig.recorder.raise_if_failed()
    assert rig.sink.numbers() == list(range(120))


def test_a_disk_that_does_not_answer_is_said_before_it_answers(monkeypatch):
    monkeypatch.setattr(recorder_module, "SLOW_COMMIT_S", 0.0)
    rig = Rig().start()
    rig.send(range(10))
    rig.settle()
    rig.sink.may_commit.clear()
    rig.sink.commits.clear()
    rig.send(range(10, 20))
    assert rig.sink.commits.wait(PATIENCE_S)
    status = rig.recorder.status()
    assert (status.state, status.is_stored) == (RecorderState.RECORDING, False)
    assert status.message.startswith("Gaze waits in memory: the disk has not answered")
    rig.sink.may_commit.set()
    rig.settle()
    rig.recorder.stop()
    assert rig.sink.numbers() == list(range(20))

"""A store that fails at any operation loses nothing, stores nothing twice and keeps the order."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from file_limits import files_no_larger_than
from made_to_order import INFO, make_batch, make_session

from acquisition.domain import Event, Gap, GapCause, SessionState, ViewState
from acquisition.errors import StoreError
from acquisition.sources.base import ClockPair
from acquisition.store import RecordingWriter, Store, open_store
from acquisition.store.engine import sqlite

N_COMMITS, N_SAMPLES = 3, 7


class FailingConnection:
    """The writer's connection; its operation number `fail_at` fails, before it is done or after."""

    def __init__(self, connection: sqlite.Connection, fail_at: int, *, is_done: bool) -> None:
        self._connection, self._left, self._is_done = connection, fail_at, is_done

    @property
    def has_failed(self) -> bool:
        return self._left < 0

    def execute(self, *words: Any) -> Any:
        return self._do(self._connection.execute, *words)

    def executemany(self, *words: Any) -> Any:
        return self._do(self._connection.executemany, *words)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _do(self, operation: Callable[..., Any], *words: Any) -> Any:
        self._left -= 1
        if self._left != -1:
            return operation(*words)
        if self._is_done:
            operation(*words)
        raise sqlite.OperationalError("database or disk is full")


def remember(writer: RecordingWriter, number: int) -> None:
    """A bit of everything, numbered."""
    pair = ClockPair(number, float(number), 1)
    writer.append(make_batch(number * N_SAMPLES, N_SAMPLES, (pair,)))
    writer.view_state(ViewState(number, (), str(number)))
    writer.event(Event(number, "note", {"number": number}))
    writer.gap(Gap(number, number + 1, GapCause.BLINK))


def commit_stubbornly(writer: RecordingWriter) -> int:
    """Until it works; how often it did not."""
    for n_failures in range(10):
        try:
            writer.commit()
        except StoreError as error:
            assert "is full: free some space" in str(error)  # noqa: PT017
        else:
            return n_failures
    raise AssertionError("the store never recovered")


def check_whole(store: Store, session_id: str, n_parts: int) -> None:
    recording = store.recording(session_id)
    numbers = list(range(n_parts))
    assert recording.raw().samples["Counter"].tolist() == list(range(n_parts * N_SAMPLES))
    assert [view.layout for view in recording.view_states()] == [str(number) for number in numbers]
    assert [event.detail["number"] for event in recording.events()] == numbers
    assert [gap.start_ns for gap in recording.gaps()] == numbers
    assert [pair.host_time_ns for pair in recording.clock_pairs()] == numbers
    assert recording.verify() == []


@pytest.mark.parametrize("is_done", [False, True], ids=["not done", "done all the same"])
def test_whichever_operation_fails_nothing_is_lost_or_doubled(
    store: Store, monkeypatch: pytest.MonkeyPatch, is_done: bool
) -> None:
    monkeypatch.setattr("acquisition.store.recording.CHECKPOINT_S", 0.0)
    fail_at, has_failed = 0, True
    while has_failed:
        writer = store.create_recording(INFO, make_session(store))
        failing = FailingConnection(writer._connection, fail_at, is_done=is_done)
        writer._connection = failing  # type: ignore[assignment]
        n_failures = 0
        for number in range(N_COMMITS):
            remember(writer, number)
            n_failures += commit_stubbornly(writer)
        has_failed = failing.has_failed
        assert n_failures == has_failed
        writer._connection = failing._connection
        writer.seal()
        check_whole(store, writer.session.id, N_COMMITS)
        fail_at += 1
    assert fail_at > N_COMMITS * 8


def test_what_waits_for_a_disk_is_kept_small_and_in_chunks(store: Store) -> None:
    """Five minutes at 1200 Hz in retries of half a second."""
    writer = store.create_recording(INFO, make_session(store))
    failing = FailingConnection(writer._connection, 0, is_done=False)
    writer._connection = failing  # type: ignore[assignment]
    n_at_once, n_retries = 600, 600
    for number in range(n_retries):
        failing._left = 0
        writer.append(make_batch(number * n_at_once, n_at_once))
        with pytest.raises(StoreError, match="is full"):
            writer.commit()
    n_bytes = sum(len(row[-1]) for row in writer._pending._rows["chunk"])
    assert n_bytes < n_at_once * n_retries * writer._pending._dtype.itemsize
    writer.commit()
    writer.seal()
    recording = store.recording(writer.session.id)
    counter = recording.raw().samples["Counter"]
    assert counter.tolist() == (np.arange(n_at_once * n_retries) % 65536).tolist()
    assert {chunk.n for chunk in recording.chunks()} == {n_at_once}


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on the size of files")
def test_wherever_the_file_system_refuses_nothing_is_lost_or_doubled(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real refusal, at every page that a commit or a checkpoint writes."""
    monkeypatch.setattr("acquisition.store.recording.CHECKPOINT_S", 0.0)
    writer = store.create_recording(INFO, make_session(store))
    n_refused = 0
    for number in range(40):
        remember(writer, number)
        with files_no_larger_than(2048 * number):
            try:
                writer.commit()
            except StoreError:
                n_refused += 1
        writer.commit()
    writer.seal()
    check_whole(store, writer.session.id, 40)
    assert n_refused > 5


@pytest.mark.skipif(sys.platform != "linux", reason="needs limits on the size of files")
def test_a_recording_that_a_full_disk_does_not_let_begin_says_so(store: Store) -> None:
    with files_no_larger_than(100), pytest.raises(StoreError, match=r"check|free"):
        store.create_recording(INFO, make_session(store))
    writer = store.create_recording(INFO, make_session(store))
    remember(writer, 0)
    writer.seal()
    check_whole(store, writer.session.id, 1)


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root may be someone else")
def test_a_store_that_may_only_be_read_says_so_in_one_sentence(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    # Not below pytest's own folder, which is root's alone.
    with TemporaryDirectory(prefix="gzr") as name:
        folder = Path(name)
        folder.chmod(0o755)
        open_store(folder).close()
        os.seteuid(65534)
        try:
            with pytest.raises(StoreError) as refusal:
                open_store(folder)
            with pytest.raises(StoreError, match="cannot be made"):
                open_store(folder / "deeper")
            with pytest.raises(StoreError, match="cannot be looked at"):
                open_store(tmp_path)
        finally:
            os.seteuid(0)
        assert str(refusal.value).count("\n") == 0
        assert str(folder) in str(refusal.value)
        with open_store(folder) as store:
            assert store.problems() == []


def test_a_recording_sealed_while_the_disk_is_full_is_taken_up_later(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        writer = store.create_recording(INFO, make_session(store))
        remember(writer, 0)
        writer.commit()
        remember(writer, 1)
        failing = FailingConnection(writer._connection, 0, is_done=False)
        writer._connection = failing  # type: ignore[assignment]
        with pytest.raises(StoreError, match="is full"):
            writer.seal()
        writer._connection = failing._connection
        writer.close()
    with open_store(tmp_path) as store:
        assert store.sessions()[0].state is SessionState.INTERRUPTED
        check_whole(store, writer.session.id, 1)

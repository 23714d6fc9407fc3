"""A run that is asked to stop is saved and gone within 30 s, however long a batch takes."""

import subprocess
import sys
from collections.abc import Iterator
from threading import Event, Timer
from threading import enumerate as threads

import pytest

from learning import stop
from learning.stop import EXIT_CODE, PATIENCE_S, Pauses, Request, leaving_at_once


@pytest.fixture
def clock_s(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """A clock that stands still until its one number is changed."""
    now_s = [100.0]
    monkeypatch.setattr(stop, "monotonic", lambda: now_s[0])
    return now_s


def test_what_is_done_is_saved_from_time_to_time(clock_s: list[float]) -> None:
    pauses = Pauses(lambda: False, seconds_between=60.0)
    told = []
    for _ in range(12):
        clock_s[0] += 10.0
        told.append(pauses.ask())
        if pauses.is_due:
            pauses.begin_anew()
    assert told == 2 * [False, False, False, False, False, True]


def test_a_batch_too_long_to_be_waited_for_is_saved_at_once(clock_s: list[float]) -> None:
    pauses = Pauses(lambda: False, seconds_between=60.0)
    clock_s[0] += PATIENCE_S + 1
    assert pauses.ask()
    clock_s[0] += 2 * PATIENCE_S  # saving takes time, too
    pauses.begin_anew()
    clock_s[0] += PATIENCE_S
    assert not pauses.ask()


def test_a_request_pauses_at_the_next_batch(clock_s: list[float]) -> None:
    asked = iter([False, True])
    pauses = Pauses(lambda: next(asked), seconds_between=60.0)
    assert (pauses.ask(), pauses.is_stopped) == (False, False)
    assert (pauses.ask(), pauses.is_stopped) == (True, True)


def test_a_request_that_nobody_hears_ends_the_process() -> None:
    ended = Event()
    request = Request(0.0, ended.set)
    request.make()
    request.make()
    assert ended.wait(timeout=60)


def test_who_hears_a_request_has_the_time_to_save() -> None:
    ended = Event()
    request = Request(3600.0, ended.set)
    assert not request.is_heard()
    request.make()
    assert request.is_heard()
    for thread in threads():
        if isinstance(thread, Timer):
            thread.join(timeout=60)
            assert not thread.is_alive()
    assert not ended.is_set()


# Without the exit at once it would wait for its thread for ever.
BUSY = """
import sys, threading
from learning.stop import leaving_at_once
threading.Thread(target=threading.Event().wait).start()
with leaving_at_once():
    print("said", end="")
    sys.exit(75)
"""


def test_a_stopped_process_waits_for_no_thread() -> None:
    done = subprocess.run([sys.executable, "-c", BUSY], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (EXIT_CODE, "said")


def test_any_other_end_is_left_alone() -> None:
    with pytest.raises(SystemExit, match="1"), leaving_at_once():
        raise SystemExit(1)

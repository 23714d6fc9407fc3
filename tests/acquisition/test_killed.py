"""`kill -9` while a case is being read: what was acknowledged is there, and the reader can go on."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from acquisition.clock import RealClock
from acquisition.domain import Display, SessionState
from acquisition.headless import record_session
from acquisition.sources import open_source
from acquisition.store import open_store

RATE_HZ = 600.0
DISPLAY = Display(1920, 1080, 527.0, 296.0)
CHILD = f"""
import sys
from acquisition import headless, recorder
from acquisition.clock import RealClock
from acquisition.domain import Assessment, Display, Event
from acquisition.sources import open_source
from acquisition.store import open_store

clock, display, store = RealClock(), Display(1920, 1080, 527.0, 296.0), open_store(sys.argv[1])
real_wait = recorder.Recorder.wait_until_open

def read_and_tell(self, timeout_s=30.0):
    real_wait(self, timeout_s)
    (session,) = store.sessions()
    reading = store.catalogue.open_reading(session.id, session.reader_id, "cas_1", clock.now_ns())
    self.post(Event(clock.now_ns(), "reading_opened", {{"reading_id": reading.id, "case_id": "cas_1"}}))
    store.catalogue.save_assessment(Assessment(reading.id, 4, "a draft"))
    while True:
        until_ns = clock.now_ns() + 50_000_000
        assert self.wait_for(until_ns, 30.0)
        print(until_ns, flush=True)

recorder.Recorder.wait_until_open = read_and_tell
source = open_source("simulated", clock=clock, display=display, rate_hz={RATE_HZ})
headless.record_session(store, source, 600.0, clock=clock, display=display)
"""


@pytest.mark.parametrize("n_told", [1, 4, 9])
def test_nothing_acknowledged_is_lost_and_the_reader_goes_on(tmp_path: Path, n_told: int) -> None:
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as child:
        assert child.stdout is not None
        told_ns = [int(child.stdout.readline()) for _ in range(n_told)]
        child.kill()
    clock = RealClock()
    with open_store(tmp_path) as store:
        (session,) = store.sessions()
        raw = store.raw(session.id)
        assert session.state is SessionState.INTERRUPTED
        assert session.n_samples == len(raw.samples)
        np.testing.assert_array_equal(np.round(np.diff(raw.samples["device_time_stamp"]) * RATE_HZ / 1e6), 1)
        assert told_ns[-1] - raw.host_time_ns[-1] <= 1e9 / RATE_HZ + 1000
        assert store.recording(session.id).verify() == []
        _, draft = store.catalogue.drafts(session.reader_id, "cas_1")
        assert draft is not None
        assert (draft.birads, draft.text) == (4, "a draft")

        source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=RATE_HZ)
        again = record_session(store, source, 0.05, clock=clock, display=DISPLAY).session
        assert (again.state, again.reader_id) == (SessionState.SEALED, session.reader_id)
        assert store.problems() == []

"""`kill -9` at a random moment, read back by another process.

    python benchmarks/crash.py [--times 50] [--rate 1200] [--window]

A child process records a simulated reading and says on a pipe, after each commit, how many samples are
durable. It is killed one to four seconds after its first commit; this process opens the store, compares,
and goes on with a new session of the same reader, whose draft must be there. With `--window` the child
drags window/level over four mammograms meanwhile. All sessions share one store.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from sitting import DISPLAY, new_session, start

from acquisition.clock import RealClock
from acquisition.domain import Assessment, Event, SessionState
from acquisition.sources import open_source
from acquisition.store import open_store

CASE = "cas_benchmark"
BIRADS = 4
REACH_MS = 300.0


def record_until_killed(folder, rate_hz, has_window):
    """The child."""
    clock = RealClock()
    store = open_store(folder)
    session = new_session(store, clock)
    source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=rate_hz)
    n_durable = 0

    def tell(n):
        nonlocal n_durable
        n_durable += n
        os.write(sys.stdout.fileno(), f"{n_durable}\n".encode())

    recorder, _, _ = start(store, source, clock, session, tell)
    reading = store.catalogue.open_reading(session.id, session.reader_id, CASE, clock.now_ns())
    detail = {"reading_id": reading.id, "case_id": CASE}
    recorder.post(Event(reading.opened_host_time_ns, "reading_opened", detail))
    store.catalogue.save_assessment(Assessment(reading.id, BIRADS, "draft"))
    if has_window:
        from repainting import repaint_for

        repaint_for(3600.0, recorder)
    recorder.wait_for(1 << 62, 3600.0)


def kill_once(folder, rate_hz, has_window):
    """(what was durable by the child's word, when it was killed)."""
    command = [sys.executable, __file__, "--child", str(folder), "--rate", str(rate_hz)]
    with subprocess.Popen(command + ["--window"] * has_window, stdout=subprocess.PIPE) as child:
        said = child.stdout.readline()
        time.sleep(random.uniform(1.0, 4.0))
        child.kill()
        killed_ns = time.perf_counter_ns()
        said += child.stdout.read()
    return int(said.decode().split()[-1]), killed_ns


def read_back(folder, rate_hz, n_durable, killed_ns):
    """Everything that must hold after a crash; (ms of gaze lost, samples of committed chunks lost)."""
    with open_store(folder) as store:
        session = store.sessions()[-1]
        recording = store.recording(session.id)
        raw = recording.raw()
        assert session.state is SessionState.INTERRUPTED, session.state
        assert store.problems() == [], store.problems()
        steps = np.round(np.diff(raw.samples["device_time_stamp"]) * rate_hz / 1e6)
        assert (steps == 1).all(), "samples lost, doubled or out of order"
        _, assessment = store.catalogue.drafts(session.reader_id, CASE)
        assert assessment is not None, "the draft is gone"
        assert assessment.birads == BIRADS, "the draft has changed"
        clock = RealClock()
        follow_up = store.create_recording(recording.info, new_session(store, clock))
        follow_up.seal()
        lost_ms = (killed_ns - int(raw.host_time_ns[-1])) / 1e6
        return lost_ms, max(0, n_durable - len(raw.samples))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=50, help="how often to kill")
    parser.add_argument("--rate", type=float, default=1200.0, help="samples a second")
    parser.add_argument("--window", action="store_true", help="repaint four mammograms meanwhile")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        record_until_killed(options.child, options.rate, options.window)
        return
    lost_ms, n_lost = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.times):
            n_durable, killed_ns = kill_once(folder, options.rate, options.window)
            one_ms, n = read_back(folder, options.rate, n_durable, killed_ns)
            lost_ms.append(one_ms)
            n_lost += n
    print(f"killed: {options.times} times, each found interrupted, continued, and its draft there")
    print(f"samples of committed chunks lost: {n_lost} (0)")
    print(f"gaze lost, worst: {max(lost_ms):.0f} ms (at most {REACH_MS:.0f} ms)")
    print(f"gaze lost, mean: {np.mean(lost_ms):.0f} ms")


if __name__ == "__main__":
    main()

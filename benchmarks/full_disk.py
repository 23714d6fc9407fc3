"""A disk that fills up while gaze is recorded, and has room again minutes later. For Linux.

    python benchmarks/full_disk.py [--minutes 5] [--rate 1200]

One line a figure: `name value unit (reach)`. The disk is full by a limit on the size of this process's files,
which the file system enforces as it does a disk without space.
"""

import argparse
import os
import resource
import signal
import tempfile
import time

import numpy as np
import psutil
from sitting import DISPLAY, new_session, start

from acquisition.clock import RealClock
from acquisition.sources import open_source
from acquisition.store import open_store

LOOK_S = 0.02


def seconds_until(condition):
    begin_s = time.perf_counter()
    while not condition():
        time.sleep(LOOK_S)
    return time.perf_counter() - begin_s


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the disk is full")
    parser.add_argument("--rate", type=float, default=1200.0, help="samples a second")
    options = parser.parse_args()
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    clock, process = RealClock(), psutil.Process(os.getpid())
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    with tempfile.TemporaryDirectory() as folder, open_store(folder) as store:
        session = new_session(store, clock)
        source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=options.rate)
        recorder, _, _ = start(store, source, clock, session)
        seconds_until(lambda: recorder.status().n_samples > options.rate)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, unlimited[1]))
        alarm_s = seconds_until(lambda: not recorder.status().is_stored)
        before_bytes = process.memory_info().rss
        time.sleep(60 * options.minutes)
        grown_bytes = process.memory_info().rss - before_bytes
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        recovery_s = seconds_until(lambda: recorder.status().is_stored)
        recorder.stop()
        recorder.raise_if_failed()
        recording = store.recording(session.id)
        raw = recording.raw()
        (again,) = (event for event in recording.events() if event.kind == "storing_again")
    steps = np.round(np.diff(raw.samples["device_time_stamp"]) * options.rate / 1e6)
    print(f"alarm after the disk was full: {alarm_s:.2f} s (at most 2 s)")
    print(f"kept in memory: {again.detail['waited_s']:.0f} s ({60 * options.minutes:g} s)")
    print(f"memory that this took: {grown_bytes / 1e6:.0f} MB")
    print(f"stored again after there was room: {recovery_s:.2f} s")
    print(f"samples lost, duplicated or reordered: {int((steps != 1).sum())} of {len(raw.samples)} (0)")


if __name__ == "__main__":
    main()

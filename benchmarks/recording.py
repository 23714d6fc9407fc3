"""Recording while the main thread repaints without a pause; and an hour of gaze, stored and read back.

    python benchmarks/recording.py [--seconds 60] [--rate 1200] [--hour-s 3600]

One line a figure. The window is the light box: a 16-bit mammogram at 2048 x 2560 visible pixels whose grey
scale changes with every picture, each of them a view state that is recorded too. Gaze is simulated, without
gaps, so that each sample missing is ours.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication
from window_level import mammogram, our_frame

from acquisition.clock import RealClock, VirtualClock
from acquisition.domain import Display, Session, new_id
from acquisition.recorder import Recorder
from acquisition.sources import open_source
from acquisition.sources.base import Batch
from acquisition.store import open_store

DISPLAY = Display(2560, 2048, 527.0, 422.0)


class TimedSink:
    """A recording writer that notes how long each commit took and how old the oldest sample in it was."""

    def __init__(self, writer, clock):
        self._writer, self._clock = writer, clock
        self._oldest_ns = None
        self.commit_ms, self.age_ms = [], []

    def append(self, batch):
        if self._oldest_ns is None and len(batch.host_time_ns):
            self._oldest_ns = int(batch.host_time_ns[0])
        self._writer.append(batch)

    def commit(self):
        begin_s = time.perf_counter()
        self._writer.commit()
        if self._oldest_ns is not None:
            self.commit_ms.append(1e3 * (time.perf_counter() - begin_s))
            self.age_ms.append((self._clock.now_ns() - self._oldest_ns) / 1e6)
            self._oldest_ns = None

    def __getattr__(self, name):
        return getattr(self._writer, name)


def new_session(store, clock):
    reader = store.catalogue.ensure_reader(is_simulated=True)
    return Session(
        id=new_id("ses"),
        reader_id=reader.id,
        reader_pseudonym=reader.pseudonym,
        source_name="simulated",
        is_simulated=True,
        display=DISPLAY,
        opened_utc="2026-01-01T00:00:00+00:00",
        opened_host_time_ns=clock.now_ns(),
    )


def repaint_for(seconds, recorder):
    """Window a mammogram in the light box without a pause; returns how many pictures were painted."""
    application = QApplication.instance() or QApplication([])
    box, frame = our_frame(mammogram(seed=0), is_fitted=False)
    box.painted.connect(recorder.post)
    end_s, n_pictures = time.perf_counter() + seconds, 0
    while time.perf_counter() < end_s:
        frame(n_pictures)
        application.processEvents()
        n_pictures += 1
    box.close()
    return n_pictures


def record_while_repainting(store, rate_hz, seconds):
    clock = RealClock()
    source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=rate_hz)
    session, sinks = new_session(store, clock), []

    def open_sink(info):
        sinks.append(TimedSink(store.create_recording(info, session), clock))
        return sinks[0]

    recorder = Recorder(open_sink, source, clock)
    recorder.start()
    recorder.wait_until_open()
    n_pictures = repaint_for(seconds, recorder)
    recorder.stop()
    recorder.raise_if_failed()
    raw = store.raw(session.id)
    # Steps between stamps, for the tracker's clock drifts against ours.
    steps = np.round(np.diff(raw.samples["device_time_stamp"]) * rate_hz / 1e6)
    n_due = round((raw.host_time_ns[-1] - raw.host_time_ns[0]) * rate_hz / 1e9) + 1
    print(f"pictures a second in the main thread: {n_pictures / seconds:.1f}")
    print(f"samples recorded: {len(raw.samples)} of {n_due} due in {seconds:g} s at {rate_hz:g} Hz")
    print(f"lost: {int(np.maximum(steps - 1, 0).sum())}")
    print(f"duplicated: {int((steps == 0).sum())}")
    print(f"out of order: {int((steps < 0).sum())}")
    for name, values in (
        ("commit", sinks[0].commit_ms),
        ("arrival to durable, oldest of a commit", sinks[0].age_ms),
    ):
        p50, p99 = np.percentile(values, (50, 99))
        print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {max(values):.1f} ms")


def store_an_hour(store, folder, rate_hz, hour_s):
    """Commit every 100 ms as the recorder does, but as fast as the disk takes it; then read it back."""
    clock = VirtualClock()
    source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=rate_hz)
    session = new_session(store, clock)
    writer = store.create_recording(source.open(), session)
    step = max(1, round(0.1 * rate_hz))
    begin_s = time.perf_counter()
    for _ in range(max(1, round(hour_s / 60))):
        clock.advance(60.0)
        batch = source.read(0.0)
        for start in range(0, len(batch.samples), step):
            part = slice(start, start + step)
            pairs = batch.clock_pairs if start == 0 else ()
            times = batch.source_time_s[part], batch.host_time_ns[part]
            writer.append(Batch(batch.samples[part], *times, pairs))
            writer.commit()
    writer.seal()
    took_s = time.perf_counter() - begin_s
    size_bytes = (folder / "recordings" / f"{session.id}.sqlite").stat().st_size
    n_samples = writer.session.n_samples
    print(f"stored {n_samples} samples in {took_s:.1f} s: {n_samples / rate_hz / took_s:.0f} times real time")
    print(f"bytes a sample: {size_bytes / n_samples:.1f}, on disk {size_bytes / 1e6:.0f} MB")
    for name, read in (("raw", store.raw), ("gaze", store.gaze)):
        begin_s = time.perf_counter()
        read(session.id)
        print(f"time to read {hour_s:g} s back as {name}: {time.perf_counter() - begin_s:.2f} s")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="how long to record while repainting")
    parser.add_argument("--rate", type=float, default=1200.0, help="samples a second")
    parser.add_argument("--hour-s", type=float, default=3600.0, help="how much gaze to store and read back")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, open_store(Path(name)) as store:
        record_while_repainting(store, options.rate, options.seconds)
        store_an_hour(store, Path(name), options.rate, options.hour_s)


if __name__ == "__main__":
    main()

"""Recording while a light box is repainted without a pause; and an hour of gaze, stored and read back.

    python benchmarks/recording.py [--rates 60 120 250 600 1200] [--seconds 60] [--seconds-fastest 600]
                                   [--hour-s 3600]

One line a figure: `name value unit (reach)`. In the main thread somebody drags window/level over four
16-bit mammograms, 2048 x 2560 visible pixels; each picture is a view state that is recorded too. Gaze is
simulated, on a clock that is not accelerated and without gaps, so that each sample missing is ours. What
the simulated tracker itself needs of the recorder's thread is said apart. The hour is that of a tracker
that sends all fields of both eyes as float32, with noise in each.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from repainting import repaint_for
from sitting import DISPLAY, new_session, start

from acquisition.clock import RealClock, VirtualClock
from acquisition.sources import open_source
from acquisition.sources.base import Batch, Channel, SourceInfo, sample_dtype
from acquisition.store import open_store
from acquisition.store.recording_file import record_dtype

RATES_HZ = (60.0, 120.0, 250.0, 600.0, 1200.0)


def record_while_repainting(store, rate_hz, seconds):
    """Prints what came of it."""
    clock = RealClock()
    source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=rate_hz)
    session = new_session(store, clock)
    recorder, watched, sink = start(store, source, clock, session)
    n_pictures = repaint_for(seconds, recorder)
    recorder.stop()
    recorder.raise_if_failed()
    raw = store.raw(session.id)
    # Steps between stamps, for the tracker's clock drifts against ours.
    steps = np.round(np.diff(raw.samples["device_time_stamp"]) * rate_hz / 1e6)
    n_due = round((raw.host_time_ns[-1] - raw.host_time_ns[0]) * rate_hz / 1e9) + 1
    at = f"at {rate_hz:g} Hz"
    print(f"samples recorded {at}: {len(raw.samples)} of {n_due} due")
    print(f"lost {at}: {int(np.maximum(steps - 1, 0).sum())} (0)")
    print(f"duplicated {at}: {int((steps == 0).sum())} (0)")
    print(f"reordered {at}: {int((steps < 0).sum())} (0)")
    p50, p99 = np.percentile(np.concatenate(sink.age_ms), (50, 99))
    oldest_ms = max(ages.max() for ages in sink.age_ms)
    print(
        f"receipt to commit {at}, p99: {p99:.1f} ms (at most 250 ms); p50 {p50:.1f}, max {oldest_ms:.1f} ms"
    )
    commit_ms = np.percentile(sink.commit_ms, (50, 99))
    print(f"commit alone {at}: p50 {commit_ms[0]:.1f} ms, p99 {commit_ms[1]:.1f} ms")
    tracker = watched.busy_s / (sink.end_s - sink.begin_s)
    print(
        f"recorder {at}: {100 * (sink.share - tracker):.1f} % of a core (at most 10 % at 1200 Hz);"
        f" with the simulated tracker {100 * sink.share:.1f} %"
    )
    print(f"pictures a second {at}: {n_pictures / seconds:.1f}")


def all_fields():
    """The channels of a tracker that sends everything: both eyes, three clocks' worth of stamps."""

    def of(side):
        for name, unit, flag in (("x y", "normalized", "valid"), ("pupil_mm", "mm", "pupil_valid")):
            yield from (Channel(f"{side}_{part}", "<f4", unit, f"{side}_{part}") for part in name.split())
            yield Channel(f"{side}_{flag}", "|u1", "", f"{side}_{flag}")
        for name in ("origin", "point"):
            parts = [f"{side}_{name}_{axis}_mm" for axis in "xyz"]
            yield from (Channel(part, "<f4", "mm", part) for part in parts)
        yield Channel(f"{side}_origin_valid", "|u1", "", f"{side}_origin_valid")
        yield Channel(f"{side}_openness_mm", "<f4", "mm", f"{side}_openness_mm")
        yield Channel(f"{side}_openness_valid", "|u1", "", f"{side}_openness_valid")

    stamps = (
        Channel("device_time_stamp", "<i8", "us", "device_time_us"),
        Channel("system_time_stamp", "<i8", "us"),
    )
    return (*stamps, *of("left"), *of("right"))


class FullTracker:
    """The simulated tracker's gaze in all fields of a tracker that has them; what it lacks is made up."""

    def __init__(self, rate_hz, clock):
        self._source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=rate_hz)
        self._rng = np.random.default_rng(1)
        self._channels = all_fields()

    def open(self):
        info = self._source.open()
        self._label_of = {channel.role: channel.label for channel in info.channels}
        return SourceInfo(info.name, self._channels, info.nominal_rate_hz, is_simulated=True)

    def read(self):
        batch = self._source.read(0.0)
        n = len(batch.samples)
        samples = np.zeros(n, sample_dtype(self._channels))
        for channel in self._channels:
            if channel.role in self._label_of:
                samples[channel.label] = batch.samples[self._label_of[channel.role]]
        samples["system_time_stamp"] = batch.host_time_ns // 1000
        for side in ("left", "right"):
            if f"{side}_point_x_mm" not in self._label_of:
                samples[f"{side}_point_x_mm"] = (samples[f"{side}_x"] - 0.5) * DISPLAY.width_mm
                samples[f"{side}_point_y_mm"] = (1 - samples[f"{side}_y"]) * DISPLAY.height_mm + 20
                samples[f"{side}_point_z_mm"] = self._rng.normal(12, 0.3, n)
            if f"{side}_openness_mm" not in self._label_of:
                samples[f"{side}_openness_mm"] = self._rng.normal(9.5, 0.1, n)
                samples[f"{side}_openness_valid"] = samples[f"{side}_valid"]
        return Batch(samples, batch.source_time_s, batch.host_time_ns, batch.clock_pairs)


def store_an_hour(store, folder, rate_hz, hour_s):
    """Commit every 100 ms as the recorder does, but as fast as the disk takes it; then read it back."""
    clock = VirtualClock()
    source = FullTracker(rate_hz, clock)
    session = new_session(store, clock)
    info = source.open()
    writer = store.create_recording(info, session)
    step, busy_s = max(1, round(0.1 * rate_hz)), 0.0
    for _ in range(max(1, round(hour_s / 60))):
        clock.advance(60.0)
        batch = source.read()
        begin_s = time.perf_counter()
        for first in range(0, len(batch.samples), step):
            part = slice(first, first + step)
            pairs = batch.clock_pairs if first == 0 else ()
            times = batch.source_time_s[part], batch.host_time_ns[part]
            writer.append(Batch(batch.samples[part], *times, pairs))
            writer.commit()
        busy_s += time.perf_counter() - begin_s
    writer.seal()
    size_bytes = (folder / "recordings" / f"{session.id}.sqlite").stat().st_size
    n_samples = writer.session.n_samples
    raw_bytes = record_dtype(info.channels).itemsize
    print(f"stored: {n_samples} samples, {n_samples / rate_hz / busy_s:.0f} times as fast as they come")
    print(
        f"bytes a sample: {size_bytes / n_samples:.1f}, {100 * size_bytes / n_samples / raw_bytes:.0f} %"
        f" (at most 60 %) of the {raw_bytes} sent and stamped; {size_bytes / 1e6:.0f} MB on disk"
    )
    for name, read in (("raw", store.raw), ("gaze", store.gaze)):
        taken_s = []
        for _ in range(3):
            begin_s = time.perf_counter()
            read(session.id)
            taken_s.append(time.perf_counter() - begin_s)
        print(
            f"{hour_s:g} s read back as {name}: {min(taken_s):.2f} s (at most {2 * hour_s / 3600:g} s),"
            f" the first time {taken_s[0]:.2f} s"
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rates", type=float, nargs="*", default=RATES_HZ, help="samples a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long at each rate")
    parser.add_argument("--seconds-fastest", type=float, default=600.0, help="how long at 1200 Hz")
    parser.add_argument("--hour-s", type=float, default=3600.0, help="how much gaze to store and read back")
    options = parser.parse_args()
    for rate_hz in options.rates:
        seconds = options.seconds_fastest if rate_hz == max(RATES_HZ) else options.seconds
        with tempfile.TemporaryDirectory() as name, open_store(Path(name)) as store:
            record_while_repainting(store, rate_hz, seconds)
    if options.hour_s:
        with tempfile.TemporaryDirectory() as name, open_store(Path(name)) as store:
            store_an_hour(store, Path(name), 1200.0, options.hour_s)


if __name__ == "__main__":
    main()

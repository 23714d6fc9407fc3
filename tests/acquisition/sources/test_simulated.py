import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from acquisition.clock import VirtualClock, fit_offset
from acquisition.domain import Display
from acquisition.errors import SourceError
from acquisition.geometry import binocular_point, display_fraction_to_px, px_to_deg
from acquisition.quality import accuracy, rms_s2s
from acquisition.simulation.reader import SimulatedReader
from acquisition.sources import SOURCES, open_source
from acquisition.sources.simulated import LATENCY_NS, SimulatedSource
from acquisition.sources.simulated_errors import TrackerErrors
from acquisition.store import RawGaze
from acquisition.store.gaze import gaze_of

ROOT = Path(__file__).parents[3]
DISPLAY = Display(1920, 1080, 527.0, 296.0)


class Starer:
    """Looks at one point and never blinks."""

    def __init__(self, x_px, y_px):
        self._point = (x_px, y_px)

    def look(self, time_ns):
        return np.tile(self._point, (len(time_ns), 1)).astype(float), np.ones(len(time_ns), dtype=bool)


def record(seconds, step_s=None, reader=None, **options):
    """(info, raw gaze, clock pairs) of a source read every `step_s` of a virtual clock."""
    clock = VirtualClock()
    source = SimulatedSource(clock, reader or SimulatedReader(DISPLAY, seed=1), DISPLAY, **options)
    info = source.open()
    batches = []
    for _ in range(round(seconds / (step_s or seconds))):
        clock.advance(step_s or seconds)
        batches.append(source.read(0.0))
    source.close()
    raw = RawGaze(
        info.channels,
        np.concatenate([batch.samples for batch in batches]),
        np.concatenate([batch.source_time_s for batch in batches]),
        np.concatenate([batch.host_time_ns for batch in batches]),
    )
    return info, raw, [pair for batch in batches for pair in batch.clock_pairs]


@pytest.mark.parametrize("rate_hz", [30.0, 60.0, 120.0, 1200.0])
def test_every_rate_is_kept(rate_hz):
    info, raw, _ = record(10.0, rate_hz=rate_hz)
    assert info.nominal_rate_hz == rate_hz
    assert len(raw.samples) == pytest.approx(10 * rate_hz, abs=1 + LATENCY_NS * 1e-9 * rate_hz)
    assert np.diff(raw.host_time_ns) == pytest.approx(1e9 / rate_hz, abs=1.0)


@pytest.mark.parametrize("rate_hz", [29.0, 1201.0])
def test_other_rates_are_refused(rate_hz):
    with pytest.raises(SourceError, match="30 to 1200 Hz"):
        record(1.0, rate_hz=rate_hz)


def test_samples_do_not_depend_on_how_often_they_are_read():
    _, whole, _ = record(12.0, seed=5)
    _, pieces, _ = record(12.0, step_s=0.01, seed=5, reader=SimulatedReader(DISPLAY, seed=1))
    assert whole.samples.tobytes() == pieces.samples.tobytes()
    assert whole.source_time_s.tobytes() == pieces.source_time_s.tobytes()
    _, other, _ = record(12.0, seed=6)
    assert whole.samples.tobytes() != other.samples.tobytes()


def test_the_trackers_clock_is_off_and_drifts_and_the_pairs_tell_by_how_much():
    _, raw, pairs = record(600.0, rate_hz=60.0, errors=TrackerErrors(drift_ppm=80.0))
    assert len(pairs) == 121
    fit = fit_offset(pairs)
    assert fit.drift_ppm == pytest.approx(80.0, abs=0.5)
    captured_ns = raw.host_time_ns - LATENCY_NS
    assert np.abs(fit.to_host_ns(raw.source_time_s) - captured_ns).max() < 50_000
    assert np.array_equal(raw.samples["device_time_stamp"], np.round(raw.source_time_s * 1e6).astype(int))


def test_accuracy_and_precision_are_those_asked_for():
    reader = Starer(1200.0, 400.0)
    _, raw, _ = record(60.0, reader=reader, errors=TrackerErrors(noise_deg=0.2, offset_deg=(0.5, -0.25)))
    samples = gaze_of(raw, ())
    target = px_to_deg([[1200.0, 400.0]], DISPLAY)[0]
    for side in ("left", "right"):
        xy = np.stack((samples[f"{side}_x"], samples[f"{side}_y"]), axis=1)
        angles = px_to_deg(display_fraction_to_px(xy, DISPLAY), DISPLAY)
        assert rms_s2s(*angles.T)[0] == pytest.approx(0.2, rel=0.05)
        assert accuracy(*angles.T, *target)[1:] == pytest.approx((0.5, -0.25), abs=0.03)


def test_an_eye_that_is_shut_has_no_numbers():
    _, raw, _ = record(120.0)
    gaze = gaze_of(raw, ())
    lost = ~gaze["left_valid"]
    assert 0 < lost.mean() < 0.3
    for name in ("left_x", "right_y", "left_pupil_mm", "right_origin_z_mm"):
        assert np.isnan(gaze[name][lost]).all()
        assert np.isfinite(gaze[name][~lost]).all()
    assert np.array_equal(gaze["left_valid"], np.isfinite(binocular_point(gaze)[:, 0]))


def test_it_says_that_it_is_simulated():
    info, _, _ = record(1.0)
    assert info.is_simulated
    assert info.detail["simulated"] == "true"


def test_sources_are_opened_by_name():
    assert {"simulated", "lsl", "replay", "none"} <= set(SOURCES)
    source = open_source("simulated", clock=VirtualClock(), display=DISPLAY, rate_hz=60.0, seed=3)
    assert isinstance(source, SimulatedSource)
    with pytest.raises(SourceError, match=r"no gaze source 'tobi': choose simulated, lsl, "):
        open_source("tobi", display=DISPLAY)


def test_reading_before_opening_is_told():
    source = open_source("simulated", clock=VirtualClock(), display=DISPLAY)
    with pytest.raises(SourceError, match="open it first"):
        source.read(0.0)


def test_the_lsl_library_is_loaded_by_nobody_who_does_not_use_it():
    program = "import sys, acquisition.sources; sys.exit('pylsl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=ROOT).returncode == 0

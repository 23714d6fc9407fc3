"""The figures of the last seconds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Display
from acquisition.geometry import deg_to_px, px_to_display_fraction
from acquisition.live import RecentGaze
from acquisition.monitor import live_figures
from acquisition.store.gaze import gaze_dtype

DISPLAY = Display(1920, 1080, 527.0, 296.0, 650.0)
RATE_HZ = 200.0
PERIOD_NS = 5_000_000
END_NS = 20_000_000_000


def gaze_of(deg, latency_ns=8_000_000):
    """Both eyes look along these directions (n, 2), the last sample just before the end."""
    gaze = np.zeros(len(deg), gaze_dtype(()))
    for name in gaze.dtype.names:
        if gaze.dtype[name] == np.float64:
            gaze[name] = np.nan
    gaze["time_ns"] = END_NS + (np.arange(len(deg)) - len(deg)) * PERIOD_NS
    gaze["host_time_ns"] = gaze["time_ns"] + latency_ns
    fraction = px_to_display_fraction(deg_to_px(deg, DISPLAY), DISPLAY)
    for side in ("left", "right"):
        gaze[f"{side}_x"], gaze[f"{side}_y"] = fraction.T
        gaze[f"{side}_valid"] = np.isfinite(fraction).all(axis=1)
    return gaze


def figures_of(gaze, rate_hz=RATE_HZ, seconds=5.0):
    return live_figures(RecentGaze(gaze, END_NS - round(seconds * 1e9), END_NS, rate_hz), DISPLAY)


def test_nothing_is_known_of_nothing():
    figures = figures_of(gaze_of(np.zeros((0, 2))), rate_hz=0.0)
    assert (figures.received_hz, figures.usable_hz) == (0.0, 0.0)
    for name in ("loss_received", "loss_expected", "rms_s2s_deg", "latency_s", "head_mm"):
        assert getattr(figures, name) is None, name
    assert (
        live_figures(RecentGaze(gaze_of(np.zeros((0, 2))), END_NS, END_NS, RATE_HZ), DISPLAY).usable_hz == 0
    )


@given(st.integers(1, 900), st.integers(0, 900), st.integers(0, 2**32))
def test_rates_and_both_losses_are_those_of_the_slow_way(n_sent, n_bad, seed):
    deg = np.zeros((n_sent, 2))
    deg[np.random.default_rng(seed).permutation(n_sent)[:n_bad]] = np.nan
    figures = figures_of(gaze_of(deg))
    n_usable = int(np.isfinite(deg[:, 0]).sum())
    assert figures.received_hz == pytest.approx(n_sent / 5.0)
    assert figures.usable_hz == pytest.approx(n_usable / 5.0)
    assert figures.loss_received == pytest.approx(1 - n_usable / n_sent)
    assert figures.loss_expected == pytest.approx(1 - n_usable / (5.0 * RATE_HZ))


def test_noise_is_that_of_the_windows_not_of_the_saccades_between_them():
    rng = np.random.default_rng(0)
    deg = rng.normal(0.0, 0.1, (1000, 2))
    deg[:, 0] += np.repeat(np.arange(10) * 3.0, 100)
    assert figures_of(gaze_of(deg)).rms_s2s_deg == pytest.approx(0.2, rel=0.1)


def test_latency_is_from_capture_to_arrival():
    assert figures_of(gaze_of(np.zeros((1000, 2)), latency_ns=12_000_000)).latency_s == pytest.approx(0.012)


def test_the_head_is_between_the_eyes_that_the_tracker_sees():
    gaze = gaze_of(np.zeros((1000, 2)))
    for side, x_mm in (("left", -31.0), ("right", 33.0)):
        for axis, value in zip("xyz", (x_mm, 180.0, 640.0), strict=True):
            gaze[f"{side}_origin_{axis}_mm"] = value
    gaze["left_origin_valid"] = True
    gaze["left_origin_x_mm"][-3:] = np.nan
    assert figures_of(gaze).head_mm == pytest.approx((-31.0, 180.0, 640.0))
    gaze["right_origin_valid"] = True
    assert figures_of(gaze).head_mm == pytest.approx((1.0, 180.0, 640.0))


def test_a_source_of_irregular_rate_owes_what_it_sent():
    figures = figures_of(gaze_of(np.zeros((100, 2))), rate_hz=0.0)
    assert figures.loss_expected is None
    assert figures.loss_received == 0.0

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Gap, GapCause
from acquisition.quality import (
    accuracy,
    data_loss,
    data_loss_from_expected,
    effective_frequency,
    precision_of_windows,
    reading_loss,
    rms_s2s,
    std,
)

RATE_HZ = 100.0
PERIOD_NS = 10_000_000


def test_published_oracle_values():
    """Values of ETDQualitizer 1.2; its documentation shows the parts of accuracy as they were before."""
    assert accuracy([1, 2], [1, 2], 0, 0) == pytest.approx((2.1211587, 1.4998857, 1.5000571), abs=1e-6)
    assert rms_s2s([1, 2, 3], [1, 2, 3]) == pytest.approx((2**0.5, 1.0, 1.0))
    assert std([1, 2, 3], [1, 2, 3]) == pytest.approx(((4 / 3) ** 0.5, (2 / 3) ** 0.5, (2 / 3) ** 0.5))
    nan = np.nan
    assert data_loss([1, nan, 3], [1, 2, nan]) == pytest.approx(200 / 3)
    assert data_loss_from_expected([1, nan, 3], [1, 2, nan], 1.0, 3.0) == pytest.approx(200 / 3)


def test_white_noise_has_the_precision_it_was_made_with():
    """RMS-S2S of white noise is sqrt 2 times its STD: the textbook relation."""
    azi, ele = np.random.default_rng(0).normal(0, 0.1, (2, 50_000))
    assert std(azi, ele)[0] == pytest.approx(0.1414, rel=0.02)
    assert rms_s2s(azi, ele)[0] == pytest.approx(0.2, rel=0.02)


def test_steps_over_a_missing_sample_do_not_count():
    assert rms_s2s([0, 1, np.nan, 9, 10], [0, 0, 0, 0, 0])[0] == pytest.approx(1.0)


@given(st.floats(-30, 30), st.floats(-25, 25), st.floats(0.01, 5))
def test_accuracy_of_a_steady_eye_is_the_angle_it_is_off(azi, ele, off):
    total, across, up = accuracy([azi + off], [ele], azi, ele)
    ahead = [
        np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
        for a, e in np.radians([[azi, ele], [azi + off, ele]])
    ]
    assert total == pytest.approx(np.degrees(np.arccos(np.clip(ahead[0] @ ahead[1], -1, 1))), abs=1e-5)
    assert total == pytest.approx(np.hypot(across, up), rel=5e-3)
    assert across > 0


def test_accuracy_on_the_target_is_nought():
    assert accuracy([3.0], [4.0], 3.0, 4.0) == pytest.approx((0, 0, 0), abs=1e-12)


def test_the_effective_frequency_counts_usable_samples():
    assert effective_frequency([1, np.nan, 3, 4], [1, 2, np.nan, 4], 0.5) == 4.0


def wandering(n, seed=0):
    """Rests of 30 samples with noise of 0.1 degrees along each axis, far apart; a tenth is lost."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(-15, 15, (n // 30 + 1, 2)).repeat(30, axis=0)[:n]
    azi, ele = (places + rng.normal(0, 0.1, (n, 2))).T
    azi[rng.random(n) < 0.05] = np.nan
    ele[rng.random(n) < 0.05] = np.nan
    return azi, ele


@pytest.mark.parametrize(("measure", "slow"), [("rms_s2s", rms_s2s), ("std", std)])
def test_precision_of_windows_is_the_median_of_one_window_at_a_time(measure, slow):
    azi, ele = wandering(400)
    each = [slow(azi[i : i + 12], ele[i : i + 12])[0] for i in range(400 - 12 + 1)]
    assert precision_of_windows(azi, ele, 12, measure) == pytest.approx(np.nanmedian(each), rel=1e-9)


def test_jumps_do_not_move_the_precision_of_windows():
    azi, ele = wandering(6000)
    assert rms_s2s(azi, ele)[0] > 1.0
    assert precision_of_windows(azi, ele, 12) == pytest.approx(0.2, rel=0.1)


def test_too_little_gaze_has_no_precision():
    nothing = np.full(50, np.nan)
    assert np.isnan(precision_of_windows([1.0, 2.0], [1.0, 2.0], 2))
    assert np.isnan(precision_of_windows(nothing, nothing, 10))
    assert np.isnan(precision_of_windows(nothing, nothing, 10, "std"))


def gaze_without(*lost):
    """1000 samples at 100 Hz in the middle of the display, without an eye in these ranges."""
    names = ("time_ns", "<i8"), ("both_x", "<f8"), ("both_y", "<f8"), ("both_valid", "?")
    gaze = np.zeros(1000, dtype=list(names))
    gaze["time_ns"] = np.arange(1000) * PERIOD_NS
    gaze["both_x"], gaze["both_y"], gaze["both_valid"] = 0.5, 0.5, True
    for start, stop in lost:
        gaze["both_valid"][start:stop] = False
    return gaze


def test_reading_loss_counts_what_was_owed():
    gaze = gaze_without((100, 200))
    pause = Gap(0, 500 * PERIOD_NS, GapCause.PAUSE)
    assert reading_loss(gaze, 0, 1000 * PERIOD_NS, RATE_HZ) == pytest.approx(0.1)
    assert reading_loss(gaze[500:], 0, 1000 * PERIOD_NS, RATE_HZ) == pytest.approx(0.5)
    assert reading_loss(gaze[500:], 0, 1000 * PERIOD_NS, RATE_HZ, [pause]) == 0.0
    assert reading_loss(gaze, 0, 1000 * PERIOD_NS, 0.0) == pytest.approx(0.1)
    assert reading_loss(gaze[:0], 0, 1000 * PERIOD_NS, RATE_HZ) == 1.0
    assert reading_loss(gaze[:0], 0, 1000 * PERIOD_NS, 0.0) == 0.0

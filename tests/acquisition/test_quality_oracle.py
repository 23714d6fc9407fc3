"""Our figures are those of ETDQualitizer (Niehorster et al.), the published toolbox, on random gaze."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquisition import quality

oracle = pytest.importorskip("ETDQualitizer", reason="ETDQualitizer is not installed")

SAME = {"rel": 0, "abs": 1e-9}


@st.composite
def gaze(draw):
    """(azi, ele) in degrees around one place, samples lost as a whole as trackers lose them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, lost = draw(st.integers(30, 300)), draw(st.floats(0.0, 0.4))
    spread = draw(st.floats(0.01, 2.0))
    place = (draw(st.floats(-25, 25)), draw(st.floats(-20, 20)))
    angles = rng.normal(place, spread, (n, 2)) + np.outer(np.linspace(0, draw(st.floats(0, 3)), n), (1, 0.4))
    angles[rng.random(n) < lost] = np.nan
    angles[:4] = rng.normal(place, spread, (4, 2))
    return angles[:, 0].copy(), angles[:, 1].copy()


@settings(max_examples=50)
@given(gaze(), st.floats(-25, 25), st.floats(-20, 20))
def test_accuracy(angles, target_azi, target_ele):
    ours, theirs = (module.accuracy(*angles, target_azi, target_ele) for module in (quality, oracle))
    assert ours == pytest.approx(theirs, **SAME)


@settings(max_examples=50)
@given(gaze())
def test_precision(angles):
    assert quality.rms_s2s(*angles) == pytest.approx(oracle.rms_s2s(*angles), **SAME)
    assert quality.std(*angles) == pytest.approx(oracle.std(*angles), **SAME)


@settings(max_examples=50)
@given(gaze(), st.floats(0.1, 0.95))
def test_bcea(angles, probability):
    """Theirs gives axes whose product times 2 pi is the area; ours are the semi-axes of that ellipse."""
    area, turned, long, short = quality.bcea(*angles, probability)
    their_area, their_turn, their_long, their_short, _ = oracle.bcea(*angles, probability)
    assert area == pytest.approx(their_area, **SAME)
    assert (long, short) == pytest.approx((2**0.5 * their_long, 2**0.5 * their_short), **SAME)
    assert np.pi * long * short == pytest.approx(area)
    if long > 1.05 * short:
        assert (turned - their_turn + 90) % 180 - 90 == pytest.approx(0, abs=1e-6)


@settings(max_examples=50)
@given(gaze(), st.floats(0.1, 5), st.sampled_from([60.0, 120.0, 250.0, 1200.0]))
def test_both_losses_and_the_effective_frequency(angles, duration_s, rate_hz):
    angles[1][::7] = np.nan
    expected = oracle.data_loss_from_expected(*angles, duration_s, rate_hz)
    assert quality.data_loss(*angles) == pytest.approx(oracle.data_loss_from_invalid(*angles), **SAME)
    assert quality.data_loss_from_expected(*angles, duration_s, rate_hz) == pytest.approx(expected, **SAME)
    assert quality.effective_frequency(*angles, duration_s) == pytest.approx(
        oracle.effective_frequency(*angles, duration_s), **SAME
    )


@pytest.mark.parametrize(("ours", "theirs"), [("rms_s2s", "RMS-S2S"), ("std", "STD")])
def test_precision_of_windows(ours, theirs):
    rng = np.random.default_rng(3)
    angles = rng.uniform(-15, 15, (10, 2)).repeat(40, axis=0) + rng.normal(0, 0.1, (400, 2))
    angles[rng.random(400) < 0.05] = np.nan
    for n_window in (12, 48, 399):
        expected = oracle.precision_using_moving_window(*angles.T, n_window, theirs)
        assert quality.precision_of_windows(*angles.T, n_window, ours) == pytest.approx(expected, **SAME)
    assert np.isnan(quality.precision_of_windows(*angles.T, 400, ours))
    assert np.isnan(oracle.precision_using_moving_window(*angles.T, 400, theirs))

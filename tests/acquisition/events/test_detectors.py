import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.events import (
    cohens_kappa,
    detect_fixations,
    detect_fixations_by_clusters,
    detect_fixations_by_dispersion,
    detector_for,
    in_fixation,
)
from tests.acquisition.events.looks import MS, scanpath, simulated

STOPS = [(0, 0, 300), (5, 0, 250), (5, 6, 400), (-4, 2, 120)]

ALL = [detect_fixations, detect_fixations_by_dispersion, detect_fixations_by_clusters]
each = pytest.mark.parametrize("detect", ALL)


@each
@pytest.mark.parametrize("rate_hz", [60, 120, 300, 1200])
def test_rests_are_found_at_every_rate(detect, rate_hz):
    found = detect(*scanpath(rate_hz, STOPS))
    assert len(found) == len(STOPS)
    for fixation, (x, y, rest_ms) in zip(found, STOPS, strict=True):
        assert (fixation.x, fixation.y) == pytest.approx((x, y), abs=0.25)
        lasted_ms = (fixation.end_ns - fixation.start_ns) / MS
        assert lasted_ms == pytest.approx(rest_ms, abs=40 + 2000 / rate_hz)
        assert fixation.n_samples == pytest.approx(rest_ms * 1e-3 * rate_hz, abs=2 + 0.05 * rate_hz)


@each
def test_a_short_loss_is_bridged_and_a_long_one_is_not(detect):
    time_ns, x, y = scanpath(1000, [(0, 0, 600)])
    x[200:250] = np.nan
    assert len(detect(time_ns, x, y)) == 1
    x[200:300] = np.nan
    first, second = detect(time_ns, x, y)
    assert first.end_ns == 200 * MS
    assert second.start_ns == 300 * MS


@each
def test_silence_splits_a_fixation(detect):
    time_ns, x, y = scanpath(1000, [(0, 0, 600)])
    kept = np.r_[0:200, 400:600]
    assert len(detect(time_ns[kept], x[kept], y[kept])) == 2


@each
def test_no_fixation_crosses_a_view_state(detect):
    time_ns, x, y = scanpath(1000, [(0, 0, 600)])
    breaks_ns = [500 * MS, 200 * MS]
    found = detect(time_ns, x, y, breaks_ns=breaks_ns)
    assert [f.start_ns // MS for f in found] == [0, 200, 500]
    assert [f.end_ns // MS for f in found[:2]] == [200, 500]


def test_what_is_too_short_is_dropped_and_too_far_is_not_merged():
    time_ns, x, y = scanpath(1000, [(0, 0, 300), (0.3, 0, 300)], noise_deg=0.0)
    assert len(detect_fixations(time_ns, x, y)) == 1
    time_ns, x, y = scanpath(1000, [(0, 0, 300), (3, 0, 30), (6, 0, 300)], noise_deg=0.0)
    assert len(detect_fixations(time_ns, x, y)) == 2


@each
def test_little_or_no_gaze_gives_no_fixations(detect):
    nothing = np.zeros(0)
    assert detect(nothing.astype(np.int64), nothing, nothing) == []
    blind = np.full(100, np.nan)
    assert detect(np.arange(100) * MS, blind, blind) == []
    one = np.where(np.arange(100) == 50, 1.0, np.nan)
    assert detect(np.arange(100) * MS, one, one) == []


@each
@given(st.data())
def test_whatever_the_gaze_fixations_are_in_order_apart_and_within_their_stretch(detect, data):
    """Hostile input: any steps in time, any places, any loss, any breaks."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    n = data.draw(st.integers(0, 120))
    time_ns = np.cumsum(rng.choice([0, 1, 8, 8, 8, 8, 40, 300], n)).astype(np.int64) * MS
    places = rng.normal(0, data.draw(st.sampled_from([0.0, 0.3, 5.0])), (n // 15 + 1, 2)).repeat(15, axis=0)[
        :n
    ]
    places[rng.random(n) < data.draw(st.sampled_from([0.0, 0.1, 0.6]))] = np.nan
    places[rng.random(n) < 0.02] = (np.inf, -np.inf)
    breaks_ns = sorted(rng.integers(0, 2000, 3) * MS)
    found = detect(time_ns, *places.T, breaks_ns=breaks_ns)
    edges = [t for f in found for t in (f.start_ns, f.end_ns)]
    assert edges == sorted(edges)
    for fixation in found:
        assert fixation.end_ns - fixation.start_ns >= 60 * MS
        assert not any(fixation.start_ns < t < fixation.end_ns for t in breaks_ns)
        assert np.isfinite((fixation.x, fixation.y)).all()


@pytest.mark.parametrize(
    ("rate_hz", "detect"),
    [(60, detect_fixations_by_clusters), (60, detect_fixations_by_dispersion)]
    + [(rate_hz, detect) for rate_hz in (120, 600) for detect in ALL],
)
def test_what_is_found_is_what_the_simulated_reader_did(rate_hz, detect):
    gaze, rested = simulated(rate_hz, 40, seed=101, rms_deg=0.3, loss=0.05)
    seen = np.isfinite(gaze[1])
    found = in_fixation(gaze[0], detect(*gaze))
    assert cohens_kappa(found[seen], rested[seen]) > 0.88


def test_plain_velocity_fails_in_noise_where_the_other_holds():
    gaze, rested = simulated(1200, 20, seed=102, rms_deg=1.0, loss=0.05)
    seen = np.isfinite(gaze[1])
    plain, held = (in_fixation(gaze[0], detect_fixations(*gaze, plain=on))[seen] for on in (True, False))
    assert cohens_kappa(plain, rested[seen]) < 0.6
    assert cohens_kappa(held, rested[seen]) > 0.85


def test_slow_and_unknown_rates_get_the_robust_detector():
    assert [detector_for(rate_hz) for rate_hz in (0, 60, 90)] == [detect_fixations_by_clusters] * 3
    assert [detector_for(rate_hz) for rate_hz in (120, 1200)] == [detect_fixations] * 2

import numpy as np
import pytest

from acquisition.events import detect_fixations

MS = 1_000_000


def scanpath(rate_hz, stops, noise_deg=0.02, seed=0):
    """Rests at (x, y) for the given ms with a jump of 30 ms in between; (time_ns, x_deg, y_deg)."""
    rng = np.random.default_rng(seed)
    pieces, at = [], np.array(stops[0][:2], dtype=float)
    for x, y, rest_ms in stops:
        n_jump = round(0.030 * rate_hz)
        pieces.append(np.linspace(at, (x, y), n_jump, endpoint=False))
        pieces.append(np.tile((float(x), float(y)), (round(rest_ms * 1e-3 * rate_hz), 1)))
        at = np.array((x, y), dtype=float)
    xy = np.concatenate(pieces)
    xy = xy + rng.normal(0, noise_deg, xy.shape)
    time_ns = np.round(np.arange(len(xy)) * 1e9 / rate_hz).astype(np.int64)
    return time_ns, xy[:, 0], xy[:, 1]


STOPS = [(0, 0, 300), (5, 0, 250), (5, 6, 400), (-4, 2, 120)]


@pytest.mark.parametrize("rate_hz", [60, 120, 300, 1200])
def test_rests_are_found_at_every_rate(rate_hz):
    found = detect_fixations(*scanpath(rate_hz, STOPS))
    assert len(found) == len(STOPS)
    for fixation, (x, y, rest_ms) in zip(found, STOPS, strict=True):
        assert (fixation.x, fixation.y) == pytest.approx((x, y), abs=0.25)
        lasted_ms = (fixation.end_ns - fixation.start_ns) / MS
        assert lasted_ms == pytest.approx(rest_ms, abs=40 + 2000 / rate_hz)
        assert fixation.n_samples == pytest.approx(rest_ms * 1e-3 * rate_hz, abs=2 + 0.05 * rate_hz)


def test_a_short_loss_is_bridged_and_a_long_one_is_not():
    time_ns, x, y = scanpath(1000, [(0, 0, 600)])
    x[200:250] = np.nan
    assert len(detect_fixations(time_ns, x, y)) == 1
    x[200:300] = np.nan
    first, second = detect_fixations(time_ns, x, y)
    assert first.end_ns == 200 * MS
    assert second.start_ns == 300 * MS


def test_silence_splits_a_fixation():
    time_ns, x, y = scanpath(1000, [(0, 0, 600)])
    kept = np.r_[0:200, 400:600]
    assert len(detect_fixations(time_ns[kept], x[kept], y[kept])) == 2


def test_no_fixation_crosses_a_view_state():
    time_ns, x, y = scanpath(1000, [(0, 0, 600)])
    breaks_ns = [500 * MS, 200 * MS]
    found = detect_fixations(time_ns, x, y, breaks_ns=breaks_ns)
    assert [f.start_ns // MS for f in found] == [0, 200, 500]
    assert [f.end_ns // MS for f in found[:2]] == [200, 500]


def test_what_is_too_short_is_dropped_and_too_far_is_not_merged():
    time_ns, x, y = scanpath(1000, [(0, 0, 300), (0.3, 0, 300)], noise_deg=0.0)
    assert len(detect_fixations(time_ns, x, y)) == 1
    time_ns, x, y = scanpath(1000, [(0, 0, 300), (3, 0, 30), (6, 0, 300)], noise_deg=0.0)
    assert len(detect_fixations(time_ns, x, y)) == 2


def test_little_or_no_gaze_gives_no_fixations():
    nothing = np.zeros(0)
    assert detect_fixations(nothing.astype(np.int64), nothing, nothing) == []
    blind = np.full(100, np.nan)
    assert detect_fixations(np.arange(100) * MS, blind, blind) == []

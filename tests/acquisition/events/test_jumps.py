import numpy as np
import pytest

from acquisition.events.jumps import placed, smooth_course
from acquisition.events.rests import seen_gaze

MS = 1_000_000


def one_jump(rate_hz, amplitude_deg, begin_ms, lasting_ms, noise_deg, seed=0):
    """A rest at (0, 0), a smooth jump to the right, a rest; 600 ms in all."""
    time_ns = np.round(np.arange(0.6 * rate_hz) * 1e9 / rate_hz).astype(np.int64)
    done = smooth_course(np.clip((time_ns / MS - begin_ms) / lasting_ms, 0, 1))
    noise = np.random.default_rng(seed).normal(0, noise_deg, (2, len(time_ns)))
    return seen_gaze(time_ns, amplitude_deg * done + noise[0], noise[1], ())


def ends_ms(gaze, rests):
    """When the first rest ends and the second begins."""
    (_, stop), (first, _) = rests
    return gaze.time_ns[stop] / MS, gaze.time_ns[first] / MS


def found_roughly(gaze, begin_ms, end_ms, by_ms):
    """The two rests with ends this much into the jump."""
    stop, first = np.searchsorted(gaze.time_ns, ((begin_ms + by_ms) * MS, (end_ms - by_ms) * MS))
    return [(0, int(stop)), (int(first), len(gaze.time_ns))]


@pytest.mark.parametrize(
    ("rate_hz", "noise_deg", "within_ms"), [(60, 0.05, 17), (250, 0.1, 6), (1200, 0.15, 4)]
)
@pytest.mark.parametrize("by_ms", [-12, 8])
def test_ends_come_to_the_jump_from_either_side(rate_hz, noise_deg, within_ms, by_ms):
    gaze = one_jump(rate_hz, 8.0, 300.0, 38.6, noise_deg)
    left_ms, arrived_ms = ends_ms(gaze, placed(gaze, found_roughly(gaze, 300.0, 338.6, by_ms)))
    assert left_ms == pytest.approx(300.0, abs=within_ms)
    assert arrived_ms == pytest.approx(338.6, abs=within_ms)


def test_many_samples_overrule_the_main_sequence():
    slow_ms = 55.0
    gaze = one_jump(1200, 8.0, 300.0, slow_ms, 0.02)
    left_ms, arrived_ms = ends_ms(gaze, placed(gaze, found_roughly(gaze, 300.0, 355.0, 5)))
    assert arrived_ms - left_ms == pytest.approx(slow_ms, abs=4)


@pytest.mark.parametrize("amplitude_deg", [0.0, 0.5])
def test_a_jump_near_the_noise_stays_as_it_was_found(amplitude_deg):
    gaze = one_jump(250, amplitude_deg, 300.0, 22.0, 0.1)
    rests = found_roughly(gaze, 300.0, 322.0, 4)
    assert placed(gaze, rests) == rests


def test_a_jump_that_was_lost_stays_as_it_was_found():
    gaze = one_jump(250, 8.0, 300.0, 40.0, 0.02)
    x, y = gaze.angles.T.copy()
    x[(gaze.time_ns > 305 * MS) & (gaze.time_ns < 335 * MS)] = np.nan
    lossy = seen_gaze(gaze.time_ns, x, y, ())
    rests = found_roughly(lossy, 300.0, 340.0, 0)
    assert placed(lossy, rests) == rests

import itertools

import numpy as np
import pytest

from acquisition.events import amplitude_deg, detect_fixations, find_saccades
from tests.acquisition.events.looks import MS, scanpath

STOPS = [(0, 0, 300), (6, 0, 300), (6, 8, 300)]


@pytest.mark.parametrize("rate_hz", [250, 1200])
def test_saccades_go_from_rest_to_rest(rate_hz):
    gaze = scanpath(rate_hz, STOPS)
    fixations = detect_fixations(*gaze)
    across, down = find_saccades(*gaze, fixations)
    assert (across.from_x, across.to_x) == pytest.approx((0, 6), abs=0.1)
    assert (down.from_y, down.to_y) == pytest.approx((0, 8), abs=0.1)
    assert (amplitude_deg(across), amplitude_deg(down)) == pytest.approx((6, 8), abs=0.1)
    assert [(s.start_ns, s.end_ns) for s in (across, down)] == [
        (before.end_ns, after.start_ns) for before, after in itertools.pairwise(fixations)
    ]


def test_the_peak_velocity_is_that_of_the_jump():
    """A jump at constant speed: 6 degrees in 30 ms."""
    gaze = scanpath(1200, STOPS[:2], noise_deg=0.001)
    (saccade,) = find_saccades(*gaze, detect_fixations(*gaze))
    assert saccade.peak_deg_per_s == pytest.approx(200, rel=0.03)


def test_what_was_not_seen_whole_is_no_saccade():
    time_ns, x, y = scanpath(1000, STOPS)
    (first, second, third) = detect_fixations(time_ns, x, y)
    lost = x.copy()
    lost[(time_ns > first.end_ns + 5 * MS) & (time_ns < first.end_ns + 25 * MS)] = np.nan
    (only,) = find_saccades(time_ns, lost, y, [first, second, third])
    assert only.start_ns == second.end_ns
    assert find_saccades(time_ns, x, y, [first, third]) == [], "a rest lies between"
    in_flight_ns = (second.end_ns + third.start_ns) // 2
    (only,) = find_saccades(time_ns, x, y, [first, second, third], breaks_ns=[in_flight_ns])
    assert only.end_ns == second.start_ns


def test_a_fixation_split_by_a_view_state_makes_no_saccade():
    time_ns, x, y = scanpath(1000, STOPS[:1])
    fixations = detect_fixations(time_ns, x, y, breaks_ns=[150 * MS])
    assert len(fixations) == 2
    assert find_saccades(time_ns, x, y, fixations, breaks_ns=[150 * MS]) == []


def test_no_gaze_no_saccades():
    nothing = np.zeros(0)
    assert find_saccades(nothing.astype(np.int64), nothing, nothing, []) == []

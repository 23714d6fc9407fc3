import numpy as np
import pytest

from acquisition.events import detect_fixations_by_dispersion
from tests.acquisition.events.looks import MS, scanpath

RATE_HZ = 250


def extent(points):
    return float((points.max(axis=0) - points.min(axis=0)).sum())


def slow_dispersion(points, limit_deg, n_least):
    """Salvucci & Goldberg's own words, a sample at a time: [first, stop) of each fixation."""
    found, first = [], 0
    while first + n_least <= len(points):
        stop = first + n_least
        if extent(points[first:stop]) > limit_deg:
            first += 1
            continue
        while stop < len(points) and extent(points[first : stop + 1]) <= limit_deg:
            stop += 1
        found.append((first, stop))
        first = stop
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_plain_rule_is_that_of_the_paper(seed):
    rng = np.random.default_rng(seed)
    stops = [(*rng.uniform(-8, 8, 2), rng.uniform(60, 900)) for _ in range(12)]
    time_ns, x, y = scanpath(RATE_HZ, stops, noise_deg=0.1, seed=seed)
    found = detect_fixations_by_dispersion(
        time_ns, x, y, dispersion_deg=0.9, merge_ms=0.0, merge_deg=0.0, min_duration_ms=100.0, plain=True
    )
    slow = slow_dispersion(np.column_stack((x, y)), 0.9, 25)
    assert [(round(f.start_ns / MS / 4), f.n_samples) for f in found] == [(a, b - a) for a, b in slow]
    assert len(found) > 5


def test_a_rest_longer_than_any_first_look_ahead_is_one():
    time_ns, x, y = scanpath(RATE_HZ, [(0, 0, 20_000), (5, 5, 500)], noise_deg=0.01)
    first, second = detect_fixations_by_dispersion(time_ns, x, y)
    assert first.end_ns == pytest.approx(20_030 * MS, abs=20 * MS)
    assert (second.x, second.y) == pytest.approx((5, 5), abs=0.05)


def test_noise_widens_the_limit_and_not_the_fixations():
    gaze = scanpath(RATE_HZ, [(0, 0, 400), (4, 0, 400)], noise_deg=0.4)
    plain = detect_fixations_by_dispersion(*gaze, plain=True)
    found = detect_fixations_by_dispersion(*gaze)
    assert len(plain) == 0
    assert [(f.x, f.y) for f in found] == [pytest.approx((0, 0), abs=0.2), pytest.approx((4, 0), abs=0.2)]

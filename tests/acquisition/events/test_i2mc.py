import numpy as np
import pytest

from acquisition.events import detect_fixations_by_clusters
from acquisition.events.i2mc import two_means
from tests.acquisition.events.looks import scanpath, simulated


def slow_two_means(points):
    """Lloyd's rounds on one window, point by point."""
    label = [i >= len(points) // 2 for i in range(len(points))]
    for _ in range(20):
        centres = []
        for which in (False, True):
            members = [p for p, mine in zip(points, label, strict=True) if mine == which]
            centres.append(np.mean(members, axis=0) if members else np.zeros(2))
        new = [((p - centres[1]) ** 2).sum() < ((p - centres[0]) ** 2).sum() for p in points]
        if new == label:
            break
        label = new
    return label


def test_clusters_are_those_of_the_slow_version():
    rng = np.random.default_rng(0)
    windows = rng.normal(0, 0.2, (40, 12, 2))
    for i, window in enumerate(windows):
        window[i % 12 :] += rng.normal(0, 2, 2)
    labels = two_means(windows)
    assert [row.tolist() for row in labels] == [slow_two_means(window) for window in windows]


def test_the_same_gaze_gives_the_same_fixations():
    gaze, _ = simulated(60, 20, seed=5, rms_deg=0.5, loss=0.05)
    assert detect_fixations_by_clusters(*gaze) == detect_fixations_by_clusters(*gaze)


@pytest.mark.parametrize("rate_hz", [60, 250])
def test_two_rests_are_told_apart_in_noise_of_a_degree(rate_hz):
    found = detect_fixations_by_clusters(*scanpath(rate_hz, [(0, 0, 500), (4, 3, 500)], noise_deg=0.5))
    assert [(f.x, f.y) for f in found] == [pytest.approx((0, 0), abs=0.4), pytest.approx((4, 3), abs=0.4)]

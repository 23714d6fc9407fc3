"""The plain cores of I-VT and I-DT are those of pymovements, where both mean the same by their words.

pymovements counts the duration of a fixation from its first sample to its last; ours reaches to the next
sample. Its I-DT takes the first sample that leaves the limit into the fixation and begins the search for the
next one after it, so that borders differ by a sample or two (`test_idt` holds ours to the rule itself).
"""

import numpy as np
import pytest

from acquisition.events import detect_fixations, detect_fixations_by_dispersion
from tests.acquisition.events.looks import MS, simulated

detection = pytest.importorskip(
    "pymovements.events.detection",
    reason="pymovements is not installed: its dependencies are too heavy to ship",
    exc_type=ImportError,
)

RATE_HZ = 250
STEP_MS = 4
ALONE = {"merge_ms": 0.0, "merge_deg": 0.0, "plain": True}
"""No joining of neighbours, which pymovements does not do, and nothing against noise."""


def gaze_without_loss(seed):
    """(time_ns, x_deg, y_deg) from time 0; what the simulated reader loses is held."""
    (time_ns, x, y), _ = simulated(RATE_HZ, 60, seed, rms_deg=0.05, loss=0.0)
    seen = np.isfinite(x)
    last = np.maximum.accumulate(np.where(seen, np.arange(len(x)), 0))
    return time_ns - time_ns[0], x[last], y[last]


def spans_ms(fixations):
    """First and last sample of each fixation."""
    return np.array([(f.start_ns / MS, f.end_ns / MS - STEP_MS) for f in fixations])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_velocity(seed):
    time_ns, x, y = gaze_without_loss(seed)
    positions = np.column_stack((x, y))
    velocity = np.full_like(positions, np.nan)
    velocity[1:-1] = (positions[2:] - positions[:-2]) * RATE_HZ / 2
    velocity[0], velocity[-1] = (
        np.diff(positions[:2], axis=0) * RATE_HZ,
        np.diff(positions[-2:], axis=0) * RATE_HZ,
    )
    theirs = detection.ivt(
        velocity, np.arange(len(x)) * STEP_MS, minimum_duration=100, velocity_threshold=30.0
    ).frame
    ours = detect_fixations(
        time_ns, x, y, velocity_deg_per_s=30.0, window_ms=2 * STEP_MS, min_duration_ms=100 + STEP_MS, **ALONE
    )
    assert len(ours) > 100
    assert np.array_equal(spans_ms(ours), theirs.select("onset", "offset").to_numpy())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dispersion(seed):
    time_ns, x, y = gaze_without_loss(seed)
    theirs = (
        detection.idt(
            np.column_stack((x, y)),
            np.arange(len(x)) * STEP_MS,
            minimum_duration=100,
            dispersion_threshold=1.0,
        )
        .frame.select("onset", "offset")
        .to_numpy()
    )
    ours = spans_ms(detect_fixations_by_dispersion(time_ns, x, y, min_duration_ms=100, **ALONE))
    assert len(ours) == pytest.approx(len(theirs), abs=1)
    instants = np.arange(len(x)) * STEP_MS
    labels = [np.searchsorted(spans.ravel(), instants + 0.5) % 2 == 1 for spans in (ours, theirs)]
    assert np.mean(labels[0] == labels[1]) > 0.98

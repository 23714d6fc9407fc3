import numpy as np

from acquisition.domain import Display
from acquisition.geometry import px_to_deg
from acquisition.simulation.reader import Habits, SimulatedReader
from acquisition.simulation.truth import true_gaze

DISPLAY = Display(2000, 1000, 600.0, 300.0, 650.0)


def test_the_eye_rests_where_it_does_not_move():
    time_ns = np.arange(20_000, dtype=np.int64) * 1_000_000 + 5_000_000
    truth = true_gaze(SimulatedReader(DISPLAY, seed=1), time_ns)
    alone, seen = SimulatedReader(DISPLAY, seed=1).look(np.append(time_ns[0] - 10_000, time_ns))
    assert np.array_equal(truth.xy_px, alone[1:])
    assert np.array_equal(truth.is_seen, seen[1:])
    moved = np.hypot(*np.diff(px_to_deg(truth.xy_px, DISPLAY), axis=0).T) > 0
    both_rest = truth.is_resting[1:] & truth.is_resting[:-1]
    assert not moved[both_rest].any()
    assert moved[~truth.is_resting[1:] & ~truth.is_resting[:-1]].all()


def test_jumps_last_as_the_main_sequence_says():
    habits = Habits(off_screen_per_min=0.0)
    time_ns = np.arange(60_000, dtype=np.int64) * 1_000_000 + 5_000_000
    truth = true_gaze(SimulatedReader(DISPLAY, seed=2, habits=habits), time_ns)
    edges = np.flatnonzero(np.diff(truth.is_resting.astype(int)))
    left, arrived = edges[0::2], edges[1::2]
    angles = px_to_deg(truth.xy_px, DISPLAY)
    amplitude_deg = np.hypot(*(angles[arrived + 1] - angles[left[: len(arrived)]]).T)
    lasted_ms = arrived - left[: len(arrived)]
    assert len(arrived) > 100
    assert np.abs(lasted_ms - (2.2 * amplitude_deg + 21)).max() <= 1.1

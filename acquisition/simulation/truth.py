"""What a simulated reader's eye really did, for judging what detectors make of its gaze."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acquisition.simulation.reader import SimulatedReader

MOMENT_NS = 10_000


class TrueGaze(NamedTuple):
    """The eye at n moments.

    xy_px: (n, 2) where it looked, display px
    is_seen: (n,) whether it was open in front of the tracker
    is_resting: (n,) whether it was between two jumps
    """

    xy_px: NDArray[np.float64]
    is_seen: NDArray[np.bool_]
    is_resting: NDArray[np.bool_]


def true_gaze(reader: SimulatedReader, time_ns: NDArray[np.int64]) -> TrueGaze:
    """Look, and look again a hundredth of a millisecond before and after: a resting eye has not moved.

    Args:
        reader: who moves only to jump, as `SimulatedReader` does
        time_ns: (n,) host times, further apart than the moment and not before those of the last call
    """
    around_ns = np.asarray(time_ns)[:, np.newaxis] + np.array([-MOMENT_NS, 0, MOMENT_NS])
    xy_px, is_seen = reader.look(around_ns.ravel())
    xy_px = xy_px.reshape(-1, 3, 2)
    is_resting = (xy_px[:, 0] == xy_px[:, 2]).all(axis=1)
    return TrueGaze(xy_px[:, 1], is_seen.reshape(-1, 3)[:, 1], is_resting)

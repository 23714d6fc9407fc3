"""Saccades: what the eye did between two fixations."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Fixation, Saccade
from acquisition.events.ivt import WINDOW_MS, speed
from acquisition.events.jumps import LONGEST_MS
from acquisition.events.rests import SeenGaze, gap_ns, seen_gaze


def find_saccades(
    time_ns: NDArray[np.int64],
    x_deg: NDArray[np.float64],
    y_deg: NDArray[np.float64],
    fixations: Sequence[Fixation],
    *,
    breaks_ns: Sequence[int] = (),
) -> list[Saccade]:
    """The jumps between successive fixations, from the centroid of one to that of the next.

    Left out is what took longer than 150 ms, was broken by a loss or by one of the breaks, or where one
    fixation follows on the other without a sample between.

    Args:
        time_ns: (n,) as the detector of the fixations had it
        x_deg: (n,) the same
        y_deg: (n,) the same
        fixations: in degrees, in order
        breaks_ns: no saccade crosses these times

    Returns:
        Saccades in order. The peak velocity is that of a line through 20 ms or three samples: low for jumps
        that are shorter, and for all at 60 Hz.
    """
    gaze = seen_gaze(time_ns, x_deg, y_deg, breaks_ns)
    if len(gaze.time_ns) < 2:
        return []
    velocity = speed(gaze, max(1, round(WINDOW_MS * 1e6 / 2 / gaze.period_ns)))
    found = []
    for before, after in itertools.pairwise(fixations):
        first, stop = np.searchsorted(gaze.time_ns, (before.end_ns, after.start_ns))
        if _is_whole(gaze, before, after, int(first), int(stop)):
            peak = float(np.max(velocity[first:stop]))
            ends = (before.x, before.y, after.x, after.y)
            found.append(Saccade(before.end_ns, after.start_ns, *ends, peak))
    return found


def amplitude_deg(saccade: Saccade) -> float:
    """How far it went, for a saccade in degrees."""
    return float(np.hypot(saccade.to_x - saccade.from_x, saccade.to_y - saccade.from_y))


def _is_whole(gaze: SeenGaze, before: Fixation, after: Fixation, first: int, stop: int) -> bool:
    """Whether the samples [first, stop) and their neighbours show one jump from beginning to end."""
    if not 0 < first < stop < len(gaze.time_ns) or after.start_ns - before.end_ns > LONGEST_MS * 1e6:
        return False
    times, stretch = gaze.time_ns[first - 1 : stop + 1], gaze.stretch[first - 1 : stop + 1]
    return bool(np.diff(times).max() <= gap_ns(gaze) and stretch[0] == stretch[-1])

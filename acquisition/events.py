"""Fixations from gaze by velocity (I-VT).

After Salvucci & Goldberg 2000 in the form of Olsen, *The Tobii I-VT Fixation Filter* (2012): velocity over
a window, a threshold, merging of neighbours, and a least duration. Its gap fill is left out: what it
bridges, merging bridges too, and no sample is invented.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Fixation
from acquisition.geometry import is_finite

VELOCITY_DEG_PER_S = 30.0
WINDOW_MS = 20.0
MERGE_MS = 75.0
MERGE_DEG = 0.5
MIN_DURATION_MS = 60.0


def detect_fixations(
    time_ns: NDArray[np.int64],
    x_deg: NDArray[np.float64],
    y_deg: NDArray[np.float64],
    *,
    breaks_ns: Sequence[int] = (),
    velocity_deg_per_s: float = VELOCITY_DEG_PER_S,
    window_ms: float = WINDOW_MS,
    merge_ms: float = MERGE_MS,
    merge_deg: float = MERGE_DEG,
    min_duration_ms: float = MIN_DURATION_MS,
) -> list[Fixation]:
    """Stretches in which the eye moved slower than the threshold, with their centroids in degrees.

    Args:
        time_ns: (n,) capture times, ascending
        x_deg: (n,) Fick azimuth (`geometry.px_to_deg`); NaN without gaze
        y_deg: (n,) Fick elevation; NaN without gaze
        breaks_ns: no fixation crosses these times. A zoom moves the image under a resting eye: give the
            times of the view states when the fixations are to be placed on images.
        velocity_deg_per_s: at or above this the eye is in a saccade
        window_ms: the velocity of a sample is that over this window around it, at least its two neighbours
        merge_ms: fixations no further apart than this in time ...
        merge_deg: ... and no further than this in place are one
        min_duration_ms: what is shorter is dropped

    Returns:
        Fixations in order, [start, end) reaching one sample period past the last sample.
    """
    times = np.asarray(time_ns, dtype=np.int64)
    angles = np.stack((x_deg, y_deg), axis=-1).astype(np.float64).reshape(-1, 2)
    if len(times) < 2:
        return []
    period_ns = max(int(np.median(np.diff(times))), 1)
    stretch = np.searchsorted(np.sort(np.asarray(breaks_ns, dtype=np.int64)), times, side="right")
    piece = _pieces(times, angles, stretch, max(merge_ms * 1e6, 3.0 * period_ns))
    half_window = max(1, round(window_ms * 1e6 / 2 / period_ns))
    slow = _velocity(times, angles, piece, half_window) < velocity_deg_per_s

    rests: list[NDArray[np.int64]] = []
    for rest in _runs(slow, piece):
        if rests and stretch[rests[-1][0]] == stretch[rest[0]]:
            apart_ms = (times[rest[0]] - times[rests[-1][-1]] - period_ns) * 1e-6
            apart_deg = np.hypot(*(angles[rest].mean(axis=0) - angles[rests[-1]].mean(axis=0)))
            if apart_ms <= merge_ms and apart_deg <= merge_deg:
                rests[-1] = np.concatenate((rests[-1], rest))
                continue
        rests.append(rest)
    fixations = [_fixation(times[rest], angles[rest], period_ns) for rest in rests]
    return [f for f in fixations if f.end_ns - f.start_ns >= min_duration_ms * 1e6]


def _fixation(time_ns: NDArray[np.int64], angles: NDArray[np.float64], period_ns: int) -> Fixation:
    """The fixation that these samples (n,), (n, 2) make up."""
    x, y = angles.mean(axis=0)
    return Fixation(int(time_ns[0]), int(time_ns[-1]) + period_ns, float(x), float(y), len(time_ns))


def _pieces(
    time_ns: NDArray[np.int64], angles: NDArray[np.float64], stretch: NDArray[np.int64], silence_ns: float
) -> NDArray[np.int64]:
    """(n,) ascending: the number of the uninterrupted piece of a sample; one without gaze stands alone."""
    blind = ~is_finite(angles)
    starts = (np.diff(time_ns) > silence_ns) | (np.diff(stretch) > 0) | blind[1:] | blind[:-1]
    return np.concatenate(([0], np.cumsum(starts)))


def _velocity(
    time_ns: NDArray[np.int64], angles: NDArray[np.float64], piece: NDArray[np.int64], half_window: int
) -> NDArray[np.float64]:
    """(n,) degrees a second over the window, which stays within the piece; NaN for a piece of one sample."""
    here = np.arange(len(time_ns))
    low = np.maximum(here - half_window, np.searchsorted(piece, piece, side="left"))
    high = np.minimum(here + half_window, np.searchsorted(piece, piece, side="right") - 1)
    elapsed_s = (time_ns[high] - time_ns[low]) * 1e-9
    moved_deg = np.hypot(*(angles[high] - angles[low]).T)
    with np.errstate(invalid="ignore", divide="ignore"):
        velocity: NDArray[np.float64] = moved_deg / elapsed_s
    return velocity


def _runs(slow: NDArray[np.bool_], piece: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Indices of each run of slow samples within one piece."""
    index = np.flatnonzero(slow)
    if len(index) == 0:
        return []
    cuts = (np.diff(index) > 1) | (np.diff(piece[index]) > 0)
    return np.split(index, np.flatnonzero(cuts) + 1)

"""Fixations by dispersion (I-DT).

After Salvucci & Goldberg, *Identifying Fixations and Saccades in Eye-Tracking Protocols* (ETRA 2000): a
window of the least duration in which gaze keeps within so many degrees (width and height of its extent
together) grows until it no longer does. Against noise the extent is that of means over 20 ms, and the limit
is wider by what is left of the noise in them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from acquisition.domain import Fixation
from acquisition.events.fixations import MERGE_DEG, MERGE_MS, MIN_DURATION_MS, fixations_of
from acquisition.events.rests import Rest, cuts, runs, seen_gaze

DISPERSION_DEG = 1.0
MEAN_MS = 20.0
NOISE_EXTENT = 4.0
"""Standard deviations that the extent of so many noisy samples as a fixation has takes up along an axis."""


def detect_fixations_by_dispersion(
    time_ns: NDArray[np.int64],
    x_deg: NDArray[np.float64],
    y_deg: NDArray[np.float64],
    *,
    breaks_ns: Sequence[int] = (),
    dispersion_deg: float = DISPERSION_DEG,
    merge_ms: float = MERGE_MS,
    merge_deg: float = MERGE_DEG,
    min_duration_ms: float = MIN_DURATION_MS,
    plain: bool = False,
) -> list[Fixation]:
    """Stretches in which gaze kept within a small extent, with their centroids in degrees.

    Args and result as of `acquisition.events.detect_fixations`, but:
        dispersion_deg: width and height of the extent of a fixation together are no more than this
        plain: the extent is that of the samples, the limit as given, and nothing moves the ends after
    """
    gaze = seen_gaze(time_ns, x_deg, y_deg, breaks_ns)
    if len(gaze.time_ns) < 2:
        return []
    n_mean, limit_deg = 1, dispersion_deg
    if not plain:
        n_mean = 2 * round(MEAN_MS * 1e6 / gaze.period_ns / 2) + 1
        limit_deg += 2 * NOISE_EXTENT * gaze.noise_deg / np.sqrt(n_mean)
    n_least = max(2, round(min_duration_ms * 1e6 / gaze.period_ns))
    rests: list[Rest] = []
    for first, stop in runs(np.ones(len(gaze.time_ns), dtype=np.bool_), cuts(gaze)):
        points = uniform_filter1d(gaze.angles[first:stop], n_mean, axis=0, mode="nearest")
        rests += [(first + start, first + end) for start, end in _gatherings(points, limit_deg, n_least)]
    return fixations_of(gaze, rests, merge_ms, merge_deg, min_duration_ms, plain)


def _gatherings(points: NDArray[np.float64], limit_deg: float, n_least: int) -> list[Rest]:
    """Ranges of at least so many of the points (n, 2) that keep within the limit, each as long as can be."""
    if len(points) < n_least:
        return []
    behind = -(n_least // 2)
    widest = maximum_filter1d(points, n_least, axis=0, origin=behind)
    extent = (widest - minimum_filter1d(points, n_least, axis=0, origin=behind)).sum(axis=1)
    starts = np.flatnonzero(extent[: len(points) - n_least + 1] <= limit_deg)
    found: list[Rest] = []
    while (i := np.searchsorted(starts, found[-1][1] if found else 0)) < len(starts):
        first = int(starts[i])
        found.append((first, _end(points, first, limit_deg, 4 * n_least)))
    return found


def _end(points: NDArray[np.float64], first: int, limit_deg: float, n_tried: int) -> int:
    """The first point that leaves the limit, counted from the one where the gathering begins."""
    some = points[first : first + n_tried]
    extent = (np.maximum.accumulate(some, axis=0) - np.minimum.accumulate(some, axis=0)).sum(axis=1)
    beyond = np.flatnonzero(extent > limit_deg)
    if len(beyond):
        return first + int(beyond[0])
    if first + n_tried >= len(points):
        return len(points)
    return _end(points, first, limit_deg, 4 * n_tried)

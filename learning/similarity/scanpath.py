"""From samples to fixations, and from fixations to the simplified saccades that MultiMatch compares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled
from learning.similarity.trace import COMMON_RATE_HZ

FloatArray = NDArray[np.float64]

BOX_PX = 40.0
"""Half a side of the published box, on 800 px."""
MIN_FIXATION_S = 0.1


@dataclass(frozen=True, slots=True)
class Limits:
    """What simplification takes for one movement (Dewhurst et al. 2012, Behavior Research Methods 44)."""

    amplitude: float
    """A saccade is short below it, in the unit of the places."""
    duration: float
    """A fixation is short below it, in the unit of the durations."""
    turn_deg: float = 45.0
    """Two saccades go the same way below it."""


def boxed_fixations(xy_px: FloatArray) -> FloatArray:
    """(m, 3) x, y, duration in samples, as published: a sample opens a box, the first outside opens the next.

    The last box is never closed, and lost.

    Args:
        xy_px: (n, 2) on the 800 x 800 raster.
    """
    return _boxed(np.ascontiguousarray(xy_px, np.float64))


def fixations(ticks: FloatArray, dispersion: float) -> FloatArray:
    """(m, 3) mean x, mean y, duration in seconds, by dispersion (Salvucci & Goldberg 2000, ETRA).

    Args:
        ticks: (n, 3) x, y, t_s on the common clock; a hole in time ends a fixation.
        dispersion: width and height of a fixation together are no more, in the unit of the places.
    """
    return _dispersed(ticks, dispersion, int(np.ceil(MIN_FIXATION_S * COMMON_RATE_HZ)))


def saccades(fixated: FloatArray, limits: Limits, *, keeps_displacement: bool) -> FloatArray:
    """(k, 5) start x, start y, dx, dy, duration of the fixation before, neighbours joined until none is left.

    Args:
        fixated: (n, 3) x, y, duration; n >= 2.
        limits: what is joined.
        keeps_displacement: the joined saccades lead where all did. As published, a short last one replaces
            what was joined before it by the last two.
    """
    path = np.column_stack([fixated[:-1, :2], np.diff(fixated[:, :2], axis=0)])
    durations = fixated[:, 2].copy()
    while True:
        n_before = len(durations)
        path, durations = _join_by_direction(path, durations, limits.turn_deg, limits.duration)
        path, durations = _join_by_length(
            path, durations, limits.amplitude, limits.duration, keeps_displacement
        )
        if len(durations) == n_before:
            return np.column_stack([path, durations[: len(path)]])


@compiled
def _boxed(xy: FloatArray) -> FloatArray:
    found = np.empty((len(xy), 3))
    n, opener = 0, 0
    for i in range(1, len(xy)):
        if abs(xy[i, 0] - xy[opener, 0]) >= BOX_PX or abs(xy[i, 1] - xy[opener, 1]) >= BOX_PX:
            found[n, 0], found[n, 1], found[n, 2] = xy[opener, 0], xy[opener, 1], i - opener
            n, opener = n + 1, i
    return found[:n]


@compiled
def _dispersed(ticks: FloatArray, dispersion: float, n_least: int) -> FloatArray:
    found = np.empty((len(ticks), 3))
    n, first = 0, 0
    while first < len(ticks):
        low_x = high_x = ticks[first, 0]
        low_y = high_y = ticks[first, 1]
        end = first + 1
        while end < len(ticks) and (ticks[end, 2] - ticks[end - 1, 2]) * COMMON_RATE_HZ < 1.5:
            low_x, high_x = min(low_x, ticks[end, 0]), max(high_x, ticks[end, 0])
            low_y, high_y = min(low_y, ticks[end, 1]), max(high_y, ticks[end, 1])
            if high_x - low_x + high_y - low_y > dispersion:
                break
            end += 1
        if end - first >= n_least:
            found[n, 0], found[n, 1] = ticks[first:end, 0].mean(), ticks[first:end, 1].mean()
            found[n, 2] = (end - first) / COMMON_RATE_HZ
            n, first = n + 1, end
        else:
            first += 1
    return found[:n]


@compiled
def _join_by_direction(
    path: FloatArray, durations: FloatArray, turn_deg: float, duration: float
) -> tuple[FloatArray, FloatArray]:
    """One pass: a saccade and the next become one where they go the same way past a short fixation."""
    joined, kept = np.empty_like(path), np.empty_like(durations)
    i, n = 0, 0
    while i < len(path):
        kept[n] = durations[i]
        joined[n] = path[i]
        is_joined = i + 1 < len(path) and durations[i + 1] < duration
        if is_joined and _turn_deg(path[i], path[i + 1]) < turn_deg:
            joined[n, 2:] += path[i + 1, 2:]
            i += 1
        i, n = i + 1, n + 1
    kept[n] = durations[-1]
    return joined[:n], kept[: n + 1]


@compiled
def _turn_deg(one: FloatArray, other: FloatArray) -> float:
    """Angle between two saccades; NaN where one does not move."""
    lengths = np.sqrt(one[2] ** 2 + one[3] ** 2) * np.sqrt(other[2] ** 2 + other[3] ** 2)
    cosine = (one[2] * other[2] + one[3] * other[3]) / lengths
    # Rounding may lift the cosine of parallel saccades above 1.
    return float(np.degrees(np.arccos(min(max(cosine, -1.0), 1.0)))) if lengths > 0 else np.nan


@compiled
def _join_by_length(
    path: FloatArray, durations: FloatArray, amplitude: float, duration: float, keeps_displacement: bool
) -> tuple[FloatArray, FloatArray]:
    """One pass: a short saccade beside a short fixation joins the next, the last one that before it.

    As published, joining the last keeps the duration of the fixation that was joined: there may then be
    two durations more than saccades.
    """
    joined, kept = np.empty_like(path), np.empty(len(durations) + 1)
    i, n, n_kept = 0, 0, 0
    while i < len(path):
        is_last = i == len(path) - 1
        before, after = (durations[-2], durations[-1]) if is_last else (durations[i], durations[i + 1])
        is_short = np.sqrt(path[i, 2] ** 2 + path[i, 3] ** 2) < amplitude and min(before, after) < duration
        if is_short and is_last and n > 0:
            if keeps_displacement:
                joined[n - 1, 2:] += path[i, 2:]
            else:
                joined[n - 1, 2:] = path[i - 1, 2:] + path[i, 2:]
                kept[n_kept] = durations[i - 1]
                n_kept += 1
            i += 1
            continue
        joined[n], kept[n_kept] = path[i], durations[i]
        n, n_kept = n + 1, n_kept + 1
        if is_short and not is_last:
            joined[n - 1, 2:] += path[i + 1, 2:]
            i += 1
        i += 1
    kept[n_kept] = durations[-1]
    return joined[:n], kept[: n_kept + 1]

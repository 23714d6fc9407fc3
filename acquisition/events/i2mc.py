"""Fixations by two-means clustering (I2MC), for noisy data and slow trackers.

After Hessels, Niehorster, Kemner & Hooge, *Noise-robust fixation detection in eye movement data* (Behavior
Research Methods 49, 1802-1823, 2017): the samples of a short window are put into two clusters. Over a jump
they change clusters once, in a rest often and anywhere; each change weighs one over the number of them,
averaged over all windows and over the signal at several rates.

What is ours: means instead of a Chebyshev filter before a lower rate; clustering that begins from the halves
of the window instead of from chance, so that the same gaze gives the same fixations; no interpolation, a
gap is a cut; a cutoff of one standard deviation instead of two, for at 60 Hz a jump shares its weight among
two or three samples; and the ends of the rests placed by the jumps (`acquisition.events.jumps`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from acquisition.domain import Fixation
from acquisition.events.fixations import MERGE_DEG, MERGE_MS, MIN_DURATION_MS, fixations_of
from acquisition.events.rests import Rest, SeenGaze, cuts, runs, seen_gaze

WINDOW_MS = 200.0
STEP_MS = 20.0
RATES_HZ = (300.0, 150.0, 60.0, 30.0)
"""Those at which the signal is clustered, as in the paper; higher ones than the tracker's are left out."""
CUTOFF_SD = 1.0
EDGE_MADS = 3.0
MOST_ROUNDS = 20
WINDOWS_AT_ONCE = 20_000
"""Bounds the memory."""


def detect_fixations_by_clusters(
    time_ns: NDArray[np.int64],
    x_deg: NDArray[np.float64],
    y_deg: NDArray[np.float64],
    *,
    breaks_ns: Sequence[int] = (),
    window_ms: float = WINDOW_MS,
    cutoff_sd: float = CUTOFF_SD,
    merge_ms: float = MERGE_MS,
    merge_deg: float = MERGE_DEG,
    min_duration_ms: float = MIN_DURATION_MS,
    plain: bool = False,
) -> list[Fixation]:
    """Stretches in which gaze did not go over to another place, with their centroids in degrees.

    Args and result as of `acquisition.events.detect_fixations`, but:
        window_ms: how much gaze is put into two clusters at a time
        cutoff_sd: a sample whose weight is so many standard deviations over the mean is in a jump
        plain: the ends of fixations stay where the clusters say
    """
    gaze = seen_gaze(time_ns, x_deg, y_deg, breaks_ns)
    if len(gaze.time_ns) < 2:
        return []
    weight = _weight(gaze, window_ms)
    cut = cuts(gaze)
    rests = [_trimmed(gaze, rest) for rest in runs(weight <= weight.mean() + cutoff_sd * weight.std(), cut)]
    return fixations_of(gaze, rests, merge_ms, merge_deg, min_duration_ms, plain)


def two_means(windows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of two clusters each point is in: (m, w) of windows (m, w, 2) of points, by Lloyd's rounds."""
    labels = np.zeros(windows.shape[:2], dtype=np.bool_)
    labels[:, windows.shape[1] // 2 :] = True
    unsettled = np.arange(len(windows))
    for _ in range(MOST_ROUNDS):
        points, old = windows[unsettled], labels[unsettled]
        one, other = _mean_of(points, old), _mean_of(points, ~old)
        # The points nearer to one than to the other lie beyond the line half-way between them.
        along = np.einsum("mwk,mk->mw", points, one - other)
        new = along > ((one + other) / 2 * (one - other)).sum(axis=1, keepdims=True)
        labels[unsettled] = new
        unsettled = unsettled[(new != old).any(axis=1)]
        if len(unsettled) == 0:
            break
    return labels


def _mean_of(points: NDArray[np.float64], member: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(m, 2) means of the members (m, w) of each window of points (m, w, 2)."""
    count = np.maximum(member.sum(axis=1, keepdims=True), 1)
    mean: NDArray[np.float64] = np.einsum("mwk,mw->mk", points, member.astype(np.float64)) / count
    return mean


def _weight(gaze: SeenGaze, window_ms: float) -> NDArray[np.float64]:
    """(n,) how surely the gaze goes from one place to another at each sample; the mean over the rates."""
    rate_hz = 1e9 / gaze.period_ns
    cut = cuts(gaze)
    weights = []
    for size in sorted({max(1, round(rate_hz / each)) for each in RATES_HZ}):
        starts = np.arange(0, len(cut), size)
        count = np.diff(np.append(starts, len(cut)))
        points = np.add.reduceat(gaze.angles, starts, axis=0) / count[:, np.newaxis]
        begins_anew = np.logical_or.reduceat(cut, starts)
        if size > 1:
            begins_anew[1:] |= begins_anew[:-1]
        n_window, step = (max(1, round(ms * 1e-3 * rate_hz / size)) for ms in (window_ms, STEP_MS))
        weights.append(np.repeat(_weight_at_rate(points, begins_anew, n_window, step), count))
    mean: NDArray[np.float64] = np.mean(weights, axis=0)
    return mean


def _weight_at_rate(
    points: NDArray[np.float64], begins_anew: NDArray[np.bool_], n_window: int, step: int
) -> NDArray[np.float64]:
    """(n,) weight of the changes of cluster at each point (n, 2), the mean over the windows that hold it.

    Both points beside a change get its weight; a change over a gap counts for neither.
    """
    n_window = min(max(n_window, 4), len(points))
    starts = np.unique(np.append(np.arange(0, len(points) - n_window, step), len(points) - n_window))
    weights, n_windows = np.zeros((2, len(points)))
    windows = sliding_window_view(points, n_window, axis=0)
    for some in np.array_split(starts, len(starts) // WINDOWS_AT_ONCE + 1):
        labels = two_means(windows[some].transpose(0, 2, 1))
        changes = labels[:, 1:] != labels[:, :-1]
        changes &= ~sliding_window_view(begins_anew, n_window)[some, 1:]
        each = changes / np.maximum(changes.sum(axis=1, keepdims=True), 1)
        for k in range(n_window):
            n_windows[some + k] += 1
        for k in range(n_window - 1):
            weights[some + k] += each[:, k]
            weights[some + k + 1] += each[:, k]
    return weights / np.maximum(n_windows, 1)


def _trimmed(gaze: SeenGaze, rest: Rest) -> Rest:
    """The rest without what is far from its middle at either end."""
    points = gaze.angles[rest[0] : rest[1]]
    away = np.hypot(*(points - np.median(points, axis=0)).T)
    near = np.flatnonzero(away <= EDGE_MADS * np.median(away))
    return rest[0] + int(near[0]), rest[0] + int(near[-1]) + 1

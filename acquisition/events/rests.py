"""What all detectors share: the gaze that there is, and rests of it.

A *rest* is a range of samples in which the eye stays where it is; a *jump* is what lies between two rests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.geometry import is_finite

LOSS_MS, LOSS_PERIODS = 12.0, 2.5
"""A loss no longer than either is no gap: no jump fits into the one, and the other is one sample lost."""

Rest = tuple[int, int]
"""[first, stop) sample of `SeenGaze`."""


@dataclass(frozen=True, slots=True)
class SeenGaze:
    """The samples with gaze.

    time_ns: (n,) ascending
    end_ns: (n,) when the next sample came or was due, or the view changed
    angles: (n, 2) degrees
    stretch: (n,) ascending, the number of the view state
    period_ns: from one sample to the next where none is lost
    noise_deg: standard deviation of either axis in a rest, were the noise white
    """

    time_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    angles: NDArray[np.float64]
    stretch: NDArray[np.int64]
    period_ns: int
    noise_deg: float


def seen_gaze(
    time_ns: NDArray[np.int64],
    x_deg: NDArray[np.float64],
    y_deg: NDArray[np.float64],
    breaks_ns: Sequence[int],
) -> SeenGaze:
    """The arguments of a detector without the samples that have no gaze."""
    times = np.asarray(time_ns, dtype=np.int64)
    angles = np.stack((x_deg, y_deg), axis=-1).astype(np.float64).reshape(-1, 2)
    period_ns = max(int(np.median(np.diff(times))), 1) if len(times) > 1 else 1
    breaks = np.sort(np.asarray(breaks_ns, dtype=np.int64))
    stretch = np.searchsorted(breaks, times, side="right")
    break_ns = np.append(breaks, np.iinfo(np.int64).max)[stretch]
    next_ns = np.append(times[1:], times[-1:] + period_ns)
    end_ns = np.minimum(np.minimum(next_ns, times + period_ns), break_ns)
    seen = is_finite(angles)
    angles[~seen] = np.nan
    return SeenGaze(times[seen], end_ns[seen], angles[seen], stretch[seen], period_ns, _noise_deg(angles))


def gap_ns(gaze: SeenGaze) -> float:
    """Between two samples with gaze that are further apart the eye may have jumped."""
    return max(LOSS_MS * 1e6, LOSS_PERIODS * gaze.period_ns)


def cuts(gaze: SeenGaze) -> NDArray[np.bool_]:
    """(n,) samples that begin anew: after a gap, or under another view state."""
    cut = np.ones(len(gaze.time_ns), dtype=np.bool_)
    cut[1:] = (np.diff(gaze.time_ns) > gap_ns(gaze)) | (np.diff(gaze.stretch) > 0)
    return cut


def runs(inside: NDArray[np.bool_], cut: NDArray[np.bool_]) -> list[Rest]:
    """The runs of True in (n,); none goes on over a cut."""
    begins = inside & (cut | ~np.append(False, inside[:-1]))
    ends = inside & np.append(cut[1:] | ~inside[1:], True)
    return list(zip(np.flatnonzero(begins).tolist(), (np.flatnonzero(ends) + 1).tolist(), strict=True))


def joined(gaze: SeenGaze, rests: Sequence[Rest], merge_ms: float, merge_deg: float) -> list[Rest]:
    """Neighbours no further apart than this in time and in place are one."""
    sums = np.concatenate((np.zeros((1, 2)), np.cumsum(gaze.angles, axis=0)))
    found: list[Rest] = []
    for rest in rests:
        if found and gaze.stretch[found[-1][0]] == gaze.stretch[rest[0]]:
            before = found[-1]
            apart_ms = (gaze.time_ns[rest[0]] - gaze.end_ns[before[1] - 1]) * 1e-6
            here, there = ((sums[stop] - sums[first]) / (stop - first) for first, stop in (rest, before))
            if apart_ms <= merge_ms and np.hypot(*(here - there)) <= merge_deg:
                found[-1] = (before[0], rest[1])
                continue
        found.append(rest)
    return found


def lasting(gaze: SeenGaze, rests: Sequence[Rest], min_duration_ms: float) -> list[Rest]:
    """Those that last at least as long."""
    least_ns = min_duration_ms * 1e6
    return [
        (first, stop)
        for first, stop in rests
        if stop > first and gaze.end_ns[stop - 1] - gaze.time_ns[first] >= least_ns
    ]


def _noise_deg(angles: NDArray[np.float64]) -> float:
    """From the median step, which few jumps do not move: that of white noise is sqrt(4 ln 2) SD."""
    steps = np.hypot(*np.diff(angles, axis=0).T)
    steps = steps[np.isfinite(steps)]
    return float(np.median(steps) / np.sqrt(4.0 * np.log(2.0))) if len(steps) else 0.0

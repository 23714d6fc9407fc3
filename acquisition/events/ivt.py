"""Fixations by velocity (I-VT).

After Salvucci & Goldberg 2000 in the form of Olsen, *The Tobii I-VT Fixation Filter* (2012): velocity over
a window, a threshold, merging of neighbours, and a least duration. Its gap fill is left out: what it
bridges, merging bridges too, and no sample is invented.

Against noise the velocity is the slope of a line through all samples of the window, and the threshold is at
least five times the noise of that velocity, measured by a median after Engbert & Kliegl (*Vision Research*
43, 1035-1045, 2003; they take six for microsaccades). Where that would raise it over 60 degrees a second, the
window is widened first. In data of little noise all of this leaves window and threshold as given.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Fixation
from acquisition.events.fixations import MERGE_DEG, MERGE_MS, MIN_DURATION_MS, fixations_of
from acquisition.events.rests import SeenGaze, cuts, runs, seen_gaze

VELOCITY_DEG_PER_S = 30.0
WINDOW_MS = 20.0
NOISE_FACTOR = 5.0
HIGHEST_DEG_PER_S = 60.0
WIDEST_MS = 50.0


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
    plain: bool = False,
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
        plain: threshold and window stay as given, and fixations end where the threshold says

    Returns:
        Fixations [start, end) in order, ending when the sample after the last one came or was due, or at a
        break.
    """
    gaze = seen_gaze(time_ns, x_deg, y_deg, breaks_ns)
    if len(gaze.time_ns) < 2:
        return []
    half = max(1, round(window_ms * 1e6 / 2 / gaze.period_ns))
    if plain:
        velocity, threshold = speed(gaze, half), velocity_deg_per_s
    else:
        velocity, threshold = _against_noise(gaze, half, velocity_deg_per_s)
    with np.errstate(invalid="ignore"):
        rests = runs(velocity < threshold, cuts(gaze))
    return fixations_of(gaze, rests, merge_ms, merge_deg, min_duration_ms, plain)


def speed(gaze: SeenGaze, half: int) -> NDArray[np.float64]:
    """(n,) degrees a second: slope of the line through the samples up to `half` periods on either side.

    One lost sample does not shorten the window. NaN where no other sample is in it.
    """
    n = len(gaze.time_ns)
    reach_s = (half + 1.5) * gaze.period_ns * 1e-9
    sums = np.zeros((7, n))
    for shift in range(max(-half, 1 - n), min(half, n - 1) + 1):
        here = slice(max(0, -shift), n - max(0, shift))
        there = slice(max(0, shift), n - max(0, -shift))
        t = (gaze.time_ns[there] - gaze.time_ns[here]) * 1e-9
        counts = np.abs(t) <= reach_s
        x, y = gaze.angles[there].T
        for row, term in zip(sums, (1.0, t, t * t, x, y, t * x, t * y), strict=True):
            row[here] += np.where(counts, term, 0.0)
    n_in, t, tt, x, y, tx, ty = sums
    with np.errstate(invalid="ignore", divide="ignore"):
        slope: NDArray[np.float64] = np.hypot(n_in * tx - t * x, n_in * ty - t * y) / (n_in * tt - t * t)
    return slope


def _against_noise(gaze: SeenGaze, half: int, threshold: float) -> tuple[NDArray[np.float64], float]:
    """Velocity (n,) over a window, and a threshold, in which noise is not taken for a saccade."""
    while True:
        velocity = speed(gaze, half)
        known = velocity[np.isfinite(velocity)]
        # The eye mostly rests, and the median of a plane normal vector's length is sqrt(2 ln 2) SD.
        noise = float(np.median(known)) / np.sqrt(2.0 * np.log(2.0)) if len(known) else 0.0
        wider = half + max(1, half // 3)
        if NOISE_FACTOR * noise <= HIGHEST_DEG_PER_S or 2 * wider * gaze.period_ns > WIDEST_MS * 1e6:
            return velocity, max(threshold, NOISE_FACTOR * noise)
        half = wider

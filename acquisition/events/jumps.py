"""Where a jump between two rests begins and ends, finer than a threshold can tell in noise.

A jump of A degrees takes about 2.2 A + 21 ms (the main sequence; Carpenter, *Movements of the Eyes*, 1988)
and runs smoothly from rest to rest. The places of the rests are known from many samples; the course between
them is fitted to the samples of the jump, all at once, with its length held to the main sequence as firmly
as the noise makes needed. At 60 Hz, where a jump is two samples long, the main sequence decides; at 1200 Hz
the samples do.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.events.rests import Rest, SeenGaze, gap_ns

LEAST_DEG = 0.8
"""A smaller jump is too close to the noise: its ends stay as they were found."""
LONGEST_MS = 150.0
"""What takes longer is no single jump."""
MARGIN_MS = 30.0
"""Of the rests on either side that take part: thresholds err by less."""
SPREAD = 0.1
"""Standard deviation of the logarithm of the length of jumps of one amplitude."""
LENGTHS = np.exp(np.linspace(-0.5, 0.5, 11))
"""Lengths that are tried, as multiples of the main sequence's."""
SHIFTS = np.linspace(-0.4, 0.4, 17)
"""Middles that are tried around the first guess, as multiples of it too."""


def placed(gaze: SeenGaze, rests: Sequence[Rest]) -> list[Rest]:
    """The rests with their ends where the jumps between them begin and end; some may be left empty."""
    found = [list(rest) for rest in rests]
    for before, after in itertools.pairwise(found):
        jump_ns = _jump_ns(gaze, (before[0], before[1]), (after[0], after[1]))
        if jump_ns is not None:
            before[1], after[0] = (int(i) for i in np.searchsorted(gaze.time_ns, jump_ns))
    return [(first, stop) for first, stop in found]


def smooth_course(s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of the way done at the share s (0 to 1) of the time, with the least jerk."""
    return s**3 * (10.0 - 15.0 * s + 6.0 * s**2)


def _jump_ns(gaze: SeenGaze, before: Rest, after: Rest) -> tuple[float, float] | None:
    """When the eye left one rest and arrived at the other; None where that cannot be told better."""
    if before[1] <= before[0] or gaze.stretch[before[0]] != gaze.stretch[after[0]]:
        return None
    left_ns, arrived_ns = int(gaze.time_ns[before[1] - 1]), int(gaze.time_ns[after[0]])
    start, end = (np.median(gaze.angles[first:stop], axis=0) for first, stop in (before, after))
    amplitude_deg = float(np.hypot(*(end - start)))
    if amplitude_deg < LEAST_DEG or arrived_ns - left_ns > LONGEST_MS * 1e6:
        return None
    margin_ns = round(MARGIN_MS * 1e6)
    bounds = np.searchsorted(gaze.time_ns, (left_ns - margin_ns, arrived_ns + margin_ns + 1))
    near = slice(max(before[0], int(bounds[0])), min(after[1], int(bounds[1])))
    t = gaze.time_ns[near].astype(np.float64)
    if len(t) < 3 or np.diff(t).max() > gap_ns(gaze):
        return None
    done = (gaze.angles[near] - start) @ (end - start) / amplitude_deg**2
    return _fit(t, done, (2.2 * amplitude_deg + 21.0) * 1e6, gaze.noise_deg / amplitude_deg)


def _fit(
    t: NDArray[np.float64], done: NDArray[np.float64], usual_ns: float, noise: float
) -> tuple[float, float]:
    """Beginning and end of the course from 0 to 1 that samples (n,) with this noise most likely took.

    The first guess of its middle is where a step would leave the same area under the samples.
    """
    middle = t[0] + float(np.trapezoid(1.0 - done, t)) + usual_ns * SHIFTS[:, np.newaxis]
    length = usual_ns * LENGTHS
    s = (t - middle[..., np.newaxis]) / length[:, np.newaxis] + 0.5
    misfit = ((done - smooth_course(np.clip(s, 0.0, 1.0))) ** 2).sum(axis=-1)
    cost = misfit / max(noise, 1e-3) ** 2 + (np.log(LENGTHS) / SPREAD) ** 2
    i, j = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return float(middle[i, 0] - length[j] / 2), float(middle[i, 0] + length[j] / 2)

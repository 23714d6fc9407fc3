"""Made-up scanpaths: still fixations joined by jumps, sampled at any rate on any canvas."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CANVAS = (800.0, 600.0)


def scanpath(
    seed: int, rate_hz: float = 60.0, scale: float = 1.0, n_fixations: int = 12
) -> NDArray[np.float64]:
    """(n, 3) samples of one reading; the same seed is the same eye, whatever the rate and the scale."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(0.15, 0.85, (n_fixations, 2)) * CANVAS
    ends_s = np.cumsum(rng.uniform(0.15, 0.9, n_fixations))
    t_s = np.arange(0, ends_s[-1], 1 / rate_hz)
    fixation = np.searchsorted(ends_s, t_s, side="right")
    drift = np.stack([np.sin(2 * np.pi * (1.3 * t_s + seed)), np.cos(2 * np.pi * 0.7 * t_s)], axis=1) * 6
    return np.column_stack([(centres[fixation] + drift) * scale, t_s])


def backwards(trace: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same places in the opposite order."""
    return np.column_stack([trace[::-1, :2], trace[-1, 2] - trace[::-1, 2]])

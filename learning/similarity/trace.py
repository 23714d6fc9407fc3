"""A trace made fit for comparison: clean samples, unit axes, a common clock."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from learning.similarity.compiled import compiled
from learning.similarity.profile import Profile

FloatArray = NDArray[np.float64]

LONGEST_DWELL_S = 0.1
"""A sample before a gap dwelt no longer than this: the eye was elsewhere or shut."""
COMMON_RATE_HZ = 60.0
STAMP_ERROR_S = 1e-6
"""Stamps that fall on the common clock may miss it by a rounding error."""
RASTER_PX = 800
"""The canvas of the published code."""


def clean(samples: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> FloatArray:
    """The samples that can be compared, in order of time.

    Args:
        samples: (n, 3) x_px, y_px, t_s; NaN where a value is missing.
        canvas_px: width and height of the image.
        profile: says whether coordinates are taken to the published 800 x 800 raster.

    Returns:
        (m, 3), m <= n. Samples that are not finite go; those beside the image go too, unless the
        profile clips them to its border as published.
    """
    if profile.exact_coordinates:
        kept = _on_image(np.ascontiguousarray(samples, np.float64), float(canvas_px[0]), float(canvas_px[1]))
    else:
        finite = samples[np.isfinite(samples).all(axis=1)]
        scaled = np.rint(finite[:, :2] * RASTER_PX / np.asarray(canvas_px))
        kept = np.column_stack([np.clip(scaled, 0, RASTER_PX), finite[:, 2]])
    if (kept[1:, 2] >= kept[:-1, 2]).all():
        return kept
    return np.ascontiguousarray(kept[np.argsort(kept[:, 2], kind="stable")])


@compiled
def _on_image(samples: FloatArray, width_px: float, height_px: float) -> FloatArray:
    """The finite samples that lie on the image."""
    kept, n = np.empty_like(samples), 0
    for i in range(len(samples)):
        x, y, t_s = samples[i, 0], samples[i, 1], samples[i, 2]
        # No comparison with NaN holds.
        if 0 <= x <= width_px and 0 <= y <= height_px and -np.inf < t_s < np.inf:
            kept[n, 0], kept[n, 1], kept[n, 2] = x, y, t_s
            n += 1
    return kept[:n].copy()


def frame_px(canvas_px: tuple[float, float], profile: Profile) -> tuple[float, float]:
    """Width and height of what the coordinates of clean samples lie in."""
    return canvas_px if profile.exact_coordinates else (RASTER_PX, RASTER_PX)


def prepared(samples: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> FloatArray:
    """(m, 3) clean samples, on the common clock where places count for as long as the gaze dwelt."""
    kept = clean(samples, canvas_px, profile)
    return at_common_rate(kept) if profile.dwell_weighted else kept


def on_raster(kept: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> FloatArray:
    """(m, 2) x, y of clean samples in whole pixels of the published raster, 0 to 800."""
    return clean(kept, frame_px(canvas_px, profile), replace(profile, exact_coordinates=False))[:, :2]


def unit_axes(kept: FloatArray, canvas_px: tuple[float, float], profile: Profile) -> FloatArray:
    """(m, 3) x, y, time of clean samples, their canvas and the duration becoming 1."""
    width, height = frame_px(canvas_px, profile)
    across, down = (width, height) if profile.own_axes else (height, width)
    return np.column_stack([kept[:, 0] / across, kept[:, 1] / down, _unit_time(kept[:, 2], profile)])


def _unit_time(t_s: FloatArray, profile: Profile) -> FloatArray:
    if not profile.real_time:
        return np.arange(len(t_s)) / max(len(t_s), 1)
    duration_s = profile.duration_s or float(np.ptp(t_s)) if len(t_s) else 0.0
    return (t_s - t_s[0]) / duration_s if duration_s else np.zeros(len(t_s))


def at_common_rate(samples: FloatArray) -> FloatArray:
    """(m, 3) clean samples on a clock of 60 Hz: as many of each place as the gaze dwelt there long.

    A sample holds until the next one, but not over a gap; the last one holds for the median step.
    A faster tracker thus sees the same clusters, and a slower one is not outvoted.
    """
    if len(samples) < 2:
        return samples
    longest_s = max(LONGEST_DWELL_S, 1.5 * float(np.median(np.diff(samples[:, 2] - samples[0, 2]))))
    return _on_ticks(samples, longest_s)


@compiled
def _on_ticks(samples: FloatArray, longest_s: float) -> FloatArray:
    """Each sample on all ticks from its own to that of the next, but for no longer than that."""
    n, began_s = len(samples), samples[0, 2]
    first_tick, n_ticks = np.empty(n + 1), np.empty(n, np.int64)
    for i in range(n):
        first_tick[i] = np.ceil((samples[i, 2] - began_s - STAMP_ERROR_S) * COMMON_RATE_HZ)
    first_tick[n] = np.floor((samples[n - 1, 2] - began_s + STAMP_ERROR_S) * COMMON_RATE_HZ) + 1
    for i in range(n):
        last_held = np.floor((samples[i, 2] - began_s + longest_s) * COMMON_RATE_HZ)
        n_ticks[i] = max(min(first_tick[i + 1], last_held + 1) - first_tick[i], 0)
    held, k = np.empty((n_ticks.sum(), 3)), 0
    for i in range(n):
        for nth in range(n_ticks[i]):
            held[k, 0], held[k, 1] = samples[i, 0], samples[i, 1]
            held[k, 2] = began_s + (first_tick[i] + nth) / COMMON_RATE_HZ
            k += 1
    return held

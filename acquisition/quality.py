"""How good gaze is: accuracy, precision, loss and effective rate.

All are defined as by Niehorster et al. (ETDQualitizer), and the tests hold them to it. Angles are Fick
angles in degrees, as `geometry.px_to_deg` gives them: azimuth (n,) and elevation (n,), NaN where there
is no usable gaze.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from acquisition.domain import Gap
from acquisition.geometry import binocular_point, is_finite

Angles = ArrayLike


def accuracy(azi: Angles, ele: Angles, target_azi: float, target_ele: float) -> tuple[float, float, float]:
    """Angle from the target to the mean gaze direction, and its horizontal and vertical part, in degrees.

    azi, ele: (n,) degrees; the mean is that of the unit vectors of the finite samples. The parts are Fick
    angles about the target.
    """
    across, up, ahead = _target_axes(np.radians(target_azi), np.radians(target_ele))
    a, e = _finite(azi, ele)
    mean = _direction(np.radians(a), np.radians(e)).mean(axis=0)
    x, y, z = float(mean @ across), float(mean @ up), float(mean @ ahead)
    offsets = np.arctan2((np.hypot(x, y), x, y), (z, z, np.hypot(x, z)))
    total, horizontal, vertical = np.degrees(offsets)
    return float(total), float(horizontal), float(vertical)


def rms_s2s(azi: Angles, ele: Angles) -> tuple[float, float, float]:
    """Root mean square of the steps between successive samples: total, horizontal, vertical, in degrees.

    azi, ele: (n,) degrees; a step from or to a missing sample does not count.
    """
    a, e = np.asarray(azi, dtype=np.float64), np.asarray(ele, dtype=np.float64)
    both = np.isfinite(a) & np.isfinite(e)
    step = both[1:] & both[:-1]
    if not step.any():
        return float("nan"), float("nan"), float("nan")
    horizontal = float(np.sqrt(np.mean(np.diff(a)[step] ** 2)))
    vertical = float(np.sqrt(np.mean(np.diff(e)[step] ** 2)))
    return float(np.hypot(horizontal, vertical)), horizontal, vertical


def std(azi: Angles, ele: Angles) -> tuple[float, float, float]:
    """Standard deviation (ddof 0) of the finite samples: total, horizontal, vertical, in degrees."""
    a, e = _finite(azi, ele)
    return float(np.hypot(a.std(), e.std())), float(a.std()), float(e.std())


def bcea(azi: Angles, ele: Angles, probability: float = 0.68) -> tuple[float, float, float, float]:
    """Bivariate contour ellipse: area in square degrees, orientation, long and short semi-axis in degrees.

    It holds this share of the finite samples if they are normally distributed (Steinman 1965); variances
    have ddof 1. The orientation is that of the long axis against growing azimuth.
    """
    a, e = _finite(azi, ele)
    if len(a) < 2:
        return float("nan"), float("nan"), float("nan"), float("nan")
    k = -np.log(1.0 - probability)
    covariance = np.cov(a, e)
    variances, axes = np.linalg.eigh(covariance)
    short, long = np.sqrt(2.0 * k * np.maximum(variances, 0.0))
    x, y = axes[:, 1]
    area = 2.0 * k * np.pi * np.sqrt(max(np.linalg.det(covariance), 0.0))
    return float(area), float(np.degrees(np.arctan2(y, x))), float(long), float(short)


def data_loss(azi: Angles, ele: Angles) -> float:
    """Percentage of the recorded samples (n,) without usable gaze; blind to samples never sent."""
    both = np.isfinite(np.asarray(azi, dtype=np.float64)) & np.isfinite(np.asarray(ele, dtype=np.float64))
    return float(100.0 * (1.0 - both.mean()))


def data_loss_from_expected(azi: Angles, ele: Angles, duration_s: float, rate_hz: float) -> float:
    """Percentage of the samples that a tracker at `rate_hz` owes for `duration_s` and that are not usable."""
    return float(100.0 * (1.0 - len(_finite(azi, ele)[0]) / (duration_s * rate_hz)))


def effective_frequency(azi: Angles, ele: Angles, duration_s: float) -> float:
    """Usable samples a second."""
    return len(_finite(azi, ele)[0]) / duration_s


def precision_of_windows(
    azi: Angles, ele: Angles, n_window: int, measure: Literal["rms_s2s", "std"] = "rms_s2s"
) -> float:
    """Precision while the eye moves freely, in degrees: the median over all windows of so many samples.

    Most short windows (0.2 s) hold a rest, and those with a jump do not move the median. NaN where there are
    no more samples (n,) than a window has.
    """
    a, e = np.asarray(azi, dtype=np.float64), np.asarray(ele, dtype=np.float64)
    both = np.isfinite(a) & np.isfinite(e)
    if len(a) <= n_window or not both.any():
        return float("nan")
    if measure == "rms_s2s":
        squared = _mean_of_windows(np.diff(a) ** 2 + np.diff(e) ** 2, both[1:] & both[:-1], n_window - 1)
    else:
        squared = np.zeros(len(a) - n_window + 1)
        for angle in (a, e):
            # Near nought, the difference of two means of squares keeps its digits.
            near = angle - np.mean(angle, where=both)
            mean = _mean_of_windows(near, both, n_window)
            squared += np.maximum(_mean_of_windows(near**2, both, n_window) - mean**2, 0.0)
    known = np.isfinite(squared)
    return float(np.median(np.sqrt(squared[known]))) if known.any() else float("nan")


def reading_loss(
    gaze: NDArray[np.void],
    opened_ns: int,
    closed_ns: int,
    nominal_rate_hz: float,
    pauses: Sequence[Gap] = (),
) -> float:
    """Fraction (0 to 1) of the samples owed between opening and closing that are not usable.

    gaze: as from `Store.gaze`. Pauses are not owed. A source of irregular rate (0 Hz) owes what it sent.
    """
    inside = gaze[(gaze["time_ns"] >= opened_ns) & (gaze["time_ns"] < closed_ns)]
    n_usable = int(is_finite(binocular_point(inside)).sum())
    paused_ns = sum(max(0, min(p.end_ns, closed_ns) - max(p.start_ns, opened_ns)) for p in pauses)
    owed = (closed_ns - opened_ns - paused_ns) * 1e-9 * nominal_rate_hz or float(len(inside))
    return float(np.clip(1.0 - n_usable / owed, 0.0, 1.0)) if owed > 0 else 0.0


def _finite(azi: Angles, ele: Angles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The samples in which both angles are finite."""
    a, e = np.asarray(azi, dtype=np.float64), np.asarray(ele, dtype=np.float64)
    both = np.isfinite(a) & np.isfinite(e)
    return a[both], e[both]


def _mean_of_windows(
    values: NDArray[np.float64], usable: NDArray[np.bool_], n_window: int
) -> NDArray[np.float64]:
    """Mean of the usable values in each window of (m,) of them; NaN where there are none."""
    total = sliding_window_view(np.where(usable, values, 0.0), n_window).sum(axis=1)
    count = sliding_window_view(usable, n_window).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(total / count, dtype=np.float64)


def _direction(azi: NDArray[np.float64], ele: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (n, 3) of Fick angles in radians: to the side, along the elevation, ahead."""
    return np.stack((np.cos(ele) * np.sin(azi), np.sin(ele), np.cos(ele) * np.cos(azi)), axis=-1)


def _target_axes(
    azi: float, ele: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The directions of growing azimuth and elevation at the target, and the target's own."""
    across = np.array([np.cos(azi), 0.0, -np.sin(azi)])
    up = np.array([-np.sin(ele) * np.sin(azi), np.cos(ele), -np.sin(ele) * np.cos(azi)])
    return across, up, _direction(np.asarray(azi), np.asarray(ele))

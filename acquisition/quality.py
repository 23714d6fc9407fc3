"""How good gaze is: accuracy, precision and loss, and the ledger of its gaps.

Accuracy, RMS-S2S, STD and loss are defined as by Niehorster et al. (ETDQualitizer). Angles are Fick
angles in degrees, as `geometry.px_to_deg` gives them: azimuth (n,) and elevation (n,), NaN where there
is no usable gaze.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acquisition.domain import Gap, GapCause
from acquisition.geometry import binocular_point, is_finite

Angles = ArrayLike

MIN_GAP_S = 0.075
"""Shorter losses are noise that the I-VT filter bridges too (see `acquisition.events`)."""
MAX_BLINK_S = 0.5
"""Spontaneous blinks last 0.1 to 0.4 s (Schiffman 2001); eyes gone for longer were not blinking."""
MIN_STALL_S = 0.1
"""Silence shorter than this, or than three samples, is jitter of the source."""


def accuracy(azi: Angles, ele: Angles, target_azi: float, target_ele: float) -> tuple[float, float, float]:
    """Angle from the target to the mean gaze direction, and its horizontal and vertical part, in degrees.

    azi, ele: (n,) degrees; the mean is that of the unit vectors of the finite samples.
    """
    across, up, ahead = _target_axes(np.radians(target_azi), np.radians(target_ele))
    a, e = _finite(azi, ele)
    mean = _direction(np.radians(a), np.radians(e)).mean(axis=0)
    x, y, z = float(mean @ across), float(mean @ up), float(mean @ ahead)
    away = np.hypot(x, y)
    offset = float(np.degrees(np.arctan2(away, z)))
    if away == 0.0:
        return offset, 0.0, 0.0
    return offset, float(offset * x / away), float(offset * y / away)


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


def find_gaps(
    time_ns: NDArray[np.int64],
    xy_fraction: NDArray[np.float64],
    nominal_rate_hz: float,
    *,
    explained: Sequence[Gap] = (),
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> list[Gap]:
    """The stretches without usable gaze, in order, and why.

    Silence of the source is a stall; samples without an eye are a blink or, when they last, a lost face;
    samples mostly beside the display are a look off the screen. A source that skips samples instead of
    marking them invalid cannot blink: its blinks show as stalls. Why a source was silent on purpose is
    not in its samples: such gaps are given as `explained`, are not returned, and nothing is found in them.

    Args:
        time_ns: (n,) capture times, ascending
        xy_fraction: (n, 2) fractions of the display, NaN without an eye (`geometry.binocular_point`)
        nominal_rate_hz: 0 where the source is irregular
        explained: gaps known from events: disconnect, overflow, pause
        since_ns: the beginning of the recording, for silence before the first sample
        until_ns: the end of the recording, for silence that nothing ended
    """
    period_ns = 1e9 / nominal_rate_hz if nominal_rate_hz else 0.0
    ends_ns = [[] if end_ns is None else [end_ns] for end_ns in (since_ns, until_ns)]
    heard_ns = np.concatenate((ends_ns[0], time_ns, ends_ns[1])).astype(np.int64)
    found = _stalls(heard_ns, max(MIN_STALL_S * 1e9, 3 * period_ns), round(period_ns))
    bounds_ns = np.array([gap.start_ns for gap in (*found, *explained)], dtype=np.int64)
    found += _unusable(time_ns, xy_fraction, round(period_ns), np.sort(bounds_ns))
    for known in explained:
        found = [piece for gap in found for piece in _without(gap, known)]
    return sorted(found, key=lambda gap: gap.start_ns)


def _stalls(heard_ns: NDArray[np.int64], least_ns: float, period_ns: int) -> list[Gap]:
    """Stretches in which the source sent nothing; each starts when the next sample was due."""
    before = np.flatnonzero(np.diff(heard_ns) > least_ns)
    return [Gap(int(heard_ns[i]) + period_ns, int(heard_ns[i + 1]), GapCause.STALL) for i in before]


def _unusable(
    time_ns: NDArray[np.int64], xy: NDArray[np.float64], period_ns: int, bounds_ns: NDArray[np.int64]
) -> list[Gap]:
    """Runs of samples without an eye or beside the display; no run crosses one of the bounds."""
    if len(time_ns) == 0:
        return []
    seen = is_finite(xy)
    with np.errstate(invalid="ignore"):
        on_screen = seen & (np.abs(xy[:, 0] - 0.5) <= 0.5) & (np.abs(xy[:, 1] - 0.5) <= 0.5)
    bad = ~on_screen
    crosses = np.diff(np.searchsorted(bounds_ns, time_ns, side="right")) > 0
    starts = np.flatnonzero(bad & np.append(True, ~bad[:-1] | crosses))
    stops = np.flatnonzero(bad & np.append(~bad[1:] | crosses, True)) + 1
    gaps = []
    for start, stop in zip(starts, stops, strict=True):
        start_ns, end_ns = int(time_ns[start]), int(time_ns[stop - 1]) + period_ns
        if end_ns - start_ns < MIN_GAP_S * 1e9:
            continue
        if seen[start:stop].mean() > 0.5:
            cause = GapCause.OFF_SCREEN
        else:
            cause = GapCause.BLINK if end_ns - start_ns <= MAX_BLINK_S * 1e9 else GapCause.LOST_FACE
        gaps.append(Gap(start_ns, end_ns, cause))
    return gaps


def _without(gap: Gap, known: Gap) -> list[Gap]:
    """What of the gap lies before and after a known one and is long enough to be a gap of its own."""
    if known.end_ns <= gap.start_ns or gap.end_ns <= known.start_ns:
        return [gap]
    pieces = (
        Gap(gap.start_ns, known.start_ns, gap.cause),
        Gap(known.end_ns, gap.end_ns, gap.cause),
    )
    return [piece for piece in pieces if piece.end_ns - piece.start_ns >= MIN_STALL_S * 1e9]


def _finite(azi: Angles, ele: Angles) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The samples in which both angles are finite."""
    a, e = np.asarray(azi, dtype=np.float64), np.asarray(ele, dtype=np.float64)
    both = np.isfinite(a) & np.isfinite(e)
    return a[both], e[both]


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

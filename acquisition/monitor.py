"""The figures of the last seconds of a recording, for the operator's panel. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Display
from acquisition.geometry import binocular_point, display_fraction_to_px, is_finite, px_to_deg
from acquisition.live import RecentGaze
from acquisition.quality import rms_s2s

PRECISION_S = 2.0
"""Noise is told of the last seconds ..."""
WINDOW_S = 0.1
"""... as the median over windows so short that most lie within one fixation."""
LATENCY_S = 1.0
HEAD_S = 0.25


@dataclass(frozen=True, slots=True)
class LiveFigures:
    """How gaze is at one moment; None where nothing is known."""

    received_hz: float
    usable_hz: float
    """Samples a second with usable gaze: the effective rate."""
    loss_received: float | None
    """Fraction (0 to 1) of the samples received that are not usable; blind to what never came."""
    loss_expected: float | None
    """Fraction of the samples owed that are not usable; None where the source is irregular."""
    rms_s2s_deg: float | None
    """Median over moving windows of the last `PRECISION_S`."""
    latency_s: float | None
    """From capture to arrival, median of the last `LATENCY_S`."""
    head_mm: tuple[float, float, float] | None
    """(right, up, away) from the tracker, as its user coordinates have it: the middle between the eyes."""


def live_figures(recent: RecentGaze, display: Display) -> LiveFigures:
    """Figures of the gaze (n,) of the last seconds on this display."""
    gaze, span_s = recent.gaze, max(0.0, (recent.end_ns - recent.start_ns) * 1e-9)
    points = binocular_point(gaze)
    n_usable, owed = int(is_finite(points).sum()), span_s * recent.rate_hz
    return LiveFigures(
        received_hz=len(gaze) / span_s if span_s else 0.0,
        usable_hz=n_usable / span_s if span_s else 0.0,
        loss_received=1.0 - n_usable / len(gaze) if len(gaze) else None,
        loss_expected=float(np.clip(1.0 - n_usable / owed, 0.0, 1.0)) if owed >= 1.0 else None,
        rms_s2s_deg=_precision_deg(gaze["time_ns"], points, display, recent.end_ns),
        latency_s=_latency_s(gaze[_last(gaze, recent.end_ns, LATENCY_S)]),
        head_mm=_head_mm(gaze[_last(gaze, recent.end_ns, HEAD_S)]),
    )


def _last(gaze: NDArray[np.void], end_ns: int, seconds: float) -> NDArray[np.bool_]:
    wanted: NDArray[np.bool_] = gaze["time_ns"] >= end_ns - round(seconds * 1e9)
    return wanted


def _precision_deg(
    time_ns: NDArray[np.int64], points: NDArray[np.float64], display: Display, end_ns: int
) -> float | None:
    recent = time_ns >= end_ns - round(PRECISION_S * 1e9)
    azi, ele = px_to_deg(display_fraction_to_px(points[recent], display), display).T
    window = (end_ns - time_ns[recent]) // round(WINDOW_S * 1e9)
    cuts = np.flatnonzero(np.diff(window)) + 1
    steps = [rms_s2s(*parts)[0] for parts in zip(np.split(azi, cuts), np.split(ele, cuts), strict=True)]
    known = [step for step in steps if np.isfinite(step)]
    return float(np.median(known)) if known else None


def _head_mm(gaze: NDArray[np.void]) -> tuple[float, float, float] | None:
    """The middle between the eyes over the samples (n,); the one eye where only one is seen."""
    eyes = []
    for side in ("left", "right"):
        axes = np.stack([gaze[f"{side}_origin_{axis}_mm"] for axis in "xyz"])
        known = axes[:, gaze[f"{side}_origin_valid"] & np.isfinite(axes).all(axis=0)]
        if known.shape[1]:
            eyes.append(known.mean(axis=1))
    if not eyes:
        return None
    x, y, z = np.mean(eyes, axis=0)
    return float(x), float(y), float(z)


def _latency_s(gaze: NDArray[np.void]) -> float | None:
    return float(np.median(gaze["host_time_ns"] - gaze["time_ns"])) * 1e-9 if len(gaze) else None

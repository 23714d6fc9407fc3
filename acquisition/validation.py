"""How far measured gaze is from where the eye was: targets, figures, and whether they will do.

The targets of a validation are others than those of the calibration: a model fits the points that it was
made from. Angles are taken from the point straight ahead of the middle of the display, at the distance that
the display says; eyes are judged each for itself, and then their mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Display, GazeQuality, TargetQuality, Validation, ValidationKind
from acquisition.geometry import binocular_point, display_fraction_to_px, is_finite, px_to_deg
from acquisition.quality import accuracy, bcea, rms_s2s, std

Point = tuple[float, float]
"""Fractions of the display."""

NOTHING = GazeQuality(None, None, None, None, None, None, 1.0, 0)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a validation may show at most and still be accepted without a second thought."""

    accuracy_deg: float = 1.0
    """Over all targets; Chatelain et al. (2020) reached 1.0 in clinical use."""
    worst_deg: float = 2.0
    """At any one target."""
    rms_s2s_deg: float = 0.8
    loss: float = 0.15


def judge_target(
    gaze: NDArray[np.void], target: Point, start_ns: int, end_ns: int, display: Display, rate_hz: float
) -> TargetQuality:
    """How each eye was measured while it rested on a target.

    Args:
        gaze: (n,) as from `Store.gaze`; what was captured outside [start_ns, end_ns) is left out
        target: fractions of the display
        start_ns: when the eye had settled
        end_ns: when the target went
        display: the screen and its distance
        rate_hz: what the tracker owes; 0 where that is not known, then it owes what it sent
    """
    inside = gaze[(gaze["time_ns"] >= start_ns) & (gaze["time_ns"] < end_ns)]
    owed = (end_ns - start_ns) * 1e-9 * rate_hz or float(len(inside))
    azi, ele = px_to_deg(display_fraction_to_px([target], display), display)[0]
    measured = {
        side: _measured(points, (float(azi), float(ele)), display, owed)
        for side, points in (
            ("left", _points(inside, "left")),
            ("right", _points(inside, "right")),
            ("both", binocular_point(inside)),
        )
    }
    return TargetQuality(target[0], target[1], start_ns, end_ns, **measured)


def over_targets(qualities: Sequence[GazeQuality]) -> GazeQuality:
    """The mean over the targets that have gaze; loss over all of them."""
    if not qualities:
        return NOTHING

    def mean(name: str) -> float | None:
        known = [getattr(q, name) for q in qualities if getattr(q, name) is not None]
        return float(np.mean(known)) if known else None

    return GazeQuality(
        mean("accuracy_deg"),
        mean("offset_x_deg"),
        mean("offset_y_deg"),
        mean("rms_s2s_deg"),
        mean("std_deg"),
        mean("bcea_deg2"),
        float(np.mean([q.loss for q in qualities])),
        sum(q.n_samples for q in qualities),
    )


def complaints(validation: Validation, side: str = "both", limits: Limits | None = None) -> list[str]:
    """What is not good enough, a short clause each; empty where all is well.

    side: `left`, `right` or `both`, the eyes that are used.
    """
    limits = limits or Limits()
    overall: GazeQuality = getattr(validation, side)
    if overall.accuracy_deg is None or overall.rms_s2s_deg is None:
        return ["no gaze at any target"]
    errors = [getattr(target, side).accuracy_deg for target in validation.targets]
    found = []
    if overall.accuracy_deg > limits.accuracy_deg:
        found.append(f"{overall.accuracy_deg:.2f}° off on average, over {limits.accuracy_deg:g}°")
    if None in errors:
        found.append(f"no gaze at {errors.count(None)} of {len(errors)} targets")
    worst = max(error for error in errors if error is not None)
    if worst > limits.worst_deg:
        found.append(f"{worst:.2f}° off at one target, over {limits.worst_deg:g}°")
    if overall.rms_s2s_deg > limits.rms_s2s_deg:
        found.append(f"noise of {overall.rms_s2s_deg:.2f}°, over {limits.rms_s2s_deg:g}°")
    if overall.loss > limits.loss:
        found.append(f"{100 * overall.loss:.0f} % of the samples lost, over {100 * limits.loss:.0f} %")
    return found


def validation_to_values(validation: Validation) -> dict[str, Any]:
    """As JSON holds it."""
    return asdict(validation)


def validation_from_values(values: Mapping[str, Any]) -> Validation:
    """The inverse of `validation_to_values`. Raises `KeyError` or `TypeError` for anything else."""
    sides = ("left", "right", "both")
    targets = tuple(
        TargetQuality(**{**target, **{side: GazeQuality(**target[side]) for side in sides}})
        for target in values["targets"]
    )
    overall = {side: GazeQuality(**values[side]) for side in sides}
    return Validation(**{**values, **overall, "targets": targets, "kind": ValidationKind(values["kind"])})


def _points(gaze: NDArray[np.void], side: str) -> NDArray[np.float64]:
    """(n, 2) fractions of the display of one eye; NaN where it is not valid."""
    if f"{side}_x" not in (gaze.dtype.names or ()):
        return np.full((len(gaze), 2), np.nan)
    points = np.stack((gaze[f"{side}_x"], gaze[f"{side}_y"]), axis=-1).astype(np.float64)
    points[~gaze[f"{side}_valid"].astype(bool)] = np.nan
    return points


def _measured(
    points: NDArray[np.float64], target_deg: tuple[float, float], display: Display, owed: float
) -> GazeQuality:
    """One eye (n, 2), fractions of the display, at one target."""
    n_usable = int(is_finite(points).sum())
    if n_usable < 2:
        return NOTHING
    azi, ele = px_to_deg(display_fraction_to_px(points, display), display).T
    error, right, down = accuracy(azi, ele, *target_deg)
    step = rms_s2s(azi, ele)[0]
    return GazeQuality(
        error,
        right,
        down,
        step if np.isfinite(step) else None,
        std(azi, ele)[0],
        bcea(azi, ele)[0] if n_usable > 2 else None,
        float(np.clip(1.0 - n_usable / owed, 0.0, 1.0)),
        n_usable,
    )

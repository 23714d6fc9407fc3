"""Whether gaze has drifted since it was validated: the trend of a session and when to calibrate anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from acquisition.domain import Validation, ValidationKind

MOST_DEG = 1.0
"""A drift check further off than this asks for a calibration ..."""
MOST_TIMES = 2.0
"""... and so does one that is so many times as far off as the validation ..."""
LEAST_DEG = 0.5
"""... unless it is within this, which is the noise of a single target."""


class DriftPoint(NamedTuple):
    """One look at a target in the course of a session."""

    host_time_ns: int
    error_deg: float | None
    """None where there was no gaze."""


def drift_trend(validations: Sequence[Validation], session_id: str) -> list[DriftPoint]:
    """The errors of one session in order: its last validation, then the drift checks since."""
    own = sorted((v for v in validations if v.session_id == session_id), key=lambda v: v.host_time_ns)
    starts = [i for i, v in enumerate(own) if v.kind is ValidationKind.VALIDATION]
    since = own[starts[-1] :] if starts else own
    return [DriftPoint(v.host_time_ns, v.both.accuracy_deg) for v in since]


def recalibration_advice(validations: Sequence[Validation], session_id: str) -> str:
    """A sentence where the last drift check asks for a calibration; empty where all is well."""
    own = [v for v in validations if v.session_id == session_id]
    if not own or own[-1].kind is not ValidationKind.DRIFT:
        return ""
    error_deg = own[-1].both.accuracy_deg
    if error_deg is None:
        return "The tracker saw no eye at the target: check how the reader sits, then calibrate."
    validated = [v.both.accuracy_deg for v in own if v.kind is ValidationKind.VALIDATION]
    before_deg = validated[-1] if validated else None
    is_twice = before_deg is not None and error_deg > max(MOST_TIMES * before_deg, LEAST_DEG)
    if error_deg <= MOST_DEG and not is_twice:
        return ""
    was = "" if before_deg is None else f" (it was {before_deg:.1f}°)"
    return f"Gaze is now {error_deg:.1f}° off{was}: calibrate again."

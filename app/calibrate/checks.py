"""When gaze is to be checked against a target again. Pure; knows no Qt.

Always after a pause and after the tracker was away, for the reader may have moved; and between two cases
when nothing was measured for `CHECK_EVERY_S`. A check takes two seconds: it is never put over an image.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

CHECK_EVERY_S = 300.0
"""A few cases; Chatelain et al. (2020) lost 0.3 degrees between calibration and the end of a reading."""
AWAY_S = 1.0
"""A tracker that is silent for longer is taken to have been away."""


@dataclass(frozen=True, slots=True)
class Checks:
    """What is known of the need for a check."""

    last_ns: int | None = None
    """When gaze was last measured, or the reader declined to; None before."""
    is_away: bool = False
    is_forced: bool = False

    def is_due(self, now_ns: int) -> bool:
        """Whether the next case waits for a check."""
        return self.is_forced or self.last_ns is None or now_ns - self.last_ns >= CHECK_EVERY_S * 1e9


def measured(checks: Checks, now_ns: int) -> Checks:
    """Gaze was measured just now, or deliberately not."""
    return replace(checks, last_ns=now_ns, is_forced=False)


def heard(checks: Checks, age_s: float | None) -> Checks:
    """The newest sample is this old; None where no gaze is expected. Gaze that comes back forces a check."""
    is_away = age_s is not None and age_s > AWAY_S
    return replace(checks, is_away=is_away, is_forced=checks.is_forced or (checks.is_away and not is_away))

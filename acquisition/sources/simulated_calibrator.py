"""Calibration of a simulated tracker: everything a calibration does, but for making gaze better.

What the tracker's `TrackerErrors.offset_deg` says is what a calibration leaves: an offset of 1.0° is measured
as 1.0° before and after. So a validation has something to find, and it is known what it must find.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import HostClock
from acquisition.domain import Display
from acquisition.errors import SourceError
from acquisition.geometry import display_fraction_to_px, px_to_deg
from acquisition.sources.base import CalibrationPoint, CalibrationResult, Eyes

COLLECT_NS = 300_000_000
PATIENCE_S = 5.0
"""How long `collect` waits, in real seconds, for somebody to read the tracker."""
NEAR_DEG = 3.0
MIN_SEEN = 0.5
"""Share of the samples at a target that must show the eyes near it."""
MIN_TARGETS = 2
KEPT_NS = 2_000_000_000
Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Look:
    """What the eyes did over some samples (n,)."""

    capture_ns: NDArray[np.int64]
    true_px: Points
    """(n, 2) where they looked."""
    measured: Points
    """(n, 2, 2) left and right as sent, fractions of the display; NaN where an eye was not seen."""

    def of(self, these: NDArray[np.bool_]) -> Look:
        """Some of the samples."""
        return Look(self.capture_ns[these], self.true_px[these], self.measured[these])


class SimulatedCalibrator:
    """Implements `Calibrator`. Told by the tracker's thread what the eyes do, asked by another."""

    def __init__(self, clock: HostClock, display: Display) -> None:
        """In front of this display."""
        self._clock, self._display = clock, display
        self._news = threading.Condition()
        self._looks: deque[Look] = deque()
        self._seen_until_ns = 0
        self._collected: dict[tuple[float, float], CalibrationPoint] = {}
        self._is_entered = False
        self._blob = b""

    def notice(self, look: Look, until_ns: int) -> None:
        """The tracker was read up to this host time, and this is what it saw."""
        with self._news:
            if len(look.capture_ns):
                self._looks.append(look)
            while self._looks and self._looks[0].capture_ns[-1] < until_ns - KEPT_NS:
                self._looks.popleft()
            self._seen_until_ns = until_ns
            self._news.notify_all()

    def enter(self) -> None:
        """Begin anew."""
        self._collected, self._is_entered = {}, True

    def collect(self, x: float, y: float) -> bool:
        """Look for 0.3 s of the clock; true where the eyes were open and within 3° of the target."""
        self._require_entered()
        start_ns = self._clock.now_ns()
        with self._news:
            self._news.wait_for(lambda: self._seen_until_ns >= start_ns + COLLECT_NS, PATIENCE_S)
            looks = list(self._looks)
        looks = [look.of(look.capture_ns >= start_ns) for look in looks]
        true_px = np.concatenate((np.zeros((0, 2)), *(look.true_px for look in looks)))
        measured = np.concatenate((np.zeros((0, 2, 2)), *(look.measured for look in looks)))
        target_deg, true_deg = (
            px_to_deg(px, self._display) for px in (display_fraction_to_px([(x, y)], self._display), true_px)
        )
        near = np.hypot(*(true_deg - target_deg).T) < NEAR_DEG
        left, right = (_points(measured[near, eye]) for eye in (0, 1))
        if max(len(left), len(right)) < max(1.0, MIN_SEEN * len(true_px)):
            return False
        self._collected[x, y] = CalibrationPoint(x, y, left, right)
        return True

    def discard(self, x: float, y: float) -> None:
        """Forget a target."""
        self._require_entered()
        self._collected.pop((x, y), None)

    def compute(self) -> CalibrationResult:
        """Of the eyes that were seen at two targets or more."""
        self._require_entered()
        points = tuple(self._collected.values())
        n_left, n_right = (sum(bool(getattr(p, side)) for p in points) for side in ("left", "right"))
        eyes = _eyes(n_left >= MIN_TARGETS, n_right >= MIN_TARGETS)
        if eyes is not None:
            self._blob = json.dumps({"simulated": True, "eyes": eyes, "targets": len(points)}).encode()
        return CalibrationResult(eyes, points)

    def leave(self) -> None:
        """End; what was computed stays in use."""
        self._is_entered = False

    def retrieve(self) -> bytes:
        """A line of JSON that says it is simulated; empty before the first calibration."""
        return self._blob

    def apply(self, blob: bytes) -> None:
        """Take what `retrieve` gave."""
        try:
            is_ours = json.loads(blob)["simulated"] is True
        except (ValueError, TypeError, KeyError):
            is_ours = False
        if not is_ours:
            raise SourceError("This calibration is of a real tracker: calibrate the simulated one anew.")
        self._blob = blob

    def _require_entered(self) -> None:
        if not self._is_entered:
            raise SourceError("The simulated tracker is not in its calibration mode: enter it first.")


def _eyes(left: bool, right: bool) -> Eyes | None:
    if left and right:
        return Eyes.BOTH
    if left or right:
        return Eyes.LEFT if left else Eyes.RIGHT
    return None


def _points(fractions: Points) -> tuple[tuple[float, float], ...]:
    seen = fractions[np.isfinite(fractions).all(axis=1)]
    return tuple((float(x), float(y)) for x, y in seen)

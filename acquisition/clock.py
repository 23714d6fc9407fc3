"""The one clock that stamps everything, real or virtual, and how another clock is placed on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from acquisition.sources.base import ClockPair


class HostClock(Protocol):
    """A monotonic clock in nanoseconds that can be waited on."""

    def now_ns(self) -> int:
        """The present moment."""
        ...

    def wait_until(self, host_time_ns: int, timeout_s: float) -> bool:
        """Block until the clock shows `host_time_ns`, at most `timeout_s` real seconds; tell if it did."""
        ...


class RealClock:
    """`time.perf_counter_ns`: Windows' `monotonic` ticks too coarsely for 1200 Hz."""

    def now_ns(self) -> int:
        """The present moment."""
        return time.perf_counter_ns()

    def wait_until(self, host_time_ns: int, timeout_s: float) -> bool:
        """Sleep until `host_time_ns` or for `timeout_s`, whichever comes first."""
        wait_s = (host_time_ns - self.now_ns()) / 1e9
        if wait_s > 0:
            time.sleep(min(wait_s, timeout_s))
        return self.now_ns() >= host_time_ns


class VirtualClock:
    """A clock that stands still until somebody advances it: demos and tests run faster than real."""

    def __init__(self, start_ns: int = 1_000_000_000) -> None:
        """Start at `start_ns`."""
        self._now_ns = start_ns
        self._moved = threading.Condition()

    def now_ns(self) -> int:
        """The present moment."""
        with self._moved:
            return self._now_ns

    def advance(self, seconds: float) -> None:
        """Move the clock on and wake whoever waits."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back: {seconds} s")
        with self._moved:
            self._now_ns += round(seconds * 1e9)
            self._moved.notify_all()

    def wait_until(self, host_time_ns: int, timeout_s: float) -> bool:
        """Block until the clock was advanced to `host_time_ns`, at most `timeout_s` real seconds."""
        with self._moved:
            return self._moved.wait_for(lambda: self._now_ns >= host_time_ns, timeout_s)


MIN_DRIFT_SPAN_S = 30.0
"""Pairs over a shorter stretch say nothing of drift: the jitter of one pair would be taken for it."""
MAX_PAIRS_COMPARED = 400
"""Each with each other; of a longer session every so many."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClockFit:
    """A line from the source's clock to the host clock."""

    source_anchor_s: float
    host_anchor_ns: int
    drift_ppm: float
    """How much faster the host clock runs than the source's, in parts per million."""
    residual_ns: float
    """Median distance of the pairs used from the line."""
    n_pairs_used: int

    @property
    def offset_ns(self) -> float:
        """Host time less source time at the anchor."""
        return self.host_anchor_ns - self.source_anchor_s * 1e9

    def to_host_ns(self, source_time_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Source stamps (n,) in seconds to host times (n,) in nanoseconds."""
        elapsed_ns = (np.asarray(source_time_s, dtype=np.float64) - self.source_anchor_s) * 1e9
        return self.host_anchor_ns + np.round(elapsed_ns * (1.0 + self.drift_ppm * 1e-6)).astype(np.int64)


def fit_offset(pairs: Sequence[ClockPair]) -> ClockFit:
    """Fit offset and drift to the clock pairs of one session.

    Assumes that both clocks run at constant rates for the whole session and that a pair is wrong by
    as much to one side as to the other (the way there takes as long as the way back). A pair read
    slowly says little, so pairs more uncertain than twice the median are left out, and what then lies
    further from the line than three times the median distance is left out of a second fit.
    Drift is fitted only over `MIN_DRIFT_SPAN_S` or more; before that the offset alone is.

    Raises:
        ValueError: there are no pairs.
    """
    if not pairs:
        raise ValueError("no clock pairs: the source's time cannot be placed on the host clock")
    source_s = np.array([pair.source_time_s for pair in pairs])
    host_ns = np.array([pair.host_time_ns for pair in pairs], dtype=np.int64)
    uncertainty_ns = np.array([pair.uncertainty_ns for pair in pairs], dtype=np.float64)
    trusted = uncertainty_ns <= 2 * np.median(uncertainty_ns)
    source_s, host_ns = source_s[trusted], host_ns[trusted]

    middle = len(source_s) // 2
    elapsed_s = source_s - source_s[middle]
    # Differences first: a float64 holds nanoseconds since boot for 100 days only.
    offset_ns = (host_ns - host_ns[middle]).astype(np.float64) - elapsed_s * 1e9
    few = slice(None, None, 1 + len(elapsed_s) // MAX_PAIRS_COMPARED)
    distance_ns = np.abs(offset_ns - np.polyval(_line(elapsed_s[few], offset_ns[few], _theil_sen), elapsed_s))
    kept = distance_ns <= 3 * np.median(distance_ns) + 1.0
    line = _line(elapsed_s[kept], offset_ns[kept], lambda x, y: np.polyfit(x, y, 1))
    residual_ns = float(np.median(np.abs(offset_ns[kept] - np.polyval(line, elapsed_s[kept]))))
    return ClockFit(
        source_anchor_s=float(source_s[middle]),
        host_anchor_ns=int(host_ns[middle]) + round(float(line[1])),
        drift_ppm=float(line[0]) * 1e-3,
        residual_ns=residual_ns,
        n_pairs_used=int(kept.sum()),
    )


def _line(x_s: Floats, y_ns: Floats, through: Callable[[Floats, Floats], Floats]) -> Floats:
    """(slope, intercept) of a line `through` points; level where the stretch is too short to tell."""
    if len(x_s) < 3 or np.ptp(x_s) < MIN_DRIFT_SPAN_S:
        return np.array([0.0, float(np.median(y_ns))])
    return through(x_s, y_ns)


def _theil_sen(x_s: Floats, y_ns: Floats) -> Floats:
    """(slope, intercept) after Theil and Sen, the median of all slopes: a few lying pairs do not bend it."""
    first, second = np.triu_indices(len(x_s), k=1)
    run_s, rise_ns = x_s[second] - x_s[first], y_ns[second] - y_ns[first]
    slope = np.median(rise_ns[run_s != 0] / run_s[run_s != 0])
    return np.array([slope, np.median(y_ns - slope * x_s)])

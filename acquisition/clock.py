"""The one clock that stamps everything, real or virtual, and how another clock is placed on it."""

from __future__ import annotations

import itertools
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


JUMP_NS = 1_000_000_000
"""A clock that is suddenly off by more than this was started anew."""
MAX_STAMP_S = 1e12
"""No clock shows more, whenever it was started."""
MAX_EARLY_NS = 1_000_000_000
"""Nothing is captured after it arrived; so much is left for the first, rough fit."""
MAX_LATE_NS = 600_000_000_000
"""LSL senders keep six minutes for a receiver that went away; what is older was stamped wrongly."""
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

    @property
    def ns_per_s(self) -> float:
        """Host nanoseconds in a second of the source."""
        return 1e9 * (1.0 + self.drift_ppm * 1e-6)

    def host_ns(self, source_time_s: Floats) -> Floats:
        """Stamps (n,) in seconds, of any value, to host times (n,) that may have fractions."""
        with np.errstate(over="ignore"):
            return self.host_anchor_ns + (source_time_s - self.source_anchor_s) * self.ns_per_s

    def to_host_ns(self, source_time_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Source stamps (n,) in seconds to host times (n,) in nanoseconds."""
        elapsed_ns = (np.asarray(source_time_s, dtype=np.float64) - self.source_anchor_s) * 1e9
        return self.host_anchor_ns + np.round(elapsed_ns * (1.0 + self.drift_ppm * 1e-6)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class ClockSegment:
    """A stretch over which the source's clock ran through."""

    first_ns: int
    """Host time of its first clock pair."""
    last_ns: int
    """Host time of its last."""
    fit: ClockFit


@dataclass(frozen=True, slots=True)
class SourceClock:
    """Places what a source stamped on the host clock: one line for each time that its clock started anew."""

    segments: tuple[ClockSegment, ...] = ()
    """In order; empty where nothing is known of the source's clock."""

    def capture_ns(self, source_time_s: Floats, arrival_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """When samples (n,) were captured, in host ns, by their stamps (n,) and arrivals (n,).

        The segment in force at the arrival places a sample. After its last pair the next one may have
        begun unseen, so there the one counts that puts the capture closer to the arrival; and where a
        segment is out of the question its neighbours are asked. A capture more than `MAX_EARLY_NS` after
        the arrival or `MAX_LATE_NS` before it is out of the question. A sample that nothing can place,
        also one with a stamp that is no number, was captured when it arrived.
        """
        if not self.segments:
            return arrival_ns
        first_ns = np.array([segment.first_ns for segment in self.segments])
        number = np.maximum(np.searchsorted(first_ns, arrival_ns, side="right") - 1, 0)
        late_ns = self._late_ns(number, source_time_s, arrival_ns)
        if len(self.segments) > 1:
            last_ns = np.array([segment.last_ns for segment in self.segments])
            is_open = arrival_ns > last_ns[number]
            after = self._late_ns(number + 1, source_time_s, arrival_ns)
            late_ns = np.where(is_open & (np.abs(after) < np.abs(late_ns)), after, late_ns)
            for neighbour in (after, self._late_ns(number - 1, source_time_s, arrival_ns)):
                late_ns = np.where(np.isfinite(late_ns), late_ns, neighbour)
        return arrival_ns - np.round(np.where(np.isfinite(late_ns), late_ns, 0.0)).astype(np.int64)

    def span_ns(
        self,
        source_min_s: Floats,
        source_max_s: Floats,
        arrival_min_ns: NDArray[np.int64],
        arrival_max_ns: NDArray[np.int64],
    ) -> tuple[Floats, Floats]:
        """Host times (n,) between which all captures of groups of samples lie, by the extremes of each group.

        Never too narrow, for any sample may have come without a stamp. Stamps are NaN in a group without.
        """
        earliest_ns, latest_ns = arrival_min_ns - 1.0 * MAX_LATE_NS, arrival_max_ns + 1.0 * MAX_EARLY_NS
        first_ns, last_ns = arrival_min_ns.astype(np.float64), arrival_max_ns.astype(np.float64)
        for segment in self.segments:
            from_ns, to_ns = (segment.fit.host_ns(times_s) for times_s in (source_min_s, source_max_s))
            is_possible = (to_ns >= earliest_ns) & (from_ns <= latest_ns)
            first_ns = np.where(is_possible, np.minimum(first_ns, np.maximum(from_ns, earliest_ns)), first_ns)
            last_ns = np.where(is_possible, np.maximum(last_ns, np.minimum(to_ns, latest_ns)), last_ns)
        return first_ns - 1e3, last_ns + 1e3  # float64 rounds host times

    def _late_ns(
        self, number: NDArray[np.intp], source_time_s: Floats, arrival_ns: NDArray[np.int64]
    ) -> Floats:
        """From capture to arrival (n,) if segment `number` (n,) is right; infinite where it cannot be."""
        is_there = (number >= 0) & (number < len(self.segments))
        at, fits = np.where(is_there, number, 0), [segment.fit for segment in self.segments]
        source_s = np.array([fit.source_anchor_s for fit in fits])[at]
        host_ns = np.array([fit.host_anchor_ns for fit in fits])[at]
        ns_per_s = np.array([fit.ns_per_s for fit in fits])[at]
        with np.errstate(invalid="ignore", over="ignore"):  # stamps may be anything
            late_ns = (arrival_ns - host_ns) - (source_time_s - source_s) * ns_per_s
            is_possible = is_there & (late_ns >= -MAX_EARLY_NS) & (late_ns <= MAX_LATE_NS)
        return np.where(is_possible, late_ns, np.inf)


def source_clock(pairs: Sequence[ClockPair]) -> SourceClock:
    """The source's clock by the clock pairs of one session, in order; any number of them, also none.

    A pair whose offset is off by more than `JUMP_NS` from the one before begins a new segment, unless the
    pair after it is back on the old line: then that one pair lied.
    """
    usable = [pair for pair in pairs if abs(pair.source_time_s) < MAX_STAMP_S]  # no NaN either
    offset_ns, slack_ns = _offsets(usable)
    if len(usable) > 2:
        jumps = _jumps(offset_ns, slack_ns, 1)
        lied = np.zeros(len(usable), dtype=np.bool_)
        lied[1:-1] = jumps[:-1] & jumps[1:] & ~_jumps(offset_ns, slack_ns, 2)
        usable = [pair for pair, has_lied in zip(usable, lied, strict=True) if not has_lied]
        offset_ns, slack_ns = offset_ns[~lied], slack_ns[~lied]
    starts = [0, *(1 + np.flatnonzero(_jumps(offset_ns, slack_ns, 1))), len(usable)]
    runs = [usable[start:stop] for start, stop in itertools.pairwise(starts) if stop > start]
    return SourceClock(
        tuple(ClockSegment(run[0].host_time_ns, run[-1].host_time_ns, fit_offset(run)) for run in runs)
    )


def _offsets(pairs: Sequence[ClockPair]) -> tuple[Floats, Floats]:
    """Host less source time of each pair, up to a constant, and how wrong that may be; (n,) ns."""
    source_s = np.array([pair.source_time_s for pair in pairs])
    host_ns = np.array([pair.host_time_ns for pair in pairs], dtype=np.int64)
    slack_ns = np.array([pair.uncertainty_ns for pair in pairs], dtype=np.float64)
    return (host_ns - host_ns[:1]).astype(np.float64) - (source_s - source_s[:1]) * 1e9, slack_ns


def _jumps(offset_ns: Floats, slack_ns: Floats, step: int) -> NDArray[np.bool_]:
    """Whether each offset but the first `step` ones has jumped against the one `step` before it."""
    change_ns = np.abs(offset_ns[step:] - offset_ns[:-step])
    return change_ns > JUMP_NS + slack_ns[step:] + slack_ns[:-step]


def fit_offset(pairs: Sequence[ClockPair]) -> ClockFit:
    """Fit offset and drift to the clock pairs of one segment.

    Assumes that both clocks run through, at constant rates, and that a pair is wrong by
    as much to one side as to the other (the way there takes as long as the way back). A pair read
    slowly says little: pairs more uncertain than twice the median are left out, and so is from a second
    fit what lies further from the line than four times the median distance; the rest counts by how
    certain it is.
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
    source_s, host_ns, uncertainty_ns = source_s[trusted], host_ns[trusted], uncertainty_ns[trusted]

    middle = len(source_s) // 2
    elapsed_s = source_s - source_s[middle]
    # Differences first: a float64 holds nanoseconds since boot for 100 days only.
    offset_ns = (host_ns - host_ns[middle]).astype(np.float64) - elapsed_s * 1e9
    few = slice(None, None, 1 + len(elapsed_s) // MAX_PAIRS_COMPARED)
    distance_ns = np.abs(offset_ns - np.polyval(_line(elapsed_s[few], offset_ns[few], _theil_sen), elapsed_s))
    kept = distance_ns <= 4 * np.median(distance_ns) + 1.0
    weight = 1.0 / (uncertainty_ns[kept] + 0.1 * np.median(uncertainty_ns) + 1.0)
    line = _line(elapsed_s[kept], offset_ns[kept], lambda x, y: np.polyfit(x, y, 1, w=weight))
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

"""The gaps of a recording, by cause."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce

from acquisition.domain import Gap, GapCause

N_LAST = 5
NOT_LOST = (GapCause.PAUSE, GapCause.OFF_SCREEN)
"""Gaze was not wanted, or it was measured and lay beside the display: loss does not count it either."""


@dataclass(frozen=True, slots=True)
class GapLedger:
    """How often and for how long gaze was missing, by cause, and the last times that it was."""

    n: Mapping[GapCause, int] = field(default_factory=dict)
    seconds: Mapping[GapCause, float] = field(default_factory=dict)
    last: tuple[Gap, ...] = ()
    """At most `N_LAST`, in the order in which they were found."""

    def and_gap(self, gap: Gap) -> GapLedger:
        """The ledger with one gap more."""
        cause, seconds = gap.cause, (gap.end_ns - gap.start_ns) * 1e-9
        return GapLedger(
            {**self.n, cause: self.n.get(cause, 0) + 1},
            {**self.seconds, cause: self.seconds.get(cause, 0.0) + seconds},
            (*self.last, gap)[-N_LAST:],
        )


def ledger_of(gaps: Iterable[Gap]) -> GapLedger:
    """The ledger of all of these."""
    return reduce(GapLedger.and_gap, gaps, GapLedger())


def by_cause(ledger: GapLedger) -> dict[str, dict[str, float]]:
    """How many and how many seconds, by the name of the cause, as JSON holds it."""
    return {str(cause): {"n": n, "seconds": round(ledger.seconds[cause], 3)} for cause, n in ledger.n.items()}


def longest_gap_s(gaps: Iterable[Gap], start_ns: int, end_ns: int) -> float:
    """The longest part of a gap within [start, end) in which gaze was lost, in seconds; 0 without one."""
    lost = [gap for gap in gaps if gap.cause not in NOT_LOST]
    return max([0, *(min(gap.end_ns, end_ns) - max(gap.start_ns, start_ns) for gap in lost)]) * 1e-9

"""Whether the gaze of one reading is good enough to be used, or the case must be read again.

The limits are those of REFLACX (Bigolin Lanfredi et al. 2022): a case with a seventh of its gaze lost, or
with three seconds without any, is not complete; two thirds of that are worth a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from acquisition.domain import Reading, ReadingState


@dataclass(frozen=True, slots=True)
class GateLimits:
    """From which loss (0 to 1) and which gap on a reading is warned of, or read again."""

    warn_loss: float = 0.10
    reread_loss: float = 0.15
    warn_gap_s: float = 1.5
    reread_gap_s: float = 3.0


class Grade(StrEnum):
    """What is made of the gaze of a reading."""

    UNKNOWN = "unknown"
    """No gaze was owed, or nothing is known of it: there is nothing to judge."""
    GOOD = "good"
    WARN = "warn"
    REREAD = "re-read"


class Reason(StrEnum):
    """What decided; where both do, the loss is named."""

    NOTHING = ""
    LOSS = "loss"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A grade and what decided it."""

    grade: Grade
    reason: Reason = Reason.NOTHING


USUAL = GateLimits()


def verdict(loss: float | None, longest_gap_s: float | None, limits: GateLimits = USUAL) -> Verdict:
    """Judge a reading by the fraction of its gaze that is lost and by its longest gap; None is not judged."""
    if loss is None and longest_gap_s is None:
        return Verdict(Grade.UNKNOWN)
    lost, gap_s = loss or 0.0, longest_gap_s or 0.0
    for grade, most_lost, most_s in (
        (Grade.REREAD, limits.reread_loss, limits.reread_gap_s),
        (Grade.WARN, limits.warn_loss, limits.warn_gap_s),
    ):
        if lost >= most_lost:
            return Verdict(grade, Reason.LOSS)
        if gap_s >= most_s:
            return Verdict(grade, Reason.GAP)
    return Verdict(Grade.GOOD)


def must_be_reread(reading: Reading, limits: GateLimits = USUAL) -> bool:
    """Whether the gaze of a committed reading is too poor to be used."""
    return verdict(reading.loss, reading.longest_gap_s, limits).grade is Grade.REREAD


def committed_readings(readings: Iterable[Reading]) -> tuple[list[Reading], list[Reading]]:
    """The committed ones: those whose gaze may be used, and those whose cases must be read again."""
    committed = [reading for reading in readings if reading.state is ReadingState.COMMITTED]
    return (
        [reading for reading in committed if not must_be_reread(reading)],
        [reading for reading in committed if must_be_reread(reading)],
    )

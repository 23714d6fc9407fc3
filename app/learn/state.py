"""What the Learn room shows, computed from what the store holds. Pure; has no widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from acquisition.domain import Job, JobKind, JobState, Reading, ReadingState
from acquisition.gate import Grade, committed_readings, must_be_reread
from app.texts import Text, say

MIN_READINGS = 8
"""Fewer committed readings give no graph worth training on."""


class Action(StrEnum):
    """What the one button does next."""

    WAIT = "wait"
    INSTALL = "install"
    BUILD = "build"
    PRETRAIN = "pretrain"


@dataclass(frozen=True)
class ReadingRow:
    """One line of the table of readings."""

    case: str
    reader: str
    state: str
    samples: int
    loss: str
    kind: str


@dataclass(frozen=True)
class JobRow:
    """One line of the jobs at the foot."""

    id: str
    title: str
    state: str
    percent: int
    message: str
    can_cancel: bool
    report: Path | None


@dataclass(frozen=True)
class LearnState:
    """All that the room shows; equal states need no repaint."""

    readings: tuple[ReadingRow, ...]
    summary: str
    action: Action
    hint: str
    jobs: tuple[JobRow, ...]


def reading_rows(
    readings: Sequence[Reading], cases: dict[str, str], readers: dict[str, str]
) -> tuple[ReadingRow, ...]:
    """The readings (as the store lists them: oldest first), newest first; the maps go from ids to words."""
    return tuple(
        ReadingRow(
            case=cases.get(reading.case_id, say(Text.LEARN_MISSING)),
            reader=readers.get(reading.reader_id, say(Text.LEARN_MISSING)),
            state=_state(reading),
            samples=reading.n_samples,
            loss="" if reading.loss is None else f"{100 * reading.loss:.1f} %",
            kind=say(Text.LEARN_SIMULATED if reading.is_simulated else Text.LEARN_REAL),
        )
        for reading in reversed(readings)
    )


def _state(reading: Reading) -> str:
    is_poor = reading.state is ReadingState.COMMITTED and must_be_reread(reading)
    return str(Grade.REREAD if is_poor else reading.state)


def job_row(job: Job) -> JobRow:
    """A job as a line; the report only once it is done and written."""
    report = Path(str(job.result["report"])) if job.result.get("report") else None
    return JobRow(
        id=job.id,
        title=job.kind.capitalize(),
        state=str(job.state),
        percent=100 if job.state == JobState.DONE else round(100 * job.progress),
        message=_outcome(job) if job.state == JobState.DONE else job.message,
        can_cancel=job.state in (JobState.QUEUED, JobState.RUNNING),
        report=report if job.state == JobState.DONE else None,
    )


def _outcome(job: Job) -> str:
    """What a finished job left, in words."""
    if job.kind == JobKind.BUILD_SET:
        name = Path(str(job.result.get("set", ""))).name
        words = say(Text.LEARN_SET_BUILT, n=job.result.get("readings", 0), name=name)
        n_left_out = job.result.get("left_out", 0)
        return say(Text.LEARN_SET_BUILT_OF_LESS, built=words, n=n_left_out) if n_left_out else words
    return say(Text.LEARN_TRAINED, n=len(job.result.get("runs", ())))


def summary(readings: Sequence[Reading]) -> str:
    """One line on what a set would be built from."""
    usable, poor = committed_readings(readings)
    committed = usable + poor
    n_readers = len({reading.reader_id for reading in committed})
    n_simulated = sum(reading.is_simulated for reading in committed)
    by = say(Text.LEARN_ONE_READER) if n_readers == 1 else say(Text.LEARN_READERS, n=n_readers)
    words = say(Text.LEARN_SUMMARY, n=len(committed), readers=by)
    if n_simulated == len(committed) and n_simulated:
        words = say(Text.LEARN_SUMMARY_ALL_SIMULATED, summary=words)
    elif n_simulated:
        words = say(Text.LEARN_SUMMARY_SIMULATED, summary=words, n=n_simulated)
    return say(Text.LEARN_SUMMARY_POOR, summary=words, n=len(poor)) if poor else words


def next_action(
    readings: Sequence[Reading], jobs: Sequence[Job], *, has_learning: bool, install: str
) -> tuple[Action, str]:
    """What the button does next, and why, in a sentence."""
    n_usable = len(committed_readings(readings)[0])
    if not has_learning:
        return Action.INSTALL, say(Text.LEARN_NOT_INSTALLED, install=install)
    if any(job.state in (JobState.QUEUED, JobState.RUNNING) for job in jobs):
        return Action.WAIT, say(Text.LEARN_AT_WORK)
    if n_usable < MIN_READINGS:
        return Action.WAIT, say(Text.LEARN_TOO_FEW, n=n_usable, least=MIN_READINGS)
    if newest_set(jobs, n_usable) is None:
        return Action.BUILD, say(Text.LEARN_BUILD_HINT)
    return Action.PRETRAIN, say(Text.LEARN_PRETRAIN_HINT)


def newest_set(jobs: Sequence[Job], n_usable: int) -> str | None:
    """The folder of the newest set, if it was built from as many readings as can be used now."""
    built = [job for job in jobs if job.kind == JobKind.BUILD_SET and job.state == JobState.DONE]
    if not built:
        return None
    newest = max(built, key=lambda job: job.created_utc)
    return str(newest.result["set"]) if newest.result.get("readings") == n_usable else None


def learn_state(
    readings: Sequence[Reading],
    cases: dict[str, str],
    readers: dict[str, str],
    jobs: Sequence[Job],
    *,
    has_learning: bool,
    install: str,
) -> LearnState:
    """Everything that the room shows."""
    action, hint = next_action(readings, jobs, has_learning=has_learning, install=install)
    newest_first = sorted(jobs, key=lambda job: job.created_utc, reverse=True)
    return LearnState(
        readings=reading_rows(readings, cases, readers),
        summary=summary(readings),
        action=action,
        hint=hint,
        jobs=tuple(job_row(job) for job in newest_first),
    )

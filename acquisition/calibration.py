"""Calibration and validation as a state machine without a screen.

    POSITION --begin--> CALIBRATING --> VALIDATING --> RESULT --accept--> DONE
                             ^--- redo all, redo a point ----'
    any of them --abort--> ABORTED, --trouble--> TROUBLE (redo all, or abort)

`after` is a pure function: from what is and what happened to what is now and what is to be done. Whoever has
the screen, the tracker and the time does it and tells what came of it. A source that is calibrated in its own
program goes straight to the validation; a drift check is a validation with one target.

Nine targets lie on a 3 x 3 grid, five on its corners and its middle; those of a validation lie between them,
but for the middle of its nine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from acquisition.domain import TargetQuality
from acquisition.sources.base import CalibrationResult, Eyes
from acquisition.validation import Point

_NEAR, _MIDDLE, _FAR = 0.1, 0.5, 0.9
FIVE = ((_MIDDLE, _MIDDLE), (_NEAR, _NEAR), (_FAR, _NEAR), (_NEAR, _FAR), (_FAR, _FAR))
NINE = (*FIVE, (_MIDDLE, _NEAR), (_NEAR, _MIDDLE), (_FAR, _MIDDLE), (_MIDDLE, _FAR))
VALIDATION_FOUR = ((_MIDDLE, 0.2), (0.2, _MIDDLE), (0.8, _MIDDLE), (_MIDDLE, 0.8))
VALIDATION_NINE = tuple((x, y) for y in (0.2, 0.5, 0.8) for x in (0.25, 0.5, 0.75))
DRIFT_TARGET = ((0.5, 0.5),)
MOVE_S = 0.5
"""The target travels."""
REST_S = 0.8
"""It rests and shrinks before anything is collected: the eye needs a saccade and to settle."""
LOOK_S = 0.7
"""How long gaze is collected at a target of a validation."""
TRIES = 2
"""Tobii's own recipe tries a target that collects nothing once more."""


class Stage(StrEnum):
    """Where the procedure is; see the module."""

    POSITION = "position"
    CALIBRATING = "calibrating"
    VALIDATING = "validating"
    RESULT = "result"
    DONE = "done"
    ABORTED = "aborted"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Procedure:
    """What is."""

    calibration: tuple[Point, ...]
    """Targets in the order shown; empty for a source that is calibrated elsewhere."""
    validation: tuple[Point, ...]
    stage: Stage = Stage.POSITION
    to_collect: tuple[Point, ...] = ()
    """Calibration targets that are still to come, the one on the screen first."""
    to_look_at: tuple[Point, ...] = ()
    """Validation targets that are still to come, the one on the screen first."""
    n_tries: int = 0
    """At the calibration target on the screen."""
    missed: tuple[Point, ...] = ()
    """Calibration targets at which the tracker saw no eye."""
    is_entered: bool = False
    """Whether the tracker is in its calibration mode."""
    result: CalibrationResult | None = None
    judged: tuple[TargetQuality, ...] = ()
    """In the order of `validation`, as far as they were judged."""
    eyes: Eyes = Eyes.BOTH
    """The eyes that count from here on."""
    problem: str = ""
    """A sentence in TROUBLE."""

    @property
    def target(self) -> Point | None:
        """What is on the screen."""
        if self.stage is Stage.CALIBRATING and self.to_collect:
            return self.to_collect[0]
        return self.to_look_at[0] if self.stage is Stage.VALIDATING and self.to_look_at else None


# What happens


@dataclass(frozen=True, slots=True)
class Begun:
    """The reader sits well."""


@dataclass(frozen=True, slots=True)
class Rested:
    """The target on the screen has travelled, rested and shrunk."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The tracker has looked at the eyes, and seen them or not."""

    is_seen: bool


@dataclass(frozen=True, slots=True)
class Computed:
    """The tracker has calibrated, or failed to."""

    result: CalibrationResult


@dataclass(frozen=True, slots=True)
class Judged:
    """Gaze at the target on the screen was compared with it."""

    quality: TargetQuality


@dataclass(frozen=True, slots=True)
class RedoPoint:
    """This validation target again, and first the calibration target next to it."""

    target: Point


@dataclass(frozen=True, slots=True)
class RedoAll:
    """All over again."""


@dataclass(frozen=True, slots=True)
class EyesChosen:
    """One eye is to count, or both again."""

    eyes: Eyes


@dataclass(frozen=True, slots=True)
class Accepted:
    """The operator is content."""


@dataclass(frozen=True, slots=True)
class Aborted:
    """The operator gives up; the calibration before stays in use."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Something that was to be done could not be done."""

    problem: str


Happening = (
    Begun
    | Rested
    | Collected
    | Computed
    | Judged
    | RedoPoint
    | RedoAll
    | EyesChosen
    | Accepted
    | Aborted
    | Failed
)


# What is to be done


class Do(StrEnum):
    """The verbs; `SHOW`, `COLLECT`, `DISCARD` and `LOOK` have a target."""

    ENTER = "enter the tracker's calibration mode"
    SHOW = "show the target, then say Rested"
    COLLECT = "collect at the target, then say Collected"
    DISCARD = "forget the target"
    COMPUTE = "compute and apply, then say Computed"
    LOOK = "collect gaze for LOOK_S, judge it, then say Judged"
    LEAVE = "leave the tracker's calibration mode"
    KEEP = "store the calibration in use and the validation"


@dataclass(frozen=True, slots=True)
class Order:
    """One thing to be done; several are done in order."""

    do: Do
    target: Point | None = None


Step = tuple[Procedure, tuple[Order, ...]]


def after(now: Procedure, happening: Happening) -> Step:
    """What is after something happened, and what is to be done now; what does not fit changes nothing."""
    match happening, now.stage:
        case (Begun(), Stage.POSITION) | (RedoAll(), Stage.RESULT | Stage.TROUBLE):
            return _from_the_start(now)
        case Rested(), Stage.CALIBRATING if now.target:
            return now, (Order(Do.COLLECT, now.target),)
        case Rested(), Stage.VALIDATING if now.target:
            return now, (Order(Do.LOOK, now.target),)
        case Collected(is_seen), Stage.CALIBRATING if now.target:
            return _after_collecting(now, now.target, is_seen)
        case Computed(result), Stage.CALIBRATING:
            return _after_computing(now, result)
        case Judged(quality), Stage.VALIDATING:
            return _after_judging(now, quality)
        case RedoPoint(target), Stage.RESULT if target in now.validation:
            return _again(now, target)
        case EyesChosen(eyes), Stage.RESULT:
            return replace(now, eyes=eyes), ()
        case Accepted(), Stage.RESULT:
            return replace(now, stage=Stage.DONE, is_entered=False), (*_leaving(now), Order(Do.KEEP))
        case Aborted(), stage if stage not in (Stage.DONE, Stage.ABORTED):
            return replace(now, stage=Stage.ABORTED, is_entered=False), _leaving(now)
        case Failed(problem), stage if stage not in (Stage.DONE, Stage.ABORTED, Stage.TROUBLE):
            return replace(now, stage=Stage.TROUBLE, problem=problem, is_entered=False), _leaving(now)
    return now, ()


def _from_the_start(now: Procedure) -> Step:
    fresh = Procedure(now.calibration, now.validation)
    if not now.calibration:
        begun = replace(fresh, stage=Stage.VALIDATING, to_look_at=now.validation)
        return begun, (Order(Do.SHOW, now.validation[0]),)
    begun = replace(fresh, stage=Stage.CALIBRATING, to_collect=now.calibration, is_entered=True)
    return begun, (*_leaving(now), Order(Do.ENTER), Order(Do.SHOW, now.calibration[0]))


def _after_collecting(now: Procedure, target: Point, is_seen: bool) -> Step:
    if not is_seen and now.n_tries + 1 < TRIES:
        return replace(now, n_tries=now.n_tries + 1), (Order(Do.COLLECT, target),)
    missed = now.missed if is_seen else (*now.missed, target)
    left = now.to_collect[1:]
    then = replace(now, to_collect=left, missed=missed, n_tries=0)
    return then, (Order(Do.SHOW, left[0]) if left else Order(Do.COMPUTE),)


def _after_computing(now: Procedure, result: CalibrationResult) -> Step:
    if result.eyes is None:
        n_seen = len(now.calibration) - len(now.missed)
        return after(
            now,
            Failed(
                f"The calibration failed: the tracker used {n_seen} of {len(now.calibration)} targets. "
                "Sit as the guide shows and begin again."
            ),
        )
    to_look_at = now.to_look_at or now.validation
    then = replace(now, stage=Stage.VALIDATING, result=result, eyes=result.eyes, to_look_at=to_look_at)
    return then, (Order(Do.SHOW, to_look_at[0]),)


def _after_judging(now: Procedure, quality: TargetQuality) -> Step:
    found = {(known.x, known.y): known for known in now.judged}
    found[quality.x, quality.y] = quality
    judged = tuple(found[target] for target in now.validation if target in found)
    left = now.to_look_at[1:]
    then = replace(now, judged=judged, to_look_at=left)
    if left:
        return then, (Order(Do.SHOW, left[0]),)
    return replace(then, stage=Stage.RESULT), ()


def _again(now: Procedure, target: Point) -> Step:
    """One target anew. A tracker calibrated here is still in its mode and knows the other targets."""
    if not now.is_entered:
        then = replace(now, stage=Stage.VALIDATING, to_look_at=(target,))
        return then, (Order(Do.SHOW, target),)
    nearest = min(now.calibration, key=lambda p: (p[0] - target[0]) ** 2 + (p[1] - target[1]) ** 2)
    missed = tuple(point for point in now.missed if point != nearest)
    then = replace(
        now, stage=Stage.CALIBRATING, to_collect=(nearest,), to_look_at=(target,), missed=missed, n_tries=0
    )
    return then, (Order(Do.DISCARD, nearest), Order(Do.SHOW, nearest))


def _leaving(now: Procedure) -> tuple[Order, ...]:
    return (Order(Do.LEAVE),) if now.is_entered else ()

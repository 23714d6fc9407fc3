"""What a validation says, in words and figures. Pure but for the catalogue of texts.

Nothing here judges: the limits are those of `acquisition.validation`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from acquisition.calibration import Procedure
from acquisition.domain import GazeQuality, Validation, ValidationKind
from acquisition.sources.base import Eyes
from acquisition.validation import Limits, complaints
from app.texts import Text, say

LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A title and the sentences below it."""

    is_good: bool
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """One cell of the table."""

    words: str
    is_over: bool = False
    """Over its limit."""


def verdict(validation: Validation, procedure: Procedure) -> Verdict:
    """What the operator is told of the eyes that count."""
    found = [f"{clause[0].upper()}{clause[1:]}." for clause in complaints(validation, procedure.eyes, LIMITS)]
    is_good = not found
    sentences = found or [say(Text.RESULT_FINE)]
    calibrated = None if procedure.result is None else procedure.result.eyes
    if calibrated in (Eyes.LEFT, Eyes.RIGHT):
        eye = Text.SIDE_LEFT if calibrated is Eyes.LEFT else Text.SIDE_RIGHT
        sentences.append(say(Text.ONE_EYE, eye=say(eye)))
    elif procedure.eyes is not Eyes.BOTH:
        alone = Text.LEFT_ALONE if procedure.eyes is Eyes.LEFT else Text.RIGHT_ALONE
        sentences.append(say(alone))
    if procedure.missed:
        n, total = len(procedure.missed), len(procedure.calibration)
        sentences.append(say(Text.TARGETS_MISSED, n=n, total=total))
    title = say(Text.RESULT_GOOD if is_good else Text.RESULT_BAD)
    return Verdict(is_good, title, tuple(sentences))


def figures(quality: GazeQuality) -> list[Figure]:
    """Accuracy, RMS-S2S, STD, BCEA and loss of one eye."""
    return [
        _degrees(quality.accuracy_deg, LIMITS.accuracy_deg),
        _degrees(quality.rms_s2s_deg, LIMITS.rms_s2s_deg),
        _degrees(quality.std_deg),
        _degrees(quality.bcea_deg2, text=Text.SQUARE_DEGREES),
        Figure(f"{100 * quality.loss:.0f} %", quality.loss > LIMITS.loss),
    ]


def history(validations: Sequence[Validation], before: Validation) -> list[float]:
    """The accuracies of this reader's earlier validations, oldest first.

    Those without gaze are left out, and simulated ones do not mix with others.
    """
    alike = [
        v
        for v in validations
        if v.kind is ValidationKind.VALIDATION and v.is_simulated == before.is_simulated and v.id != before.id
    ]
    return [v.both.accuracy_deg for v in alike if v.both.accuracy_deg is not None]


def history_words(errors_deg: Sequence[float]) -> str:
    """How many there were, and how good."""
    if not errors_deg:
        return say(Text.HISTORY_FIRST)
    return say(Text.HISTORY_BEFORE, n=len(errors_deg), median=median(errors_deg))


def _degrees(value: float | None, limit: float = float("inf"), text: Text = Text.DEGREES) -> Figure:
    if value is None:
        return Figure(say(Text.NO_VALUE))
    return Figure(say(text, value=value), value > limit)

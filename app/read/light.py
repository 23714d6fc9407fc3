"""What the light at the foot says: a steady word for the state of the recording. Pure; knows no Qt.

A reader must not be drawn to it, so a word changes only when the gaze was clearly better or worse.
"""

from __future__ import annotations

from dataclasses import dataclass

from acquisition.recorder import RecorderState, RecorderStatus
from app.texts import Text

STEPS = ((0.85, Text.GOOD), (0.6, Text.FAIR), (0.0, Text.POOR))
"""Share of usable samples over the last seconds, of those owed, from which on the word holds."""
STEADINESS = 0.05
"""A word is kept until the share leaves its range by this much."""


@dataclass(frozen=True, slots=True)
class Light:
    """The dot, the sentence and its tone, as the style sheet names them."""

    text: Text
    quality: Text = Text.NO_VALUE
    dot: str = "off"
    tone: str = "off"


NOT_RECORDED = Light(Text.NOT_RECORDED)
PAUSED = Light(Text.PAUSED)
FAILED = Light(Text.RECORDING_FAILED, dot="failed", tone="failed")
SEALING = Light(Text.SEALING, dot="storing", tone="storing")


def light_of(status: RecorderStatus | None, is_paused: bool, last: Light) -> Light:
    """What is shown of a recording: None where there is none. `last` is what was shown before."""
    if status is None:
        return NOT_RECORDED
    if is_paused or status.state is RecorderState.PAUSED:
        return PAUSED
    if status.state is not RecorderState.RECORDING or not status.is_stored:
        return FAILED
    sent = min(1.0, status.rate_hz / status.owed_hz) if status.owed_hz else 1.0
    return storing((status.validity or 0.0) * sent, last)


def storing(validity: float, last: Light) -> Light:
    """Gaze is stored with this share of usable samples; `last` is what was shown before."""
    word = next(text for least, text in STEPS if validity >= least)
    if last.quality is not word and _is_near(validity, last.quality):
        word = last.quality
    tone = "storing" if word is Text.GOOD else "weak"
    return Light(Text.STORING, word, "storing", tone)


def _is_near(validity: float, word: Text) -> bool:
    """Whether the share is still about in the range of this word."""
    upper = 1.0
    for least, text in STEPS:
        if text is word:
            return least - STEADINESS <= validity <= upper + STEADINESS
        upper = least
    return False

"""What the operator's panel says, computed from what is known at one moment. Pure but for the texts.

A figure is a warning where a reading would be harmed if it stayed so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from acquisition.clock import ClockFit
from acquisition.domain import Display, Gap, GapCause, Validation, ValidationKind
from acquisition.drift import drift_trend, recalibration_advice
from acquisition.gate import USUAL
from acquisition.ledger import GapLedger
from acquisition.monitor import LiveFigures
from acquisition.validation import Limits, complaints
from app.texts import Text, say

MOST_LATE_S = 0.1
MOST_RESIDUAL_NS = 1_000_000
"""LSL and the tracker's own clock on one computer agree better (TittaLSL refuses to go on otherwise)."""
MOST_FROM_PLACE_MM = 100.0
"""Angles are computed for the distance that the display says: 10 cm beside it they are 15 % wrong."""
N_DRIFT = 5
CAUSES = {
    GapCause.BLINK: Text.GAP_BLINK,
    GapCause.LOST_FACE: Text.GAP_LOST_FACE,
    GapCause.OFF_SCREEN: Text.GAP_OFF_SCREEN,
    GapCause.STALL: Text.GAP_STALL,
    GapCause.DISCONNECT: Text.GAP_DISCONNECT,
    GapCause.OVERFLOW: Text.GAP_OVERFLOW,
    GapCause.PAUSE: Text.GAP_PAUSE,
}
OURS_TO_MEND = (GapCause.STALL, GapCause.DISCONNECT, GapCause.OVERFLOW)
"""A reader blinks and looks away; these should not be there at all."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, what it is to be compared with, and whether it needs somebody."""

    value: str = "–"
    note: str = ""
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class GapLine:
    """One cause in the ledger."""

    cause: str
    n: str
    seconds: str
    tone: str
    """`none` where there was no such gap, `warning` where there should not be one."""


NOTHING = Figure()


def rate(figures: LiveFigures | None, owed_hz: float) -> Figure:
    """Samples a second with usable gaze, against those received and owed."""
    if figures is None:
        return NOTHING
    note = say(Text.RATE_RECEIVED, value=figures.received_hz)
    if owed_hz:
        note = say(Text.RATE_RECEIVED_OF, value=figures.received_hz, owed=owed_hz)
    is_short = owed_hz > 0 and figures.received_hz < (1 - USUAL.warn_loss) * owed_hz
    return Figure(say(Text.HERTZ, value=figures.usable_hz), note, is_short)


def loss(figures: LiveFigures | None) -> Figure:
    """What is lost of the samples owed, and of those received."""
    if figures is None or figures.loss_received is None:
        lost = None if figures is None else figures.loss_expected
        return NOTHING if lost is None else Figure(say(Text.PERCENT, value=100 * lost), "", True)
    note = say(Text.LOST_RECEIVED, value=100 * figures.loss_received)
    lost = figures.loss_received if figures.loss_expected is None else figures.loss_expected
    return Figure(say(Text.PERCENT, value=100 * lost), note, lost >= USUAL.warn_loss)


def noise(figures: LiveFigures | None) -> Figure:
    """RMS-S2S in degrees."""
    if figures is None or figures.rms_s2s_deg is None:
        return NOTHING
    is_loud = figures.rms_s2s_deg > Limits().rms_s2s_deg
    return Figure(say(Text.DEGREES, value=figures.rms_s2s_deg), say(Text.NOISE_NOTE), is_loud)


def latency(figures: LiveFigures | None) -> Figure:
    """From capture to arrival."""
    if figures is None or figures.latency_s is None:
        return NOTHING
    value = say(Text.MILLISECONDS_FINE, value=1000 * figures.latency_s)
    return Figure(value, say(Text.LATENCY_NOTE), figures.latency_s > MOST_LATE_S)


def head(figures: LiveFigures | None, display: Display) -> Figure:
    """Where the head is, against where the display says that it is read from."""
    if figures is None or figures.head_mm is None:
        return NOTHING
    x_mm, y_mm, z_mm = figures.head_mm
    note = say(Text.HEAD_NOTE, x=round(x_mm / 10, 1) + 0.0, y=round(y_mm / 10, 1) + 0.0)  # no -0.0
    is_away = abs(z_mm - display.distance_mm) > MOST_FROM_PLACE_MM
    return Figure(say(Text.CENTIMETRES, value=z_mm / 10), note, is_away)


def clock(fit: ClockFit | None) -> Figure:
    """How the tracker's clock lies on ours."""
    if fit is None:
        return Figure(note=say(Text.CLOCK_NONE))
    offset_ms = fit.offset_ns * 1e-6
    value = (
        say(Text.MILLISECONDS_SIGNED, value=offset_ms)
        if abs(offset_ms) < 10_000
        else say(Text.SECONDS_SIGNED, value=offset_ms / 1000)
    )
    note = say(Text.CLOCK_NOTE, ppm=round(fit.drift_ppm, 1) + 0.0, residual=fit.residual_ns * 1e-6)
    return Figure(value, note, fit.residual_ns > MOST_RESIDUAL_NS)


def gap_lines(ledger: GapLedger) -> tuple[GapLine, ...]:
    """Every cause, so that no line moves when one comes up."""
    return tuple(
        GapLine(
            say(text),
            str(ledger.n.get(cause, 0)),
            say(Text.SECONDS, value=ledger.seconds.get(cause, 0.0)),
            "none" if cause not in ledger.n else "warning" if cause in OURS_TO_MEND else "",
        )
        for cause, text in CAUSES.items()
    )


def gap_words(gap: Gap, now_ns: int) -> str:
    """One gap: when it ended, why, for how long."""
    seconds = (gap.end_ns - gap.start_ns) * 1e-9
    ago_s = max(0.0, (now_ns - gap.end_ns) * 1e-9)
    return say(Text.GAP_AGO, ago=_ago(ago_s), cause=say(CAUSES[gap.cause]), seconds=seconds)


def calibration(checks: Sequence[Validation], session_id: str) -> Figure:
    """How gaze was last validated in this sitting, and what is wrong with that."""
    own = [v for v in checks if v.session_id == session_id and v.kind is ValidationKind.VALIDATION]
    if not own:
        return Figure(say(Text.NOT_VALIDATED), say(Text.NOT_VALIDATED_NOTE), True)
    last, found = own[-1], complaints(own[-1])
    at = datetime.fromisoformat(last.utc).astimezone().strftime("%H:%M")
    if last.both.accuracy_deg is None:
        return Figure(say(Text.VALIDATED_NOTHING, at=at), "; ".join(found), True)
    words = say(Text.VALIDATED, value=last.both.accuracy_deg, at=at)
    return Figure(words, "; ".join(found), bool(found))


def drift(checks: Sequence[Validation], session_id: str) -> Figure:
    """The errors since that validation, and whether to calibrate anew."""
    errors = [point.error_deg for point in drift_trend(checks, session_id)]
    advice = recalibration_advice(checks, session_id)
    if len(errors) < 2:
        return Figure(note=advice or say(Text.DRIFT_NONE), is_warning=bool(advice))
    shown = [say(Text.NO_VALUE) if error is None else say(Text.DEGREES, value=error) for error in errors]
    words = " → ".join([shown[0], *shown[1:][-N_DRIFT:]])
    return Figure(words, advice or say(Text.DRIFT_FINE, n=len(errors) - 1), bool(advice))


def display_words(display: Display) -> str:
    """The screen as the recording has it."""
    return say(
        Text.DISPLAY_WORDS,
        name=display.name or say(Text.DISPLAY_UNNAMED),
        width_px=display.width_px,
        height_px=display.height_px,
        width_mm=display.width_mm,
        height_mm=display.height_mm,
        distance=display.distance_mm / 10,
        scale=100 * display.scale,
    )


def _ago(seconds: float) -> str:
    if seconds < 60:
        return say(Text.AGO_SECONDS, value=seconds)
    return say(Text.AGO_MINUTES, value=seconds / 60)

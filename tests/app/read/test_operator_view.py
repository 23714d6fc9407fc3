"""What the operator's panel says."""

from dataclasses import replace

import pytest

from acquisition.clock import ClockFit
from acquisition.domain import (
    Display,
    Gap,
    GapCause,
    GazeQuality,
    TargetQuality,
    Validation,
    ValidationKind,
)
from acquisition.ledger import GapLedger
from acquisition.monitor import LiveFigures
from app.read import operator_view as view

GOOD = LiveFigures(
    received_hz=119.8,
    usable_hz=117.1,
    loss_received=0.021,
    loss_expected=0.024,
    rms_s2s_deg=0.21,
    latency_s=0.0031,
    head_mm=(-0.2, 178.0, 652.0),
)
DISPLAY = Display(1920, 1080, 527.0, 296.0, 650.0, 1.5, "DP-1")


def test_good_gaze_needs_nobody() -> None:
    assert view.rate(GOOD, 120.0) == view.Figure("117 Hz", "120 received of 120")
    assert view.loss(GOOD) == view.Figure("2.4 %", "2.1 % of those received")
    assert view.noise(GOOD) == view.Figure("0.21°", "median, last 2 s")
    assert view.latency(GOOD) == view.Figure("3.1 ms", "median, last second")
    assert view.head(GOOD, DISPLAY) == view.Figure("65 cm", "x +0.0 cm, y +17.8 cm")


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        (view.rate(replace(GOOD, received_hz=100.0), 120.0), "117 Hz"),
        (view.loss(replace(GOOD, loss_expected=0.31)), "31.0 %"),
        (view.noise(replace(GOOD, rms_s2s_deg=0.9)), "0.90°"),
        (view.latency(replace(GOOD, latency_s=0.4)), "400.0 ms"),
        (view.head(replace(GOOD, head_mm=(0.0, 0.0, 790.0)), DISPLAY), "79 cm"),
        (view.clock(ClockFit(0.0, 0, 0.0, 3e6, 9)), "+0.000 ms"),
    ],
)
def test_what_would_harm_a_reading_is_a_warning(figure: view.Figure, value: str) -> None:
    assert figure.is_warning
    assert figure.value == value


def test_nothing_is_said_of_what_is_not_known() -> None:
    for figure in (view.rate(None, 120.0), view.loss(None), view.noise(None), view.latency(None)):
        assert figure == view.Figure("–", "", is_warning=False)
    silent = LiveFigures(0.0, 0.0, None, 1.0, None, None, None)
    assert view.loss(silent) == view.Figure("100.0 %", "", is_warning=True)
    assert view.head(silent, DISPLAY) == view.Figure()
    assert view.rate(replace(GOOD, received_hz=60.0), 0.0) == view.Figure("117 Hz", "60 received")


def test_the_clock_tells_offset_drift_and_how_sure_that_is() -> None:
    near = view.clock(ClockFit(10.0, 10_001_234_000, 12.34, 20_000.0, 9))
    assert near == view.Figure("+1.234 ms", "+12.3 ppm, within 0.02 ms")
    far = view.clock(ClockFit(824_598.4, 0, -0.04, 0.0, 1))
    assert far == view.Figure("-824,598.4 s", "+0.0 ppm, within 0.00 ms")
    assert view.clock(None) == view.Figure("–", "arrival counts")


def test_every_cause_keeps_its_line_and_those_of_the_machine_are_warnings() -> None:
    ledger = GapLedger()
    for cause, ms in ((GapCause.BLINK, 200), (GapCause.BLINK, 100), (GapCause.STALL, 1500)):
        ledger = ledger.and_gap(Gap(0, ms * 1_000_000, cause))
    lines = {line.cause: line for line in view.gap_lines(ledger)}
    assert list(lines) == ["blink", "lost face", "off screen", "stall", "disconnect", "overflow", "pause"]
    assert lines["blink"] == view.GapLine("blink", "2", "0.3 s", "")
    assert lines["stall"] == view.GapLine("stall", "1", "1.5 s", "warning")
    assert lines["disconnect"] == view.GapLine("disconnect", "0", "0.0 s", "none")
    assert len(view.gap_lines(GapLedger())) == len(GapCause)


def test_a_gap_is_told_by_how_long_ago_it_was() -> None:
    gap = Gap(0, 2_000_000_000, GapCause.LOST_FACE)
    assert view.gap_words(gap, 5_000_000_000) == "3 s ago: lost face, 2.0 s"
    assert view.gap_words(gap, 242_000_000_000) == "4 min ago: lost face, 2.0 s"


def check(kind: ValidationKind, error_deg: float | None, at_ns: int, session_id: str = "ses") -> Validation:
    quality = GazeQuality(error_deg, error_deg, 0.0, 0.2, 0.2, 0.1, 0.02, 100)
    target = TargetQuality(0.5, 0.5, 0, 1, quality, quality, quality)
    return Validation(
        f"val{at_ns}",
        session_id,
        "rdr",
        kind,
        at_ns,
        "2026-01-01T10:32:00+00:00",
        (target,),
        quality,
        quality,
        quality,
    )


def test_calibration_is_unknown_then_validated_then_drifts() -> None:
    of_another_sitting = check(ValidationKind.VALIDATION, 0.3, 0, "ses_before")
    assert view.calibration([of_another_sitting], "ses").value == "not validated"
    assert view.calibration([of_another_sitting], "ses").is_warning
    checks = [of_another_sitting, check(ValidationKind.VALIDATION, 0.62, 1)]
    assert view.calibration(checks, "ses").value.startswith("0.62° at ")
    assert not view.calibration(checks, "ses").is_warning
    assert view.drift(checks, "ses") == view.Figure("–", "no check yet")
    checks.append(check(ValidationKind.DRIFT, 0.7, 2))
    assert view.drift(checks, "ses") == view.Figure("0.62° → 0.70°", "checks: 1")
    checks.append(check(ValidationKind.DRIFT, 1.4, 3))
    assert view.drift(checks, "ses").is_warning
    assert "calibrate again" in view.drift(checks, "ses").note


def test_a_poor_validation_says_what_is_poor() -> None:
    poor = view.calibration([check(ValidationKind.VALIDATION, 1.6, 1)], "ses")
    assert poor.is_warning
    assert "1.60° off on average" in poor.note
    nothing = view.calibration([check(ValidationKind.VALIDATION, None, 1)], "ses")
    assert nothing.value.startswith("no gaze at ")


def test_the_display_is_told_as_the_recording_has_it() -> None:
    words = view.display_words(DISPLAY)
    assert words == "DP-1: 1920 x 1080 px, 527 x 296 mm, read from 65 cm, scale 150 %"
    assert view.display_words(replace(DISPLAY, name="")).startswith("Display: ")

"""Gaze at targets whose error is known."""

import json

import numpy as np
import pytest

from acquisition.domain import Display, GazeQuality, Validation, ValidationKind
from acquisition.geometry import deg_to_px, px_to_deg, px_to_display_fraction
from acquisition.validation import (
    NOTHING,
    Limits,
    complaints,
    judge_target,
    over_targets,
    validation_from_values,
    validation_to_values,
)

DISPLAY = Display(2048, 2560, 338.0, 422.0)
RATE_HZ = 250.0
FIELDS = [("time_ns", "<i8")] + [
    (f"{side}_{name}", kind)
    for side in ("left", "right")
    for name, kind in (("x", "<f8"), ("y", "<f8"), ("valid", "?"))
]


def _gaze(target, offset_deg, *, n=250, noise_deg=0.0, seed=1):
    """Gaze off a target by an angle (right, down), the same for both eyes but for noise (RMS-S2S)."""
    rng = np.random.default_rng(seed)
    gaze = np.zeros(n, FIELDS)
    gaze["time_ns"] = np.arange(n) * round(1e9 / RATE_HZ)
    px = np.array([[target[0] * DISPLAY.width_px, target[1] * DISPLAY.height_px]])
    for side in ("left", "right"):
        angles = px_to_deg(px, DISPLAY) + offset_deg + rng.standard_normal((n, 2)) * noise_deg / 2
        gaze[f"{side}_x"], gaze[f"{side}_y"] = px_to_display_fraction(deg_to_px(angles, DISPLAY), DISPLAY).T
        gaze[f"{side}_valid"] = True
    return gaze


def _judge(gaze, target=(0.5, 0.5)):
    return judge_target(gaze, target, 0, 10**9, DISPLAY, RATE_HZ)


def test_offset_and_noise_come_back():
    quality = _judge(_gaze((0.5, 0.5), (0.6, -0.8), noise_deg=0.3, n=20_000)[:250])
    assert quality.left.accuracy_deg == pytest.approx(1.0, abs=0.04)
    assert quality.left.offset_x_deg == pytest.approx(0.6, abs=0.04)
    assert quality.left.offset_y_deg == pytest.approx(-0.8, abs=0.04)
    assert quality.right.rms_s2s_deg == pytest.approx(0.3, abs=0.03)
    assert quality.right.std_deg == pytest.approx(0.3 / np.sqrt(2), abs=0.03)
    # The mean of two eyes has less noise by the root of two.
    assert quality.both.rms_s2s_deg == pytest.approx(0.3 / np.sqrt(2), abs=0.03)
    assert quality.left.bcea_deg2 == pytest.approx(2 * np.pi * -np.log(0.32) * 0.15**2, rel=0.2)


def test_one_eye_alone_is_judged_and_the_other_has_nothing():
    gaze = _gaze((0.3, 0.7), (0.0, 0.0))
    gaze["right_valid"] = False
    quality = _judge(gaze, (0.3, 0.7))
    assert quality.right == NOTHING
    assert quality.left == quality.both
    assert quality.left.accuracy_deg == pytest.approx(0.0, abs=1e-9)


def test_samples_never_sent_are_lost_and_those_outside_the_time_do_not_count():
    gaze = _gaze((0.5, 0.5), (0.0, 0.0), n=1000)[::2]
    quality = _judge(gaze)
    assert quality.left.n_samples == 125
    assert quality.left.loss == pytest.approx(0.5)


def test_an_invalid_eye_may_hold_any_numbers():
    gaze = _gaze((0.5, 0.5), (0.0, 0.0))
    gaze["left_x"][:100], gaze["left_valid"][:100] = 1e9, False
    quality = _judge(gaze)
    assert quality.left.accuracy_deg == pytest.approx(0.0, abs=1e-9)
    assert quality.left.loss == pytest.approx(0.4)


def _validation(*qualities):
    overall = [over_targets([getattr(q, side) for q in qualities]) for side in ("left", "right", "both")]
    return Validation(
        "val_1", "ses_1", "rdr_1", ValidationKind.VALIDATION, 5, "2026-01-01", qualities, *overall
    )


def test_it_goes_through_json_and_back():
    validation = _validation(
        _judge(_gaze((0.5, 0.5), (0.3, 0.1), noise_deg=0.1)), _judge(np.zeros(0, FIELDS))
    )
    assert validation_from_values(json.loads(json.dumps(validation_to_values(validation)))) == validation


def test_a_good_validation_has_no_complaints():
    assert complaints(_validation(_judge(_gaze((0.5, 0.5), (0.3, 0.1), noise_deg=0.1)))) == []


def test_every_limit_is_complained_of_in_words():
    bad = _judge(_gaze((0.5, 0.5), (3.0, 0.0), noise_deg=1.5, n=100))
    found = complaints(_validation(bad, _judge(np.zeros(0, FIELDS))), "left")
    assert [clause.partition(" ")[2] for clause in found if "at one" in clause or "average" in clause] == [
        "off on average, over 1°",
        "off at one target, over 2°",
    ]
    assert found[1] == "no gaze at 1 of 2 targets"
    assert found[3].startswith("noise of 1.")
    assert found[4] == "80 % of the samples lost, over 15 %"


def test_no_gaze_at_all_is_one_complaint():
    assert complaints(_validation(_judge(np.zeros(0, FIELDS)))) == ["no gaze at any target"]


def test_limits_are_inclusive():
    at = GazeQuality(1.0, 1.0, 0.0, 0.8, 0.1, 0.1, 0.15, 100)
    target = _judge(_gaze((0.5, 0.5), (0.0, 0.0)))
    validation = Validation("v", "s", "r", ValidationKind.VALIDATION, 0, "", (target,), at, at, at)
    assert complaints(validation, limits=Limits()) == []

"""When a session asks to be calibrated anew."""

from acquisition.domain import GazeQuality, Validation, ValidationKind
from acquisition.drift import DriftPoint, drift_trend, recalibration_advice
from acquisition.validation import NOTHING

CHECK, FULL = ValidationKind.DRIFT, ValidationKind.VALIDATION


def _one(host_time_ns, kind, error_deg, session_id="ses_1"):
    found = NOTHING if error_deg is None else GazeQuality(error_deg, error_deg, 0.0, 0.1, 0.1, 0.1, 0.0, 50)
    return Validation(
        f"v{host_time_ns}", session_id, "rdr_1", kind, host_time_ns, "", (), found, found, found
    )


def test_the_trend_starts_at_the_last_validation_of_its_own_session():
    history = [_one(1, FULL, 0.4), _one(2, CHECK, 0.6), _one(3, FULL, 0.3), _one(4, CHECK, None)]
    history.append(_one(5, CHECK, 0.9, "ses_2"))
    assert drift_trend(history, "ses_1") == [DriftPoint(3, 0.3), DriftPoint(4, None)]
    assert drift_trend(history[1:2], "ses_1") == [DriftPoint(2, 0.6)]


def test_a_check_within_bounds_asks_for_nothing():
    assert recalibration_advice([_one(1, FULL, 0.4), _one(2, CHECK, 0.8)], "ses_1") == ""
    assert recalibration_advice([_one(1, FULL, 0.1), _one(2, CHECK, 0.5)], "ses_1") == ""
    assert recalibration_advice([], "ses_1") == ""


def test_more_than_a_degree_or_twice_the_validation_asks_for_a_calibration():
    assert "1.2° off (it was 0.9°)" in recalibration_advice(
        [_one(1, FULL, 0.9), _one(2, CHECK, 1.2)], "ses_1"
    )
    assert "0.7° off (it was 0.3°)" in recalibration_advice(
        [_one(1, FULL, 0.3), _one(2, CHECK, 0.7)], "ses_1"
    )
    assert "1.1° off: cal" in recalibration_advice([_one(2, CHECK, 1.1)], "ses_1")


def test_no_eye_at_the_target_is_said():
    assert "saw no eye" in recalibration_advice([_one(1, FULL, 0.4), _one(2, CHECK, None)], "ses_1")


def test_a_new_validation_ends_the_advice():
    assert recalibration_advice([_one(1, CHECK, 2.0), _one(2, FULL, 0.4)], "ses_1") == ""

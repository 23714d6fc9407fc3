"""The driver: carries orders out, tells the recording, and leaves the tracker's mode whatever happens."""

import base64
import threading
from collections.abc import Iterator

import pytest
from calibration_fakes import BLOB, Seat, a_seat, targets_of
from pytestqt.qtbot import QtBot

from acquisition.calibration import (
    DRIFT_TARGET,
    FIVE,
    TRIES,
    VALIDATION_FOUR,
    Aborted,
    Accepted,
    Begun,
    Procedure,
    RedoAll,
    RedoPoint,
    Stage,
)
from acquisition.domain import ValidationKind
from acquisition.errors import SourceError
from acquisition.sources.base import Eyes
from acquisition.validation import validation_from_values

CALIBRATED_HERE = Procedure(FIVE, VALIDATION_FOUR)
GREY = 90
ELSEWHERE = Procedure((), VALIDATION_FOUR)


@pytest.fixture
def seat(qtbot: QtBot) -> Iterator[Seat]:
    seat = a_seat(qtbot)
    yield seat
    seat.driver.close()


def begin(seat: Seat, procedure: Procedure = CALIBRATED_HERE) -> None:
    seat.driver.prepare(procedure, GREY)
    seat.driver.happen(Begun())


def is_at(seat: Seat, stage: Stage) -> bool:
    return seat.driver.procedure.stage is stage


def refuse() -> None:
    raise SourceError("The tracker is busy: close the other program.")


def test_a_calibration_runs_from_the_first_target_to_the_recording(seat: Seat) -> None:
    begin(seat)
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    assert seat.calibrator.verbs == ["enter", *["collect"] * 5, "compute"]
    assert [asked[1:] for asked in seat.calibrator.asked if asked[0] == "collect"] == list(FIVE)
    assert targets_of(seat.recorder.views()) == [*FIVE, *VALIDATION_FOUR]
    layouts = [view.layout for view in seat.recorder.views() if view.target_px]
    assert layouts == ["calibration"] * 5 + ["validation"] * 4
    assert seat.recorder.views()[-1].target_px is None, "the last target went"
    assert seat.driver.procedure.judged[0].left.accuracy_deg == pytest.approx(0.5, abs=0.01)
    assert len(seat.driver.looks[VALIDATION_FOUR[0]].gaze) > 0

    seat.driver.happen(Accepted())
    seat.live_until(lambda: bool(seat.kept))
    assert seat.calibrator.verbs[-2:] == ["leave", "retrieve"]
    [validation] = seat.kept
    assert validation.kind is ValidationKind.VALIDATION
    assert validation.is_simulated
    [event] = seat.recorder.events("calibration_begun")
    assert event.detail == {"n_targets": 9, "ground_grey": GREY}
    [event] = seat.recorder.events("validation")
    assert validation_from_values(event.detail) == validation
    [event] = seat.recorder.events("calibration")
    assert base64.b64decode(event.detail["blob_base64"]) == BLOB
    assert event.detail["eyes"] == "both"


def test_a_target_rests_only_when_it_was_painted(seat: Seat) -> None:
    begin(seat)
    seat.qtbot.waitUntil(lambda: seat.driver.target() is not None)
    seat.clock.advance(60.0)
    with seat.qtbot.waitSignal(seat.driver.moved):
        pass
    assert "collect" not in seat.calibrator.verbs
    assert seat.recorder.views() == []


def test_an_eye_that_is_not_seen_is_tried_again_and_then_told(seat: Seat) -> None:
    seat.calibrator.unseen = [FIVE[2]]
    begin(seat)
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    assert seat.calibrator.asked.count(("collect", *FIVE[2])) == TRIES
    [event] = seat.recorder.events("calibration_target_missed")
    assert (event.detail["x"], event.detail["y"]) == FIVE[2]


def test_an_abort_while_the_tracker_collects_leaves_its_mode(seat: Seat) -> None:
    is_free = threading.Event()
    seat.calibrator.before["collect"] = lambda: is_free.wait(10)
    begin(seat)
    seat.live_until(lambda: "collect" in seat.calibrator.verbs)
    seat.driver.happen(Aborted())
    is_free.set()
    seat.live_until(lambda: "leave" in seat.calibrator.verbs)
    assert seat.calibrator.verbs == ["enter", "collect", "leave"]
    assert is_at(seat, Stage.ABORTED)
    assert [event.detail["stage"] for event in seat.recorder.events("calibration_aborted")] == ["calibrating"]
    assert seat.driver.target() is None


@pytest.mark.parametrize("verb", ["enter", "collect", "compute", "discard"])
def test_a_tracker_that_refuses_ends_in_its_sentence_and_out_of_its_mode(seat: Seat, verb: str) -> None:
    seat.calibrator.before[verb] = refuse
    begin(seat)
    if verb == "discard":
        seat.live_until(lambda: is_at(seat, Stage.RESULT))
        seat.driver.happen(RedoPoint(VALIDATION_FOUR[0]))
    seat.live_until(lambda: is_at(seat, Stage.TROUBLE) and "leave" in seat.calibrator.verbs)
    assert "close the other program" in seat.driver.procedure.problem
    [event] = seat.recorder.events("calibration_failed")
    assert event.detail["problem"] == seat.driver.procedure.problem

    del seat.calibrator.before[verb]
    seat.driver.happen(RedoAll())
    seat.live_until(lambda: is_at(seat, Stage.RESULT))


def test_a_fault_of_ours_is_a_sentence_too(seat: Seat, caplog: pytest.LogCaptureFixture) -> None:
    def stumble() -> None:
        raise RuntimeError("stumbled")

    seat.calibrator.before["compute"] = stumble
    begin(seat)
    seat.live_until(lambda: is_at(seat, Stage.TROUBLE))
    assert "the log has more" in seat.driver.procedure.problem
    assert "stumbled" in caplog.text


def test_no_eye_calibrated_is_said_and_recorded(seat: Seat) -> None:
    seat.calibrator.eyes = None
    begin(seat)
    seat.live_until(lambda: is_at(seat, Stage.TROUBLE))
    assert "calibration failed" in seat.recorder.events("calibration_failed")[0].detail["problem"]


def test_one_eye_counts_where_one_was_calibrated(seat: Seat) -> None:
    seat.calibrator.eyes = Eyes.RIGHT
    seat.eyes.sides = ("right",)
    begin(seat)
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    assert seat.driver.procedure.eyes is Eyes.RIGHT
    assert seat.driver.validation.left.accuracy_deg is None
    assert seat.driver.validation.right.accuracy_deg == pytest.approx(0.5, abs=0.01)


def test_a_point_is_looked_at_again(seat: Seat) -> None:
    begin(seat)
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    seat.eyes.offset_deg = (0.0, 2.0)
    seat.driver.happen(RedoPoint(VALIDATION_FOUR[1]))
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    errors = [target.left.accuracy_deg for target in seat.driver.procedure.judged]
    assert errors == pytest.approx([0.5, 2.0, 0.5, 0.5], abs=0.01)
    assert seat.calibrator.verbs.count("discard") == 1
    assert seat.calibrator.verbs.count("enter") == 1


def test_a_source_calibrated_elsewhere_is_only_validated(qtbot: QtBot) -> None:
    seat = a_seat(qtbot, is_calibrated_here=False)
    begin(seat, ELSEWHERE)
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    seat.driver.happen(Accepted())
    seat.live_until(lambda: bool(seat.kept))
    assert seat.recorder.events("calibration") == []
    assert len(seat.recorder.events("validation")) == 1
    assert seat.calibrator.asked == []
    seat.driver.close()


def test_a_drift_check_is_kept_by_itself(seat: Seat) -> None:
    seat.driver.prepare(Procedure((), DRIFT_TARGET), GREY, ValidationKind.DRIFT)
    seat.driver.happen(Begun())
    seat.live_until(lambda: bool(seat.kept))
    assert seat.kept[0].kind is ValidationKind.DRIFT
    assert seat.kept[0].both.accuracy_deg == pytest.approx(0.5, abs=0.01)
    assert seat.recorder.views()[0].layout == "drift"
    assert len(seat.recorder.events("drift_check_begun")) == 1
    assert seat.recorder.events("calibration") == []
    assert seat.calibrator.asked == []


def test_what_was_looked_at_during_a_question_does_not_count(seat: Seat) -> None:
    is_free = threading.Event()
    begin(seat)
    seat.calibrator.before["collect"] = lambda: is_free.wait(10)
    seat.live_until(lambda: "collect" in seat.calibrator.verbs)
    seat.driver.hold()
    is_free.set()
    assert seat.driver.target() is None
    del seat.calibrator.before["collect"]
    seat.driver.go_on()
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    assert seat.calibrator.asked[:4] == [
        ("enter",),
        ("collect", *FIVE[0]),
        ("discard", *FIVE[0]),
        ("collect", *FIVE[0]),
    ]


def test_a_question_during_a_look_has_it_looked_at_again(seat: Seat) -> None:
    begin(seat, ELSEWHERE)
    seat.live_until(lambda: bool(seat.recorder.views()))
    seat.driver.hold()
    seat.clock.advance(30.0)
    seat.driver.go_on()
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    assert targets_of(seat.recorder.views()) == [VALIDATION_FOUR[0], *VALIDATION_FOUR]


def test_closing_in_the_middle_leaves_the_mode(seat: Seat) -> None:
    begin(seat)
    seat.live_until(lambda: "collect" in seat.calibrator.verbs)
    seat.driver.close()
    assert seat.calibrator.verbs[-1] == "leave"
    seat.driver.close()
    assert seat.calibrator.verbs.count("leave") == 1


def test_a_tracker_that_keeps_its_calibration_to_itself_does_not_lose_the_validation(seat: Seat) -> None:
    seat.calibrator.before["retrieve"] = refuse
    begin(seat)
    seat.live_until(lambda: is_at(seat, Stage.RESULT))
    seat.driver.happen(Accepted())
    seat.live_until(lambda: bool(seat.kept))
    assert seat.recorder.events("calibration")[0].detail["blob_base64"] == ""

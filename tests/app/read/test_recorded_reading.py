"""What a reader is told of the recording, in the Read room over fakes."""

import threading
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QListWidget, QTableView, QWidget
from read_room import CTRL, Room
from reading_fakes import DISPLAY

from acquisition.domain import ReadingState
from acquisition.recorder import RecorderState, RecorderStatus
from app.theme import colour
from app.window import MainWindow


def state_of(room: Room, row: int) -> str:
    return str(room.find(QTableView, "worklist").model().index(row, 2).data())


def conclude(room: Room, loss: float = 0.03, longest_gap_s: float = 0.2) -> None:
    room.desk.recorder.loss, room.desk.recorder.longest_gap_s = loss, longest_gap_s
    room.key(Qt.Key.Key_1, CTRL)
    room.key(Qt.Key.Key_Return)


def test_the_light_has_a_steady_word_and_no_number(reading: Room) -> None:
    look = reading.window._look_at_recorder
    assert reading.words("gazeWord") == "storing gaze – good"
    assert reading.find(QLabel, "light").property("light") == "storing"
    reading.desk.recorder.now = replace(reading.desk.recorder.now, validity=0.4)
    look()
    assert reading.words("gazeWord") == "storing gaze – poor"
    reading.desk.recorder.now = RecorderStatus(
        RecorderState.FAILED, message="The tracker was unplugged: plug it in.", is_stored=False
    )
    look()
    assert reading.words("gazeWord") == "gaze not stored: The tracker was unplugged: plug it in."
    assert reading.find(QLabel, "light").property("light") == "failed"


def test_simulated_gaze_is_marked_on_both_pages(room: Room) -> None:
    chips = [label for label in room.window.findChildren(QLabel) if label.text() == "Simulated source"]
    assert [chip.isVisible() for chip in chips].count(True) == 1
    room.sit_down()
    assert room.find(QLabel, "simulatedSource").isVisible()


@pytest.mark.qt_log_ignore("does not support raise", extend=True)
def test_the_operator_sees_numbers_in_a_window_of_their_own(reading: Room) -> None:
    panel = reading.find(QWidget, "operatorPanel")
    assert not panel.isVisible()
    reading.key(Qt.Key.Key_F9)
    assert panel.isVisible()
    assert panel.isWindow()
    assert reading.words("operatorSource") == "Simulated source"
    assert reading.words("operatorState") == "storing gaze"
    panel.close()
    assert not reading.window._actions["operator"].isChecked()


def test_a_case_with_too_little_gaze_is_told_quietly_and_offered_again(reading: Room) -> None:
    conclude(reading, loss=0.17)
    assert reading.case_id == "case_2"
    assert state_of(reading, 0) == "re-read: 17 % lost"
    assert reading.words("gazeNotice").startswith("Case 001: 17 % of the gaze was lost. It will be offered")
    assert reading.find(QLabel, "gazeNotice").isVisible()
    assert reading.words("doneLabel") == "0 of 3 read, 1 to read again"
    conclude(reading)
    assert not reading.find(QLabel, "gazeNotice").isVisible()
    conclude(reading, longest_gap_s=3.4)
    assert state_of(reading, 2) == "re-read: 3.4 s gap"
    assert reading.case_id == "case_1"
    assert reading.find(QListWidget, "marks").count() == 0
    conclude(reading)
    assert state_of(reading, 0) == "done"
    conclude(reading, loss=0.2)
    assert reading.case_id == ""
    assert reading.words("stageTitle") == "Every case was read once."
    assert reading.words("stageNext").startswith("1 lost too much gaze.")


def test_a_warning_is_told_but_the_case_is_done(reading: Room) -> None:
    conclude(reading, loss=0.11)
    assert state_of(reading, 0) == "done"
    assert reading.words("gazeNotice") == "Case 001: 11 % of the gaze was lost."
    worklist = reading.find(QTableView, "worklist").model()
    assert worklist.index(0, 3).data() == "11.0 %"
    colours = [worklist.index(row, 3).data(Qt.ItemDataRole.ForegroundRole) for row in (0, 1)]
    assert colours == [colour("warning"), None]


def test_a_changed_display_ends_the_recording_keeps_the_draft_and_says_so(reading: Room) -> None:
    reading.key(Qt.Key.Key_R)
    reading.draw()
    reading.desk.screen = replace(DISPLAY, width_px=1280, height_px=1024)
    reading.window._watch.look()
    assert reading.find(QWidget, "readerPage").isVisible()
    assert reading.words("startProblem").startswith(
        "The display changed: 1280 x 1024 px, it was 1920 x 1080 px."
    )
    [event] = reading.desk.recorder.events("display_changed")
    assert event.detail["was"]["width_px"] == 1920
    assert event.detail["is"]["width_px"] == 1280
    reading.qtbot.waitUntil(lambda: reading.desk.recorder.turns == ["pause", "stop"])
    [left] = reading.desk.catalogue.readings()
    assert left.state is ReadingState.INTERRUPTED
    assert len(reading.desk.catalogue.annotations(left.id)) == 1
    assert reading.find(QLabel, "startProblem").isVisible()
    reading.click("startButton")
    reading.qtbot.waitUntil(lambda: reading.desk.session.reader is not None)
    assert not reading.find(QLabel, "startProblem").isVisible()
    assert reading.find(QListWidget, "marks").count() == 1, "the draft is there again"


def test_whoever_sits_there_sees_that_gaze_is_stored_on_every_page(reading: Room) -> None:
    light = reading.find(QWidget, "storageLight")
    assert not light.isVisible(), "the bar says it"
    reading.key(Qt.Key.Key_Question)
    assert light.isVisible()
    assert reading.words("storageWord") == "storing gaze"
    assert reading.window.rect().contains(light.geometry())
    reading.window.resize(1000, 700)
    assert reading.window.rect().contains(light.geometry())
    reading.key(Qt.Key.Key_Escape)
    assert not light.isVisible()


def test_the_light_stays_on_until_the_recording_is_sealed(
    reading: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(reading.desk.recorder, "stop", lambda: go_on.wait(10))
    reading.click("endSession")
    light = reading.find(QWidget, "storageLight")
    assert light.isVisible()
    assert reading.words("storageWord") == "sealing the recording"
    go_on.set()
    reading.qtbot.waitUntil(lambda: not light.isVisible())


def test_no_light_without_gaze(silent_room: Room) -> None:
    silent_room.sit_down()
    silent_room.key(Qt.Key.Key_Question)
    assert not silent_room.find(QWidget, "storageLight").isVisible()


def test_the_light_is_seen_in_another_room_too(reading: Room) -> None:
    main = MainWindow([("Read", reading.window), ("Learn", QWidget())])
    reading.qtbot.addWidget(main)
    main.show()
    reading.qtbot.waitExposed(main)
    light = main.findChild(QWidget, "storageLight")
    assert isinstance(light, QWidget)
    assert not light.isVisible()
    main.show_room(1)
    assert light.isVisible()
    assert main.rect().contains(light.geometry())
    main.show_room(0)
    assert not light.isVisible()
    main.close()
    assert reading.desk.recorder.turns == ["stop"]
    reading.window.setParent(None)

"""The Learn room shows its state and says what was clicked."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QLabel, QPushButton, QTableView
from pytestqt.qtbot import QtBot

from app.learn.room import LearnRoom
from app.learn.state import Action, JobRow, LearnState, ReadingRow

READING = ReadingRow("Case 1", "R-01", "committed", 1200, "1.5 %", "simulated")
RUNNING = JobRow("j1", "Build set", "running", 40, "comparing gaze", can_cancel=True, report=None)
DONE = JobRow(
    "j0", "Pretrain and evaluate", "done", 100, "", can_cancel=False, report=Path("/runs/report.html")
)
EMPTY = LearnState((), "0 committed readings by 0 readers", Action.WAIT, "Read more cases first.", ())
READY = LearnState((READING,) * 9, "9 committed readings by 1 reader", Action.BUILD, "Compares the gaze.", ())


class Desk:
    """Shows what a test puts in, remembers what was asked."""

    def __init__(self, state: LearnState) -> None:
        self.shown = state
        self.acted: list[Action] = []
        self.cancelled: list[str] = []

    def state(self) -> LearnState:
        return self.shown

    def act(self, action: Action) -> None:
        self.acted.append(action)
        self.shown = replace(self.shown, action=Action.WAIT, jobs=(RUNNING,))

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)


@pytest.fixture
def desk() -> Desk:
    return Desk(READY)


def room_of(qtbot: QtBot, desk: Desk) -> tuple[LearnRoom, list[QUrl]]:
    opened: list[QUrl] = []
    room = LearnRoom(desk, opened.append)
    qtbot.addWidget(room)
    room.show()
    return room, opened


def button(room: LearnRoom, name: str) -> QPushButton:
    found = room.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def test_an_empty_store_says_the_next_step_and_offers_nothing(qtbot: QtBot) -> None:
    room, _ = room_of(qtbot, Desk(EMPTY))
    assert not button(room, "learnButton").isEnabled()
    shown = [label.text() for label in room.findChildren(QLabel) if label.isVisible()]
    assert any("Read a case" in text for text in shown)
    assert "Read more cases first." in shown


def test_a_click_queues_the_job_and_the_room_waits(qtbot: QtBot, desk: Desk) -> None:
    room, _ = room_of(qtbot, desk)
    qtbot.mouseClick(button(room, "learnButton"), Qt.MouseButton.LeftButton)
    assert desk.acted == [Action.BUILD]
    assert not button(room, "learnButton").isEnabled()
    jobs = room.findChild(QTableView, "learnJobs")
    assert isinstance(jobs, QTableView)
    assert jobs.isVisible()
    assert jobs.model().index(0, 3).data() == "comparing gaze"


def test_the_running_job_can_be_cancelled(qtbot: QtBot, desk: Desk) -> None:
    desk.shown = replace(READY, jobs=(RUNNING, DONE))
    room, _ = room_of(qtbot, desk)
    qtbot.mouseClick(button(room, "learnCancel"), Qt.MouseButton.LeftButton)
    assert desk.cancelled == ["j1"]


def test_the_report_of_the_selected_job_opens(qtbot: QtBot, desk: Desk) -> None:
    desk.shown = replace(READY, jobs=(RUNNING, DONE))
    room, opened = room_of(qtbot, desk)
    assert not button(room, "learnReport").isEnabled()
    jobs = room.findChild(QTableView, "learnJobs")
    assert isinstance(jobs, QTableView)
    jobs.selectRow(1)
    qtbot.mouseClick(button(room, "learnReport"), Qt.MouseButton.LeftButton)
    assert [url.toLocalFile() for url in opened] == ["/runs/report.html"]


def test_a_hidden_room_does_not_read_the_store(qtbot: QtBot, desk: Desk) -> None:
    room, _ = room_of(qtbot, desk)
    room.hide()
    desk.shown = EMPTY
    readings = room.findChild(QTableView, "learnReadings")
    assert isinstance(readings, QTableView)
    assert readings.model().rowCount() == 9
    room.show()
    assert readings.model().rowCount() == 0

"""The main window and its rooms."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.window import MainWindow


class Room(QWidget):
    """Remembers that it was closed; may refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = False
        self.n_closed = 0

    def closeEvent(self, event: QCloseEvent) -> None:
        self.n_closed += 1
        event.setAccepted(not self.refuses)


@pytest.fixture
def rooms() -> list[Room]:
    return [Room(), Room()]


@pytest.fixture
def window(qtbot: QtBot, rooms: list[Room], dressed: QApplication) -> Iterator[MainWindow]:
    window = MainWindow([("Read", rooms[0]), ("Learn", rooms[1])])
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    yield window
    rooms[1].refuses = False


def test_a_tab_leads_to_its_room(qtbot: QtBot, window: MainWindow, rooms: list[Room]) -> None:
    assert [room.isVisible() for room in rooms] == [True, False]
    tab = window.findChild(QPushButton, "room1")
    assert isinstance(tab, QPushButton)
    qtbot.mouseClick(tab, Qt.MouseButton.LeftButton)
    assert [room.isVisible() for room in rooms] == [False, True]
    assert tab.isChecked()
    window.show_room(0)
    assert not tab.isChecked()


def test_it_says_that_it_is_for_research_only(window: MainWindow) -> None:
    words = window.findChild(QLabel, "researchOnly")
    assert isinstance(words, QLabel)
    assert words.isVisible()
    assert words.text() == "Research use only"


def test_every_room_is_closed_and_one_that_refuses_keeps_the_window(
    window: MainWindow, rooms: list[Room]
) -> None:
    rooms[1].refuses = True
    assert not window.close()
    assert window.isVisible()
    rooms[1].refuses = False
    assert window.close()
    assert [room.n_closed for room in rooms] == [2, 2]

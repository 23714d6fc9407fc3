"""The Read room over fakes, and hands in front of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from reading_fakes import DISPLAY, FOUR_VIEWS, SIMULATED, Darkroom, Desk, FakeCatalogue, a_desk, an_image

from app.calibrate.flow import CalibrationFlow
from app.read.lightbox import LightBox
from app.read.loading import ImageLoader
from app.read.sitting import SourceChoice
from app.read.window import ReadWindow

Found = TypeVar("Found", bound=QWidget)

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
NONE = Qt.KeyboardModifier.NoModifier


@dataclass
class Room:
    """The window, what stands behind it, and the hands in front of it."""

    window: ReadWindow
    desk: Desk
    darkroom: Darkroom
    qtbot: QtBot

    def words(self, name: str) -> str:
        return self.find(QLabel, name).text()

    def find(self, kind: type[Found], name: str) -> Found:
        found = self.window.findChild(kind, name)
        assert isinstance(found, kind), name
        return found

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
        focused = QApplication.focusWidget()
        assert focused is not None
        self.qtbot.keyClick(focused, key, modifier)

    def click(self, name: str, kind: type[QWidget] = QPushButton) -> None:
        self.qtbot.mouseClick(self.find(kind, name), LEFT)

    def press_start(self, pseudonym: str = "R-07") -> None:
        self.qtbot.keyClicks(self.find(QLineEdit, "readerName"), pseudonym)
        self.click("startButton")

    def sit_down(self, pseudonym: str = "R-07") -> None:
        self.press_start(pseudonym)
        self.qtbot.waitUntil(lambda: self.desk.session.reader is not None)

    def see_case(self) -> None:
        self.qtbot.waitUntil(lambda: self.window.is_case_shown)

    def draw(self) -> None:
        box, start, by = self.window.lightbox, QPoint(300, 150), QPoint(40, 40)
        self.qtbot.mousePress(box, LEFT, NONE, start)
        self.qtbot.mouseMove(box, start + by)
        self.qtbot.mouseRelease(box, LEFT, NONE, start + by)

    @property
    def case_id(self) -> str:
        opened = self.desk.session.open_reading
        return opened.case.id if opened else ""


def room_of(
    tmp_path: Path, qtbot: QtBot, n_cases: int = 3, source: SourceChoice = SIMULATED
) -> Iterator[Room]:
    darkroom, catalogue = Darkroom(tmp_path), FakeCatalogue()
    for number in range(1, n_cases + 1):
        case_id = f"case_{number}"
        catalogue.add(case_id, [darkroom.develop(an_image(name, case_id)) for name in FOUR_VIEWS])
    desk = a_desk(catalogue, source)
    calibration = CalibrationFlow(desk.session, desk.clock, asks=False)
    window = ReadWindow(
        desk.session,
        ImageLoader(darkroom.read),
        LightBox(desk.clock),
        lambda _: DISPLAY,
        calibration,
        lambda _: desk.screen,
    )
    qtbot.addWidget(window)
    window.resize(1280, 756)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    yield Room(window, desk, darkroom, qtbot)
    window.close()

"""Hands for a window: presses keys and buttons as a person would, and waits for what the window shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QPushButton, QWidget

from acquisition.errors import BugError, UserError
from app.read.lightbox import LightBox
from app.read.window import ReadWindow
from app.window import MainWindow

PATIENCE_S = 60.0
LOOK_EVERY_S = 0.005
Kind = TypeVar("Kind", bound=QWidget)


class Hands:
    """Drives one main window through Qt's own events."""

    def __init__(self, window: MainWindow) -> None:
        """The window is shown already."""
        self.window = window
        self.read = self.find(ReadWindow, "readRoom")

    def find(self, kind: type[Kind], name: str) -> Kind:
        """The widget of that name."""
        widget = self.window.findChild(kind, name)
        if not isinstance(widget, kind):
            raise BugError(f"The window has no {kind.__name__} {name}.")
        return widget

    def wait_for(self, what: str, is_so: Callable[[], bool], timeout_s: float = PATIENCE_S) -> None:
        """Let the window live until it is so. Raises BugError naming `what` when it never is."""
        deadline_s = time.monotonic() + timeout_s
        while not is_so():
            if time.monotonic() > deadline_s:
                raise BugError(f"Waited {timeout_s:g} s in vain: {what}.")
            self.live(LOOK_EVERY_S)

    def live(self, seconds: float) -> None:
        """Let the window live for this long; the processor rests while nothing happens."""
        loop = QEventLoop()
        QTimer.singleShot(round(1000 * seconds), loop.quit)
        loop.exec()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key, on the image."""
        QTest.keyClick(self.find(LightBox, "lightBox"), key, modifier)

    def click(self, name: str) -> None:
        """A button by its name."""
        QTest.mouseClick(self.find(QPushButton, name), Qt.MouseButton.LeftButton)

    def drag(self, start: QPoint, end: QPoint, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
        """A drag over the images, in the light box's own coordinates."""
        box = self.find(LightBox, "lightBox")
        QTest.mousePress(box, button, pos=start)
        for step in range(1, 9):
            QTest.mouseMove(box, start + (end - start) * step / 8)
        QTest.mouseRelease(box, button, pos=end)

    def sit_down(self, pseudonym: str) -> None:
        """Choose a reader and start; returns when the first case shows, or nothing is left to read."""
        self.find(QLineEdit, "readerName").clear()
        QTest.keyClicks(self.find(QLineEdit, "readerName"), pseudonym)
        self.click("startButton")
        self.wait_for("a reader sits down", self._is_seated)

    def get_up(self) -> None:
        """End the session."""
        self.click("endSession")
        self.wait_for("the session ends", lambda: self.read.session.reader is None)

    def choose_case(self, row: int) -> None:
        """Click a line of the worklist and wait until its images are painted."""
        table = self.find(QAbstractItemView, "worklist")
        index = table.model().index(row, 0)
        table.scrollTo(index)
        QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=table.visualRect(index).center())
        self.wait_until_shown()

    def wait_until_shown(self) -> None:
        """Wait until all images of the open case were painted."""
        self.wait_for("a case is shown", lambda: self.read.is_case_shown)

    def screenshot(self, path: Path) -> None:
        """What the window shows, as a picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self.window.grab().save(str(path)):
            raise UserError(f"{path}: the picture cannot be written there; choose another --out.")

    def _is_seated(self) -> bool:
        return self.read.session.reader is not None

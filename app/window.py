"""The main window: a slim header over the rooms."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.parts import button, frame, label
from app.texts import Text, say

HEADER_HEIGHT_PX = 44


class MainWindow(QMainWindow):
    """Rooms are titles and widgets; a room that must tidy up does so when it is closed."""

    def __init__(self, rooms: Sequence[tuple[str, QWidget]]) -> None:
        """Show the first room."""
        super().__init__()
        self._shown = 0
        self.setWindowTitle(say(Text.APPLICATION))
        self._rooms = QStackedWidget()
        self._widgets = [room for _, room in rooms]
        self._choice = QButtonGroup(self)
        inside = QWidget()
        inside.setProperty("role", "room")
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._header_bar = self._header(rooms)
        column.addWidget(self._header_bar)
        column.addWidget(self._rooms, stretch=1)
        self.setCentralWidget(inside)
        self._choice.idClicked.connect(self.show_room)
        self.setMinimumSize(960, 660)
        self.resize(1280, 800)
        self.show_room(0)

    def show_room(self, index: int) -> None:
        """Go to a room."""
        self._shown = index
        self._choice.button(index).setChecked(True)
        self._rooms.setCurrentIndex(index)
        self._widgets[index].setFocus()

    def furnish(self, rooms: Sequence[QWidget]) -> None:
        """Put these in the place of the rooms so far; a tab without a room goes."""
        for old in self._widgets:
            if old.parentWidget() is self._rooms:  # a room may have taken an old one over
                self._rooms.removeWidget(old)
                old.deleteLater()
        self._widgets = list(rooms)
        for index, tab in enumerate(self._choice.buttons()):
            tab.setVisible(index < len(rooms))
        for room in rooms:
            self._rooms.addWidget(room)
        self.show_room(min(self._shown, len(rooms) - 1))

    def changeEvent(self, event: QEvent) -> None:
        """A window that covers its screen shows nothing but its room."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._header_bar.setVisible(not self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close the rooms first; one that refuses keeps the window open."""
        answers = [room.close() for room in self._widgets]
        event.setAccepted(all(answers))

    def _header(self, rooms: Sequence[tuple[str, QWidget]]) -> QFrame:
        header = frame(name="header")
        header.setFixedHeight(HEADER_HEIGHT_PX)
        row = QHBoxLayout(header)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(4)
        row.addWidget(label(say(Text.APPLICATION), name="wordmark"))
        row.addSpacing(20)
        for index, (title, room) in enumerate(rooms):
            tab = button(title, role="room", name=f"room{index}", is_choice=True)
            tab.setChecked(index == 0)
            self._choice.addButton(tab, index)
            self._rooms.addWidget(room)
            row.addWidget(tab, alignment=Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        row.addWidget(label(say(Text.RESEARCH_ONLY), "muted", name="researchOnly"))
        return header

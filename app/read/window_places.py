"""Moves the windows of the workstation to their screens, and remembers where they were put."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from app.read.desktop import FILLING, attached, put, rect
from app.read.screens import (
    BESIDE,
    Memory,
    Part,
    Place,
    Screen,
    from_desktop,
    load,
    moved,
    places,
    remember,
    save,
)
from app.read.session import ReadingSession
from app.read.side_dock import SideDock


class WindowPlaces(QObject):
    """The images' window, the panel's and the operator's, each on its screen."""

    changed = Signal()
    """Something stands elsewhere, or screens came or went."""

    def __init__(
        self,
        session: ReadingSession,
        room: QWidget,
        dock: SideDock,
        operator: QWidget,
        file: Path | None,
    ) -> None:
        """The panel goes to its place; without a file nothing is remembered from one day to the next."""
        super().__init__(room)
        self._session, self._file = session, file
        self._room, self._dock, self._operator = room, dock, operator
        self._memory: Memory = load(file) if file is not None else ()
        self._places = places(self._memory, attached())
        self._later = QTimer(self, interval=0, singleShot=True)
        self._later.timeout.connect(self._on_other_screens)
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self._later.start)
        application.screenRemoved.connect(self._later.start)
        self.put_panel()

    @property
    def now(self) -> dict[Part, Place]:
        """Where everything belongs."""
        return dict(self._places)

    def place(self, part: Part, screen_key: str) -> None:
        """A part belongs on that screen from now on; an empty key puts the panel beside the images."""
        screens = attached()
        self._look(screens)
        if screen_key != self._places[part].screen:
            self._places = moved(self._places, part, screen_key)
            self._put(part, screens)
            self.put_panel()
            self._keep(screens)
        self.changed.emit()

    def put_images(self) -> None:
        """Move the window with the images to its screen."""
        self._put(Part.IMAGES, attached())

    def put_panel(self) -> None:
        """Beside the images or on a screen of its own."""
        self._dock.set_apart(self._places[Part.PANEL] != BESIDE)
        self._put(Part.PANEL, attached())

    def show_operator(self, is_shown: bool) -> None:
        """Show the operator's window on its screen, or hide it; it comes back where it was."""
        self.remember()
        self._put(Part.OPERATOR, attached())
        self._operator.setVisible(is_shown)

    def remember(self) -> None:
        """Keep where the windows stand now, whoever moved them."""
        screens = attached()
        self._look(screens)
        self._keep(screens)

    @Slot()
    def _on_other_screens(self) -> None:
        """Screens came or went; images in front of a reader stay where the desktop put them."""
        screens = attached()
        self._places = places(self._memory, screens)
        if self._session.reader is None:
            self._put(Part.IMAGES, screens)
        self.put_panel()
        if self._operator.isVisible():
            self._put(Part.OPERATOR, screens)
        self.changed.emit()

    def _put(self, part: Part, screens: list[Screen]) -> None:
        put(part, self._window(part), self._places[part], screens)

    def _window(self, part: Part) -> QWidget:
        windows = {Part.PANEL: self._dock.apart, Part.OPERATOR: self._operator}
        return windows.get(part) or self._room.window()

    def _look(self, screens: list[Screen]) -> None:
        """Where the windows are that are seen."""
        for part in Part:
            window = self._window(part)
            if window.isVisible() and not window.isMinimized():
                at = rect(window.screen().geometry())
                screen = next(screen for screen in screens if screen.box == at)
                is_filling = bool(window.windowState() & FILLING)
                self._places[part] = from_desktop(rect(window.geometry()), screen, is_filling=is_filling)

    def _keep(self, screens: list[Screen]) -> None:
        self._memory = remember(self._memory, screens, self._places)
        if self._file is not None:
            save(self._file, self._memory)

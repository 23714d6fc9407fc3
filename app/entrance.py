"""What is seen first: the main window asks at once who reads; the store is opened behind it.

Who starts before the rooms are there begins when they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from acquisition.errors import UserError
from app.background import Background
from app.choices import StorePlace
from app.parts import label
from app.read.desktop import attached, put
from app.read.key_book import KeyBook
from app.read.key_profiles import KeysError
from app.read.reader_page import ReaderPage
from app.read.screens import Part, load, places
from app.read.sitting import SourceChoice
from app.refusal_page import RefusalPage
from app.texts import Text, say
from app.window import MainWindow

Result = TypeVar("Result")

LOOK_EVERY_MS = 10


class Entrance:
    """The main window before its rooms are there; `lead_to` them."""

    def __init__(self, source: SourceChoice) -> None:
        """The page knows nobody yet."""
        self.page = ReaderPage(source)
        self.page.show_opening()
        learn = label(say(Text.OPENING_STORE), "muted")
        learn.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.window = MainWindow([(say(Text.ROOM_READ), self.page), (say(Text.ROOM_LEARN), learn)])
        self.is_placed = False
        """Whether the window stands where it stood last."""

    @property
    def is_left(self) -> bool:
        """Whether somebody closed the window."""
        return not self.window.isVisible()

    def show(self, place: StorePlace) -> None:
        """On the screen where the window stood last, with the words of the keys that hold there."""
        if _is_there(place.keys_file):
            with suppress(KeysError):  # which the room will complain of
                self.page.show_keys(KeyBook(place.keys_file).bindings)
        if place.screens_file is not None:
            memory = load(place.screens_file) if _is_there(place.screens_file) else ()
            screens = attached()
            put(Part.IMAGES, self.window, places(memory, screens)[Part.IMAGES], screens)
            self.is_placed = True
        self.window.show()

    def wait_for(self, work: Callable[[], Result]) -> Result:
        """The result of `work`, done in a thread while the window answers; what it raises is raised.

        Nobody is in the middle of a click when it returns; somebody may have closed the window.
        """
        background, loop = Background("open", 1), QEventLoop()

        def leave() -> None:
            if QApplication.mouseButtons() == Qt.MouseButton.NoButton or self.is_left:
                loop.quit()
            else:
                QTimer.singleShot(LOOK_EVERY_MS, leave)

        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.lastWindowClosed.connect(loop.quit)
        application.processEvents()  # what was shown before is painted before anything competes with it
        future = background.run(work, lambda _: leave())
        loop.exec()
        background.close()
        return future.result()

    def lead_to(self, rooms: Sequence[QWidget]) -> MainWindow:
        """The window with these rooms; the first one has taken the page over."""
        self.window.furnish(rooms)
        self.page.let_in()
        return self.window

    def refuse(self, error: UserError) -> None:
        """Say why it goes no further."""
        page = RefusalPage(error)
        page.closed.connect(self.window.close)
        self.window.furnish([page])


def _is_there(file: Path | None) -> bool:
    """Whether a file of the store can be found; where it cannot be looked for, the store will say why."""
    try:
        return file is not None and file.exists()
    except OSError:
        return False

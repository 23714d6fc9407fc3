"""Where the images, the worklist and the operator's panel stand: the attached screens, a choice for each."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.parts import button, centred, frame, label
from app.read.desktop import attached
from app.read.screens import Part, Screen
from app.read.screens_picture import NAMES, ScreenSigns, ScreensPicture
from app.read.session import ReadingSession
from app.read.window_places import WindowPlaces
from app.texts import Text, say

CARD_WIDTH_PX = 640
CHOICE_WIDTH_PX = 44


class ScreensPage(QWidget):
    """What is chosen happens at once."""

    closed = Signal()

    def __init__(self, session: ReadingSession, places: WindowPlaces) -> None:
        """Shows the screens as they are whenever it is seen."""
        super().__init__()
        self.setObjectName("screensPage")
        self._session, self._places = session, places
        self._signs = ScreenSigns(self)
        self._picture = ScreensPicture()
        self._words = label("", "muted", "screensWords", wraps=True)
        self._choices = QGridLayout()
        self._choices.setHorizontalSpacing(16)
        self._choices.setVerticalSpacing(8)
        self._choices.setColumnStretch(1, 1)
        self.setLayout(centred(self._make_card()))
        places.changed.connect(self._refresh)

    def showEvent(self, event: QShowEvent) -> None:
        """Number the screens."""
        super().showEvent(event)
        self._refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Take the numbers away."""
        self._signs.hide()
        super().hideEvent(event)

    def _make_card(self) -> QFrame:
        card = frame("card", "screensCard")
        card.setFixedWidth(CARD_WIDTH_PX)
        column = QVBoxLayout(card)
        column.setContentsMargins(28, 24, 28, 28)
        column.setSpacing(16)
        column.addWidget(label(say(Text.SCREENS_TITLE), "display"))
        column.addWidget(self._picture)
        column.addLayout(self._choices)
        column.addWidget(self._words)
        done = button(say(Text.SCREENS_CLOSE), "primary", "screensDone")
        done.clicked.connect(self.closed)
        self.setFocusProxy(done)
        column.addWidget(done)
        return card

    @Slot()
    def _refresh(self) -> None:
        if not self.isVisible():
            return
        screens = attached()
        self._signs.show_on(screens)
        self._picture.show_screens(screens, self._places.now)
        self._words.setText(self._advice(screens))
        while (item := self._choices.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        if len(screens) > 1:
            for row, part in enumerate(Part):
                self._choices.addWidget(label(say(NAMES[part])), row, 0)
                self._choices.addWidget(self._row(part, screens), row, 1)

    def _advice(self, screens: list[Screen]) -> str:
        if len(screens) == 1:
            return say(Text.SCREENS_ONE)
        return say(Text.SCREENS_SEATED if self._session.reader is not None else Text.SCREENS_HINT)

    def _row(self, part: Part, screens: list[Screen]) -> QWidget:
        """A button a screen that the part can go to; images stay where gaze is being measured."""
        now = self._places.now
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        group = QButtonGroup(made)
        targets = [(str(number), screen.key) for number, screen in enumerate(screens, start=1)]
        if part is Part.PANEL:
            images = now[Part.IMAGES].screen
            targets = [(say(Text.SCREENS_BESIDE), ""), *(each for each in targets if each[1] != images)]
        for words, key in targets:
            choice = button(words, "", f"{part}On{words if key else 'Images'}", is_choice=True)
            choice.setMinimumWidth(CHOICE_WIDTH_PX)
            choice.setChecked(now[part].screen == key)
            choice.setEnabled(part is not Part.IMAGES or self._session.reader is None)
            choice.clicked.connect(partial(self._places.place, part, key))
            group.addButton(choice)
            row.addWidget(choice, alignment=Qt.AlignmentFlag.AlignLeft)
        row.addStretch(1)
        return made

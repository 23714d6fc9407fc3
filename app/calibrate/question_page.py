"""One plain question on a card: stop, trouble, or an advice."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.parts import button, centred, frame, label
from app.texts import Text, say

CARD_WIDTH_PX = 460


class QuestionPage(QWidget):
    """What is, and two ways on; the first is what Return does."""

    first = Signal()
    second = Signal()

    def __init__(self) -> None:
        """Ask nothing yet."""
        super().__init__()
        card = frame("card", "questionCard")
        card.setFixedWidth(CARD_WIDTH_PX)
        inside = QVBoxLayout(card)
        inside.setContentsMargins(28, 24, 28, 24)
        inside.setSpacing(12)
        self._title = label("", "title", "questionTitle")
        self._words = label("", "muted", "questionWords", wraps=True)
        self._first = button("", "primary", "questionFirst")
        self._second = button("", "plain", "questionSecond")
        self._first.clicked.connect(self.first)
        self._second.clicked.connect(self.second)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._first)
        row.addWidget(self._second)
        row.addStretch(1)
        inside.addWidget(self._title)
        inside.addWidget(self._words)
        inside.addSpacing(8)
        inside.addLayout(row)
        self.setLayout(centred(card))
        self.setFocusProxy(self._first)

    def ask(self, title: Text, words: str, first: Text, second: Text) -> None:
        """What is asked, and what the buttons say."""
        self._title.setText(say(title))
        self._words.setText(words)
        self._first.setText(say(first))
        self._second.setText(say(second))

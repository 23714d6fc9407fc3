"""Why the workstation does not open: what happened, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.parts import button, centred, frame, label
from app.problem import Problem, details_of
from app.texts import Text, say

CARD_WIDTH_PX = 440


class RefusalPage(QWidget):
    """The sentence of an error, and a way out."""

    closed = Signal()

    def __init__(self, error: Exception) -> None:
        """With the causes of the error for whoever asks."""
        super().__init__()
        self.setObjectName("refusalPage")
        card = frame("card")
        card.setFixedWidth(CARD_WIDTH_PX)
        column = QVBoxLayout(card)
        column.setContentsMargins(28, 24, 28, 28)
        column.setSpacing(12)
        column.addWidget(label(say(Text.NOT_OPENED), "display"))
        problem = Problem("refusal")
        problem.show_problem(str(error), details_of(error))
        column.addWidget(problem)
        column.addSpacing(4)
        close = button(say(Text.CLOSE), "primary", "refusalClose")
        close.clicked.connect(self.closed)
        column.addWidget(close)
        self.setLayout(centred(card))
        self.setFocusProxy(close)

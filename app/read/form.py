"""Questions with their answers as rows: a few short choices lie side by side, more of them in a menu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLayout, QMenu, QPushButton, QWidget

from app.parts import button, label
from app.read.templates import Question
from app.texts import Text, say

TITLE_WIDTH_PX = 84
MOST_SIDE_BY_SIDE = 9
MOST_LETTERS = 14
"""So many letters of choices find room side by side."""


class Form(QWidget):
    """Some questions, one below the other."""

    answered = Signal(str, object)
    """The name of a question and the choices, a tuple; empty where an answer was taken back."""

    def __init__(self) -> None:
        """Nothing is asked."""
        super().__init__()
        self._questions: tuple[Question, ...] = ()
        self._rows: tuple[_Choices | _Menu, ...] = ()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, TITLE_WIDTH_PX)
        self._grid.setColumnStretch(1, 1)

    def ask(self, questions: Sequence[Question]) -> None:
        """Ask these; what is asked already stays as it is."""
        if self._questions == tuple(questions):
            return
        self._questions = tuple(questions)
        _clear(self._grid)
        self._rows = tuple(map(self._make_row, self._questions))
        for number, (question, row) in enumerate(zip(self._questions, self._rows, strict=True)):
            title = label(question.title, "muted")
            self._grid.addWidget(title, number, 0)
            self._grid.addWidget(row, number, 1)
            for part in (title, row):
                part.show()  # else Qt shows it, and makes room for it, one event later
        self.setVisible(bool(self._questions))

    def show_answers(self, answers: Mapping[str, Sequence[str]]) -> None:
        """What was answered so far, by the name of the question."""
        for question, row in zip(self._questions, self._rows, strict=True):
            row.show_chosen(answers.get(question.name, ()))

    def _make_row(self, question: Question) -> _Choices | _Menu:
        row = _Choices(question) if _fits_in_a_row(question) else _Menu(question)
        row.chosen.connect(lambda choices: self.answered.emit(question.name, choices))
        return row


class _Choices(QWidget):
    """Choices side by side; the chosen one, clicked again, is taken back."""

    chosen = Signal(object)

    def __init__(self, question: Question) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        self._buttons = {
            choice: button(choice, "grade", f"{question.name}{choice}", is_choice=True)
            for choice in question.choices
        }
        for choice, made in self._buttons.items():
            made.clicked.connect(lambda is_on, choice=choice: self.chosen.emit((choice,) if is_on else ()))
            row.addWidget(made, stretch=max(len(choice), 2))

    def show_chosen(self, choices: Sequence[str]) -> None:
        for choice, made in self._buttons.items():
            made.setChecked(choice in choices)


class _Menu(QPushButton):
    """Choices in a menu; the button says what was chosen."""

    chosen = Signal(object)

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question
        made = button("", "menu", question.name)
        self.setObjectName(made.objectName())
        self.setProperty("role", "menu")
        self.setFocusPolicy(made.focusPolicy())
        menu = QMenu(self)
        self._actions = {choice: menu.addAction(choice) for choice in question.choices}
        for action in self._actions.values():
            action.setCheckable(True)
            action.triggered.connect(lambda _is_on, action=action: self._on_chosen(action))
        self.setMenu(menu)

    def show_chosen(self, choices: Sequence[str]) -> None:
        for choice, action in self._actions.items():
            action.setChecked(choice in choices)
        words = ", ".join(choices)
        width = self.fontMetrics().horizontalAdvance(words)
        self.setText(words or say(Text.NO_VALUE))
        self.setToolTip(words if width > self.width() else "")

    def _on_chosen(self, action: QAction) -> None:
        is_on = action.isChecked()
        if self._question.is_many:
            on = tuple(choice for choice, one in self._actions.items() if one.isChecked())
            self.chosen.emit(on)
        else:
            self.chosen.emit((action.text(),) if is_on else ())


def _fits_in_a_row(question: Question) -> bool:
    n_letters = sum(map(len, question.choices))
    n_choices = len(question.choices)
    return not question.is_many and 1 < n_choices <= MOST_SIDE_BY_SIDE and n_letters <= MOST_LETTERS


def _clear(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()

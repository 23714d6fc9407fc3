"""The findings of the open case: marks, what they are called, BI-RADS category, note, commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from acquisition.domain import Annotation, Assessment
from app.parts import button, label
from app.read.commands import BIRADS
from app.texts import LABELS, Text, say

MARKS_HEIGHT_PX = 96
NOTE_HEIGHT_PX = 52
NOTE_PAUSE_MS = 400
"""A note is kept when typing rests for so long, and before anything else is done with the case."""
COLUMNS_OF_LABELS = 3


class FindingsPanel(QWidget):
    """Shows what was found and says what the reader wants to change."""

    label_chosen = Signal(str)
    """For the chosen mark and the next ones: an English word of `LABELS`."""
    mark_chosen = Signal(str)
    birads_chosen = Signal(int)
    note_paused = Signal()
    """Somebody wrote a note and rests."""
    commit_asked = Signal()

    def __init__(self) -> None:
        """Nothing is open."""
        super().__init__()
        self.setObjectName("findingsPanel")
        self._note_timer = QTimer(self, interval=NOTE_PAUSE_MS, singleShot=True)
        self._note_timer.timeout.connect(self.note_paused)
        self._reading_id = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(label(say(Text.FINDINGS), "section"))
        column.addWidget(self._make_marks())
        column.addLayout(self._make_labels())
        column.addLayout(self._make_birads())
        column.addWidget(self._make_note())
        self._problem = label("", "warning", "findingsProblem", wraps=True)
        self._problem.hide()
        column.addWidget(self._problem)
        self._commit = button(say(Text.COMMIT), "primary", "commitButton")
        self._commit.clicked.connect(self.commit_asked)
        column.addWidget(self._commit)

    def show_findings(
        self,
        marks: Sequence[Annotation],
        chosen_id: str,
        view_names: Mapping[str, str],
        assessment: Assessment | None,
    ) -> None:
        """The marks (with the names of their images) and the conclusion; None while no case is open."""
        self.setEnabled(assessment is not None)
        self._show_marks(marks, chosen_id, view_names)
        self._show_birads(assessment.birads if assessment else None)
        self._show_note(assessment)
        chosen = next((mark for mark in marks if mark.id == chosen_id), None)
        if chosen is not None:
            self.show_label(chosen.label)

    def show_label(self, word: str) -> None:
        """What the chosen mark and the next ones are called."""
        for choice in self._labels.buttons():
            choice.setChecked(choice.objectName() == f"label_{word}")

    def show_problem(self, sentence: str) -> None:
        """One plain sentence above the commit button; empty for none."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    @property
    def is_writing(self) -> bool:
        """Whether the note has the focus."""
        return self._note.hasFocus()

    @property
    def note(self) -> str:
        """What is written, kept or not."""
        return self._note.toPlainText()

    def _make_marks(self) -> QWidget:
        self._marks = QListWidget()
        self._marks.setObjectName("marks")
        self._marks.setFixedHeight(MARKS_HEIGHT_PX)
        self._marks.currentItemChanged.connect(self._on_mark)
        self._no_marks = label(say(Text.NO_FINDINGS), "muted", "noMarks", wraps=True)
        self._no_marks.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._no_marks.setFixedHeight(MARKS_HEIGHT_PX)
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._marks)
        column.addWidget(self._no_marks)
        return both

    def _make_labels(self) -> QGridLayout:
        self._labels = QButtonGroup(self)
        grid = QGridLayout()
        grid.setSpacing(4)
        for i, text in enumerate(LABELS):
            choice = button(say(text), "choice", f"label_{text.value}", is_choice=True)
            choice.setChecked(i == 0)
            self._labels.addButton(choice, i)
            grid.addWidget(choice, i // COLUMNS_OF_LABELS, i % COLUMNS_OF_LABELS)
        self._labels.idClicked.connect(lambda i: self.label_chosen.emit(LABELS[i].value))
        return grid

    def _make_birads(self) -> QHBoxLayout:
        self._birads = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(label(say(Text.BIRADS), "muted"))
        row.addSpacing(4)
        for category in BIRADS:
            choice = button(str(category), "choice", f"birads{category}", is_choice=True)
            self._birads.addButton(choice, category)
            row.addWidget(choice)
        self._birads.idClicked.connect(self.birads_chosen)
        return row

    def _make_note(self) -> QPlainTextEdit:
        self._note = QPlainTextEdit()
        self._note.setObjectName("note")
        self._note.setPlaceholderText(say(Text.NOTE))
        self._note.setFixedHeight(NOTE_HEIGHT_PX)
        self._note.setTabChangesFocus(True)
        self._note.textChanged.connect(self._note_timer.start)
        return self._note

    def _show_marks(self, marks: Sequence[Annotation], chosen_id: str, view_names: Mapping[str, str]) -> None:
        with QSignalBlocker(self._marks):
            self._marks.clear()
            for number, mark in enumerate(marks, start=1):
                words = say(
                    Text.FINDING, number=number, label=mark.label, view=view_names.get(mark.image_id, "")
                )
                item = QListWidgetItem(words)
                item.setData(Qt.ItemDataRole.UserRole, mark.id)
                self._marks.addItem(item)
                if mark.id == chosen_id:
                    self._marks.setCurrentItem(item)
        self._marks.setVisible(bool(marks))
        self._no_marks.setVisible(not marks)

    def _show_note(self, assessment: Assessment | None) -> None:
        """Put in the note of another reading; within one, what is written here is the newest."""
        reading_id = assessment.reading_id if assessment else ""
        if reading_id != self._reading_id:
            self._reading_id = reading_id
            with QSignalBlocker(self._note):
                self._note.setPlainText(assessment.text if assessment else "")

    def _show_birads(self, category: int | None) -> None:
        # An exclusive group cannot be emptied, so it is not exclusive while nothing is chosen.
        self._birads.setExclusive(False)
        for choice in self._birads.buttons():
            choice.setChecked(self._birads.id(choice) == category)
        self._birads.setExclusive(True)

    @Slot(QListWidgetItem, QListWidgetItem)
    def _on_mark(self, current: QListWidgetItem | None, _previous: QListWidgetItem | None) -> None:
        if current is not None:
            self.mark_chosen.emit(current.data(Qt.ItemDataRole.UserRole))

"""The findings of the open case: marks and what is said of them, the conclusion, note, commit."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from acquisition.domain import Annotation, Assessment
from app.parts import ScrolledColumn, button, frame, label, lay_out_now, restyle, tab_in_reading_order
from app.problem import Problem
from app.read.form import Form
from app.read.hanging import view_name
from app.read.keeping import Kept
from app.read.key_bindings import Bindings, own_bindings, tell_key
from app.read.mark_painting import mark_words
from app.read.open_reading import OpenReading
from app.read.report import CONFIDENCES, partners
from app.read.templates import Question, Template, answer
from app.texts import Text, say

MARKS_HEIGHT_PX, FEWEST_MARKS_HEIGHT_PX = 76, 28
NOTE_HEIGHT_PX, SPEECH_HEIGHT_PX = 44, 64
NOTE_PAUSE_MS = 400
"""A note is kept when typing rests for so long, and before anything else is done with the case."""
SPACING_PX = 8
LEAST_DETAILS_PX, LEAST_CASE_PX = 44, 88
"""In a low window what is asked of a mark scrolls before what is asked of the case does."""
COLUMNS_OF_LABELS = 3
DRAWN_AROUND = ("ellipse", "rectangle", "polygon", "freehand")
CONFIDENCE = "confidence"
PARTNER = "partner"


def drawing_keys(bindings: Bindings) -> str:
    """The keys of the tools that draw around a finding, in words."""
    *others, last = (bindings.shown(name) for name in DRAWN_AROUND)
    return say(Text.ONE_OR_OTHER, first=", ".join(others), last=last)


class FindingsPanel(QWidget):
    """Shows what was found and says what the reader wants to change."""

    label_chosen = Signal(str)
    """For the chosen mark and the next ones: the name of a type of the template."""
    described = Signal(str, object)
    """A question about the chosen mark, and the choices."""
    rated = Signal(object)
    """How sure the reader is of the chosen mark, None where that is taken back."""
    partner_chosen = Signal(str)
    """A mark that is the same finding as the chosen one; empty for none."""
    mark_chosen = Signal(str)
    concluded = Signal(str, object)
    """A question about the case, and the choices."""
    note_paused = Signal()
    """Somebody wrote a note and rests."""
    commit_asked = Signal()

    def __init__(self) -> None:
        """Nothing is open."""
        super().__init__()
        self.setObjectName("findingsPanel")
        self._note_timer = QTimer(self, interval=NOTE_PAUSE_MS, singleShot=True)
        self._note_timer.timeout.connect(self.note_paused)
        self._template: Template | None = None
        self._bindings = own_bindings()
        self._shown_note = ("", "")
        self._is_refused = False
        self._partner_ids: dict[str, str] = {}
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(SPACING_PX)
        column.addLayout(self._make_heading())
        column.addWidget(self._make_marks())
        column.addLayout(self._make_labels())
        self._case = Form()
        self._case.answered.connect(self.concluded)
        self._areas = (
            ScrolledColumn([self._make_details()], 0, LEAST_DETAILS_PX),
            ScrolledColumn([self._case, self._make_speech()], SPACING_PX, LEAST_CASE_PX),
        )
        column.addWidget(self._areas[0])
        column.addWidget(frame("line"))
        column.addWidget(self._areas[1])
        column.addWidget(self._make_note())
        self._problem = Problem("findingsProblem")
        column.addWidget(self._problem)
        self._commit = button(say(Text.COMMIT), "primary", "commitButton")
        self._commit.clicked.connect(self.commit_asked)
        self.show_keys(self._bindings)
        column.addWidget(self._commit)

    def show_findings(self, opened: OpenReading | None, chosen_id: str, label_name: str) -> None:
        """The open case with its chosen mark, and what the next mark will be called."""
        self.setEnabled(opened is not None)
        if opened is not None and opened.template != self._template:
            self._show_template(opened.template)
        chosen = opened.report.find(chosen_id) if opened else None
        for choice in self._labels.buttons():
            choice.setChecked(choice.objectName() == f"label_{label_name}")
        self._show_marks(opened, chosen_id)
        self._show_details(opened, chosen)
        self._show_note(opened.assessment if opened else None)
        self._show_speech(opened)
        assessment = opened.assessment if opened else Assessment("")
        questions = self._template.questions if self._template else ()
        self._case.show_answers({asked.name: answer(assessment, asked.name) for asked in questions})
        tab_in_reading_order(self._column)
        lay_out_now(self._areas)

    def show_problem(self, sentence: str, details: str = "") -> None:
        """One plain sentence above the commit button, and what lies behind it; empty for none."""
        self._problem.show_problem(sentence, details)
        lay_out_now(self._areas)

    def show_kept(self, kept: Kept | None) -> None:
        """Whether all that was said is stored; None where nothing was said."""
        is_refused = kept is not None and bool(kept.problem)
        words = Text.NOT_KEPT if is_refused else Text.KEPT if kept and kept.is_all else Text.KEEPING
        self._kept.setText("" if kept is None else say(words))
        if is_refused != self._is_refused:
            self._is_refused = is_refused
            restyle(self._kept, role="warning" if is_refused else "muted")
            self.show_problem(kept.problem if kept else "")
        elif kept is not None and is_refused:
            self.show_problem(kept.problem)
        lay_out_now(self._areas)

    def show_keys(self, bindings: Bindings) -> None:
        """Name the keys that hold, beside what they do."""
        self._bindings = bindings
        self._no_marks.setText(say(Text.NO_FINDINGS, keys=drawing_keys(bindings)))
        for made in self.findChildren(QPushButton):
            if made.objectName() in bindings.bound:
                tell_key(made, made.objectName(), bindings)
        tell_key(self._commit, "commit", bindings)

    @property
    def is_writing(self) -> bool:
        """Whether the note has the focus."""
        return self._note.hasFocus()

    @property
    def note(self) -> str:
        """What is written, kept or not."""
        return self._note.toPlainText()

    def _make_heading(self) -> QHBoxLayout:
        self._kept = label("", "muted", "keptWord")
        row = QHBoxLayout()
        row.addWidget(label(say(Text.FINDINGS), "section"), stretch=1)
        row.addWidget(self._kept)
        return row

    def _make_marks(self) -> QWidget:
        self._marks = QListWidget()
        self._marks.setObjectName("marks")
        self._marks.setMinimumHeight(FEWEST_MARKS_HEIGHT_PX)
        self._marks.setMaximumHeight(MARKS_HEIGHT_PX)
        self._marks.currentItemChanged.connect(self._on_mark)
        self._no_marks = label("", "muted", "noMarks", wraps=True)
        self._no_marks.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._no_marks.setMinimumHeight(FEWEST_MARKS_HEIGHT_PX)
        self._no_marks.setMaximumHeight(MARKS_HEIGHT_PX)
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._marks)
        column.addWidget(self._no_marks)
        return both

    def _make_labels(self) -> QGridLayout:
        self._labels = QButtonGroup(self)
        self._label_grid = QGridLayout()
        self._label_grid.setSpacing(4)
        return self._label_grid

    def _make_details(self) -> QWidget:
        """What is asked of the chosen mark."""
        self._details = QWidget()
        column = QVBoxLayout(self._details)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._descriptors, self._certainty, self._partner = Form(), Form(), Form()
        for form in (self._descriptors, self._certainty, self._partner):
            column.addWidget(form)
        sure = Question(CONFIDENCE, say(Text.CONFIDENCE), tuple(map(str, CONFIDENCES)))
        self._certainty.ask([sure])
        self._descriptors.answered.connect(self.described)
        self._certainty.answered.connect(
            lambda _, chosen: self.rated.emit(int(chosen[0]) if chosen else None)
        )
        self._partner.answered.connect(
            lambda _, chosen: self.partner_chosen.emit(self._partner_ids[chosen[0]] if chosen else "")
        )
        return self._details

    def _make_note(self) -> QPlainTextEdit:
        self._note = QPlainTextEdit()
        self._note.setObjectName("note")
        self._note.setPlaceholderText(say(Text.NOTE))
        self._note.setFixedHeight(NOTE_HEIGHT_PX)
        self._note.setTabChangesFocus(True)
        self._note.textChanged.connect(self._note_timer.start)
        return self._note

    def _make_speech(self) -> QWidget:
        """What was dictated before; hidden where nothing was."""
        self._speech = QPlainTextEdit()
        self._speech.setObjectName("speech")
        self._speech.setReadOnly(True)
        self._speech.setFixedHeight(SPEECH_HEIGHT_PX)
        self._speech.setTabChangesFocus(True)
        self._heard = QWidget()
        column = QVBoxLayout(self._heard)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(label(say(Text.DICTATED), "muted"))
        column.addWidget(self._speech)
        self._heard.hide()
        return self._heard

    def _show_template(self, template: Template) -> None:
        self._template = template
        for choice in self._labels.buttons():
            self._labels.removeButton(choice)
            choice.deleteLater()
        for i, finding in enumerate(template.findings):
            choice = button(finding.name, "grade", f"label_{finding.name}", is_choice=True)
            choice.clicked.connect(lambda _, name=finding.name: self.label_chosen.emit(name))
            self._labels.addButton(choice)
            self._label_grid.addWidget(choice, i // COLUMNS_OF_LABELS, i % COLUMNS_OF_LABELS)
        self._case.ask(template.questions)
        self.show_keys(self._bindings)

    def _show_marks(self, opened: OpenReading | None, chosen_id: str) -> None:
        marks = opened.marks if opened else ()
        with QSignalBlocker(self._marks):
            self._marks.clear()
            for mark, words in zip(marks, _lines(opened), strict=True):
                item = QListWidgetItem(words)
                item.setData(Qt.ItemDataRole.UserRole, mark.id)
                self._marks.addItem(item)
                if mark.id == chosen_id:
                    self._marks.setCurrentItem(item)
        rows_px = sum(self._marks.sizeHintForRow(row) for row in range(len(marks)))
        self._marks.setMaximumHeight(min(rows_px + 2 * self._marks.frameWidth(), MARKS_HEIGHT_PX))
        self._marks.setVisible(bool(marks))
        self._no_marks.setVisible(not marks)

    def _show_details(self, opened: OpenReading | None, chosen: Annotation | None) -> None:
        """Of a measure nothing is asked."""
        is_asked = opened is not None and chosen is not None and bool(chosen.label)
        self._details.setVisible(is_asked)
        if opened is None or chosen is None or not is_asked:
            return
        self._descriptors.ask(opened.template.finding(chosen.label).questions)
        self._descriptors.show_answers(chosen.descriptors)
        self._certainty.show_answers({CONFIDENCE: (str(chosen.confidence),)} if chosen.confidence else {})
        names = dict(zip((mark.id for mark in opened.marks), _names(opened), strict=True))
        self._partner_ids = {names[mark.id]: mark.id for mark in partners(opened.report, chosen.id)}
        same = Question(PARTNER, say(Text.SAME_AS), tuple(self._partner_ids))
        self._partner.ask([same] if self._partner_ids else [])
        self._partner.setVisible(bool(self._partner_ids))
        partner = names.get(chosen.partner_id)
        self._partner.show_answers({PARTNER: (partner,)} if partner else {})

    def _show_speech(self, opened: OpenReading | None) -> None:
        words = "\n".join(said.text for said in opened.speech) if opened else ""
        if words != self._speech.toPlainText():
            self._speech.setPlainText(words)
        self._heard.setVisible(bool(words))

    def _show_note(self, assessment: Assessment | None) -> None:
        """Put in a note that is another than was shown last; what is written here is newer than that."""
        kept = (assessment.reading_id, assessment.text) if assessment else ("", "")
        if kept != self._shown_note:
            self._shown_note = kept
            if kept[1] != self.note:
                with QSignalBlocker(self._note):
                    self._note.setPlainText(kept[1])

    @Slot(QListWidgetItem, QListWidgetItem)
    def _on_mark(self, current: QListWidgetItem | None, _previous: QListWidgetItem | None) -> None:
        if current is not None:
            self.mark_chosen.emit(current.data(Qt.ItemDataRole.UserRole))


def _names(opened: OpenReading) -> list[str]:
    """What each mark is called, with its number and its view."""
    images: Mapping[str, str] = {image.id: view_name(image) for image in opened.images}
    names = []
    for number, mark in enumerate(opened.marks, start=1):
        image = opened.image(mark.image_id)
        words = mark_words(mark, image) if image else mark.label
        view = images.get(mark.image_id, "")
        if image is not None and image.n_frames > 1:
            view = say(Text.FINDING_FRAME, view=view, frame=mark.frame + 1)
        names.append(say(Text.FINDING, number=number, label=words, view=view))
    return names


def _lines(opened: OpenReading | None) -> list[str]:
    """The names of the marks, how sure the reader is, and which other mark is the same finding."""
    if opened is None:
        return []
    numbers = {mark.id: number for number, mark in enumerate(opened.marks, start=1)}
    lines = []
    for mark, name in zip(opened.marks, _names(opened), strict=True):
        line = name
        if mark.partner_id in numbers:
            line = say(Text.FINDING_SAME, finding=line, number=numbers[mark.partner_id])
        if mark.is_gaze_assisted:
            line = say(Text.FINDING_BY_GAZE, finding=line)
        if mark.confidence:
            line = say(Text.FINDING_SURE, finding=line, confidence=mark.confidence)
        lines.append(line)
    return lines

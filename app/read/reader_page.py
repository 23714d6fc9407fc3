"""Who is reading? The first page of the Read room, with the consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QVBoxLayout,
    QWidget,
)

from app.parts import PatientBar, button, frame, label
from app.problem import Problem
from app.read.consent import Consent
from app.read.key_bindings import Bindings, own_bindings
from app.read.sitting import SourceChoice
from app.texts import Text, say

CARD_WIDTH_PX = 440
LIST_HEIGHT_PX = 152


class ReaderPage(QWidget):
    """Pick a pseudonym or type a new one; Start is the consent.

    open <--let_in-- opening     who starts while the store is opened is held until `let_in`
    """

    started = Signal(str, object)
    """The pseudonym, and the Consent as it was given."""
    cancelled = Signal()
    """The source takes too long to open."""
    screens_asked = Signal()
    import_asked = Signal()

    def __init__(self, source: SourceChoice) -> None:
        """For readings recorded from this source."""
        super().__init__()
        self.setObjectName("readerPage")
        self._source = source
        self._has_cases = True
        self._is_busy = False
        self._is_open = self._has_import = True
        self._held: tuple[str, Consent] | None = None
        self._build()
        self._follow()

    @property
    def consent(self) -> Consent:
        """The words on the screen at this moment: pressing Start is to agree to them."""
        utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        return Consent(self._words.text(), say(Text.LANGUAGE), utc)

    def show_keys(self, bindings: Bindings) -> None:
        """The consent names the key that pauses."""
        source, pause = self._source.kind, bindings.shown("pause")
        silent = self._source.is_silent
        self._words.setText(
            say(Text.CONSENT_NONE) if silent else say(Text.CONSENT, source=source, pause=pause)
        )

    def show_opening(self) -> None:
        """The store is being opened: nobody can be picked yet, but a name can be typed, and Start pressed."""
        self._is_open = False
        self._list.hide()
        self._opening.show()
        self._follow()

    def let_in(self) -> None:
        """All is open: whoever was held begins, where there is something to read and the words still hold."""
        held, self._held, self._is_open = self._held, None, True
        self._follow()
        if held is None:
            return
        self.show_busy(False)
        if held[1].words != self._words.text():
            self.show_problem(say(Text.CONSENT_CHANGED))
        elif self._has_cases:
            self.started.emit(*held)

    def show_readers(self, pseudonyms: Sequence[str], has_cases: bool) -> None:
        """Who can be picked, and whether there is anything to read."""
        self._has_cases = has_cases
        self._opening.hide()
        self._list.clear()
        self._list.addItems(pseudonyms)
        self._list.setVisible(bool(pseudonyms))
        rows_px = sum(self._list.sizeHintForRow(row) for row in range(len(pseudonyms)))
        self._list.setFixedHeight(min(rows_px + 2 * self._list.frameWidth(), LIST_HEIGHT_PX))
        self._empty.setVisible(not has_cases)
        self._follow()

    def show_import(self, is_there: bool) -> None:
        """Whether images can be brought in from here."""
        self._has_import = is_there
        self._follow()

    def show_busy(self, is_busy: bool) -> None:
        """Whether the source is being opened."""
        self._is_busy = is_busy
        if is_busy:
            self._problem.show_problem("")
        self._wait.show_waiting(is_busy)
        waits_for = Text.STARTING if self._is_open else Text.OPENING_STORE
        self._start.setText(say(waits_for if is_busy else Text.START))
        had_focus = self._cancel.hasFocus() or self._start.hasFocus() or self._name.hasFocus()
        self._cancel.setVisible(is_busy)
        self._follow()
        if had_focus:
            (self._cancel if is_busy else self._name).setFocus()

    def show_problem(self, sentence: str, details: str = "") -> None:
        """Why it did not start, and what lies behind that; Return tries again."""
        self.show_busy(False)
        self._problem.show_problem(sentence, details)
        self._name.setFocus()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.addStretch(2)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._card())
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(3)

    def _card(self) -> QFrame:
        card = frame("card", "readerCard")
        card.setFixedWidth(CARD_WIDTH_PX)
        column = QVBoxLayout(card)
        column.setContentsMargins(28, 24, 28, 28)
        column.setSpacing(12)
        column.addWidget(label(say(Text.WHO_READS), "display"))
        column.addWidget(label(say(Text.WHO_READS_HINT), "muted", wraps=True))
        self._opening = label(say(Text.OPENING_STORE), "muted", "openingStore")
        self._opening.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._opening.setFixedHeight(LIST_HEIGHT_PX)
        self._opening.hide()
        column.addWidget(self._opening)
        column.addWidget(self._choice())
        column.addWidget(self._field())
        column.addSpacing(4)
        column.addWidget(self._consent())
        column.addLayout(self._source_line())
        no_cases = f"{say(Text.NO_CASES)} {say(Text.NO_CASES_NEXT)}"
        self._empty = label(no_cases, "warning", "noCases", wraps=True)
        self._empty.hide()
        self._problem = Problem("startProblem")
        self._wait = PatientBar()
        column.addWidget(self._empty)
        column.addWidget(self._problem)
        self._start = button(say(Text.START), "primary", "startButton")
        self._start.clicked.connect(self._on_start)
        self._cancel = button(say(Text.CANCEL), "link", "cancelStart")
        self._cancel.clicked.connect(self._on_cancel)
        self._cancel.hide()
        column.addWidget(self._start)
        column.addWidget(self._wait)
        column.addWidget(self._cancel)
        return card

    def _choice(self) -> QListWidget:
        self._list = QListWidget()
        self._list.setObjectName("readerList")
        self._list.currentTextChanged.connect(self._on_picked)
        self._list.itemClicked.connect(lambda item: self._on_picked(item.text()))
        self._list.itemActivated.connect(self._on_start)
        return self._list

    def _field(self) -> QLineEdit:
        self._name = QLineEdit()
        self._name.setObjectName("readerName")
        self._name.setPlaceholderText(say(Text.PSEUDONYM))
        self._name.setMaxLength(40)
        self._name.textChanged.connect(self._follow)
        self._name.returnPressed.connect(self._on_start)
        self.setFocusProxy(self._name)
        return self._name

    def _consent(self) -> QWidget:
        self._words = label("", "muted", "consent", wraps=True)
        self.show_keys(own_bindings())
        return self._words

    def _source_line(self) -> QHBoxLayout:
        row = QHBoxLayout()
        if self._source.is_simulated:
            chip = label(say(Text.SIMULATED_SOURCE), "chip")
            row.addWidget(chip, alignment=Qt.AlignmentFlag.AlignVCenter)
        row.addStretch(1)
        self._bring = button(say(Text.IMPORT_LINK), "link", "importLink")
        self._bring.clicked.connect(self.import_asked)
        row.addWidget(self._bring)
        self._screens = button(say(Text.SCREENS_TITLE), "link", "screensLink")
        self._screens.clicked.connect(self.screens_asked)
        row.addWidget(self._screens)
        for link in (self._bring, self._screens):  # which come later than the page
            policy = link.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            link.setSizePolicy(policy)
        return row

    @Slot()
    def _follow(self) -> None:
        is_named = bool(self._name.text().strip())
        self._start.setEnabled(is_named and self._has_cases and not self._is_busy)
        self._name.setEnabled(not self._is_busy)
        self._list.setEnabled(not self._is_busy)
        self._bring.setVisible(self._is_open and self._has_import)
        self._screens.setVisible(self._is_open)

    @Slot(str)
    def _on_picked(self, pseudonym: str) -> None:
        if pseudonym:
            self._name.setText(pseudonym)

    @Slot()
    def _on_start(self) -> None:
        if not self._start.isEnabled():
            return
        given = self._name.text().strip(), self.consent
        if self._is_open:
            self.started.emit(*given)
        else:
            self._held = given
            self.show_busy(True)

    @Slot()
    def _on_cancel(self) -> None:
        if self._held is not None:
            self._held = None
            self.show_busy(False)
        else:
            self.cancelled.emit()

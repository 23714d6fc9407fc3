"""The Learn room: the readings, one button, and the jobs at the foot.

The room decides nothing: it shows a `LearnState` and says what was asked for. Jobs run in a worker
process and are rows in the catalogue, so the room only looks at them on a timer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QAbstractTableModel, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.learn.state import Action, JobRow, LearnState
from app.learn.tables import JOB_COLUMNS, READING_COLUMNS, RowsModel

LOOK_EVERY_MS = 500
BUTTON_TEXT = {
    Action.BUILD: "Build pretraining set",
    Action.PRETRAIN: "Pretrain and evaluate",
    Action.WAIT: "Build pretraining set",
    Action.INSTALL: "Build pretraining set",
}


class LearnDesk(Protocol):
    """What the room asks of the store."""

    def state(self) -> LearnState:
        """Everything there is to show, read afresh."""
        ...

    def act(self, action: Action) -> None:
        """Queue the job of that action and see that a worker runs."""
        ...

    def cancel(self, job_id: str) -> None:
        """Ask a job to stop."""
        ...


class LearnRoom(QWidget):
    """The room as a page of the main window."""

    def __init__(
        self, desk: LearnDesk, open_url: Callable[[QUrl], object] = QDesktopServices.openUrl
    ) -> None:
        """Show what the desk knows; `open_url` opens a report outside."""
        super().__init__()
        self._desk = desk
        self._open_url = open_url
        self._readings = RowsModel(READING_COLUMNS)
        self._jobs = RowsModel(JOB_COLUMNS)
        self._action = Action.WAIT
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.refresh)

    def showEvent(self, event: QShowEvent) -> None:
        """Look at the store as long as the room is seen."""
        super().showEvent(event)
        self.refresh()
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: no need to read the store."""
        self._timer.stop()
        super().hideEvent(event)

    @Slot()
    def refresh(self) -> None:
        """Read the store and show the difference."""
        state = self._desk.state()
        self._readings.show_rows(state.readings)
        self._jobs.show_rows(state.jobs)
        self._summary.setText(state.summary)
        self._hint.setText(state.hint)
        self._action = state.action
        self._button.setText(BUTTON_TEXT[state.action])
        self._button.setEnabled(state.action in (Action.BUILD, Action.PRETRAIN))
        self._list.setCurrentIndex(1 if state.readings else 0)
        self._foot.setCurrentIndex(1 if state.jobs else 0)
        self._follow_selection()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        column.addLayout(self._head())
        column.addLayout(self._readings_list(), stretch=3)
        column.addWidget(_label("Jobs", "section"))
        column.addLayout(self._jobs_list(), stretch=2)
        column.addLayout(self._job_buttons())

    def _head(self) -> QHBoxLayout:
        self._summary, self._hint = _label("", "title"), _label("", "muted")
        self._summary.setObjectName("learnSummary")
        self._hint.setObjectName("learnHint")
        self._hint.setWordWrap(True)
        self._button = _button(BUTTON_TEXT[Action.BUILD], "learnButton")
        self._button.setProperty("role", "primary")
        self._button.clicked.connect(self._on_button)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._summary)
        words.addWidget(self._hint)
        head = QHBoxLayout()
        head.setSpacing(24)
        head.addLayout(words, stretch=1)
        head.addWidget(self._button)
        return head

    def _readings_list(self) -> QStackedLayout:
        self._list = QStackedLayout()
        self._list.addWidget(_empty("No readings yet. Read a case in the Read room: it appears here."))
        self._list.addWidget(_table(self._readings, "learnReadings", stretch_column=0))
        return self._list

    def _jobs_list(self) -> QStackedLayout:
        self._job_table = _table(self._jobs, "learnJobs", stretch_column=3)
        self._job_table.selectionModel().selectionChanged.connect(self._follow_selection)
        self._foot = QStackedLayout()
        self._foot.addWidget(_empty("No jobs yet. The button above queues the first one."))
        self._foot.addWidget(self._job_table)
        return self._foot

    def _job_buttons(self) -> QHBoxLayout:
        self._cancel = _button("Cancel job", "learnCancel")
        self._cancel.clicked.connect(self._on_cancel)
        self._report = _button("Open report", "learnReport")
        self._report.clicked.connect(self._on_report)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self._cancel)
        buttons.addWidget(self._report)
        return buttons

    def _selected_job(self) -> JobRow | None:
        """The selected job, else the newest."""
        if self._jobs.rowCount() == 0:
            return None
        selected = self._job_table.selectionModel().selectedRows()
        return self._jobs.row(selected[0].row() if selected else 0)

    @Slot()
    def _follow_selection(self) -> None:
        job = self._selected_job()
        self._cancel.setEnabled(job is not None and job.can_cancel)
        self._report.setEnabled(job is not None and job.report is not None)

    @Slot()
    def _on_button(self) -> None:
        self._desk.act(self._action)
        self.refresh()

    @Slot()
    def _on_cancel(self) -> None:
        job = self._selected_job()
        if job is not None:
            self._desk.cancel(job.id)
            self.refresh()

    @Slot()
    def _on_report(self) -> None:
        job = self._selected_job()
        if job is not None and job.report is not None:
            self._open_url(QUrl.fromLocalFile(str(job.report)))


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    return label


def _button(text: str, name: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    return button


def _empty(text: str) -> QLabel:
    label = _label(text, "empty")
    label.setWordWrap(True)
    return label


def _table(model: QAbstractTableModel, name: str, stretch_column: int) -> QTableView:
    table = QTableView()
    table.setObjectName(name)
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setAlternatingRowColors(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    header = table.horizontalHeader()
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretch_column, QHeaderView.ResizeMode.Stretch)
    header.setHighlightSections(False)
    return table

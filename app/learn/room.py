"""The Learn room: the readings, one button, and the jobs at the foot.

The room decides nothing: it shows a `LearnState` and says what was asked for. Jobs run in a worker
process and are rows in the catalogue, so the room only looks at them on a timer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QAbstractTableModel, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.learn.state import Action, JobRow, LearnState, ReadingRow
from app.learn.tables import job_columns, reading_columns
from app.parts import button, label
from app.rows import RowsModel
from app.texts import Text, say

LOOK_EVERY_MS = 500
ROW_HEIGHT_PX = 28
READING_WIDTHS_PX = (220, 160, 140, 110, 110, 140)
JOB_WIDTHS_PX = (220, 120, 90, 400)


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
        self.setObjectName("learnRoom")
        self._desk = desk
        self._open_url = open_url
        self._readings: RowsModel[ReadingRow] = RowsModel(reading_columns())
        self._jobs: RowsModel[JobRow] = RowsModel(job_columns())
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
        is_second = state.action == Action.PRETRAIN
        self._button.setText(say(Text.LEARN_PRETRAIN if is_second else Text.LEARN_BUILD))
        self._button.setEnabled(state.action in (Action.BUILD, Action.PRETRAIN))
        self._list.setCurrentIndex(1 if state.readings else 0)
        self._foot.setCurrentIndex(1 if state.jobs else 0)
        self._follow_selection()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        column.addLayout(self._head())
        column.addSpacing(12)
        column.addWidget(label(say(Text.LEARN_READINGS), "section"))
        column.addLayout(self._readings_list(), stretch=3)
        column.addSpacing(8)
        column.addWidget(label(say(Text.LEARN_JOBS), "section"))
        column.addLayout(self._jobs_list(), stretch=2)
        column.addLayout(self._job_buttons())

    def _head(self) -> QHBoxLayout:
        self._summary = label("", "display", "learnSummary")
        self._hint = label("", "muted", "learnHint", wraps=True)
        self._button = button(say(Text.LEARN_BUILD), "primary", "learnButton")
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
        self._list.addWidget(_next_step(Text.LEARN_NO_READINGS))
        self._list.addWidget(_table(self._readings, "learnReadings", READING_WIDTHS_PX))
        return self._list

    def _jobs_list(self) -> QStackedLayout:
        self._job_table = _table(self._jobs, "learnJobs", JOB_WIDTHS_PX)
        self._job_table.selectionModel().selectionChanged.connect(self._follow_selection)
        self._foot = QStackedLayout()
        self._foot.addWidget(_next_step(Text.LEARN_NO_JOBS))
        self._foot.addWidget(self._job_table)
        return self._foot

    def _job_buttons(self) -> QHBoxLayout:
        self._cancel = button(say(Text.LEARN_CANCEL), name="learnCancel")
        self._cancel.clicked.connect(self._on_cancel)
        self._report = button(say(Text.LEARN_REPORT), name="learnReport")
        self._report.clicked.connect(self._on_report)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
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


def _next_step(text: Text) -> QLabel:
    words = label(say(text), "muted", wraps=True)
    words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
    return words


def _table(model: QAbstractTableModel, name: str, widths_px: tuple[int, ...]) -> QTableView:
    table = QTableView()
    table.setObjectName(name)
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT_PX)
    header = table.horizontalHeader()
    for column, width_px in enumerate(widths_px):
        header.resizeSection(column, width_px)
    header.setStretchLastSection(True)
    header.setHighlightSections(False)
    return table

"""The worklist: every case by number, what was made of it, and the way out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QTableView, QVBoxLayout, QWidget

from app.parts import button, label
from app.read.worklist import Progress, WorkItem
from app.rows import Column, RowsModel
from app.texts import Text, say

ROW_HEIGHT_PX = 30
PROGRESS_TEXT = {
    Progress.NEW: Text.STATE_NEW,
    Progress.DRAFT: Text.STATE_DRAFT,
    Progress.DONE: Text.STATE_DONE,
}


def _state(item: WorkItem) -> str:
    return say(PROGRESS_TEXT[item.progress])


def _birads(item: WorkItem) -> str:
    return say(Text.NO_VALUE) if item.birads is None else str(item.birads)


def _images(item: WorkItem) -> str:
    kind = f"  {say(Text.IS_SIMULATED)}" if item.is_simulated else ""
    return f"{item.n_images}{kind}"


def columns() -> tuple[Column[WorkItem], ...]:
    """What the worklist shows of a case."""
    return (
        Column(say(Text.COLUMN_CASE), lambda item: f"{item.number:03d}"),
        Column(say(Text.COLUMN_IMAGES), _images),
        Column(say(Text.COLUMN_BIRADS), _birads),
        Column(say(Text.COLUMN_STATE), _state),
    )


class WorklistTable(QTableView):
    """A table in which Enter opens a line, although Enter commits everywhere else."""

    def event(self, event: QEvent) -> bool:
        """Keep Enter from becoming a shortcut while the table has the focus."""
        is_enter = isinstance(event, QKeyEvent) and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if is_enter and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)


class WorklistPanel(QWidget):
    """Says which case is asked for, and when the reader wants to stop."""

    case_chosen = Signal(str)
    """A case id."""
    end_asked = Signal()

    def __init__(self) -> None:
        """Empty."""
        super().__init__()
        self.setObjectName("worklistPanel")
        self._items: tuple[WorkItem, ...] = ()
        self._model: RowsModel[WorkItem] = RowsModel(columns())
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(self._head())
        column.addWidget(self._make_table(), stretch=1)

    def show_worklist(self, pseudonym: str, items: Sequence[WorkItem], current_case_id: str | None) -> None:
        """The lines, with the open one marked."""
        self._items = tuple(items)
        self._model.show_rows(self._items)
        n_done = sum(item.progress is Progress.DONE for item in items)
        self._reader.setText(say(Text.READER, pseudonym=pseudonym))
        self._done.setText(say(Text.DONE_OF, done=n_done, total=len(items)))
        row = next((i for i, item in enumerate(items) if item.case_id == current_case_id), None)
        if row is None:
            self._table.clearSelection()
        else:
            self._table.selectRow(row)
            self._table.scrollTo(self._model.index(row, 0))

    def _head(self) -> QVBoxLayout:
        self._reader = label("", "section", "readerLabel")
        self._done = label("", "muted", "doneLabel")
        end = button(say(Text.END_SESSION), "link", "endSession")
        end.clicked.connect(self.end_asked)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._reader, stretch=1)
        row.addWidget(end)
        head = QVBoxLayout()
        head.setSpacing(0)
        head.addLayout(row)
        head.addWidget(self._done)
        return head

    def _make_table(self) -> QTableView:
        self._table = WorklistTable()
        self._table.setObjectName("worklist")
        self._table.setModel(self._model)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self._table.setShowGrid(False)
        self._table.setTabKeyNavigation(False)
        self._table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._table.verticalHeader().hide()
        self._table.verticalHeader().setDefaultSectionSize(ROW_HEIGHT_PX)
        header = self._table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._table.clicked.connect(self._on_row)
        self._table.activated.connect(self._on_row)
        return self._table

    @Slot(QModelIndex)
    def _on_row(self, index: QModelIndex) -> None:
        self.case_chosen.emit(self._items[index.row()].case_id)

"""The last seconds of gaze as a strip: which eye was seen, when it was lost, when nothing came.

It shows when the eyes were seen, never where they looked.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.texts import Text, say

SPAN_S = 5.0
N_COLUMNS = 150
COLUMN_NS = round(SPAN_S * 1e9 / N_COLUMNS)
"""The period of the slowest trackers, 30 Hz."""
ROW_PX, BETWEEN_PX, LABEL_PX = 14, 4, 20
SEEN, LOST, SILENT = 2, 1, 0
COLOUR = {SEEN: "muted", LOST: "warning"}
LABELS = {"left": Text.EYE_L, "right": Text.EYE_R, "both": Text.EYE_BOTH}


class Run(NamedTuple):
    """Columns [start, stop) that show the same."""

    start: int
    stop: int
    state: int


class Columns:
    """What was seen in the last `N_COLUMNS` stretches of `COLUMN_NS`, each a whole multiple of it."""

    def __init__(self) -> None:
        """Nothing is heard yet."""
        self._number = np.full(N_COLUMNS, -1, dtype=np.int64)
        self._state = np.full(N_COLUMNS, SILENT)

    def add(self, time_ns: NDArray[np.int64], valid: NDArray[np.bool_]) -> None:
        """Samples (n,) that came: a column is seen where any sample is valid, lost where none is."""
        number = time_ns // COLUMN_NS
        # One time around the ring and no more: what is older shares a place with what is newer.
        fresh = number > max(number.max(initial=-1), self._number.max()) - N_COLUMNS
        number, valid = number[fresh], valid[fresh]
        place = number % N_COLUMNS
        is_new = self._number[place] != number
        self._number[place[is_new]] = number[is_new]
        self._state[place[is_new]] = SILENT
        np.maximum.at(self._state, place, np.where(valid, SEEN, LOST))

    def runs(self, end_ns: int) -> list[Run]:
        """Those up to this moment, joined where they show the same; silent where nothing came."""
        number = end_ns // COLUMN_NS + np.arange(1 - N_COLUMNS, 1)
        place = number % N_COLUMNS
        state = np.where(self._number[place] == number, self._state[place], SILENT)
        bounds = [0, *(np.flatnonzero(np.diff(state)) + 1).tolist(), N_COLUMNS]
        return [Run(a, b, int(state[a])) for a, b in itertools.pairwise(bounds)]


class GazeStrip(QWidget):
    """A row for each eye; time runs to the right edge, which is now."""

    def __init__(self) -> None:
        """Nothing is heard yet."""
        super().__init__()
        self.setObjectName("gazeStrip")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clear()

    def sizeHint(self) -> QSize:
        """Two rows, and the time below."""
        return QSize(320, 2 * (ROW_PX + BETWEEN_PX) + ROW_PX)

    def minimumSizeHint(self) -> QSize:
        """Also when there is little room."""
        return QSize(160, self.sizeHint().height())

    def clear(self) -> None:
        """Another sitting."""
        self.newest_ns = -1
        """Capture time of the newest sample."""
        self._columns: dict[str, Columns] = {side: Columns() for side in ("left", "right")}
        self._end_ns = 0
        self.update()

    def show_gaze(self, fresh: NDArray[np.void], now_ns: int) -> None:
        """Samples (n,), as from `Store.gaze`, that came since the last call."""
        if len(fresh) and "both_valid" in (fresh.dtype.names or ()) and "both" not in self._columns:
            self._columns = {"both": Columns()}
        for side, columns in self._columns.items():
            columns.add(fresh["time_ns"], fresh[f"{side}_valid"].astype(np.bool_))
        is_same = now_ns // COLUMN_NS == self._end_ns // COLUMN_NS
        self._end_ns = now_ns
        if len(fresh):
            self.newest_ns = int(fresh["time_ns"][-1])
        if len(fresh) or not is_same:
            self.repaint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, empty where nothing came."""
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.setFont(theme.font(11))
        for number, (side, columns) in enumerate(self._columns.items()):
            row = QRect(LABEL_PX, number * (ROW_PX + BETWEEN_PX), self.width() - LABEL_PX, ROW_PX)
            painter.setPen(theme.colour("muted"))
            label = QRect(0, row.top(), LABEL_PX, ROW_PX)
            painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, say(LABELS[side]))
            painter.fillRect(row, theme.colour("raised"))
            for run in columns.runs(self._end_ns):
                if run.state != SILENT:
                    left, right = (row.width() * edge // N_COLUMNS for edge in (run.start, run.stop))
                    bar = QRect(row.left() + left, row.top(), right - left, ROW_PX)
                    painter.fillRect(bar, theme.colour(COLOUR[run.state]))
        below = QRect(LABEL_PX, 2 * (ROW_PX + BETWEEN_PX), self.width() - LABEL_PX, ROW_PX)
        painter.setPen(theme.colour("muted"))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, say(Text.STRIP_START, value=SPAN_S))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, say(Text.STRIP_NOW))

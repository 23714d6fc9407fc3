"""The last seconds of gaze as a strip: which eye was seen, when it was lost, when nothing came.

It shows when the eyes were seen, never where they looked.
"""

from __future__ import annotations

import itertools
from collections import deque
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


def runs_of(time_ns: NDArray[np.int64], valid: NDArray[np.bool_], end_ns: int) -> list[Run]:
    """The `N_COLUMNS` before `end_ns`: seen where any sample is valid, lost where none is, else silent.

    time_ns, valid: (n,). Columns begin at whole multiples of their length, so that none changes later on.
    """
    column = time_ns // COLUMN_NS - (end_ns // COLUMN_NS - N_COLUMNS + 1)
    inside = (column >= 0) & (column < N_COLUMNS)
    state = np.full(N_COLUMNS, SILENT)
    state[column[inside]] = LOST
    state[column[inside & valid]] = SEEN
    bounds = [0, *(np.flatnonzero(np.diff(state)) + 1), N_COLUMNS]
    return [Run(int(a), int(b), int(state[a])) for a, b in itertools.pairwise(bounds)]


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

    @property
    def newest_ns(self) -> int:
        """Capture time of the newest sample that was added."""
        return int(self._pieces[-1]["time_ns"][-1]) if self._pieces else -1

    def clear(self) -> None:
        """Another sitting."""
        self._pieces: deque[NDArray[np.void]] = deque()
        self._end_ns = 0
        self.update()

    def show_gaze(self, fresh: NDArray[np.void], now_ns: int) -> None:
        """Samples (n,), as from `Store.gaze`, that came since the last call."""
        if len(fresh):
            self._pieces.append(fresh)
        self._end_ns = now_ns
        while self._pieces and now_ns - self._pieces[0]["time_ns"][-1] > SPAN_S * 1e9:
            self._pieces.popleft()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The rows, empty where nothing came."""
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.setFont(theme.font(11))
        sides = self._sides()
        for number, side in enumerate(sides):
            row = QRect(LABEL_PX, number * (ROW_PX + BETWEEN_PX), self.width() - LABEL_PX, ROW_PX)
            painter.setPen(theme.colour("muted"))
            label = QRect(0, row.top(), LABEL_PX, ROW_PX)
            painter.drawText(label, Qt.AlignmentFlag.AlignVCenter, say(LABELS[side]))
            painter.fillRect(row, theme.colour("raised"))
            for run in self._runs(side):
                if run.state != SILENT:
                    left, right = (row.width() * edge // N_COLUMNS for edge in (run.start, run.stop))
                    bar = QRect(row.left() + left, row.top(), right - left, ROW_PX)
                    painter.fillRect(bar, theme.colour(COLOUR[run.state]))
        below = QRect(LABEL_PX, len(sides) * (ROW_PX + BETWEEN_PX), self.width() - LABEL_PX, ROW_PX)
        painter.setPen(theme.colour("muted"))
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, say(Text.STRIP_START, value=SPAN_S))
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, say(Text.STRIP_NOW))

    def _sides(self) -> tuple[str, ...]:
        names = self._pieces[-1].dtype.names or () if self._pieces else ()
        return ("both",) if "both_valid" in names else ("left", "right")

    def _runs(self, side: str) -> list[Run]:
        if not self._pieces:
            return []
        time_ns = np.concatenate([piece["time_ns"] for piece in self._pieces])
        valid = np.concatenate([piece[f"{side}_valid"] for piece in self._pieces])
        return runs_of(time_ns, valid.astype(np.bool_), self._end_ns)

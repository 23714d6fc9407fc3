"""The accuracy of a reader's validations over time, as a small picture without axes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app import theme
from app.calibrate.verdict import LIMITS
from app.texts import Text, say

HEIGHT_PX = 72
STEP_PX = 24
LABEL_PX = 56
DOT_PX = 3.0


class HistoryView(QWidget):
    """Earlier ones as dots on a line, the newest larger; the limit is a dashed line."""

    def __init__(self) -> None:
        """No history yet."""
        super().__init__()
        self.setObjectName("history")
        self.setFixedHeight(HEIGHT_PX)
        self._errors_deg: list[float] = []

    def show_history(self, before_deg: Sequence[float], now_deg: float | None) -> None:
        """Accuracies oldest first, and that of the validation on the screen."""
        newest = [] if now_deg is None else [now_deg]
        self._errors_deg = [*before_deg, *newest]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The limit, the line, the dots."""
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(DOT_PX * 2, 8, -LABEL_PX - 12, -8)
        errors_deg = self._errors_deg[-1 - int(room.width() // STEP_PX) :]
        most_deg = max([2 * LIMITS.accuracy_deg, *errors_deg])

        def y_of(error_deg: float) -> float:
            return room.bottom() - room.height() * error_deg / most_deg

        limit_y = y_of(LIMITS.accuracy_deg)
        painter.setPen(QPen(theme.colour("faint"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(0, limit_y), QPointF(room.right() + 4, limit_y))
        painter.setPen(theme.colour("muted"))
        words = f"{say(Text.LIMIT)} {LIMITS.accuracy_deg:g}°"
        painter.drawText(
            QRectF(room.right() + 14, limit_y - 10, LABEL_PX - 4, 20), Qt.AlignmentFlag.AlignVCenter, words
        )
        first_x = room.right() - (len(errors_deg) - 1) * STEP_PX
        dots = [QPointF(first_x + i * STEP_PX, y_of(deg)) for i, deg in enumerate(errors_deg)]
        painter.setPen(QPen(theme.colour("faint"), 1.5))
        painter.drawPolyline(QPolygonF(dots))
        painter.setPen(Qt.PenStyle.NoPen)
        for at, error_deg in zip(dots, errors_deg, strict=True):
            is_over, is_newest = error_deg > LIMITS.accuracy_deg, at is dots[-1]
            painter.setBrush(theme.colour("warning" if is_over else "good" if is_newest else "muted"))
            painter.drawEllipse(at, *[DOT_PX * (1.7 if is_newest else 1.0)] * 2)

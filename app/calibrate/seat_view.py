"""Two eyes in a box and how far they are away."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import theme
from app.calibrate.seat import BOX_MM, GOOD_MM, MOST_ASIDE_MM, SHOWN_MM, Advice, Seat, Sight
from app.texts import Text, say

BAR_PX = 8
LABELS_PX = 24
EYE_PX = 13.0
"""Radius of an eye at the middle of the good range."""


class SeatView(QWidget):
    """As in a mirror: who moves to the right sees the eyes move to the right."""

    def __init__(self) -> None:
        """Nobody is seen yet."""
        super().__init__()
        self.setObjectName("seatView")
        self._seat = Seat()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """The box in its proportions, with the bar below."""
        return QSize(480, 330)

    def show_seat(self, seat: Seat) -> None:
        """Where the eyes are now."""
        self._seat = seat
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The box, the eyes, the bar."""
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        height = self.height() - BAR_PX - LABELS_PX - 16
        width = min(self.width() - 1.0, height * BOX_MM[0] / BOX_MM[1])
        box = QRectF((self.width() - width) / 2, 0.5, width, width * BOX_MM[1] / BOX_MM[0])
        self._paint_box(painter, box)
        if self._seat.sight is Sight.SEEN:
            self._paint_eyes(painter, box)
        self._paint_distance(painter, QRectF(box.left(), box.bottom() + 16, box.width(), BAR_PX))

    def _paint_box(self, painter: QPainter, box: QRectF) -> None:
        is_well = self._seat.sight is Sight.SEEN and self._seat.advice is Advice.NONE
        painter.setBrush(theme.colour("background"))
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawRoundedRect(box, 4, 4)
        reach = QRectF(0, 0, *(2 * mm * box.width() / BOX_MM[0] for mm in MOST_ASIDE_MM))
        reach.moveCenter(box.center())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("good" if is_well else "faint"), 1.5, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(reach, 4, 4)

    def _paint_eyes(self, painter: QPainter, box: QRectF) -> None:
        painter.save()
        painter.setClipRect(box)
        distance_mm = self._seat.distance_mm or sum(GOOD_MM) / 2
        radius = EYE_PX * sum(GOOD_MM) / 2 / distance_mm
        painter.setPen(Qt.PenStyle.NoPen)
        for eye_mm in filter(None, (self._seat.left_mm, self._seat.right_mm)):
            px_per_mm = box.width() / BOX_MM[0]
            at = box.center() + QPointF(eye_mm[0] * px_per_mm, -eye_mm[1] * px_per_mm)
            painter.setBrush(theme.colour("text"))
            painter.drawEllipse(at, radius * 1.5, radius)
            painter.setBrush(theme.colour("background"))
            painter.drawEllipse(at, radius * 0.62, radius * 0.62)
        painter.restore()

    def _paint_distance(self, painter: QPainter, bar: QRectF) -> None:
        def x_of(mm: float) -> float:
            share = (mm - SHOWN_MM[0]) / (SHOWN_MM[1] - SHOWN_MM[0])
            return bar.left() + min(max(share, 0.0), 1.0) * bar.width()

        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(bar, 4, 4)
        painter.setBrush(theme.colour("good", 150))
        painter.drawRect(
            QRectF(QPointF(x_of(GOOD_MM[0]), bar.top()), QPointF(x_of(GOOD_MM[1]), bar.bottom()))
        )
        labels = QRectF(bar.left(), bar.bottom() + 6, bar.width(), LABELS_PX - 4)
        painter.setPen(theme.colour("muted"))
        painter.drawText(labels, Qt.AlignmentFlag.AlignLeft, say(Text.DISTANCE))
        for mm in GOOD_MM:
            words = QRectF(x_of(mm) - 40, labels.top(), 80, labels.height())
            painter.drawText(words, Qt.AlignmentFlag.AlignHCenter, say(Text.CENTIMETRES, value=mm / 10))
        if self._seat.distance_mm is not None:
            x = x_of(self._seat.distance_mm)
            painter.setPen(QPen(theme.colour("text"), 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(x, bar.top() - 4), QPointF(x, bar.bottom() + 4))

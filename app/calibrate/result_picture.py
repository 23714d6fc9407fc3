"""A validation as a picture: the screen, the targets, where each eye was seen, and how far off that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from acquisition.domain import Display, GazeQuality, TargetQuality
from acquisition.sources.base import Eyes
from acquisition.validation import Point
from app import theme
from app.calibrate.driver import Look
from app.calibrate.placing import px_per_degree
from app.calibrate.verdict import LIMITS
from app.texts import Text, say

LEGEND_PX = 28
NEAR_PX = 48.0
"""A click this near to a target chooses it."""
MOST_DOTS = 150
"""Of each eye at each target: more would only be darker."""
SIDES = (("left", "left_eye", Text.LEFT_EYE), ("right", "right_eye", Text.RIGHT_EYE))
STEPS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What the picture is of."""

    display: Display
    judged: tuple[TargetQuality, ...]
    looks: Mapping[Point, Look]
    eyes: Eyes


class ResultPicture(QWidget):
    """True to scale, so that a ring of one degree is one degree everywhere but for the tilt of the eye."""

    chosen = Signal(object)
    """The Point of a target."""
    asked = Signal()
    """Return was pressed: the chosen target is to be done again."""

    def __init__(self) -> None:
        """Nothing to show yet."""
        super().__init__()
        self.setObjectName("resultPicture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(360, 240)
        self._shown: Shown | None = None
        self._chosen: Point | None = None

    def sizeHint(self) -> QSize:
        """As large as there is room."""
        return QSize(960, 600)

    def show_result(self, shown: Shown) -> None:
        """What was found; the target that is chosen stays chosen."""
        self._shown = shown
        self.update()

    def choose(self, target: Point | None) -> None:
        """Mark a target, or none."""
        self._chosen = target
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click near a target chooses it."""
        at = event.position()
        far = [(_length(self._at(point) - at), point) for point in self._points()]
        distance, point = min(far, default=(NEAR_PX, None))
        if point is not None and distance < NEAR_PX:
            self._take(point)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys go from target to target."""
        step = STEPS.get(Qt.Key(event.key()))
        points = self._points()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.asked.emit()
            return
        if step is None or not points:
            super().keyPressEvent(event)
            return
        self._take(points[0] if self._chosen is None else nearest_along(points, self._chosen, step))

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The focus is visible."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """The focus is visible."""
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The screen, then each target with its gaze, then the legend."""
        painter = QPainter(self)
        painter.setClipRect(event.rect())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = self._outline()
        painter.setBrush(theme.colour("background"))
        painter.setPen(QPen(theme.colour("accent" if self.hasFocus() else "line"), 1))
        painter.drawRoundedRect(outline, 4, 4)
        if self._shown is None:
            return
        for target in self._shown.judged:
            self._paint_target(painter, target, self._shown)
        for target in self._shown.judged:
            self._paint_gaze(painter, (target.x, target.y), self._shown)
        for target in self._shown.judged:
            self._paint_error(painter, target, self._shown)
        self._paint_legend(painter, outline)

    def _points(self) -> list[Point]:
        return [] if self._shown is None else [(target.x, target.y) for target in self._shown.judged]

    def _take(self, point: Point) -> None:
        self.choose(point)
        self.chosen.emit(point)

    def _outline(self) -> QRectF:
        """The screen in its proportions, as large as fits above the legend."""
        room = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -LEGEND_PX - 0.5)
        shape = self._shown.display if self._shown else Display(16, 10, 16.0, 10.0)
        width = min(room.width(), room.height() * shape.width_mm / shape.height_mm)
        outline = QRectF(0, 0, width, width * shape.height_mm / shape.width_mm)
        outline.moveCenter(room.center())
        return outline

    def _at(self, point: Point) -> QPointF:
        outline = self._outline()
        return outline.topLeft() + QPointF(point[0] * outline.width(), point[1] * outline.height())

    def _degree_px(self, shown: Shown) -> float:
        return px_per_degree(shown.display) * self._outline().width() / shown.display.width_px

    def _paint_target(self, painter: QPainter, target: TargetQuality, shown: Shown) -> None:
        """A cross, and the ring that the gaze should stay in; the chosen one stands out."""
        at, ring = self._at((target.x, target.y)), self._degree_px(shown) * LIMITS.accuracy_deg
        is_chosen = self._chosen == (target.x, target.y)
        painter.setBrush(theme.colour("accent_dim") if is_chosen else Qt.BrushStyle.NoBrush)
        quality = _counting(target, shown.eyes)
        style = Qt.PenStyle.DashLine if quality.accuracy_deg is None else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme.colour("accent" if is_chosen else "muted"), 2 if is_chosen else 1, style))
        painter.drawEllipse(at, ring, ring)
        painter.setPen(QPen(theme.colour("muted"), 1))
        away = QPointF(quality.offset_x_deg or 0.0, quality.offset_y_deg or 0.0)
        painter.drawLine(at, at + away * self._degree_px(shown))
        painter.setPen(QPen(theme.colour("text"), 1.5))
        painter.drawLine(at - QPointF(5, 0), at + QPointF(5, 0))
        painter.drawLine(at - QPointF(0, 5), at + QPointF(0, 5))

    def _paint_gaze(self, painter: QPainter, point: Point, shown: Shown) -> None:
        look = shown.looks.get(point)
        if look is None:
            return
        painter.save()
        painter.setClipRect(self._outline())
        for side, tint, _ in SIDES:
            for x, y in cloud(look.gaze, side):
                _paint_dot(painter, self._at((float(x), float(y))), tint)
        painter.restore()

    def _paint_error(self, painter: QPainter, target: TargetQuality, shown: Shown) -> None:
        """The error in degrees below the ring, or above it where the gaze or the end of the screen is."""
        quality = _counting(target, shown.eyes)
        error_deg = quality.accuracy_deg
        words = say(Text.NO_GAZE) if error_deg is None else say(Text.DEGREES, value=error_deg)
        is_bad = error_deg is None or error_deg > LIMITS.worst_deg
        at, ring = self._at((target.x, target.y)), self._degree_px(shown) * LIMITS.accuracy_deg
        box = QRectF(at.x() - 50, at.y() + ring + 4, 100, 18)
        if box.bottom() > self._outline().bottom() or (quality.offset_y_deg or 0.0) > 0.0:
            box.moveBottom(at.y() - ring - 4)
        painter.setPen(theme.colour("warning" if is_bad else "text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)

    def _paint_legend(self, painter: QPainter, outline: QRectF) -> None:
        x, y = outline.left() + 8, outline.bottom() + LEGEND_PX / 2 + 2
        metrics = painter.fontMetrics()
        entries = [(tint, say(text)) for _, tint, text in SIDES]
        entries.append(("muted", say(Text.RING_LEGEND, degrees=LIMITS.accuracy_deg)))
        for tint, words in entries:
            is_disc = tint == "left_eye"
            painter.setBrush(theme.colour(tint) if is_disc else Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.colour(tint), 1.5))
            painter.drawEllipse(QPointF(x, y), 4, 4)
            painter.setPen(theme.colour("muted"))
            painter.drawText(QPointF(x + 12, y + metrics.ascent() / 2 - 1), words)
            x += 12 + metrics.horizontalAdvance(words) + 24


def cloud(gaze: NDArray[np.void], side: str) -> NDArray[np.float64]:
    """Where one eye was seen: (k, 2) fractions of the display, at most `MOST_DOTS` evenly chosen."""
    names = (f"{side}_x", f"{side}_y", f"{side}_valid")
    if not set(names) <= set(gaze.dtype.names or ()):
        return np.zeros((0, 2))
    points = np.stack([gaze[name] for name in names[:2]], axis=-1).astype(np.float64)
    seen = points[gaze[names[2]].astype(bool) & np.isfinite(points).all(axis=1)]
    return seen[:: 1 + len(seen) // MOST_DOTS]


def nearest_along(points: list[Point], start: Point, step: Point) -> Point:
    """The next target in a direction, preferring what lies straight ahead; the same where there is none."""

    def cost(point: Point) -> float:
        dx, dy = point[0] - start[0], point[1] - start[1]
        along, across = dx * step[0] + dy * step[1], abs(dx * step[1]) + abs(dy * step[0])
        return along + 2.0 * across if along > 1e-9 else float("inf")

    found = min(points, key=cost)
    return found if cost(found) < float("inf") else start


def _paint_dot(painter: QPainter, at: QPointF, tint: str) -> None:
    """The left eye is a disc and the right a circle, so that both are seen where they lie on each other."""
    if tint == "left_eye":
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(tint, 190))
        painter.drawEllipse(at, 2.0, 2.0)
    else:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour(tint, 110), 1))
        painter.drawEllipse(at, 3.0, 3.0)


def _counting(target: TargetQuality, eyes: Eyes) -> GazeQuality:
    quality: GazeQuality = getattr(target, eyes)
    return quality


def _length(vector: QPointF) -> float:
    return float(np.hypot(vector.x(), vector.y()))

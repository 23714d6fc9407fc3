"""Where display px are in a widget, and how large a degree is."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from acquisition.domain import Display
from acquisition.validation import Point


def to_widget(widget: QWidget, x_display_px: float, y_display_px: float) -> QPointF:
    """A point of the display that the widget is on, in the widget's own logical px; it may lie outside."""
    scale = widget.devicePixelRatioF()
    corner = QPointF(widget.screen().geometry().topLeft())
    return widget.mapFromGlobal(corner + QPointF(x_display_px / scale, y_display_px / scale))


def px_of(point: Point, display: Display) -> tuple[float, float]:
    """A fraction of the display in display px."""
    return point[0] * display.width_px, point[1] * display.height_px


def outside(widget: QWidget, points: Sequence[Point], display: Display) -> int:
    """How many of these fractions of the display the widget does not show."""
    shown = [widget.rect().contains(to_widget(widget, *px_of(p, display)).toPoint()) for p in points]
    return shown.count(False)


def px_per_degree(display: Display) -> float:
    """Display px that a degree in the middle of the display takes up."""
    return math.tan(math.radians(1.0)) * display.distance_mm * display.width_px / display.width_mm

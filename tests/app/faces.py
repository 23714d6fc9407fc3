"""Looks at a window as a critic does: the ring of the focus, the order of Tab, words that do not fit."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableView,
    QToolButton,
    QWidget,
)

AROUND_PX = 4
LEAST_CONTRAST = 3.0
"""Of a pixel with the focus to the same one without it (WCAG 2.2, 1.4.11 and 2.4.13)."""


def hands_off(window: QWidget) -> None:
    """Let go of buttons that a test before left pressed: what gets the focus by the mouse has no ring."""
    for button in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton):
        if button in QGuiApplication.mouseButtons():
            QTest.mouseRelease(window, button)


def settle() -> None:
    """Let layouts follow: what grows asks its parent first, which then makes room."""
    for _ in range(4):
        QApplication.processEvents()


def focus_chain(window: QWidget, limit: int = 200) -> list[QWidget]:
    """What Tab goes through, from where the focus is, all around."""
    first = QApplication.focusWidget()
    assert first is not None, f"nothing of {window} has the focus"
    chain = [first]
    while len(chain) < limit:
        tab(chain[-1])
        now = QApplication.focusWidget()
        assert now is not None
        if now is first:
            return chain
        chain.append(now)
    raise AssertionError(f"Tab never comes back to {first}")


def tab(widget: QWidget) -> None:
    QTest.keyClick(widget, Qt.Key.Key_Tab)


def place(widget: QWidget, window: QWidget) -> QRect:
    return QRect(widget.mapTo(window, QPoint(0, 0)), widget.size())


def picture(window: QWidget, box: QRect) -> NDArray[np.float64]:
    """(H, W) relative luminance as WCAG defines it."""
    image = window.grab(box).toImage().convertToFormat(QImage.Format.Format_RGBX8888)
    values = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[:, :, :3] / 255
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ (0.2126, 0.7152, 0.0722))


def weak_focus(window: QWidget) -> list[str]:
    """Those on which the focus is hardly seen: fewer pixels than its outline has change by 3:1."""
    weak = []
    for widget in focus_chain(window):
        box = place(widget, window).adjusted(-AROUND_PX, -AROUND_PX, AROUND_PX, AROUND_PX) & window.rect()
        assert QApplication.focusWidget() is widget
        with_focus = picture(window, box)
        widget.clearFocus()
        without = picture(window, box)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        tab(widget)
        high, low = np.maximum(with_focus, without), np.minimum(with_focus, without)
        n_changed = int(((high + 0.05) / (low + 0.05) >= LEAST_CONTRAST).sum())
        outline = 2 * (widget.width() + widget.height()) * window.devicePixelRatioF()
        if n_changed < outline:
            weak.append(f"{name_of(widget)}: {n_changed} of {outline:.0f} px")
    return weak


def name_of(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()} {getattr(widget, 'text', str)()!r}"


def against_reading_order(chain: list[QWidget], window: QWidget) -> list[str]:
    """Neighbours in the chain of which the second stands before the first: higher in its column, or left."""
    found = []
    for before, after in pairwise(chain):
        a, b = place(before, window), place(after, window)
        is_same_line = a.top() <= b.center().y() <= a.bottom() or b.top() <= a.center().y() <= b.bottom()
        is_next_column = b.left() > a.right()
        if b.left() < a.left() if is_same_line else b.top() < a.top() and not is_next_column:
            found.append(f"{name_of(before)} -> {name_of(after)}")
    return found


def clipped(window: QWidget) -> list[str]:
    """What does not fit: words larger than their widget, widgets that reach out of the window or a panel."""
    found = []
    for widget in window.findChildren(QWidget):
        if not widget.isVisible() or widget.window() is not window.window():
            continue
        if isinstance(widget, QLabel | QAbstractButton) and widget.text() and not _fits(widget):
            found.append(
                f"too small: {name_of(widget)} {widget.size().toTuple()} {widget.sizeHint().toTuple()}"
            )
        if isinstance(widget, QLabel | QAbstractButton) and widget.text() and not _is_scrolled(widget):
            seen = widget.visibleRegion().boundingRect()
            if seen != widget.rect():
                found.append(f"cut: {name_of(widget)} {widget.rect().getRect()} seen {seen.getRect()}")
        if isinstance(widget, QTableView):
            found += list(_cut_cells(widget))
        if isinstance(widget, QScrollArea):
            inside = widget.widget()
            if inside is not None and inside.width() > widget.viewport().width():
                found.append(f"under a scroll bar: {name_of(inside)}")
    return found


def _fits(widget: QLabel | QAbstractButton) -> bool:
    if isinstance(widget, QLabel) and widget.wordWrap():
        longest = max(widget.text().split() or [""], key=len)
        is_wide = widget.fontMetrics().horizontalAdvance(longest) <= widget.contentsRect().width()
        return is_wide and widget.heightForWidth(widget.width()) <= widget.height()
    if isinstance(widget, QToolButton) and not widget.icon().isNull():
        return widget.iconSize().width() <= widget.width()
    words = widget.fontMetrics().size(Qt.TextFlag.TextSingleLine, widget.text())
    room = widget.contentsRect() if isinstance(widget, QLabel) else widget.rect()
    needs_px = min(words.width() + (2 if isinstance(widget, QPushButton) else 0), widget.sizeHint().width())
    return needs_px <= room.width() and words.height() <= widget.height() + 1


def _is_scrolled(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractScrollArea):
            return True
        parent = parent.parentWidget()
    return False


def _cut_cells(table: QTableView) -> Iterator[str]:
    model = table.model()
    for row in range(model.rowCount()):
        for column in range(model.columnCount()):
            index = model.index(row, column)
            words = str(index.data() or "")
            if table.fontMetrics().horizontalAdvance(words) > table.visualRect(index).width():
                yield f"cell {row}, {column}: {words!r}"
    header = table.horizontalHeader()
    for column in range(model.columnCount()):
        words = str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        if header.fontMetrics().horizontalAdvance(words) > header.sectionSize(column):
            yield f"header {column}: {words!r}"

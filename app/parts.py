"""The small parts that every screen is made of; the style sheet dresses them by their role."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import cast

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

LAYOUT_PASSES = 4
PATIENCE_MS = 300
"""A wait that is longer is shown."""


def label(text: str, role: str = "", name: str = "", wraps: bool = False) -> QLabel:
    """Words."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wraps)
    _dress(made, role, name)
    return made


class ElidedLabel(QLabel):
    """Words in one line that end in dots where there is no room; the tooltip has all of them then."""

    def __init__(self, name: str, most_px: int) -> None:
        """Empty, and never wider than `most_px`."""
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMaximumWidth(most_px)
        _dress(self, "", name)

    def setText(self, words: str) -> None:
        """Show as much of them as fits."""
        elided = self.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, self.maximumWidth() - 2)
        super().setText(elided)
        self.setToolTip(words if elided != words else "")


class PatientBar(QProgressBar):
    """Something takes a while, nobody knows how long; what is over at once shows nothing."""

    def __init__(self) -> None:
        """Nothing is waited for."""
        super().__init__()
        self.setRange(0, 0)
        self.setTextVisible(False)
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._patience.timeout.connect(self.show)
        self.hide()

    def show_waiting(self, is_waiting: bool) -> None:
        """Whether somebody waits now."""
        self.hide()
        if is_waiting:
            self._patience.start()
        else:
            self._patience.stop()


class ScrolledColumn(QScrollArea):
    """A column that is as high as its parts are where there is room, and scrolls where there is none."""

    def __init__(self, parts: Sequence[QWidget], spacing_px: int, least_px: int) -> None:
        """`least_px` high at least."""
        super().__init__()
        self._least_px = least_px
        self._inside = QWidget()
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(spacing_px)
        for part in parts:
            column.addWidget(part)
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(self._inside)

    def sizeHint(self) -> QSize:
        """As the parts want to be."""
        return self._inside.sizeHint()

    def minimumSizeHint(self) -> QSize:
        """As wide as the parts must be, however low."""
        inside = self._inside.minimumSizeHint()
        return QSize(inside.width(), min(inside.height(), self._least_px))

    def focusNextPrevChild(self, is_next: bool) -> bool:
        """The ring brings what has the focus into view; Qt overshoots where there is little room."""
        return QFrame.focusNextPrevChild(self, is_next)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow parts that grow, shrink, come or go."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def button(text: str, role: str = "", name: str = "", is_choice: bool = False) -> QPushButton:
    """A button; a choice stays down. The mouse does not take the focus away from the image."""
    made = QPushButton(text)
    made.setCheckable(is_choice)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    _dress(made, role, name)
    return made


def frame(role: str = "", name: str = "") -> QFrame:
    """A surface."""
    made = QFrame()
    _dress(made, role, name)
    return made


def centred(card: QWidget) -> QVBoxLayout:
    """A card in the middle of a page; it grows with its words."""
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(card)
    row.addStretch(1)
    column = QVBoxLayout()
    column.addStretch(1)
    column.addLayout(row)
    column.addStretch(1)
    return column


def restyle(widget: QWidget, **properties: str) -> None:
    """Set properties that the style sheet looks at, and dress the widget anew if one differs."""
    changed = {name: value for name, value in properties.items() if widget.property(name) != value}
    for name, value in changed.items():
        widget.setProperty(name, value)
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _dress(widget: QWidget, role: str, name: str) -> None:
    if role:
        widget.setProperty("role", role)
    if name:
        widget.setObjectName(name)


def lay_out_now(areas: Sequence[QScrollArea] = ()) -> None:
    """Do at once what layouts, and the scroll bars of `areas`, wait for: nothing is seen cut meanwhile.

    What grows asks its parent first, which then makes room; Qt shows and hides scroll bars one event later.
    """
    for _ in range(LAYOUT_PASSES):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        for area in areas:
            QCoreApplication.sendPostedEvents(area, QEvent.Type.MetaCall)


def tab_in_reading_order(layout: QLayout) -> None:
    """Let Tab go through a layout line by line, also through what came into it later."""
    for before, after in pairwise(_focusable(layout)):
        QWidget.setTabOrder(before, after)


def _focusable(layout: QLayout) -> Iterator[QWidget]:
    for item in map(layout.itemAt, _line_by_line(layout)):
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if isinstance(widget, QScrollArea):
            widget = widget.widget()
        if widget is not None and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
            yield widget
        elif widget is not None:
            inner = widget.layout()
        if inner is not None:
            yield from _focusable(inner)


def _line_by_line(layout: QLayout) -> list[int]:
    """The items of a layout; a grid keeps them in the order in which they were put in."""
    order = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        places = {i: cast("tuple[int, int, int, int]", layout.getItemPosition(i)) for i in order}
        order.sort(key=places.__getitem__)
    return order

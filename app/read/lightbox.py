"""The light box: paints the wall, turns mouse moves into what happens to it, and tells what was painted.

A mouse move only changes the wall and asks for a repaint; Qt merges such requests, so that however
fast the mouse is, a frame is painted once. A view state is told from the paint that shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from acquisition.clock import HostClock
from acquisition.domain import Annotation, Box, Image, Panel, ViewState
from app import theme
from app.read.decoding import LoadedImage
from app.read.marks import mark_around, mark_box
from app.read.painting import (
    paint_corners,
    paint_image,
    paint_mark,
    paint_sentence,
    rectangle,
)
from app.read.pane_words import corner_words, words_px
from app.read.pyramid import Mapper
from app.read.transform import Point
from app.read.wall import Pane, Wall
from app.texts import Text, say

ZOOM_PER_NOTCH = 1.2
NOTCH = 120.0
"""What Qt calls a turn of the wheel by one notch."""
CLICK_PX = 4.0
"""A press that moves less is a click."""
PATIENCE_MS = 300
"""A wait longer than this is shown."""


class Gesture(Enum):
    """What a pressed button does while the mouse moves."""

    WINDOW = auto()
    PAN = auto()
    DRAW = auto()


@dataclass(frozen=True, slots=True)
class Drag:
    """A button held down over a pane; points in room px."""

    gesture: Gesture
    button: Qt.MouseButton
    image_id: str
    start: Point
    last: Point
    is_click: bool = True


class LightBox(QWidget):
    """All panes of the open case in one widget, painted in device pixels."""

    painted = Signal(object)
    """A ViewState, whenever what is on the screen differs from what was told last."""
    box_drawn = Signal(str, object)
    """Image id and a Box in image px."""
    mark_chosen = Signal(str)
    """A mark's id; empty when a click met none."""
    stage_shown = Signal(int, int)
    """Which stage of the case hangs, from 0, and how many it has."""

    def __init__(self, clock: HostClock, parent: QWidget | None = None) -> None:
        """Show nothing yet; view states are stamped with `clock`."""
        super().__init__(parent)
        self.setObjectName("lightBox")
        self._clock = clock
        self._wall = Wall()
        self._mapper = Mapper()
        self._marks: tuple[Annotation, ...] = ()
        self._chosen = ""
        self._is_marking = False
        self._is_space_down = False
        self._drag: Drag | None = None
        self._pointer: Point = (-1.0, -1.0)
        self._told: tuple[str, tuple[Panel, ...]] | None = None
        self._is_complete = False
        self._is_patient = True
        self._patience = QTimer(self, interval=PATIENCE_MS, singleShot=True)
        self._patience.timeout.connect(self._lose_patience)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(320, 240)

    @property
    def panes(self) -> tuple[Pane, ...]:
        """What hangs now, for whoever must know where an image is (device px of this widget)."""
        return self._wall.panes

    @property
    def is_complete(self) -> bool:
        """Whether every image that hangs was painted, or its refusal."""
        return self._is_complete

    @property
    def is_alone(self) -> bool:
        """Whether one image of a case takes the whole room."""
        return self._wall.is_alone

    def hang(self, images: Sequence[Image]) -> None:
        """Hang the images of a case; each is empty until `show_image`."""
        self._drag = None
        self._is_complete = False
        self._told = None  # the same picture in another reading is told again
        self._wall.hang(images)
        self.stage_shown.emit(*self._wall.stage)
        self._is_patient = True
        self._patience.start()
        self.update()

    def show_image(self, loaded: LoadedImage) -> None:
        """An image of the case is ready."""
        self._wall.show(loaded)
        self.update()

    def show_refusal(self, image_id: str, sentence: str) -> None:
        """An image of the case cannot be shown, and why."""
        self._wall.refuse(image_id, sentence)
        self.update()

    def show_marks(self, marks: Sequence[Annotation], chosen: str) -> None:
        """The marks of the reading, and the id of the chosen one."""
        self._marks, self._chosen = tuple(marks), chosen
        self.update()

    def set_marking(self, is_marking: bool) -> None:
        """Whether the left button draws."""
        self._is_marking = is_marking
        self._choose_cursor()

    def invert(self) -> None:
        """Swap black and white."""
        self._wall.invert()
        self.update()

    def reset(self) -> None:
        """Fit all, window of the file."""
        self._wall.reset()
        self.update()

    def actual_size(self) -> None:
        """1:1 at the pointer where it is over an image, else in the middle of the pane's breast."""
        pane = self._wall.pane_at(*self._pointer) or next(iter(self._wall.panes), None)
        if pane is not None:
            at = pane.inside(*self._pointer) if pane.has_image_at(*self._pointer) else pane.middle_px
            self._wall.actual_size(pane.image.id, at)
        self.update()

    def set_linked(self, is_linked: bool) -> None:
        """Whether all images are zoomed and moved together."""
        self._wall.link(is_linked)
        self.update()

    def toggle_alone(self, image_id: str = "") -> None:
        """One image over the whole room, and back."""
        self._wall.toggle_alone(image_id)
        self.update()

    def step_stage(self, by: int) -> None:
        """The next stage of the hanging, or the one before."""
        if self._wall.step_stage(by):
            self._drag = None
            self.stage_shown.emit(*self._wall.stage)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what is asked for, then tell what the screen shows."""
        scale = self.devicePixelRatioF()
        painter = QPainter(self)
        touched = [p for p in self._wall.panes if self._logical(p.pose.box_px).intersects(event.rect())]
        if len(touched) != 1 or not self._logical(touched[0].pose.box_px).contains(event.rect()):
            painter.fillRect(event.rect(), theme.colour("line" if self._wall.panes else "pane"))
        painter.scale(1 / scale, 1 / scale)
        for cell in {*self._wall.cells} - {pane.pose.box_px for pane in self._wall.panes}:
            painter.fillRect(rectangle(cell), theme.colour("pane"))
        for pane in touched:
            self._paint_pane(painter, pane, scale)
        painter.end()
        self._is_complete = all(pane.look.loaded or pane.look.refusal for pane in self._wall.panes)
        self._tell()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the panes out anew."""
        super().resizeEvent(event)
        self._wall.resize(*self._room_px(), words_px(self.devicePixelRatioF()))

    def showEvent(self, event: QShowEvent) -> None:
        """Watch the window: where it stands is part of the view state."""
        super().showEvent(event)
        self.window().installEventFilter(self)

    def hideEvent(self, event: QHideEvent) -> None:
        """Nothing of the case is on the screen any more."""
        self.window().removeEventFilter(self)
        self._tell()
        super().hideEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Repaint where the window was moved, so that the view state follows."""
        if event.type() == QEvent.Type.Move:
            self.update()
        return super().eventFilter(watched, event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a gesture on the pane under the pointer."""
        at = self._room_point(event.position())
        pane = self._wall.pane_at(*at)
        if pane is None or self._drag is not None:
            return
        gesture = self._gesture(event.button())
        if gesture is not None:
            self._drag = Drag(gesture, event.button(), pane.image.id, at, at)
            self._choose_cursor()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the gesture; the repaint comes with the next frame."""
        self._pointer = self._room_point(event.position())
        if self._drag is not None:
            self._drag = self._continue(self._drag, self._pointer)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture: a box is drawn, or a click chooses a mark."""
        drag = self._drag
        if drag is None or event.button() is not drag.button:
            return
        self._drag = None
        self._choose_cursor()
        self._repaint_pane(drag.image_id)
        if drag.gesture is Gesture.DRAW and not drag.is_click:
            self._finish_box(drag)
        elif drag.is_click and drag.button is Qt.MouseButton.LeftButton:
            self.mark_chosen.emit(self._mark_at(drag.start))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """One image over the whole room, and back."""
        pane = self._wall.pane_at(*self._room_point(event.position()))
        if event.button() is Qt.MouseButton.LeftButton and not self._is_marking and pane is not None:
            self.toggle_alone(pane.image.id)
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        at = self._room_point(event.position())
        pane = self._wall.pane_at(*at)
        if pane is not None:
            factor = ZOOM_PER_NOTCH ** (event.angleDelta().y() / NOTCH)
            self._wall.zoom(pane.image.id, factor, pane.inside(*at))
            self._repaint_pane(pane.image.id)
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is over no pane."""
        self._pointer = (-1.0, -1.0)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space turns the left button into a hand."""
        if event.key() == Qt.Key.Key_Space:
            self._is_space_down = True
            self._choose_cursor()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The hand is put away."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_down = False
            self._choose_cursor()
        else:
            super().keyReleaseEvent(event)

    def _gesture(self, button: Qt.MouseButton) -> Gesture | None:
        if button is Qt.MouseButton.MiddleButton:
            return Gesture.PAN
        if button is Qt.MouseButton.RightButton:
            return Gesture.WINDOW
        if button is not Qt.MouseButton.LeftButton:
            return None
        if self._is_space_down:
            return Gesture.PAN
        return Gesture.DRAW if self._is_marking else Gesture.WINDOW

    def _continue(self, drag: Drag, at: Point) -> Drag:
        dx, dy = at[0] - drag.last[0], at[1] - drag.last[1]
        is_click = drag.is_click and max(abs(at[0] - drag.start[0]), abs(at[1] - drag.start[1])) < CLICK_PX
        if drag.gesture is Gesture.PAN:
            self._wall.pan(drag.image_id, dx, dy)
        elif drag.gesture is Gesture.WINDOW and is_click:
            return drag
        elif drag.gesture is Gesture.WINDOW:
            self._wall.drag_window(drag.image_id, dx, dy)
        self._repaint_pane(drag.image_id)
        return replace(drag, last=at, is_click=is_click)

    def _finish_box(self, drag: Drag) -> None:
        box = self._drawn_box(drag)
        if box is not None and box[2] > 0 and box[3] > 0:
            self.box_drawn.emit(drag.image_id, box)

    def _drawn_box(self, drag: Drag) -> Box | None:
        """The box between press and pointer in image px, within the image."""
        pane = self._wall.pane(drag.image_id)
        if pane is None:
            return None
        (x0, y0), (x1, y1) = pane.to_image(*drag.start), pane.to_image(*drag.last)
        return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)

    def _mark_at(self, at: Point) -> str:
        pane = self._wall.pane_at(*at)
        if pane is None:
            return ""
        x_image_px, y_image_px = pane.pose.placement.to_image(*pane.inside(*at))
        return mark_around(self._marks, pane.image.id, x_image_px, y_image_px)

    def _paint_pane(self, painter: QPainter, pane: Pane, scale: float) -> None:
        box, look = pane.pose.box_px, pane.look
        if look.loaded is None:
            self._paint_waiting(painter, pane, scale)
            return
        table = look.loaded.table(look.window, look.is_inverted)
        paint_image(painter, self._mapper, look.loaded.pyramid, pane.pose.placement, box, table)
        self._paint_marks(painter, pane, scale)
        words = corner_words(pane, self._wall.study_dates, scale)
        paint_corners(painter, box, pane.words_at, scale, *words)

    def _paint_waiting(self, painter: QPainter, pane: Pane, scale: float) -> None:
        painter.fillRect(rectangle(pane.pose.box_px), theme.colour("pane"))
        if pane.look.refusal:
            paint_sentence(painter, pane.pose.box_px, pane.look.refusal, "warning", scale)
        elif not self._is_patient:
            paint_sentence(painter, pane.pose.box_px, say(Text.LOADING), "muted", scale)
        name, _ = corner_words(pane, self._wall.study_dates, scale)
        paint_corners(painter, pane.pose.box_px, pane.words_at, scale, name, [])

    def _paint_marks(self, painter: QPainter, pane: Pane, scale: float) -> None:
        for number, mark in enumerate(self._marks, start=1):
            if mark.image_id == pane.image.id:
                box = pane.pose.placement.box_to_pane(mark_box(mark))
                label = f"{number} {mark.label}"
                paint_mark(painter, pane.pose.box_px, box, label, mark.id == self._chosen, scale)
        drag = self._drag
        if drag is None or drag.gesture is not Gesture.DRAW or drag.image_id != pane.image.id:
            return
        drawn = self._drawn_box(drag)
        if drawn is not None and not drag.is_click:
            paint_mark(painter, pane.pose.box_px, pane.pose.placement.box_to_pane(drawn), "", True, scale)

    def _tell(self) -> None:
        """Tell the view state, stamped now, unless it is what was told last."""
        panels = self._wall.panels(self._on_display()) if self.isVisible() else ()
        shown = (self._wall.layout, panels)
        if shown != self._told:
            self._told = shown
            self.painted.emit(ViewState(self._clock.now_ns(), panels, self._wall.layout))

    def _on_display(self) -> Point:
        """The widget's top left corner in physical px of the display it is on."""
        corner = self.mapToGlobal(QPointF(0, 0)) - QPointF(self.screen().geometry().topLeft())
        scale = self.devicePixelRatioF()
        return corner.x() * scale, corner.y() * scale

    def _room_px(self) -> tuple[int, int]:
        scale = self.devicePixelRatioF()
        return round(self.width() * scale), round(self.height() * scale)

    def _room_point(self, position: QPointF) -> Point:
        scale = self.devicePixelRatioF()
        return position.x() * scale, position.y() * scale

    def _logical(self, box_px: Box) -> QRect:
        scale = 1 / self.devicePixelRatioF()
        x, y, width, height = (length * scale for length in box_px)
        return QRectF(x, y, width, height).toAlignedRect()

    def _repaint_pane(self, image_id: str) -> None:
        pane = self._wall.pane(image_id)
        if self._wall.is_linked:
            self.update()
        elif pane is not None:
            self.update(self._logical(pane.pose.box_px))

    def _choose_cursor(self) -> None:
        if self._is_space_down or (self._drag is not None and self._drag.gesture is Gesture.PAN):
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self._is_marking:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.unsetCursor()

    @Slot()
    def _lose_patience(self) -> None:
        self._is_patient = False
        self.update()

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
from acquisition.domain import Annotation, Box, Image, MarkKind, Panel, ViewState
from app import theme
from app.read.decoding import LoadedImage
from app.read.magnifier import magnified
from app.read.mark_hands import Drawn, MarkHands, Reshaped, Touch
from app.read.painting import rectangle
from app.read.pane_painting import PanePainter
from app.read.pane_words import words_px
from app.read.report import mark_at
from app.read.transform import Point
from app.read.wall import Pane, Wall, panel_of

ZOOM_PER_NOTCH = 1.2
NOTCH = 120.0
"""What Qt calls a turn of the wheel by one notch."""
CLICK_PX = 4.0
"""A press that moves less is a click."""
REACH_PX = 6.0
"""A mark's line or handle no further away is under the pointer, in px of the desktop."""
MAGNIFIER_PX = 280.0
"""The side of the magnifier, in px of the desktop."""
CORNER_KEYS = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Enter,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Backspace,
    Qt.Key.Key_Delete,
)
PATIENCE_MS = 300
"""A wait longer than this is shown."""


class Gesture(Enum):
    """What a pressed button does while the mouse moves."""

    WINDOW = auto()
    PAN = auto()
    MARK = auto()


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
    mark_drawn = Signal(str, object, object)
    """Image id, a MarkKind and its points in image px."""
    mark_reshaped = Signal(str, object)
    """A mark's id and its new points in image px."""
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
        self._painter = PanePainter()
        self._is_magnifying = self._has_overlays = False
        self._hands = MarkHands()
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
        self._hands.drop()
        self._is_complete = False
        self._told = None  # the same picture in another reading is told again
        self._painter.forget()
        self._wall.hang(images)
        self._wall.show_overlays(self._has_overlays)
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
        self._hands.show(marks, chosen)
        self.update()

    def take_tool(self, tool: MarkKind | None) -> None:
        """What the left button draws; None lets it window."""
        self._hands.take(tool)
        self._choose_cursor()
        self.update()

    @property
    def tool(self) -> MarkKind | None:
        """What the left button draws."""
        return self._hands.tool

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

    def choose_voi(self, voi: int) -> None:
        """The window or table of that number, from 0, of every file that has so many."""
        self._wall.choose_voi(voi)
        self.update()

    def show_overlays(self, are_shown: bool) -> None:
        """Whether the bit planes of the files lie over their images, in this case and the next ones."""
        self._has_overlays = are_shown
        self._wall.show_overlays(are_shown)
        self.update()

    def magnify(self, is_magnifying: bool) -> None:
        """Whether the image under the pointer is shown larger there."""
        self._is_magnifying = is_magnifying
        self.update()

    def true_size(self, display_mm_per_px: float) -> bool:
        """A millimetre of the images on one of the display; False where a file does not tell its size."""
        are_all = self._wall.true_size(display_mm_per_px)
        self.update()
        return are_all

    def toggle_alone(self, image_id: str = "") -> None:
        """One image over the whole room, and back."""
        self._wall.toggle_alone(image_id)
        self.update()

    def step_stage(self, by: int) -> None:
        """The next stage of the hanging, or the one before."""
        if self._wall.step_stage(by):
            self._drag = None
            self._hands.drop()
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
            dates = self._wall.study_dates
            self._painter.paint(painter, pane, self._hands, dates, scale, self._is_patient)
        if (larger := self._magnified()) is not None:
            self._painter.paint_magnifier(painter, larger, self._hands, scale)
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
        gesture = self._gesture(event.button(), self._touch(pane, at))
        if gesture is not None:
            self._drag = Drag(gesture, event.button(), pane.image.id, at, at)
            self._choose_cursor()
            self._repaint_pane(pane.image.id)
        if gesture is Gesture.MARK and self._hands.held_id not in ("", self._hands.chosen_id):
            self.mark_chosen.emit(self._hands.held_id)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the gesture; the repaint comes with the next frame."""
        self._pointer = self._room_point(event.position())
        if self._is_magnifying:
            self.update()
        if self._drag is not None:
            self._drag = self._continue(self._drag, self._pointer)
        else:
            self._hover()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture: a mark is drawn or bent, or a click chooses one."""
        drag = self._drag
        if drag is None or event.button() is not drag.button:
            return
        self._drag = None
        if drag.gesture is Gesture.MARK:
            self._tell_marks(self._hands.release(drag.is_click))
        self._choose_cursor()
        self._repaint_pane(drag.image_id)
        is_left_click = drag.is_click and drag.button is Qt.MouseButton.LeftButton
        if is_left_click and self._hands.tool is not MarkKind.POLYGON:
            self.mark_chosen.emit(self._mark_at(drag.start))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ends a polygon or changes its corners; anywhere else one image over the whole room, and back."""
        at = self._room_point(event.position())
        pane = self._wall.pane_at(*at)
        done = None
        if event.button() is Qt.MouseButton.LeftButton and pane is not None:
            done = self._hands.double(self._touch(pane, at))
            self._tell_marks(done)
            if done is None and self._hands.tool is None:
                self.toggle_alone(pane.image.id)
                return
        if done is None:
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
        if self._is_magnifying:
            self.update()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        """While a polygon is drawn some keys are its own, whatever they are shortcuts for."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._hands.is_cornering
            and event.key() in CORNER_KEYS
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space turns the left button into a hand; while a polygon is drawn, keys end it or go back."""
        if self._hands.is_cornering and event.key() in CORNER_KEYS:
            self._on_corner_key(Qt.Key(event.key()))
        elif event.key() == Qt.Key.Key_Space:
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

    def _on_corner_key(self, key: Qt.Key) -> None:
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._tell_marks(self._hands.close())
        elif key == Qt.Key.Key_Escape:
            self._hands.drop()
        else:
            self._hands.step_back()
        self.update()

    def _gesture(self, button: Qt.MouseButton, touch: Touch) -> Gesture | None:
        if button is Qt.MouseButton.MiddleButton:
            return Gesture.PAN
        if button is Qt.MouseButton.RightButton:
            return Gesture.WINDOW
        if button is not Qt.MouseButton.LeftButton:
            return None
        if self._is_space_down:
            return Gesture.PAN
        if self._hands.closes(touch):
            self._tell_marks(self._hands.close())
            return None
        return Gesture.MARK if self._hands.press(touch) else Gesture.WINDOW

    def _continue(self, drag: Drag, at: Point) -> Drag:
        dx, dy = at[0] - drag.last[0], at[1] - drag.last[1]
        is_click = drag.is_click and max(abs(at[0] - drag.start[0]), abs(at[1] - drag.start[1])) < CLICK_PX
        if drag.gesture is Gesture.PAN:
            self._wall.pan(drag.image_id, dx, dy)
        elif drag.gesture is Gesture.WINDOW and is_click:
            return drag
        elif drag.gesture is Gesture.WINDOW:
            self._wall.drag_window(drag.image_id, dx, dy)
        elif (pane := self._wall.pane(drag.image_id)) is not None:
            self._hands.move(self._touch(pane, at))
        self._repaint_pane(drag.image_id)
        return replace(drag, last=at, is_click=is_click)

    def _hover(self) -> None:
        """No button is down: a polygon follows the pointer, the cursor tells what can be taken hold of."""
        sketch = self._hands.sketch
        if sketch is not None and (pane := self._wall.pane(sketch.image_id)) is not None:
            self._hands.move(self._touch(pane, self._pointer))
            self._repaint_pane(sketch.image_id)
        self._choose_cursor()

    def _touch(self, pane: Pane, at: Point) -> Touch:
        reach_px = REACH_PX * self.devicePixelRatioF() / pane.pose.placement.zoom
        size_px = pane.image.width_px, pane.image.height_px
        return Touch(pane.image.id, size_px, pane.to_image(*at), reach_px)

    def _tell_marks(self, done: Drawn | Reshaped | None) -> None:
        if isinstance(done, Drawn):
            self.mark_drawn.emit(done.image_id, done.kind, done.points_px)
        elif done is not None:
            self.mark_reshaped.emit(done.mark_id, done.points_px)

    def _mark_at(self, at: Point) -> str:
        pane = self._wall.pane_at(*at)
        if pane is None or not pane.has_image_at(*at):
            return ""
        touch = self._touch(pane, at)
        return mark_at(self._hands.marks, touch.image_id, touch.at_px, touch.reach_px)

    def _magnified(self) -> Pane | None:
        """The magnifier, where there is one."""
        pane = self._wall.pane_at(*self._pointer) if self._is_magnifying else None
        if pane is None or pane.look.loaded is None:
            return None
        return magnified(pane, self._pointer, MAGNIFIER_PX * self.devicePixelRatioF())

    def _tell(self) -> None:
        """Tell the view state, stamped now, unless it is what was told last."""
        panels = self._wall.panels(self._on_display()) if self.isVisible() else ()
        if panels and (larger := self._magnified()) is not None:
            panels = (panel_of(larger, self._on_display()), *panels)  # of two that overlap the first counts
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
        elif self._hands.tool is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif (pane := self._wall.pane_at(*self._pointer)) and self._hands.is_over(
            self._touch(pane, self._pointer)
        ):
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.unsetCursor()

    @Slot()
    def _lose_patience(self) -> None:
        self._is_patient = False
        self.update()

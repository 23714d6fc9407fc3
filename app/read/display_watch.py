"""The screen that is read from: what it is, and whether it is still that one.

Gaze is placed on the display by its size in pixels and millimetres. Where one of them changes, or the window
goes to another screen, all that is recorded from then on would lie in the wrong place.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication, QScreen, QWindow
from PySide6.QtWidgets import QWidget

from acquisition.domain import Display
from app.texts import Text, say

MM_PER_PX_AT_96_DPI = 25.4 / 96


def screen_display(widget: QWidget) -> Display:
    """The screen that a widget is on, in physical px; 96 dots an inch where it does not tell its size."""
    screen = widget.screen()
    scale = screen.devicePixelRatio()
    width_px, height_px = round(screen.size().width() * scale), round(screen.size().height() * scale)
    size_mm = screen.physicalSize()
    return Display(
        width_px,
        height_px,
        size_mm.width() or width_px * MM_PER_PX_AT_96_DPI,
        size_mm.height() or height_px * MM_PER_PX_AT_96_DPI,
        scale=scale,
        name=screen.name(),
    )


def differences(was: Display, now: Display) -> list[str]:
    """What of a screen is another than it was, a clause each; the distance is no business of the screen."""
    pairs = (
        (Text.DISPLAY_NAME, was.name, now.name),
        (Text.DISPLAY_PX, (was.width_px, was.height_px), (now.width_px, now.height_px)),
        (Text.DISPLAY_MM, (was.width_mm, was.height_mm), (now.width_mm, now.height_mm)),
        (Text.DISPLAY_SCALE, was.scale, now.scale),
    )
    return [say(text, was=_words(a), now=_words(b)) for text, a, b in pairs if a != b]


def change_sentence(was: Display, now: Display) -> str:
    """What changed, what became of the recording, and what to do; empty where nothing changed."""
    found = differences(was, now)
    return say(Text.DISPLAY_CHANGED, what="; ".join(found)) if found else ""


def _words(value: str | float | tuple[float, float]) -> str:
    if isinstance(value, tuple):
        return f"{value[0]:.0f} x {value[1]:.0f}"
    return f"{100 * value:.0f} %" if isinstance(value, float) else value or say(Text.DISPLAY_UNNAMED)


class DisplayWatch(QObject):
    """Says when the screen of a widget is no longer what it was when the watch began."""

    changed = Signal(object, object)
    """The Display that was, and the one that is. The watch is over then."""

    def __init__(self, widget: QWidget, screen_of: Callable[[QWidget], Display] = screen_display) -> None:
        """Not watching yet; `screen_of` gives the screen that a widget is on."""
        super().__init__(widget)
        self._widget, self._screen_of = widget, screen_of
        self._was: Display | None = None
        self._followed: list[QScreen | QWindow] = []
        application = QGuiApplication.instance()
        assert isinstance(application, QGuiApplication)
        application.screenAdded.connect(self.look)
        application.screenRemoved.connect(self.look)

    def start(self) -> None:
        """Remember the screen as it is now, and look at it whenever Qt tells of a change."""
        self._was = self._screen_of(self._widget)
        handle, screen = self._widget.window().windowHandle(), self._widget.screen()
        if handle is not None and handle not in self._followed:
            handle.screenChanged.connect(self.look)
            self._followed.append(handle)
        if screen not in self._followed:
            for signal in (
                screen.geometryChanged,
                screen.physicalSizeChanged,
                screen.physicalDotsPerInchChanged,
                screen.logicalDotsPerInchChanged,
            ):
                signal.connect(self.look)
            self._followed.append(screen)

    def stop(self) -> None:
        """The screen may do what it likes."""
        self._was = None

    @Slot()
    def look(self) -> None:
        """Compare; Qt does not tell of everything on every platform, so it may be asked at any time."""
        if self._was is None:
            return
        now = self._screen_of(self._widget)
        if differences(self._was, now):
            was, self._was = self._was, None
            self.changed.emit(was, now)

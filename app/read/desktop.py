"""The screens as Qt has them, and windows put on them."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from app.read.screens import Part, Place, Rect, Screen, on_desktop

FILLING = Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen
SIZE_PX = {Part.IMAGES: (1280, 800), Part.PANEL: (480, 960), Part.OPERATOR: (780, 640)}
"""Of a window that nobody has sized yet."""


def attached() -> list[Screen]:
    """The screens that there are, the main one first; two that are alike in all are told apart by number."""
    main = QGuiApplication.primaryScreen()
    ordered = sorted(QGuiApplication.screens(), key=lambda screen: screen is not main)
    seen: dict[str, int] = {}
    found = []
    for screen in ordered:
        key = _key(screen)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            key = f"{key} #{seen[key]}"
        boxes = rect(screen.geometry()), rect(screen.availableGeometry())
        found.append(Screen(key, screen.name(), *boxes, _size_px(screen)))
    return found


def put(part: Part, window: QWidget, place: Place, screens: list[Screen]) -> None:
    """Move a window to its place, where the screen of that is there."""
    screen = next((screen for screen in screens if screen.key == place.screen), None)
    if screen is None:
        return
    if window.windowState() & FILLING:
        window.setWindowState(Qt.WindowState.WindowNoState)
    window.setScreen(next(s for s in QGuiApplication.screens() if rect(s.geometry()) == screen.box))
    window.setGeometry(QRect(*on_desktop(place, screen, SIZE_PX[part])))
    if place.is_filling:
        window.setWindowState(Qt.WindowState.WindowMaximized)


def rect(area: QRect) -> Rect:
    """As the memory of places has it."""
    return area.x(), area.y(), area.width(), area.height()


def _key(screen: QScreen) -> str:
    width_px, height_px = _size_px(screen)
    known = screen.name(), screen.manufacturer(), screen.model(), screen.serialNumber()
    return " ".join(filter(None, (*known, f"{width_px}x{height_px}")))


def _size_px(screen: QScreen) -> tuple[int, int]:
    scale = screen.devicePixelRatio()
    return round(screen.size().width() * scale), round(screen.size().height() * scale)

"""Where words are typed that pick lines of a list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchField(QLineEdit):
    """Enter takes the first line found, Esc clears, although both do something else everywhere around."""

    taken = Signal()

    def __init__(self, hint: str, name: str) -> None:
        """Empty, with a hint of what may be typed."""
        super().__init__()
        self.setObjectName(name)
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)

    def event(self, event: QEvent) -> bool:
        """Keep both keys from becoming shortcuts of the room; an empty field lets Esc go."""
        is_asking = event.type() == QEvent.Type.ShortcutOverride
        if is_asking and isinstance(event, QKeyEvent) and self._is_ours(event.key()):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take, or clear."""
        if event.key() in ENTER:
            self.taken.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)

    def _is_ours(self, key: int) -> bool:
        return key in ENTER or (key == Qt.Key.Key_Escape and bool(self.text()))

"""A light over every page that has no recording bar: whoever sits there can see that gaze is stored."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.parts import label, restyle
from app.read.light import Light
from app.texts import Text, say

MARGIN_PX = 16
WORDS = {Text.STORING: Text.STATE_STORING, Text.RECORDING_FAILED: Text.NOT_STORED}
"""How good the gaze is, and why it is not stored, is the bar's to say."""


class StorageLight(QFrame):
    """In the lower left corner of the window, above whatever it shows; steady, and without a number."""

    def __init__(self, parent: QWidget) -> None:
        """Hidden."""
        super().__init__(parent)
        self.setObjectName("storageLight")
        self._dot = label("", "light", "storageDot")
        self._word = label("", name="storageWord")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(8)
        row.addWidget(self._dot)
        row.addWidget(self._word)
        self.hide()

    def follow(self, window: QWidget) -> None:
        """Lie on this window from now on."""
        if window is not self.parentWidget():
            self.setParent(window)
        window.installEventFilter(self)

    def show_light(self, light: Light, is_needed: bool) -> None:
        """The light, where gaze is stored and nothing else says so."""
        restyle(self._dot, light=light.dot)
        self._word.setText(say(WORDS.get(light.text, light.text)))
        self.setVisible(is_needed and light.dot != "off")
        if self.isVisible():
            self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        window = self.parentWidget()
        assert window is not None
        self.adjustSize()
        self.move(MARGIN_PX, window.height() - self.height() - MARGIN_PX)
        self.raise_()

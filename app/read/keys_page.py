"""The keys of the Read room, on one page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.parts import label
from app.read.commands import COMMANDS, MOUSE
from app.texts import Text, say

GROUPS = ((Text.KEYS_IMAGE, Text.KEYS_CASE), (Text.KEYS_FINDINGS, Text.KEYS_ROOM))


class KeysPage(QWidget):
    """What every key and every move of the mouse does."""

    def __init__(self) -> None:
        """Built from the table of commands."""
        super().__init__()
        self.setObjectName("keysPage")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 28, 40, 28)
        column.setSpacing(4)
        column.addWidget(label(say(Text.KEYS_TITLE), "display"))
        column.addWidget(label(say(Text.KEYS_CLOSE), "muted"))
        column.addSpacing(16)
        row = QHBoxLayout()
        row.setSpacing(48)
        for groups in GROUPS:
            half = QVBoxLayout()
            half.setSpacing(8)
            for group in groups:
                half.addWidget(label(say(group), "title"))
                half.addLayout(_group(group))
                half.addSpacing(16)
            half.addStretch(1)
            row.addLayout(half, stretch=1)
        column.addLayout(row)
        column.addStretch(1)


def _group(group: Text) -> QGridLayout:
    lines = [(say(hand), say(text)) for of, hand, text in MOUSE if of is group]
    lines += [
        (" / ".join(map(_shown, command.keys)), say(command.text))
        for command in COMMANDS
        if command.group is group
    ]
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for row, (keys, words) in enumerate(lines):
        grid.addWidget(label(keys, "key"), row, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(label(words, wraps=True), row, 1)
    return grid


def _shown(key: str) -> str:
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)

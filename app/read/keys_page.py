"""The keys of the Read room, on one page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.parts import label
from app.read.commands import COMMANDS, MOUSE, Command
from app.texts import Text, say

COLUMNS = ((Text.KEYS_IMAGE,), (Text.KEYS_FINDINGS,), (Text.KEYS_CASE, Text.KEYS_ROOM))


class KeysPage(QWidget):
    """What every key and every move of the mouse does."""

    def __init__(self, commands: Sequence[Command] = COMMANDS) -> None:
        """Built from the table of commands."""
        super().__init__()
        self.setObjectName("keysPage")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 28, 24, 44)
        column.setSpacing(4)
        column.addWidget(label(say(Text.KEYS_TITLE), "display"))
        column.addWidget(label(say(Text.KEYS_CLOSE), "muted"))
        column.addSpacing(16)
        table = QWidget()
        row = QHBoxLayout(table)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(32)
        for groups in COLUMNS:
            part = QVBoxLayout()
            part.setSpacing(8)
            for group in groups:
                part.addWidget(label(say(group), "title"))
                part.addLayout(_group(group, commands))
                part.addSpacing(16)
            part.addStretch(1)
            row.addLayout(part, stretch=1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(table)
        column.addWidget(scroll, stretch=1)


def _group(group: Text, commands: Sequence[Command]) -> QGridLayout:
    lines = [(say(hand), say(text)) for of, hand, text in MOUSE if of is group]
    lines += [
        (" / ".join(map(_shown, command.keys)), say(command.text))
        for command in commands
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

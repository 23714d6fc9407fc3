"""The commands as Qt actions with their keys."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from acquisition.domain import MarkKind
from app.read.commands import BIRADS, COMMANDS, WINDOWS, Command
from app.texts import Text, say
from app.theme import icon

EVERYWHERE = ("operator", "leave", "keys")
"""These work on every page of the room, the others only at the desk."""
SWITCHES = (*(kind.value for kind in MarkKind), "link", "operator", "calibrate", "magnifier", "overlays")
AUTO_REPEAT = ("undo", "redo")


def make_actions(room: QWidget, desk: QWidget, commands: Sequence[Command] = COMMANDS) -> dict[str, QAction]:
    """An action for every command, and one for every BI-RADS category, by name."""
    actions = {command.name: _action(command, room) for command in commands}
    for category in BIRADS:
        command = Command(f"birads{category}", Text.KEY_BIRADS, (f"Ctrl+{category}",), Text.KEYS_FINDINGS)
        actions[command.name] = _action(command, room)
    for number in WINDOWS:
        command = Command(f"window{number}", Text.KEY_WINDOWS, (str(number),), Text.KEYS_IMAGE)
        actions[command.name] = _action(command, room)
    for name, action in actions.items():
        (room if name in EVERYWHERE else desk).addAction(action)
    return actions


def show_paused(action: QAction, is_paused: bool) -> None:
    """The pause action becomes the one that goes on."""
    name = say(Text.TOOL_RESUME if is_paused else Text.TOOL_PAUSE)
    action.setText(name)
    action.setToolTip(say(Text.TOOLTIP, name=name, keys=action.shortcut().toString()))
    action.setIcon(icon("resume" if is_paused else "pause"))


def _action(command: Command, parent: QWidget) -> QAction:
    action = QAction(say(command.text), parent)
    action.setObjectName(command.name)
    action.setShortcuts([QKeySequence(key) for key in command.keys])
    action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    action.setAutoRepeat(command.name in AUTO_REPEAT)
    action.setCheckable(command.name in SWITCHES)
    action.setToolTip(say(Text.TOOLTIP, name=say(command.text), keys=command.keys[0]))
    if command.icon:
        action.setIcon(icon(command.icon))
    return action

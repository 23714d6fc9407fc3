"""The keys of the commands as a reader wants them: the table, changed by a TOML file (`docs/templates.md`).

[keys]
invert = ["Ctrl+I"]
next = ["N", "PgDown"]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtGui import QKeySequence

from acquisition.errors import UserError
from app.read.commands import BIRADS, COMMANDS, WINDOWS, Command

FIXED = (*(f"Ctrl+{category}" for category in BIRADS), *map(str, WINDOWS))
"""The keys of categories and windows are numbers and stay so."""


class KeysError(UserError):
    """A file that binds no keys."""


def bound_commands(file: Path) -> tuple[Command, ...]:
    """The commands with the keys of a file; with their own where there is no file.

    Raises:
        KeysError: for a command that there is not, a key that is none, or one that two commands want.
    """
    if not file.exists():
        return COMMANDS
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise KeysError(f"{file.name}: cannot be read as TOML ({error}); mend or remove the file.") from error
    fault = _fault(values)
    if fault:
        raise KeysError(f"{file.name}: {fault}; mend or remove the file.")
    commands = _rebound(values["keys"])
    twice = _twice(commands)
    if twice:
        raise KeysError(f"{file.name}: {twice} is bound twice; mend or remove the file.")
    return commands


def _fault(values: Mapping[str, object]) -> str:
    """What is wrong with the file, as part of a sentence; empty for nothing."""
    keys = values.get("keys")
    if not isinstance(keys, dict) or len(values) > 1:
        return "it has to hold a table [keys] and nothing else"
    known = {command.name for command in COMMANDS}
    for name, bound in keys.items():
        if name not in known:
            return f"there is no command {name}"
        if not isinstance(bound, list) or not bound or not all(map(_is_key, bound)):
            return f'{name} is bound to no list of keys such as ["Ctrl+I"]'
    return ""


def _is_key(key: object) -> bool:
    return isinstance(key, str) and bool(_canonical(key))


def _canonical(key: str) -> str:
    """As Qt writes it; empty for what is no key."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def _rebound(keys: Mapping[str, Sequence[str]]) -> tuple[Command, ...]:
    return tuple(
        replace(command, keys=tuple(keys[command.name])) if command.name in keys else command
        for command in COMMANDS
    )


def _twice(commands: Sequence[Command]) -> str:
    seen = {_canonical(key) for key in FIXED}
    for command in commands:
        for key in map(_canonical, command.keys):
            if key in seen:
                return key
            seen.add(key)
    return ""

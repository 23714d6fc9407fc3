"""Starts `python -m learning.worker` as a process that outlives the window."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QIODevice, QProcess

from acquisition.errors import UserError


def start_worker(store: str, recordings: Path | None, log: Path) -> None:
    """Start a worker on the store; it takes jobs until none is left, then ends.

    It is detached: neither closing the window nor the terminal reaches it.

    Raises:
        UserError: it could not be started.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    process = QProcess()
    process.setProgram(sys.executable)
    places = ["--store", store] + (["--recordings", str(recordings)] if recordings is not None else [])
    process.setArguments(["-m", "learning.worker", *places])
    process.setStandardOutputFile(str(log), QIODevice.OpenModeFlag.Append)
    process.setStandardErrorFile(str(log), QIODevice.OpenModeFlag.Append)
    # PySide6 6.11 returns a bool where its stubs promise a tuple.
    if not bool(process.startDetached()):
        raise UserError(f"The worker could not be started with {sys.executable}: see {log}.")

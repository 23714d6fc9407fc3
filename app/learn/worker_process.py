"""Starts `python -m learning.worker` as a process that outlives the window."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def start_worker(store: str, recordings: Path | None, log: Path) -> int:
    """Start a worker on the store; it takes jobs until none is left, then ends. Returns its process id.

    It gets a session of its own, so that closing the window or its terminal does not reach it.
    """
    command = [sys.executable, "-m", "learning.worker", "--store", store]
    if recordings is not None:
        command += ["--recordings", str(recordings)]
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            creationflags=flags,
            start_new_session=sys.platform != "win32",
        ).pid

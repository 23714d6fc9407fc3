"""A run that is asked to stop keeps what it has."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from acquisition.errors import UserError

EXIT_CODE = 75
"""Of a run that was stopped by SIGTERM and can be resumed: `EX_TEMPFAIL`, try again."""


class Stopped(UserError):
    """The run was asked to stop, and a checkpoint holds all that it did."""


@contextmanager
def noted_sigterm() -> Iterator[Event]:
    """The event is set by SIGTERM, which does nothing else inside. For the main thread alone."""
    asked = Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        asked.set()

    before = signal.signal(signal.SIGTERM, note)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)

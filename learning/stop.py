"""A run that is asked to stop keeps what it has, and is gone before whoever asked loses patience.

It hears of it between two batches, also those behind one step of the optimiser. A batch that takes too long
to be waited for is given up: the run ends where it was last saved, which with such batches is after the one
before.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer
from time import monotonic
from types import FrameType

from acquisition.command_line import note
from acquisition.errors import UserError

EXIT_CODE = 75
"""Of a run that was stopped by SIGTERM and can be resumed: `EX_TEMPFAIL`, try again."""
PATIENCE_S = 20.0
"""For the batch in the works, of the 30 s within which a run that is asked to stop is saved and gone."""


class Stopped(UserError):
    """The run was asked to stop, and a checkpoint holds all that it did."""


class Pauses:
    """When a run pauses: because it is asked to stop, or to save what it has."""

    def __init__(
        self,
        should_stop: Callable[[], bool],
        seconds_between: float,
        of_all: Callable[[bool], bool] = bool,
    ) -> None:
        """Take what says that a run shall stop, and what says whether any of its processes says so."""
        self._should_stop, self._seconds_between, self._of_all = should_stop, seconds_between, of_all
        self._asked_s = monotonic()
        self._next_s = self._asked_s + seconds_between
        self.is_stopped = self.is_due = False

    def ask(self) -> bool:
        """Whether it is time; `is_due` keeps the answer. Asked after every batch."""
        now_s, before_s = monotonic(), self._asked_s
        self._asked_s = now_s
        is_slow = now_s - before_s > PATIENCE_S
        self.is_stopped = self._of_all(self._should_stop())
        self.is_due = self.is_stopped or self._of_all(is_slow or now_s >= self._next_s)
        return self.is_due

    def begin_anew(self) -> None:
        """All is saved."""
        self._asked_s = monotonic()
        self._next_s = self._asked_s + self._seconds_between
        self.is_due = False


class Request:
    """That a run shall stop. Where nobody hears it in time, the process ends as it is."""

    def __init__(self, patience_s: float, give_up: Callable[[], None]) -> None:
        """Nobody asks yet; `give_up` ends the process."""
        self._is_made = False
        self._timer = Timer(patience_s, give_up)
        self._timer.daemon = True

    def make(self) -> None:
        """Ask; once is enough."""
        if not self._is_made:
            self._is_made = True
            self._timer.start()

    def is_heard(self) -> bool:
        """Whether it was made. Who hears it saves what there is, and has the time for it."""
        if self._is_made:
            self._timer.cancel()
        return self._is_made


def _end_as_it_is() -> None:
    note(
        "Asked to stop, the run could not wait for what it was computing and ended where it was last saved; "
        "go on with it by --resume."
    )
    # The main thread is within a computation, which no exception can end.
    os._exit(EXIT_CODE)


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """The end of a process that was stopped waits for no thread: those of a compiler go on for minutes."""
    try:
        yield
    except SystemExit as ended:
        if ended.code != EXIT_CODE:
            raise
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_CODE)


@contextmanager
def noted_sigterm() -> Iterator[Request]:
    """The request is made by SIGTERM, which does nothing else inside. For the main thread alone."""
    request = Request(PATIENCE_S, _end_as_it_is)

    def ask(_number: int, _frame: FrameType | None) -> None:
        request.make()

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield request
    finally:
        request.is_heard()
        signal.signal(signal.SIGTERM, before)

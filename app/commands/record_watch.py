"""How `gazeroom record` says what it is doing: the storage light of a recording without a window."""

from __future__ import annotations

import sys

from acquisition.clock import HostClock
from acquisition.command_line import Step, note
from acquisition.recorder import STALL_S, RecorderStatus

STORING = "storing gaze"
STORING_EVENTS = "storing events, no gaze"
WAITING = "waiting for gaze"
NO_GAZE = "NO GAZE"
TROUBLED_S = 0.1
"""Silence that counts where the recorder says what is wrong."""
NOT_STORED = "NOT STORED"


def light(status: RecorderStatus) -> str:
    """The state of the recording in two words."""
    if not status.is_stored:
        return NOT_STORED
    if status.last_sample_age_s is None:
        return STORING_EVENTS
    if status.last_sample_age_s > (TROUBLED_S if status.message else STALL_S):
        return NO_GAZE
    return STORING if status.n_samples else WAITING


def figures(status: RecorderStatus) -> str:
    """What is wrong, or what came in the last seconds."""
    if status.message or status.validity is None:
        return status.message
    return f"{status.rate_hz:.0f} Hz, {100 * (1 - status.validity):.1f} % of it without an eye"


class Watcher:
    """Is told the status. On a terminal a line is redrawn, elsewhere each change of the light is a line."""

    def __init__(self, clock: HostClock, seconds: float, step: Step) -> None:
        """`step` draws the line of a recording that is to last so long."""
        self._clock, self._seconds, self._step = clock, seconds, step
        self._began_ns: int | None = None
        self._last = self._told = self._warned = ""
        self._is_drawn = sys.stderr.isatty()

    def __call__(self, status: RecorderStatus) -> None:
        """How it goes now."""
        now_ns = self._clock.now_ns()
        self._began_ns = self._began_ns or now_ns
        now, more = light(status), figures(status)
        words = f"{now}, {more}" if more else now
        self._step(min((now_ns - self._began_ns) * 1e-9 / self._seconds, 1.0), words)
        # Twice the same, for figures and message are a moment older than the light.
        if now == self._last != self._told and not self._is_drawn:
            note(words)
            self._told = now
        self._last = now
        if status.warning != self._warned:
            note(status.warning)
            self._warned = status.warning

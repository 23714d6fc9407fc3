"""The one clock that stamps everything, real or virtual."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class HostClock(Protocol):
    """A monotonic clock in nanoseconds that can be waited on."""

    def now_ns(self) -> int:
        """The present moment."""
        ...

    def wait_until(self, host_time_ns: int, timeout_s: float) -> bool:
        """Block until the clock shows `host_time_ns`, at most `timeout_s` real seconds; tell if it did."""
        ...


class RealClock:
    """`time.perf_counter_ns`: Windows' `monotonic` ticks too coarsely for 1200 Hz."""

    def now_ns(self) -> int:
        """The present moment."""
        return time.perf_counter_ns()

    def wait_until(self, host_time_ns: int, timeout_s: float) -> bool:
        """Sleep until `host_time_ns` or for `timeout_s`, whichever comes first."""
        wait_s = (host_time_ns - self.now_ns()) / 1e9
        if wait_s > 0:
            time.sleep(min(wait_s, timeout_s))
        return self.now_ns() >= host_time_ns


class VirtualClock:
    """A clock that stands still until somebody advances it: demos and tests run faster than real."""

    def __init__(self, start_ns: int = 1_000_000_000) -> None:
        """Start at `start_ns`."""
        self._now_ns = start_ns
        self._moved = threading.Condition()

    def now_ns(self) -> int:
        """The present moment."""
        with self._moved:
            return self._now_ns

    def advance(self, seconds: float) -> None:
        """Move the clock on and wake whoever waits."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back: {seconds} s")
        with self._moved:
            self._now_ns += round(seconds * 1e9)
            self._moved.notify_all()

    def wait_until(self, host_time_ns: int, timeout_s: float) -> bool:
        """Block until the clock was advanced to `host_time_ns`, at most `timeout_s` real seconds."""
        with self._moved:
            return self._moved.wait_for(lambda: self._now_ns >= host_time_ns, timeout_s)

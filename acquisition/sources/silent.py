"""No tracker: a recording of view states and events alone."""

from __future__ import annotations

import numpy as np

from acquisition.clock import HostClock
from acquisition.sources.base import Batch, SourceInfo, sample_dtype


class SilentSource:
    """Sends nothing, so that a reading can be recorded without gaze. Implements `GazeSource`."""

    def __init__(self, clock: HostClock) -> None:
        """Be silent by this clock."""
        self._clock = clock

    def open(self) -> SourceInfo:
        """Always there."""
        return SourceInfo("none", (), 0.0, is_simulated=False)

    def read(self, timeout_s: float) -> Batch:
        """Nothing, after `timeout_s` of the clock."""
        self._clock.wait_until(self._clock.now_ns() + round(timeout_s * 1e9), timeout_s)
        return Batch(np.zeros(0, dtype=sample_dtype(())), np.zeros(0), np.zeros(0, dtype=np.int64))

    def close(self) -> None:
        """Nothing to let go of."""

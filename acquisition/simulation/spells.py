"""Spells of something at random, such as blinks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Spells:
    """Stretches that begin at random, so many a minute; drawn as time goes on."""

    def __init__(
        self, seed: np.random.SeedSequence, per_minute: float, shortest_s: float, longest_s: float
    ) -> None:
        """Nothing is drawn before the first question; `per_minute` 0 is never."""
        self._rng = np.random.default_rng(seed)
        self._per_minute = per_minute
        self._lasting_s = (shortest_s, longest_s)
        self._spells_ns: list[tuple[int, int]] = []

    def cover(self, time_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) whether each of the ascending times, none before those of the last call, is in a spell."""
        if self._per_minute == 0.0 or len(time_ns) == 0:
            return np.zeros(len(time_ns), dtype=np.bool_)
        if not self._spells_ns:
            self._spells_ns = [self._next(int(time_ns[0]))]
        while self._spells_ns[-1][0] <= time_ns[-1]:
            self._spells_ns.append(self._next(self._spells_ns[-1][1]))
        bounds = np.array(self._spells_ns, dtype=np.int64)
        self._spells_ns = [spell for spell in self._spells_ns if spell[1] > time_ns[-1]]
        covered: NDArray[np.bool_] = np.searchsorted(bounds.ravel(), time_ns, side="right") % 2 == 1
        return covered

    def _next(self, after_ns: int) -> tuple[int, int]:
        start_ns = after_ns + round(self._rng.exponential(60e9 / self._per_minute))
        return start_ns, start_ns + round(self._rng.uniform(*self._lasting_s) * 1e9)

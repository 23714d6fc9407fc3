"""What a listener heard, until the recorder takes it."""

from __future__ import annotations

import threading
import time

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Event
from acquisition.errors import SourceError
from acquisition.sources.base import Batch, ClockPair

GATHER_S = 0.008
"""Handing over every sample by itself would cost more than all the rest."""


class Inbox:
    """Filled by one thread, emptied by another."""

    def __init__(self, dtype: np.dtype[np.void]) -> None:
        """For samples of this dtype."""
        self._dtype = dtype
        self._news = threading.Condition()
        self._samples: list[NDArray[np.void]] = []
        self._source_time_s: list[NDArray[np.float64]] = []
        self._host_time_ns: list[NDArray[np.int64]] = []
        self._pairs: list[ClockPair] = []
        self._events: list[Event] = []
        self._failure = ""

    def put_samples(self, samples: NDArray[np.void], source_time_s: NDArray[np.float64], now_ns: int) -> None:
        """Samples (n,) and their stamps (n,), which have arrived now."""
        with self._news:
            self._samples.append(samples)
            self._source_time_s.append(source_time_s)
            self._host_time_ns.append(np.full(len(samples), now_ns, dtype=np.int64))
            self._news.notify_all()

    def put_pair(self, pair: ClockPair) -> None:
        """What the sender's clock showed."""
        with self._news:
            self._pairs.append(pair)
            self._news.notify_all()

    def put_event(self, event: Event) -> None:
        """What happened."""
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def fail(self, sentence: str) -> None:
        """Nothing more will come."""
        with self._news:
            self._failure = sentence
            self._news.notify_all()

    def take(self, timeout_s: float) -> Batch:
        """All of it; waits at most so long for something, then a moment for more.

        Raises:
            SourceError: nothing is left, and nothing more will come.
        """
        with self._news:
            is_news = self._news.wait_for(self._has_news, timeout_s)
        if is_news:
            time.sleep(min(GATHER_S, timeout_s))
        with self._news:
            if self._failure and not self._has_something():
                raise SourceError(self._failure)
            batch = Batch(
                np.concatenate([np.zeros(0, self._dtype), *self._samples]),
                np.concatenate([np.zeros(0), *self._source_time_s]),
                np.concatenate([np.zeros(0, dtype=np.int64), *self._host_time_ns]),
                tuple(self._pairs),
                tuple(self._events),
            )
            self._samples, self._source_time_s, self._host_time_ns = [], [], []
            self._pairs, self._events = [], []
        return batch

    def _has_news(self) -> bool:
        return bool(self._failure) or self._has_something()

    def _has_something(self) -> bool:
        return bool(self._samples or self._pairs or self._events)

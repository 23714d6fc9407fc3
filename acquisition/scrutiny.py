"""What a source says that cannot be: said in a sentence and as an event, and never a reason to lose gaze.

Samples and their stamps are kept as sent, whatever they are. Put right is only what the recording itself
stands on: when samples and events arrived, and the clock pairs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from acquisition.clock import MAX_STAMP_S
from acquisition.domain import Event
from acquisition.errors import SourceError
from acquisition.sources.base import Batch, SourceInfo, sample_dtype

MAX_AHEAD_NS = 10_000_000_000
"""What arrived so long after now did not arrive then."""
MAX_BEFORE_NS = 60_000_000_000
"""Nor what arrived so long before the source was open."""
SAY_EVERY_NS = 10_000_000_000
"""Of each oddity there is one event in so long, and the sentence stays as long."""

_SENTENCES = {
    "odd_arrival": "The gaze source says that gaze came when it cannot have: it is kept, as of now.",
    "odd_clock_pair": "The gaze source's clock cannot be read: gaze is kept, placed by when it arrived.",
    "time_not_finite": "The gaze source sends gaze without a time: it is kept, placed by when it arrived.",
    "time_backwards": "The gaze source's time ran back: gaze is kept as sent; if it goes on, restart it.",
    "value_infinite": "The gaze source sends infinite values: they are kept as sent and count as no gaze.",
}
"""By kind of event."""
_POINTS = {f"{side}_{axis}" for side in ("left", "right", "both") for axis in "xy"}


class Scrutiny:
    """Looks at every batch of one source before it is taken in."""

    def __init__(self, info: SourceInfo, opened_ns: int) -> None:
        """The source was opened at this host time."""
        self._dtype = sample_dtype(info.channels)
        self._labels = [channel.label for channel in info.channels if channel.role in _POINTS]
        self._earliest_ns = opened_ns - MAX_BEFORE_NS
        self._last_stamp_s = -np.inf
        self._unsaid: Counter[str] = Counter()
        self._said_ns: dict[str, int] = {}

    def look(self, batch: Batch, now_ns: int) -> Batch:
        """The batch with possible times, and an event for each oddity that is news.

        Raises `SourceError` where the samples are not of the source's channels, or not as many as times.
        """
        n = len(batch.samples)
        if batch.samples.dtype != self._dtype or not n == len(batch.source_time_s) == len(batch.host_time_ns):
            raise SourceError("The gaze source sends something else than it announced: start it anew.")
        self._note_stamps(batch)
        self._note("value_infinite", sum(int(np.isinf(batch.samples[label]).sum()) for label in self._labels))
        batch = self._with_possible_times(batch, now_ns)
        news = self._news(now_ns)
        return replace(batch, events=(*batch.events, *news)) if news else batch

    def notice(self, now_ns: int) -> str:
        """A sentence on the latest oddity; empty where that was long ago."""
        kind, said_ns = max(self._said_ns.items(), key=lambda said: said[1], default=("", -SAY_EVERY_NS))
        return _SENTENCES[kind] if kind and now_ns - said_ns < SAY_EVERY_NS else ""

    def _with_possible_times(self, batch: Batch, now_ns: int) -> Batch:
        first_ns, last_ns = self._earliest_ns, now_ns + MAX_AHEAD_NS
        is_odd = (batch.host_time_ns < first_ns) | (batch.host_time_ns > last_ns)
        if is_odd.any():
            self._note("odd_arrival", int(is_odd.sum()))
            batch = replace(batch, host_time_ns=np.where(is_odd, now_ns, batch.host_time_ns))
        pairs = tuple(
            pair
            for pair in batch.clock_pairs
            if first_ns <= pair.host_time_ns <= last_ns and abs(pair.source_time_s) < MAX_STAMP_S
        )
        if len(pairs) < len(batch.clock_pairs):
            self._note("odd_clock_pair", len(batch.clock_pairs) - len(pairs))
            batch = replace(batch, clock_pairs=pairs)
        if not all(first_ns <= event.host_time_ns <= last_ns for event in batch.events):
            batch = replace(batch, events=tuple(replace(e, host_time_ns=now_ns) for e in batch.events))
        return batch

    def _note_stamps(self, batch: Batch) -> None:
        stamps_s = batch.source_time_s[np.isfinite(batch.source_time_s)]
        self._note("time_not_finite", len(batch.samples) - len(stamps_s))
        if len(stamps_s):
            before_s = np.concatenate(([self._last_stamp_s], stamps_s[:-1]))
            self._note("time_backwards", int((stamps_s < before_s).sum()))
            self._last_stamp_s = stamps_s[-1]

    def _note(self, kind: str, n: int) -> None:
        if n:
            self._unsaid[kind] += n

    def _news(self, now_ns: int) -> tuple[Event, ...]:
        """One event for each oddity that was not mentioned for long enough, with how often it was seen."""
        due = [
            kind
            for kind in self._unsaid
            if kind not in self._said_ns or now_ns - self._said_ns[kind] >= SAY_EVERY_NS
        ]
        self._said_ns |= dict.fromkeys(due, now_ns)
        return tuple(Event(now_ns, kind, {"n": self._unsaid.pop(kind)}) for kind in due)

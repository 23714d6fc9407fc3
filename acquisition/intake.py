"""What goes into a recording: samples without the pauses, what was painted, what happened, and the gaps.

No thread and no clock of its own: the recorder's thread feeds it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from acquisition.domain import Event, Gap, GapCause, Session, ViewState
from acquisition.live import LiveGaze
from acquisition.sources.base import Batch, SourceInfo

NEVER_NS = np.iinfo(np.int64).max


class RecordingSink(Protocol):
    """What is asked of `acquisition.store.RecordingWriter`.

    All but `commit` and `seal` only remember; a failed `commit` raises `StoreError` and keeps what it
    was to write for the next one.
    """

    def append(self, batch: Batch) -> None:
        """Remember samples, clock pairs and events of the source."""
        ...

    def view_state(self, view: ViewState) -> None:
        """Remember what was painted."""
        ...

    def event(self, event: Event) -> None:
        """Remember what happened."""
        ...

    def gap(self, gap: Gap) -> None:
        """Remember a stretch without gaze."""
        ...

    def commit(self) -> None:
        """Make it all durable."""
        ...

    def seal(self) -> str:
        """Finish the recording; its hash."""
        ...

    def close(self) -> None:
        """Let go, sealed or not."""
        ...


Outlet = Callable[[RecordingSink, SourceInfo, Session], RecordingSink]
"""Wraps the sink of a session in one that also sends elsewhere what is stored."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A wish to pause, or to go on, from this moment."""

    host_time_ns: int
    is_pause: bool


class Intake:
    """Feeds one sink from one source."""

    def __init__(self, info: SourceInfo, sink: RecordingSink, opened_ns: int) -> None:
        """The source was opened at this host time."""
        self.live = LiveGaze(info, opened_ns)
        self.n_samples = 0
        self.last_arrival_ns = opened_ns
        self.notice = ""
        """A sentence on the source, for the person in front of it; empty while all is well."""
        self.warning = ""
        """What the source warned of and holds for the whole session."""
        self._sink = sink
        self._period_ns = round(1e9 / info.nominal_rate_hz) if info.nominal_rate_hz else 0
        self._pauses: list[tuple[int, int]] = []
        self._gone_since_ns: int | None = None
        self._overrun_since_ns: int | None = None

    @property
    def is_paused(self) -> bool:
        """Whether gaze is discarded."""
        return bool(self._pauses) and self._pauses[-1][1] == NEVER_NS

    def take(self, item: Event | ViewState | Turn) -> None:
        """Hand on what was painted or happened; pause or go on."""
        if isinstance(item, ViewState):
            self._sink.view_state(item)
        elif isinstance(item, Event):
            self._sink.event(item)
        elif item.is_pause != self.is_paused:
            self._sink.event(Event(item.host_time_ns, "paused" if item.is_pause else "resumed"))
            if item.is_pause:
                self.live.pause(item.host_time_ns)
                self._pauses.append((item.host_time_ns, NEVER_NS))
            else:
                self._end_pause(item.host_time_ns)

    def take_batch(self, batch: Batch) -> None:
        """Hand on what the source sent, less what was seen in a pause. Turns until then were taken before."""
        for piece in _in_order(batch):
            self._take_piece(piece)

    def _take_piece(self, batch: Batch) -> None:
        for event in batch.events:
            self._heed(event)
        if not (len(batch.samples) or batch.events or batch.clock_pairs):
            return
        time_ns = self.live.capture_ns(batch)
        kept = np.ones(len(time_ns), dtype=np.bool_)
        for start_ns, end_ns in self._pauses:
            kept &= (time_ns < start_ns) | (time_ns >= end_ns)
        if not kept.all():
            batch = replace(
                batch,
                samples=batch.samples[kept],
                source_time_s=batch.source_time_s[kept],
                host_time_ns=batch.host_time_ns[kept],
            )
        self._sink.append(batch)
        if kept.any():
            self._end_overrun(int(time_ns[kept][0]))
            self.live.add(batch, time_ns[kept])
            self.n_samples += len(batch.samples)
            self.last_arrival_ns = int(batch.host_time_ns[-1])

    def lose_source(self, now_ns: int, message: str) -> None:
        """The source broke for good."""
        self._sink.event(Event(now_ns, "source_failed", {"message": message}))
        self.notice = message
        self._begin_silence()

    def digest(self) -> None:
        """Hand on the gaps that have ended."""
        for gap in self.live.settled_gaps():
            self._sink.gap(gap)

    def finish(self, end_ns: int) -> None:
        """Close the gaps that are open."""
        if self.is_paused:
            self._end_pause(end_ns)
        if self._gone_since_ns is not None:
            self._explain(Gap(self._gone_since_ns, end_ns, GapCause.DISCONNECT))
        self._end_overrun(end_ns)
        self.digest()
        for gap in self.live.last_gaps(end_ns):
            self._sink.gap(gap)

    def _heed(self, event: Event) -> None:
        """What the source says of itself."""
        if event.kind == "disconnect":
            self.notice = "The tracker's stream is gone: start it again, the recording waits for it."
            self._begin_silence()
        elif event.kind == "other_stream":
            name, why = event.detail.get("stream", ""), event.detail.get("why", "it is another stream")
            self.notice = f"Another gaze stream is there, {name!r}; it is not recorded, for {why}."
        elif event.kind == "heard_again":
            self.notice = ""
        elif event.kind == "reconnect" and self._gone_since_ns is not None:
            self.notice = ""
            self._explain(Gap(self._gone_since_ns, event.host_time_ns, GapCause.DISCONNECT))
            self._gone_since_ns = None
        elif event.kind == "warning":
            self.warning = str(event.detail.get("message", ""))
        elif event.kind == "end_of_replay":
            self.notice = "The replay is over: nothing more comes."
        elif event.kind == "overflow":
            self.digest()
            self._overrun_since_ns = self.live.last_ns() + self._period_ns

    def _begin_silence(self) -> None:
        self.digest()
        if self._gone_since_ns is None:
            self._gone_since_ns = self.live.last_ns() + self._period_ns

    def _end_overrun(self, next_ns: int) -> None:
        """What ran over lay between the samples before its event and this one after, if any is missing."""
        since_ns, self._overrun_since_ns = self._overrun_since_ns, None
        if since_ns is not None and next_ns - since_ns > self._period_ns // 2:
            self._explain(Gap(since_ns, next_ns, GapCause.OVERFLOW))

    def _end_pause(self, end_ns: int) -> None:
        start_ns, _ = self._pauses.pop()
        self._pauses.append((start_ns, end_ns))
        self._explain(Gap(start_ns, end_ns, GapCause.PAUSE))
        self.last_arrival_ns = end_ns

    def _explain(self, gap: Gap) -> None:
        if gap.end_ns <= gap.start_ns and gap.cause is not GapCause.PAUSE:
            return  # nothing was missing
        self._sink.gap(gap)
        self.live.explain(gap)


def _in_order(batch: Batch) -> Iterator[Batch]:
    """A batch, cut so that what happened comes after the samples that arrived before it."""
    cuts = np.searchsorted(batch.host_time_ns, [event.host_time_ns for event in batch.events])
    bounds = np.maximum.accumulate([0, *cuts, len(batch.samples)])
    for number, (start, stop) in enumerate(itertools.pairwise(bounds)):
        yield Batch(
            batch.samples[start:stop],
            batch.source_time_s[start:stop],
            batch.host_time_ns[start:stop],
            () if number else batch.clock_pairs,
            batch.events[number - 1 : number] if number else (),
        )

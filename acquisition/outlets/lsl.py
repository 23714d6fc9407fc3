"""Gaze and markers sent over LSL while they are recorded, so that any laboratory's recorder can take part.

A thread of its own sends; the recorder's thread only puts into its queue. Whatever goes wrong with sending
ends the sending, with an event in the recording, and never touches the recording itself.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from acquisition.clock import HostClock, SourceClock, source_clock
from acquisition.domain import Event, Gap, Session, ViewState
from acquisition.errors import GazeroomError
from acquisition.intake import Outlet, RecordingSink
from acquisition.liblsl import load_lsl
from acquisition.outlets.markers import event_marker, gap_marker, session_marker, view_marker
from acquisition.outlets.titta import SentChannel, sent_channels, sent_values
from acquisition.sources.base import Batch, ClockPair, SourceInfo
from acquisition.store.gaze import gaze_by_clock
from acquisition.store.recording_reader import RawGaze

log = logging.getLogger(__name__)

OWN = "gazeroom:"
"""Begins the source id of what Gazeroom sends; its own search for trackers passes by such streams."""
MAX_WAITING = 10_000
"""Things to send; more wait only where LSL hangs."""
GATHER_S = 0.01
LINGER_S = 0.2
"""liblsl drops what it has not sent when an outlet closes."""
BUFFER_S = 60
CLOSE_S = 3.0
N_CLOCK_LOOKS = 20

Item = Batch | ViewState | Event | Gap


def lsl_outlet(clock: HostClock) -> Outlet:
    """What to give a recorder as its outlet: all that it stores is sent over LSL as well."""
    return lambda sink, info, session: LslOutlet(sink, info, session, clock)


class LslOutlet:
    """A `RecordingSink` that hands everything to another one first, and then sends it."""

    def __init__(self, sink: RecordingSink, info: SourceInfo, session: Session, clock: HostClock) -> None:
        """Streams are made in a thread; they are called `Gazeroom_gaze` and `Gazeroom_markers`."""
        self._sink, self._clock = sink, clock
        self._items: queue.Queue[Item | None] = queue.Queue(MAX_WAITING)
        self._failure = ""
        self._is_failure_stored = False
        self._thread = threading.Thread(target=self._run, args=(info, session), name="lsl-out", daemon=True)
        self._thread.start()

    def append(self, batch: Batch) -> None:
        """Samples, clock pairs and events of the source."""
        self._sink.append(batch)
        self._send(batch)

    def view_state(self, view: ViewState) -> None:
        """What was painted."""
        self._sink.view_state(view)
        self._send(view)

    def event(self, event: Event) -> None:
        """What happened."""
        self._sink.event(event)
        self._send(event)

    def gap(self, gap: Gap) -> None:
        """A stretch without gaze."""
        self._sink.gap(gap)
        self._send(gap)

    def commit(self) -> None:
        """Make it all durable, and with it that sending failed, if it did."""
        if self._failure and not self._is_failure_stored:
            self._is_failure_stored = True
            self._sink.event(Event(self._clock.now_ns(), "lsl_out_failed", {"message": self._failure}))
        self._sink.commit()

    def seal(self) -> str:
        """Finish the recording; its hash."""
        return self._sink.seal()

    def close(self) -> None:
        """Let go of the recording, then stop sending."""
        self._sink.close()
        self._send(None)
        self._thread.join(CLOSE_S)

    def _send(self, item: Item | None) -> None:
        if self._failure:
            return
        try:
            self._items.put_nowait(item)
        except queue.Full:
            self._fail("LSL takes nothing any more")

    def _fail(self, why: str) -> None:
        self._failure = (
            f"Gaze is recorded but no longer sent over LSL ({why}): start a new session to send again."
        )
        log.warning(self._failure)

    # From here on everything runs in the outlet's thread.

    def _run(self, info: SourceInfo, session: Session) -> None:
        try:
            streams = _Streams(info, session, self._clock)
            while True:
                items = self._gather()
                streams.send([item for item in items if item is not None])
                if None in items:
                    break
            time.sleep(LINGER_S)
        except (GazeroomError, RuntimeError, ValueError, OSError) as error:
            self._fail(str(error))
        except Exception as error:
            log.exception("sending over LSL broke down")
            self._fail(str(error))

    def _gather(self) -> list[Item | None]:
        """What is to be sent: the first that comes, and what follows it within a moment."""
        items = [self._items.get()]
        if items[0] is not None:
            time.sleep(GATHER_S)
        while not self._items.empty():
            items.append(self._items.get_nowait())
        return items


class _Streams:
    """The two LSL streams of one session."""

    def __init__(self, info: SourceInfo, session: Session, clock: HostClock) -> None:
        self._info = info
        self._sent = sent_channels(info.channels)
        self._pairs: list[ClockPair] = []
        self._source_clock = SourceClock()
        self._lsl_less_host_s = lsl_less_host_s(clock)
        self._gaze = _outlet(gaze_stream(info, session, self._sent)) if info.channels else None
        self._markers = _outlet(marker_stream(info, session))
        self._mark(clock.now_ns(), session_marker(session))

    def send(self, items: Sequence[Item]) -> None:
        """Send in order; the samples of batches that follow each other at once."""
        batches: list[Batch] = []
        for item in items:
            if isinstance(item, Batch):
                batches.append(item)
                for event in item.events:
                    self._mark(event.host_time_ns, event_marker(event))
            elif isinstance(item, ViewState):
                self._mark(item.host_time_ns, view_marker(item))
            elif isinstance(item, Event):
                self._mark(item.host_time_ns, event_marker(item))
            else:
                self._mark(item.start_ns, gap_marker(item))
        if batches:
            self._send_gaze(batches)

    def _send_gaze(self, batches: Sequence[Batch]) -> None:
        pairs = [pair for batch in batches for pair in batch.clock_pairs]
        if pairs:
            self._pairs += pairs
            self._source_clock = source_clock(self._pairs)
        samples = np.concatenate([batch.samples for batch in batches])
        if self._gaze is None or len(samples) == 0:
            return
        source_time_s = np.concatenate([batch.source_time_s for batch in batches])
        host_time_ns = np.concatenate([batch.host_time_ns for batch in batches])
        raw = RawGaze(self._info.channels, samples, source_time_s, host_time_ns)
        gaze = gaze_by_clock(raw, self._source_clock)
        stamps_s = gaze["time_ns"] * 1e-9 + self._lsl_less_host_s
        self._gaze.push_chunk(sent_values(gaze, self._sent, self._info.channels), stamps_s.tolist())

    def _mark(self, host_time_ns: int, marker: str | None) -> None:
        if marker is not None:
            self._markers.push_sample([marker], host_time_ns * 1e-9 + self._lsl_less_host_s)


def lsl_less_host_s(clock: HostClock) -> float:
    """What LSL's clock shows more than the host clock, in seconds, by the quickest of a few looks at both.

    Both are the computer's own monotonic clock, so that once is enough.
    """
    local_clock = load_lsl().local_clock
    looks: list[tuple[int, float]] = []
    for _ in range(N_CLOCK_LOOKS):
        before_ns, lsl_s, after_ns = clock.now_ns(), local_clock(), clock.now_ns()
        looks.append((after_ns - before_ns, lsl_s - (before_ns + after_ns) / 2 * 1e-9))
    return min(looks)[1]


def gaze_stream(info: SourceInfo, session: Session, sent: Sequence[SentChannel]) -> Any:
    """How the stream of gaze describes itself."""
    lsl = load_lsl()
    stream = _stream(info, session, "gaze", "Gaze", len(sent), info.nominal_rate_hz, lsl.cf_double64)
    channels = stream.desc().append_child("channels")
    for channel in sent:
        described = channels.append_child("channel")
        said = {"label": channel.label, "eye": channel.eye, "type": channel.kind, "unit": channel.unit}
        for name, value in said.items():
            described.append_child_value(name, value)
    return stream


def marker_stream(info: SourceInfo, session: Session) -> Any:
    """How the stream of markers describes itself."""
    lsl = load_lsl()
    return _stream(info, session, "markers", "Markers", 1, lsl.IRREGULAR_RATE, lsl.cf_string)


def _stream(
    info: SourceInfo, session: Session, what: str, kind: str, n_channels: int, rate_hz: float, format_: int
) -> Any:
    """A stream that is the same after a restart, for other recorders know it again by its source id."""
    tracker = info.detail.get("source_id") or info.detail.get("serial_number") or info.name
    is_simulated = info.is_simulated or session.is_simulated
    mark = "_simulated" if is_simulated else ""
    stream = load_lsl().StreamInfo(
        f"Gazeroom_{what}{mark}", kind, n_channels, rate_hz, format_, f"{OWN}{what}:{tracker}"
    )
    stream.desc().append_child_value("simulated", "true" if is_simulated else "false")
    made_by = stream.desc().append_child("acquisition")
    made_by.append_child_value("manufacturer", info.detail.get("manufacturer", "Gazeroom"))
    for name in ("model", "serial_number"):
        if name in info.detail:
            made_by.append_child_value(name, info.detail[name])
    return stream


def _outlet(stream: Any) -> Any:
    return load_lsl().StreamOutlet(stream, chunk_size=0, max_buffered=BUFFER_S)

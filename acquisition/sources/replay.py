"""A recording, played once more as if it were live.

`replay:recordings/ses_1f….sqlite` gives what its tracker sent: the same channels and samples bit for bit, the
same source stamps, spaced in time as they had arrived, its clock pairs, and what the source had said of
itself. What the session adds (views, readings, pauses) is not played.

`replay:…sqlite@4` plays four times as fast. Host times are then a quarter apart, and so that capture still
comes before arrival the source's clock is compressed in the same way: the stamp of each sample, the clock
pairs, and the rate that is owed. The samples stay as they are, the device time inside them too. A recording
of that is one of a tracker and of eyes four times as fast: for trying things out, not for measuring.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import HostClock
from acquisition.domain import Event, Session
from acquisition.errors import SourceError, StoreError
from acquisition.sources.base import Batch, ClockPair, SourceInfo
from acquisition.store.recording_reader import RawGaze, Recording

SOURCE_EVENTS = frozenset(
    {
        "clock_reset",
        "disconnect",
        "heard_again",
        "notification",
        "other_stream",
        "overflow",
        "reconnect",
        "silent",
        "stream_error",
        "tracker_display_changed",
        "warm_up",
        "warning",
    }
)
"""What sources say of themselves; all else in a recording was said by the session."""
END = "end_of_replay"
PART_CHUNKS = 200
"""Read at a time: some 20 s of gaze."""
CHUNK_NS = 8_000_000
MAX_SPEED = 1000.0

_WHICH = re.compile(r"(?P<path>.+?)(?:@(?P<speed>\d+(?:\.\d+)?)x?)?")


def parse_replay(which: str) -> tuple[Path, float]:
    """`PATH` or `PATH@SPEED`; the path may leave out `.sqlite`.

    Raises:
        SourceError: no path, or a speed that is none.
    """
    match = _WHICH.fullmatch(which)
    if match is None:
        raise SourceError("Say which recording: --source replay:STORE/recordings/ses_….sqlite.")
    path, speed = Path(match["path"]), float(match["speed"] or 1.0)
    if not 0.0 < speed <= MAX_SPEED:
        raise SourceError(f"replay:{which}: a replay is 1 to {MAX_SPEED:g} times as fast, or slower.")
    with_suffix = path.with_name(f"{path.name}.sqlite")
    return with_suffix if not path.exists() and with_suffix.exists() else path, speed


def recorded_session(which: str) -> Session:
    """What a replay repeats: its screen, whether it is simulated. Raises `SourceError` as it does."""
    return _open(parse_replay(which)[0]).header.session


class Tape:
    """What a recording holds of its source, in recorded time. Raises `StoreError` where it is damaged."""

    def __init__(self, recording: Recording) -> None:
        """At its beginning."""
        self._recording = recording
        self._n_chunks = recording.counts().chunk
        self._pairs = deque(recording.clock_pairs())
        said = (event for event in recording.events() if event.kind in SOURCE_EVENTS)
        self._events = deque(sorted(said, key=lambda event: event.host_time_ns))
        self._next_chunk = self._at = 0
        self._part = self._load()
        opened_ns = recording.header.session.opened_host_time_ns
        self.begin_ns = opened_ns if (first_ns := self.next_ns()) is None else min(opened_ns, first_ns)
        """When the first thing happened."""
        self.begin_source_s = self._first_stamp_s()

    def next_ns(self) -> int | None:
        """When the next thing happens; None at the end."""
        times = [heap[0].host_time_ns for heap in (self._pairs, self._events) if heap]
        return min((*times, *self._next_arrival_ns()), default=None)

    def take(self, until_ns: int) -> tuple[RawGaze, list[ClockPair], list[Event]]:
        """What happened up to this time and was not taken yet, but no samples that came after an event."""
        events = []
        while self._events and self._events[0].host_time_ns <= min((until_ns, *self._next_arrival_ns())):
            events.append(self._events.popleft())
        if self._events:
            until_ns = min(until_ns, self._events[0].host_time_ns - 1)
        pairs = []
        while self._pairs and self._pairs[0].host_time_ns <= until_ns:
            pairs.append(self._pairs.popleft())
        return self._take_samples(until_ns), pairs, events

    def _take_samples(self, until_ns: int) -> RawGaze:
        parts = [self._rest(0)]
        while self._next_arrival_ns():
            later = np.flatnonzero(self._part.host_time_ns[self._at :] > until_ns)
            parts.append(self._rest(int(later[0])) if len(later) else self._rest(None))
            self._at += len(parts[-1].samples)
            if len(later):
                break
            if self._next_chunk < self._n_chunks:
                self._part, self._at = self._load(), 0
        return _joined(parts)

    def _load(self) -> RawGaze:
        """The next some seconds."""
        chunks = range(self._next_chunk, min(self._next_chunk + PART_CHUNKS, self._n_chunks))
        self._next_chunk = chunks.stop
        return self._recording.raw(chunks)

    def _rest(self, n: int | None) -> RawGaze:
        """The next n samples of the part."""
        some = slice(self._at, None if n is None else self._at + n)
        part = self._part
        return replace(
            part,
            samples=part.samples[some],
            source_time_s=part.source_time_s[some],
            host_time_ns=part.host_time_ns[some],
        )

    def _next_arrival_ns(self) -> list[int]:
        """Of the next sample; empty at the end."""
        return [int(time_ns) for time_ns in self._part.host_time_ns[self._at : self._at + 1]]

    def _first_stamp_s(self) -> float:
        """What the source's clock showed at the beginning."""
        stamps_s = self._part.source_time_s[np.isfinite(self._part.source_time_s)]
        return self._pairs[0].source_time_s if self._pairs else float(stamps_s[:1].sum())


@dataclass(frozen=True, slots=True)
class Pace:
    """From recorded to played time."""

    recorded_ns: int
    played_ns: int
    """The host time at which `recorded_ns` is played."""
    source_s: float
    """What the source's clock shows at the beginning of both."""
    speed: float

    def recorded_at(self, host_time_ns: int) -> int:
        """What is played now."""
        return self.recorded_ns + int((host_time_ns - self.played_ns) * self.speed)

    def host_ns(self, recorded_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) when what was recorded then is played, or a moment before, so that it has arrived by then."""
        elapsed_ns: NDArray[np.float64] = np.floor((recorded_ns - self.recorded_ns) / self.speed)
        return self.played_ns + elapsed_ns.astype(np.int64)

    def source_time_s(self, recorded_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """The stamps (n,); as they are, to the bit, where nothing is compressed."""
        if self.speed == 1.0:
            return recorded_s
        return self.source_s + (recorded_s - self.source_s) / self.speed

    def pair(self, pair: ClockPair) -> ClockPair:
        """As read at this pace."""
        (host_time_ns,) = self.host_ns(np.array([pair.host_time_ns])).tolist()
        (source_time_s,) = self.source_time_s(np.array([pair.source_time_s])).tolist()
        return replace(pair, host_time_ns=host_time_ns, source_time_s=source_time_s)

    def event(self, event: Event) -> Event:
        """As said at this pace."""
        (host_time_ns,) = self.host_ns(np.array([event.host_time_ns])).tolist()
        return replace(event, host_time_ns=host_time_ns)


class ReplaySource:
    """The tracker of a recording. Implements `GazeSource` and `CanEnd`."""

    def __init__(self, clock: HostClock, path: Path, *, speed: float = 1.0) -> None:
        """Play the recording at `path`, `speed` times as fast as it was."""
        self._clock, self._path, self._speed = clock, path, speed
        self._tape: Tape | None = None
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether all of it was read."""
        return self._is_over

    def open(self) -> SourceInfo:
        """Begin to play at this moment.

        Raises:
            SourceError: there is no recording at the path, or not one that can be read.
        """
        recording = _open(self._path)
        try:
            tape = Tape(recording)
        except StoreError as error:
            raise SourceError(str(error)) from error
        self._tape, self._is_over = tape, False
        self._read_ns = self._clock.now_ns()
        self._pace = Pace(tape.begin_ns, self._read_ns, tape.begin_source_s, self._speed)
        return self._described(recording)

    def read(self, timeout_s: float) -> Batch:
        """What has arrived by now. Events divide batches: samples that came after one come with the next.

        Raises:
            StoreError: the recording is damaged from here on.
        """
        if self._tape is None:
            raise SourceError("The replay was read before it was opened: open it first.")
        next_ns = self._tape.next_ns()
        if next_ns is None:
            return self._ended(timeout_s)
        due_ns = int(self._pace.host_ns(np.array([next_ns]))[0])
        self._clock.wait_until(max(due_ns, self._read_ns + CHUNK_NS), timeout_s)
        self._read_ns = self._clock.now_ns()
        raw, pairs, events = self._tape.take(self._pace.recorded_at(self._read_ns))
        return Batch(
            raw.samples,
            self._pace.source_time_s(raw.source_time_s),
            self._pace.host_ns(raw.host_time_ns),
            tuple(map(self._pace.pair, pairs)),
            tuple(map(self._pace.event, events)),
        )

    def close(self) -> None:
        """Let go of the recording."""
        self._tape = None

    def _ended(self, timeout_s: float) -> Batch:
        """Nothing; and that it is so, the first time."""
        assert self._tape is not None
        events = () if self._is_over else (Event(self._clock.now_ns(), END),)
        if self._is_over:
            self._clock.wait_until(self._clock.now_ns() + round(timeout_s * 1e9), timeout_s)
        self._is_over = True
        nothing = self._tape.take(0)[0]
        return Batch(nothing.samples, nothing.source_time_s, nothing.host_time_ns, events=events)

    def _described(self, recording: Recording) -> SourceInfo:
        info = recording.info
        about = {
            "replay_of": recording.header.session.id,
            "replayed_source": info.name,
            "speed": f"{self._speed:g}",
        }
        rate_hz = info.nominal_rate_hz * self._speed
        return replace(info, name="replay", nominal_rate_hz=rate_hz, detail={**info.detail, **about})


def _open(path: Path) -> Recording:
    if not path.is_file():
        raise SourceError(
            f"There is no recording {path}: give the file of a session, it lies in the folder recordings of"
            " its store."
        )
    try:
        return Recording(path)
    except StoreError as error:
        raise SourceError(str(error)) from error


def _joined(parts: list[RawGaze]) -> RawGaze:
    """One after the other; each field keeps its byte order, which numpy's concatenate would change."""
    samples = np.empty(sum(len(part.samples) for part in parts), parts[0].samples.dtype)
    np.concatenate([part.samples for part in parts], out=samples)
    return replace(
        parts[0],
        samples=samples,
        source_time_s=np.concatenate([part.source_time_s for part in parts]),
        host_time_ns=np.concatenate([part.host_time_ns for part in parts]),
    )

"""The thread that listens to one LSL stream, and looks for it when it is gone.

liblsl drops what waits in its queue in the moment in which a connection breaks, so the queue is emptied
by a thread that does nothing else; a recorder that is held up loses nothing and every sample is stamped
when it arrives.

    listening -> silent -> listening      the connection stands, nothing comes
    listening or silent -> gone           the connection broke
    gone or silent -> listening           the same stream is back, or the operator took another
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from acquisition.clock import HostClock
from acquisition.domain import Event
from acquisition.errors import SourceError
from acquisition.sources.base import Channel, ClockPair, StreamOffer, sample_dtype
from acquisition.sources.lsl_inbox import Inbox
from acquisition.sources.lsl_network import Connection, Lookout, LslStream, StreamLost

log = logging.getLogger(__name__)

PULL_S = 0.05
SILENT_S = 0.5
"""A stream that is slower than this is given three of its periods."""
CLOCK_PAIR_EVERY_NS = 5_000_000_000
"""As LabRecorder does."""
CLOCK_RETRY_NS = 100_000_000
"""liblsl takes half a second for the first answer of a connection."""
CLOCK_JUMP_S = 1.0
"""A sender whose clock moves by more than this against ours was started anew."""
CLOSE_S = 5.0

ChannelsOf = Callable[[LslStream], tuple[Channel, ...]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Another stream that was looked at."""

    info: Any
    stream: LslStream
    why_not: str
    is_alike: bool
    """Its channels and its rate are those of this session."""


class Listener:
    """Listens from `start` until `close`; any thread may ask what arrived, for offers, and take one."""

    def __init__(
        self, connection: Connection, stream: LslStream, channels_of: ChannelsOf, clock: HostClock
    ) -> None:
        """The connection is described and started; what is heard comes into `inbox`."""
        self._clock, self._channels_of = clock, channels_of
        self._channels = channels_of(stream)
        self._dtype = sample_dtype(self._channels)
        self.inbox = Inbox(self._dtype)
        self._connection: Connection | None = connection
        self._stream = stream
        self._lookout: Lookout | None = None
        self._seen: dict[str, _Candidate] = {}
        self._taken = ""
        self._heard_ns = self._next_pair_ns = clock.now_ns()
        self._silent_ns = round(max(SILENT_S, 3 / stream.rate_hz if stream.rate_hz else 0.0) * 1e9)
        self._is_silent = False
        self._last_pair: ClockPair | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lsl", daemon=True)

    def start(self, first_pair: ClockPair | None, n_discarded: int) -> None:
        """Begin to listen, with what is known of the sender's clock and how much the warm-up took."""
        self._say("warm_up", n_discarded=n_discarded)
        self._note_clock(first_pair)
        self._thread.start()

    def offers(self) -> tuple[StreamOffer, ...]:
        """Other streams of gaze that are there while this one says nothing."""
        return tuple(
            StreamOffer(uid, seen.stream.name, seen.stream.source_id, seen.why_not)
            for uid, seen in self._seen.items()
        )

    def take(self, offer_id: str) -> None:
        """Go on with another stream. Raises `SourceError` where that cannot be."""
        candidate = self._seen.get(offer_id)
        if candidate is None:
            raise SourceError(
                "The LSL stream is no longer there: choose another, or start its program again."
            )
        if not candidate.is_alike:
            title, named = candidate.stream.title, candidate.stream.source_id or candidate.stream.name
            raise SourceError(
                f"The LSL stream {title} has other channels or another rate than this session: begin"
                f" a new session with --source lsl:{named}."
            )
        self._taken = offer_id

    def close(self) -> None:
        """Stop and disconnect."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_S)

    def _say(self, kind: str, **detail: Any) -> None:
        self.inbox.put_event(Event(self._clock.now_ns(), kind, detail))

    # From here on everything runs in the listener's thread, but for the first `_note_clock`.

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if self._connection is not None:
                    self._listen(self._connection)
                if self._connection is None or self._is_silent:
                    self._look_around()
        except Exception:
            log.exception("the LSL listener broke down")
            self.inbox.fail("Listening to LSL broke down (the log has more): start the session anew.")
        finally:
            self._let_go()
            self._lookout = None

    def _listen(self, connection: Connection) -> None:
        """Take in what comes within a moment, and notice when nothing does."""
        try:
            values, stamps = connection.pull(PULL_S)
        except StreamLost:
            self._lose()
            return
        now_ns = self._clock.now_ns()
        if len(stamps):
            if self._is_silent:
                self._hear_again(now_ns)
            self._heard_ns = now_ns
            samples = np.ascontiguousarray(values).view(self._dtype).reshape(-1)
            self.inbox.put_samples(samples, stamps, now_ns)
        elif not self._is_silent and now_ns - self._heard_ns > self._silent_ns:
            self._is_silent = True
            self._say("silent", stream=self._stream.name, source_id=self._stream.source_id)
            self._begin_lookout()
        if now_ns >= self._next_pair_ns:
            self._note_clock(connection.clock_pair(self._clock, 0.0))

    def _hear_again(self, now_ns: int) -> None:
        self._is_silent = False
        self._say("heard_again", stream=self._stream.name, after_s=(now_ns - self._heard_ns) * 1e-9)
        self._end_lookout()
        self._next_pair_ns = now_ns

    def _lose(self) -> None:
        """The stream is gone: say so, and look out for it."""
        self._let_go()
        self._is_silent = False
        self._say("disconnect", stream=self._stream.name, source_id=self._stream.source_id)
        self._begin_lookout()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _begin_lookout(self) -> None:
        if self._lookout is None:
            self._lookout = Lookout(self._stream.name)

    def _end_lookout(self) -> None:
        self._lookout, self._taken = None, ""
        self._seen = {}

    def _look_around(self) -> None:
        """Take the same stream up again, or the one that the operator took; report every other once."""
        infos = {info.uid(): info for info in self._lookout.seen()} if self._lookout else {}
        if self._connection is not None:
            infos.pop(self._stream.uid, None)
        self._seen = {uid: seen for uid, seen in self._seen.items() if uid in infos}
        taken = self._seen.get(self._taken)
        if taken is not None:
            self._taken = ""
            self._go_on_with(Connection(taken.info), taken.stream, is_chosen=True)
            return
        for uid in infos.keys() - self._seen.keys():
            if self._examine(infos[uid]):
                return
        if self._connection is None:
            self._stopping.wait(PULL_S)

    def _examine(self, info: Any) -> bool:
        """Look at a stream that appeared; says whether it was taken up."""
        connection = Connection(info)
        try:
            stream = connection.describe()
        except StreamLost:
            return False
        is_alike = self._is_alike(stream)
        why_not = self._difference(stream, is_alike)
        if not why_not:
            return self._go_on_with(connection, stream, is_chosen=False)
        self._seen = {**self._seen, stream.uid: _Candidate(info, stream, why_not, is_alike)}
        self._say("other_stream", stream=stream.name, source_id=stream.source_id, why=why_not)
        return False

    def _is_alike(self, stream: LslStream) -> bool:
        """Whether its samples fit among those of this session."""
        try:
            channels = self._channels_of(stream)
        except SourceError:
            return False
        return (channels, stream.rate_hz) == (self._channels, self._stream.rate_hz)

    def _difference(self, stream: LslStream, is_alike: bool) -> str:
        """Why this is not the stream that is missed; empty if it is."""
        if stream.uid == self._stream.uid:
            return ""
        if not stream.source_id:
            return "it has no source id, so nobody can tell whether it is the same tracker"
        if (stream.name, stream.source_id) != (self._stream.name, self._stream.source_id):
            return "it is another stream"
        return "" if is_alike else "its channels or its rate have changed"

    def _go_on_with(self, connection: Connection, stream: LslStream, *, is_chosen: bool) -> bool:
        """Listen to this stream from now on; says whether it answers."""
        try:
            n_discarded = connection.start()
        except StreamLost:
            return False
        if self._connection is not None:
            self._lose()
        self._connection, self._stream = connection, stream
        self._is_silent = False
        self._end_lookout()
        self._say("reconnect", stream=stream.name, source_id=stream.source_id, is_chosen=is_chosen)
        self._say("warm_up", n_discarded=n_discarded)
        self._heard_ns = self._next_pair_ns = self._clock.now_ns()
        return True

    def _note_clock(self, pair: ClockPair | None) -> None:
        """Remember a clock pair, and say when it is off the one before."""
        now_ns = self._clock.now_ns()
        if pair is None:
            self._next_pair_ns = now_ns + CLOCK_RETRY_NS
            return
        before, self._last_pair = self._last_pair, pair
        self._next_pair_ns = now_ns + CLOCK_PAIR_EVERY_NS
        if before is not None:
            elapsed_s = (pair.host_time_ns - before.host_time_ns) * 1e-9
            jump_s = pair.source_time_s - before.source_time_s - elapsed_s
            if abs(jump_s) > CLOCK_JUMP_S:
                self._say("clock_reset", stream=self._stream.name, jump_s=jump_s)
        self.inbox.put_pair(pair)

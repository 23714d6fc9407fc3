"""Gaze from a Lab Streaming Layer stream.

Samples are stored with the sender's raw stamps (no post-processing); the sender's clock is read every 5 s,
as LabRecorder does. The stream is recognised by its `source_id`: when it goes, only a stream of the same
name, id and channels is taken up again, and any other is reported, never mixed in.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import HostClock
from acquisition.domain import Display, Event
from acquisition.errors import SourceError
from acquisition.sources.base import Batch, Channel, ClockPair, SourceInfo, sample_dtype
from acquisition.sources.lsl_channels import Description, describe_channels, has_gaze

if TYPE_CHECKING:
    import pylsl

GAZE_STREAMS = "type='Gaze' or type='gaze' or type='Eyetracker'"
"""App-TobiiPro alone says `Eyetracker`."""
FIND_S = 5.0
OTHERS_S = 1.5
CONNECT_S = 5.0
WARM_UP_S = 0.1
"""The first samples of a connection come in a burst or are missing (pylsl#89): they are discarded."""
CLOCK_PAIR_EVERY_NS = 5_000_000_000
CORRECTION_UNCERTAINTY_NS = 200_000
"""Of `time_correction`, as liblsl documents it."""
CLOCK_JUMP_S = 1.0
"""A sender whose clock is further off than this after an interruption was restarted."""
BUFFER_S = 360
PULL_SAMPLES = 1024


class LslSource:
    """One LSL stream. Implements `GazeSource`."""

    def __init__(
        self,
        clock: HostClock,
        display: Display,
        *,
        stream: str = "",
        find_s: float = FIND_S,
        others_s: float = OTHERS_S,
    ) -> None:
        """Record the gaze stream on the network, or the one whose name or source id is `stream`.

        A first stream is waited for at most `find_s`, and others that one must choose between `others_s`.
        """
        self._clock, self._display = clock, display
        self._stream, self._find_s, self._others_s = stream, find_s, others_s
        self._inlet: pylsl.StreamInlet | None = None
        self._resolver: pylsl.ContinuousResolver | None = None

    def open(self) -> SourceInfo:
        """Find the stream, connect, and let its first samples go.

        Raises:
            SourceError: no stream, more than one, or one without usable gaze channels.
        """
        found = [(inlet, _full_info(inlet)) for inlet in map(_inlet_of, self._find())]
        usable = [(inlet, full) for inlet, full in found if has_gaze(self._channels_of(full))]
        if not usable:
            raise SourceError(_no_gaze(found[0][1]))
        if len(usable) > 1:
            names = " and ".join(f"{full.name()!r} ({full.source_id()})" for _, full in usable)
            raise SourceError(f"Several LSL gaze streams are there, {names}: stop all but one.")
        self._inlet, self._info = usable[0]
        self._channels = self._channels_of(self._info)
        self._refused: set[str] = set()
        self._events: list[Event] = []
        self._pairs: list[ClockPair] = []
        self._last_pair: ClockPair | None = None
        self._next_pair_ns = self._clock.now_ns()
        self._read_sender_clock(CONNECT_S)
        self._start(self._inlet)
        return SourceInfo("lsl", self._channels, self._info.nominal_srate(), False, _detail(self._info))

    def read(self, timeout_s: float) -> Batch:
        """What arrived since the last read. A stream that went away is an event and silence."""
        samples, source_time_s = self._pull(timeout_s)
        host_time_ns = np.full(len(source_time_s), self._clock.now_ns(), dtype=np.int64)
        if self._inlet is None:
            self._look_for_return()
        self._read_sender_clock(0.0)
        events, self._events = tuple(self._events), []
        pairs, self._pairs = tuple(self._pairs), []
        return Batch(samples, source_time_s, host_time_ns, pairs, events)

    def close(self) -> None:
        """Disconnect."""
        if self._inlet is not None:
            self._inlet.close_stream()
        self._inlet = self._resolver = None

    def _find(self) -> list[pylsl.StreamInfo]:
        """The streams that are there. The first may answer long before the others."""
        import pylsl

        query = GAZE_STREAMS
        if self._stream:
            query = f"name='{self._stream}' or source_id='{self._stream}'"
        found = pylsl.resolve_bypred(query, 1, self._find_s)
        if not found:
            wanted = f"gaze stream {self._stream!r}" if self._stream else "stream of type Gaze"
            raise SourceError(
                f"No LSL {wanted} answered within {self._find_s:g} s: start the tracker's LSL program on this"
                " network, and let both programs through the firewall."
            )
        return list(pylsl.resolve_bypred(query, len(found) + 1, self._others_s) or found)

    def _channels_of(self, full: pylsl.StreamInfo) -> tuple[Channel, ...]:
        """The channel table; empty for a stream of text."""
        from pylsl.lib import fmt2npdtype

        kind = fmt2npdtype[full.channel_format()]
        if kind is None:
            return ()
        dtype = np.dtype(kind).newbyteorder("=").str
        return describe_channels(_descriptions(full), dtype, self._display, stream_name=full.name())

    def _start(self, inlet: pylsl.StreamInlet) -> None:
        """Start streaming and discard the warm-up."""
        import pylsl

        try:
            inlet.open_stream(CONNECT_S)
            until_s = time.monotonic() + WARM_UP_S
            n_discarded = 0
            while (left_s := until_s - time.monotonic()) > 0:
                n_discarded += len(inlet.pull_chunk(left_s, PULL_SAMPLES, as_numpy=True)[1])
        except (pylsl.util.TimeoutError, pylsl.util.LostError) as error:
            name = self._info.name()
            raise SourceError(
                f"The LSL stream {name!r} answered but sends nothing: restart its program."
            ) from error
        self._say("warm_up", n_discarded=n_discarded)

    def _pull(self, timeout_s: float) -> tuple[NDArray[np.void], NDArray[np.float64]]:
        """Samples (n,) as sent and their raw stamps (n,), or nothing after `timeout_s`."""
        import pylsl

        dtype = sample_dtype(self._channels)
        nothing = np.zeros(0, dtype=dtype), np.zeros(0)
        if self._inlet is None:
            self._clock.wait_until(self._clock.now_ns() + round(timeout_s * 1e9), timeout_s)
            return nothing
        pulled = [nothing]
        try:
            while len(pulled) == 1 or len(pulled[-1][1]) == PULL_SAMPLES:
                wait_s = timeout_s if len(pulled) == 1 else 0.0
                values, stamps = self._inlet.pull_chunk(wait_s, PULL_SAMPLES, min_samples=1, as_numpy=True)
                pulled.append((np.ascontiguousarray(values).view(dtype).reshape(-1), stamps))
        except pylsl.util.LostError:
            self._lose()
        samples, source_time_s = zip(*pulled, strict=True)
        return np.concatenate(samples), np.concatenate(source_time_s)

    def _lose(self) -> None:
        """The stream is gone: say so, and look out for it."""
        import pylsl

        self._inlet = None
        self._say("disconnect", stream=self._info.name(), source_id=self._info.source_id())
        self._resolver = pylsl.ContinuousResolver(pred=GAZE_STREAMS)

    def _look_for_return(self) -> None:
        """Take the same stream up again; report every other once."""
        for info in self._resolver.results() if self._resolver else ():
            if info.uid() in self._refused or info.uid() == self._info.uid():
                continue
            try:
                inlet = _inlet_of(info)
                full = _full_info(inlet)
                why_not = self._difference(inlet, full)
                if not why_not:
                    self._start(inlet)
                    self._inlet, self._info, self._resolver = inlet, full, None
                    self._next_pair_ns = self._clock.now_ns()
                    self._say("reconnect", stream=full.name(), source_id=full.source_id())
                    return
            except SourceError:
                continue
            self._refused.add(info.uid())
            self._say("other_stream", stream=full.name(), source_id=full.source_id(), why=why_not)

    def _difference(self, inlet: pylsl.StreamInlet, full: pylsl.StreamInfo) -> str:
        """Why this is not the stream that was lost; empty if it is."""
        if not full.source_id():
            return "it has no source id, so nobody can tell whether it is the same tracker"
        if (full.name(), full.source_id()) != (self._info.name(), self._info.source_id()):
            return "it is another stream"
        if self._channels_of(full) != self._channels:
            return "its channels have changed"
        pair = self._sender_clock(inlet, CONNECT_S)
        if (
            pair is None
            or abs(pair.source_time_s - self._expected_sender_s(pair.host_time_ns)) > CLOCK_JUMP_S
        ):
            return "its clock has started anew"
        return ""

    def _expected_sender_s(self, host_time_ns: int) -> float:
        if self._last_pair is None:
            return float("nan")
        return self._last_pair.source_time_s + (host_time_ns - self._last_pair.host_time_ns) * 1e-9

    def _read_sender_clock(self, timeout_s: float) -> None:
        """A clock pair every 5 s. The first correction takes liblsl a moment; later ones are at hand."""
        now_ns = self._clock.now_ns()
        if self._inlet is None or now_ns < self._next_pair_ns:
            return
        pair = self._sender_clock(self._inlet, timeout_s)
        if pair is None:
            self._next_pair_ns = now_ns + CLOCK_PAIR_EVERY_NS // 5
            return
        self._pairs.append(pair)
        self._last_pair = pair
        self._next_pair_ns = now_ns + CLOCK_PAIR_EVERY_NS

    def _sender_clock(self, inlet: pylsl.StreamInlet, timeout_s: float) -> ClockPair | None:
        """The sender's clock between two looks at ours; None where it does not answer."""
        import pylsl

        try:
            correction_s = inlet.time_correction(timeout_s)
        except (pylsl.util.TimeoutError, pylsl.util.LostError):
            return None
        before_ns = self._clock.now_ns()
        local_s = pylsl.local_clock()
        took_ns = self._clock.now_ns() - before_ns
        uncertainty_ns = CORRECTION_UNCERTAINTY_NS + took_ns // 2
        return ClockPair(before_ns + took_ns // 2, local_s - correction_s, uncertainty_ns)

    def _say(self, kind: str, **detail: Any) -> None:
        self._events.append(Event(self._clock.now_ns(), kind, detail))


def _inlet_of(info: pylsl.StreamInfo) -> pylsl.StreamInlet:
    """No recovery behind our back: it would take up nothing, or something else, without a word."""
    import pylsl

    return pylsl.StreamInlet(info, max_buflen=BUFFER_S, recover=False, processing_flags=pylsl.proc_none)


def _full_info(inlet: pylsl.StreamInlet) -> pylsl.StreamInfo:
    """The stream's description, which is not sent until asked for."""
    import pylsl

    try:
        return inlet.info(CONNECT_S)
    except (pylsl.util.TimeoutError, pylsl.util.LostError) as error:
        raise SourceError(
            "An LSL gaze stream answered but does not describe itself: restart its program."
        ) from error


def _descriptions(full: pylsl.StreamInfo) -> list[Description]:
    """One for each channel, empty where the stream describes fewer than it has."""
    found: list[Description] = []
    channel = full.desc().child("channels").child("channel")
    while not channel.empty() and len(found) < full.channel_count():
        values = {name: channel.child_value(name) for name in ("label", "type", "metatype", "unit", "eye")}
        kind = values["type"] or values["metatype"]
        found.append(Description(values["label"], kind, values["unit"], values["eye"]))
        channel = channel.next_sibling("channel")
    return found + [Description()] * (full.channel_count() - len(found))


def _detail(full: pylsl.StreamInfo) -> dict[str, str]:
    """What is worth keeping of the stream; the host's name stays where it is."""
    import pylsl

    made_by = full.desc().child("acquisition")
    said = {
        name: made_by.child_value(name)
        for name in ("manufacturer", "model", "serial_number", "firmware_version", "tracking_mode")
    }
    detail = {
        "stream": full.name(),
        "type": full.type(),
        "source_id": full.source_id(),
        "coordinate_system": full.desc().child("channels").child("channel").child_value("coordinate_system"),
        "liblsl": str(pylsl.library_version()),
        **said,
    }
    return {name: value for name, value in detail.items() if value}


def _no_gaze(full: pylsl.StreamInfo) -> str:
    labels = [text.label or text.kind or "?" for text in _descriptions(full)]
    return (
        f"The LSL stream {full.name()!r} has no usable gaze channels (it has {', '.join(labels)}): it needs"
        " ScreenX and ScreenY, normalized or in pixels."
    )

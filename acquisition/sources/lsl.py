"""Gaze from a Lab Streaming Layer stream.

Samples are stored with the sender's raw stamps (no post-processing); the sender's clock is read every 5 s,
as LabRecorder does. The stream is recognised by its `source_id`: when it goes or falls silent, only a
stream of the same name, id and channels is taken up again. Any other is reported and offered, and taken
when the operator says so, never mixed in.
"""

from __future__ import annotations

from dataclasses import dataclass

from acquisition.clock import HostClock
from acquisition.domain import Display
from acquisition.errors import SourceError
from acquisition.sources.base import Batch, Channel, SourceInfo, StreamOffer
from acquisition.sources.lsl_channels import describe_channels, has_gaze, plain_channels
from acquisition.sources.lsl_listener import Listener
from acquisition.sources.lsl_mapping import ChannelFile, example_file
from acquisition.sources.lsl_network import CONNECT_S, Connection, LslStream, described, find_streams

FIND_S = 5.0
OTHERS_S = 1.5
LIST_S = 1.0


class LslSource:
    """One LSL stream. Implements `GazeSource` and `OffersOthers`."""

    def __init__(
        self,
        clock: HostClock,
        display: Display,
        *,
        stream: str = "",
        channel_file: ChannelFile | None = None,
        find_s: float = FIND_S,
        others_s: float = OTHERS_S,
    ) -> None:
        """Record the gaze stream on the network, or the one whose name or source id is `stream`.

        A first stream is waited for at most `find_s`, and others that one must choose between `others_s`.
        `channel_file` says what the channels mean where the stream does not.
        """
        self._clock, self._display = clock, display
        self._stream, self._find_s, self._others_s = stream, find_s, others_s
        self._channel_file = channel_file
        self._listener: Listener | None = None

    def open(self) -> SourceInfo:
        """Find the stream, connect, and let its first samples go.

        Raises:
            SourceError: no stream, more than one, or one without usable gaze channels.
        """
        connection, stream = self._choose()
        pair = connection.clock_pair(self._clock, CONNECT_S)
        n_discarded = connection.start()
        self._listener = Listener(connection, stream, self._channels_of, self._clock)
        self._listener.start(pair, n_discarded)
        channels = self._channels_of(stream)
        return SourceInfo("lsl", channels, stream.rate_hz, stream.is_simulated, stream.detail)

    def read(self, timeout_s: float) -> Batch:
        """What arrived since the last read. A stream that went away is an event and silence."""
        return self._the_listener().inbox.take(timeout_s)

    def close(self) -> None:
        """Disconnect."""
        if self._listener is not None:
            self._listener.close()

    @property
    def offers(self) -> tuple[StreamOffer, ...]:
        """The other gaze streams that are there while this one is gone or silent."""
        return self._listener.offers() if self._listener is not None else ()

    def take(self, offer_id: str) -> None:
        """Go on with one of the `offers`, if its channels are those of this session.

        Raises:
            SourceError: they are not, or the stream went away.
        """
        self._the_listener().take(offer_id)

    def _the_listener(self) -> Listener:
        assert self._listener is not None, "open comes first"
        return self._listener

    def _choose(self) -> tuple[Connection, LslStream]:
        """The one stream that can be recorded."""
        infos = find_streams(self._stream, self._find_s, self._others_s)
        if not infos:
            wanted = f"gaze stream {self._stream!r}" if self._stream else "stream of type Gaze"
            raise SourceError(
                f"No LSL {wanted} answered within {self._find_s:g} s: start the tracker's LSL program on this"
                " network, and let both programs through the firewall."
            )
        usable, refusals = [], []
        for connection, stream in described(infos):
            try:
                if has_gaze(self._channels_of(stream)):
                    usable.append((connection, stream))
                else:
                    refusals.append(SourceError(_no_gaze(stream)))
            except SourceError as refusal:
                refusals.append(refusal)
        if not usable:
            raise refusals[0]
        if len(usable) > 1:
            raise SourceError(_several([stream for _, stream in usable]))
        return usable[0]

    def _channels_of(self, stream: LslStream) -> tuple[Channel, ...]:
        """The channel table; empty for a stream of text."""
        if not stream.dtype:
            return ()
        if self._channel_file is not None:
            return self._channel_file.channels(stream.descriptions, stream.dtype)
        return describe_channels(stream.descriptions, stream.dtype, self._display, stream_name=stream.name)


@dataclass(frozen=True, slots=True)
class AvailableStream:
    """A gaze stream that is on the network now."""

    name: str
    source_id: str
    rate_hz: float
    """0 where it is irregular."""
    n_channels: int
    is_usable: bool
    """Its description says which channels are x and y of an eye; otherwise a channel file must."""
    is_simulated: bool


def available_streams(wait_s: float = LIST_S) -> list[AvailableStream]:
    """The gaze streams that answer within `wait_s`, by name and source id.

    Raises:
        SourceError: LSL cannot be used.
    """
    infos = find_streams("", wait_s, wait_s)
    streams = [stream for _, stream in described(infos, wait_s)] if infos else []
    return sorted(map(_available, streams), key=lambda found: (found.name, found.source_id))


def _available(stream: LslStream) -> AvailableStream:
    anywhere = Display(1, 1, 1.0, 1.0)
    channels = describe_channels(stream.descriptions, stream.dtype, anywhere, stream_name=stream.name)
    return AvailableStream(
        stream.name,
        stream.source_id,
        stream.rate_hz,
        len(stream.descriptions),
        bool(stream.dtype) and has_gaze(channels),
        stream.is_simulated,
    )


def _no_gaze(stream: LslStream) -> str:
    if not stream.dtype:
        return f"The LSL stream {stream.name!r} sends text, not gaze: choose another."
    labels = [channel.label for channel in plain_channels(stream.descriptions, stream.dtype)]
    return (
        f"The LSL stream {stream.name!r} has no usable gaze channels (it has {', '.join(labels)}): it needs"
        " ScreenX and ScreenY, normalized or in pixels, or a file that says what its channels mean, given as"
        f" --channels FILE, such as\n{example_file(stream.descriptions)}"
    )


def _several(streams: list[LslStream]) -> str:
    titles = " and ".join(stream.title for stream in streams)
    names = [stream.source_id or stream.name for stream in streams]
    if len(set(names)) < len(names):
        return f"Several LSL gaze streams are there that cannot be told apart, {titles}: stop all but one."
    return f"Several LSL gaze streams are there, {titles}: choose one, for instance --source lsl:{names[0]}."

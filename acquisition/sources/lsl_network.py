"""LSL streams on the network: which there are, what they say of themselves, and the connection to one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import HostClock
from acquisition.errors import SourceError
from acquisition.liblsl import load_lsl
from acquisition.sources.base import ClockPair
from acquisition.sources.lsl_channels import Description

GAZE_STREAMS = "(type='Gaze' or type='gaze' or type='Eyetracker') and not(starts-with(source_id,'gazeroom:'))"
"""App-TobiiPro alone says `Eyetracker`. What Gazeroom itself sends is taken only when asked for by name."""
DESCRIBE_S = 2.0
CONNECT_S = 5.0
WARM_UP_S = 0.1
"""The first samples of a connection come in a burst or are missing (pylsl#89): they are discarded."""
CORRECTION_UNCERTAINTY_NS = 200_000
"""Of `time_correction`, as liblsl documents it."""
BUFFER_S = 360
PULL_SAMPLES = 256
MANY = 1000
"""More streams than there are: a search for so many ends when its time is over."""
FORGET_S = 2.0
"""A stream that has not been seen for so long is no longer offered."""


class StreamLost(SourceError):
    """The other end of a connection is gone or does not answer."""


@dataclass(frozen=True, slots=True)
class LslStream:
    """A stream as it describes itself."""

    uid: str
    """Of this one run of its program."""
    name: str
    source_id: str
    """Of the device; empty where the program gives none."""
    kind: str
    rate_hz: float
    dtype: str
    """Numpy dtype of every channel; empty for a stream of text."""
    descriptions: tuple[Description, ...]
    is_simulated: bool
    detail: dict[str, str]

    @property
    def title(self) -> str:
        """For people."""
        return f"{self.name!r} ({self.source_id or 'no source id'})"


class Connection:
    """An inlet. What a stream sends keeps its raw stamps: no post-processing."""

    def __init__(self, info: Any) -> None:
        """Nothing is sent before `start`; liblsl may not recover, for it would do so without a word."""
        lsl = load_lsl()
        self._inlet = lsl.StreamInlet(
            info, max_buflen=BUFFER_S, recover=False, processing_flags=lsl.proc_none
        )

    def describe(self, timeout_s: float = DESCRIBE_S) -> LslStream:
        """Ask for the stream's description. Raises `StreamLost`."""
        try:
            return _stream_of(self._inlet.info(timeout_s))
        except RuntimeError as error:
            raise StreamLost(
                "An LSL gaze stream answered but does not describe itself: restart its program."
            ) from error

    def start(self) -> int:
        """Let the stream send, and discard its warm-up: how many samples that were. Raises `StreamLost`."""
        try:
            self._inlet.open_stream(CONNECT_S)
        except RuntimeError as error:
            raise StreamLost("The LSL stream answered but sends nothing: restart its program.") from error
        until_s, n_discarded = time.monotonic() + WARM_UP_S, 0
        while (left_s := until_s - time.monotonic()) > 0:
            n_discarded += len(self.pull(left_s)[1])
        return n_discarded

    def pull(self, timeout_s: float) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """What has arrived: values (n, channels) and raw stamps (n,); waits at most so long for something.

        Raises:
            StreamLost: the stream is gone, and with it what had not been pulled.
        """
        try:
            values, stamps = self._inlet.pull_chunk(timeout_s, PULL_SAMPLES, min_samples=1, as_numpy=True)
        except RuntimeError as error:
            raise StreamLost("The LSL stream is gone: start its program again.") from error
        return values, stamps

    def clock_pair(self, clock: HostClock, timeout_s: float) -> ClockPair | None:
        """The sender's clock between two looks at ours; None where it does not answer in time.

        The first takes liblsl a moment; later ones are at hand.
        """
        try:
            correction_s = self._inlet.time_correction(timeout_s)
        except RuntimeError:
            return None
        before_ns = clock.now_ns()
        local_s = load_lsl().local_clock()
        took_ns = clock.now_ns() - before_ns
        uncertainty_ns = CORRECTION_UNCERTAINTY_NS + took_ns // 2
        return ClockPair(before_ns + took_ns // 2, local_s - correction_s, uncertainty_ns)

    def close(self) -> None:
        """Disconnect."""
        self._inlet.close_stream()


class Lookout:
    """Sees in the background which gaze streams are there."""

    def __init__(self, also_named: str = "") -> None:
        """All streams of gaze, and those of a name of which it is known."""
        wanted = f"(({GAZE_STREAMS}) or name={quoted(also_named)})" if also_named else GAZE_STREAMS
        self._resolver = load_lsl().ContinuousResolver(pred=wanted, forget_after=FORGET_S)

    def seen(self) -> list[Any]:
        """What is there now, to be connected to."""
        return list(self._resolver.results())


def find_streams(which: str, find_s: float, others_s: float) -> list[Any]:
    """Streams of gaze, or of the name or source id `which`.

    Waits at most `find_s` for one, and then `others_s`, for the first may answer long before the others.
    """
    lsl = load_lsl()
    # In brackets: liblsl puts `session_id='...' and` before it.
    wanted = f"(name={quoted(which)} or source_id={quoted(which)})" if which else GAZE_STREAMS
    found = lsl.resolve_bypred(wanted, 1, find_s)
    return list(lsl.resolve_bypred(wanted, MANY, others_s) or found) if found else []


def described(infos: Sequence[Any], timeout_s: float = CONNECT_S) -> list[tuple[Connection, LslStream]]:
    """A connection to each that describes itself; one that died meanwhile is left out.

    Raises:
        StreamLost: none does.
    """
    answered, failure = [], None
    for info in infos:
        connection = Connection(info)
        try:
            answered.append((connection, connection.describe(timeout_s)))
        except StreamLost as error:
            failure = error
    if failure is not None and not answered:
        raise failure
    return answered


def quoted(text: str) -> str:
    """A literal of XPath 1.0, which has no escapes."""
    if "'" not in text:
        return f"'{text}'"
    return "concat(" + ',"\'",'.join(f"'{part}'" for part in text.split("'")) + ")"


def _stream_of(full: Any) -> LslStream:
    from_name = load_lsl().lib.fmt2npdtype[full.channel_format()]
    return LslStream(
        uid=full.uid(),
        name=full.name(),
        source_id=full.source_id(),
        kind=full.type(),
        rate_hz=full.nominal_srate(),
        dtype="" if from_name is None else np.dtype(from_name).newbyteorder("=").str,
        descriptions=_descriptions(full),
        is_simulated=full.desc().child_value("simulated") == "true",
        detail=_detail(full),
    )


def _descriptions(full: Any) -> tuple[Description, ...]:
    """One for each channel, empty where the stream describes fewer than it has."""
    found: list[Description] = []
    channel = full.desc().child("channels").child("channel")
    while not channel.empty() and len(found) < full.channel_count():
        values = {name: channel.child_value(name) for name in ("label", "type", "metatype", "unit", "eye")}
        kind = values["type"] or values["metatype"]
        found.append(Description(values["label"], kind, values["unit"], values["eye"]))
        channel = channel.next_sibling("channel")
    return (*found, *[Description()] * (full.channel_count() - len(found)))


def _detail(full: Any) -> dict[str, str]:
    """What is worth keeping of the stream; the host's name stays where it is."""
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
        "liblsl": str(load_lsl().library_version()),
        **said,
    }
    return {name: value for name, value in detail.items() if value}

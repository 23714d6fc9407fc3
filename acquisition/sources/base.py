"""What every gaze source owes the recorder."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Event, ViewState


@dataclass(frozen=True, slots=True)
class Channel:
    """One column of the source as sent, and what it means to us."""

    label: str
    """The source's own name for it."""
    dtype: str
    """Numpy dtype with byte order, for instance `<f4`."""
    unit: str = ""
    """The source's own unit: `normalized`, `pixels`, `mm`, ..."""
    role: str = ""
    """The field of the gaze view that it fills (`left_x`, `device_time_us`, ...); empty for none."""
    scale: float = 1.0
    """Factor from the source's unit to the unit of the role."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of an opened source."""

    name: str
    channels: tuple[Channel, ...]
    nominal_rate_hz: float
    is_simulated: bool
    detail: dict[str, str] = field(default_factory=dict)
    """Serial number, model, stream id, versions: stored with the session."""


@dataclass(frozen=True, slots=True)
class ClockPair:
    """The source's clock read between two looks at the host clock.

    The offset is `host_time_ns - source_time_s * 1e9`, wrong by at most `uncertainty_ns`.
    """

    host_time_ns: int
    source_time_s: float
    uncertainty_ns: int


@dataclass(frozen=True, slots=True)
class Batch:
    """What arrived since the last read; any part may be empty.

    samples: structured array (n,), one field a channel, in channel order, exactly as sent
    source_time_s: float64 (n,), the source's raw stamp
    host_time_ns: int64 (n,), the host clock at arrival
    """

    samples: NDArray[np.void]
    source_time_s: NDArray[np.float64]
    host_time_ns: NDArray[np.int64]
    clock_pairs: tuple[ClockPair, ...] = ()
    events: tuple[Event, ...] = ()


def sample_dtype(channels: tuple[Channel, ...]) -> np.dtype[np.void]:
    """The structured dtype of `Batch.samples` for these channels."""
    return np.dtype([(channel.label, channel.dtype) for channel in channels])


class GazeSource(Protocol):
    """A stream of gaze. Opened, read and closed by the recorder's thread alone."""

    def open(self) -> SourceInfo:
        """Connect and start streaming. Raises `SourceError` with a sentence that helps."""
        ...

    def read(self, timeout_s: float) -> Batch:
        """All that arrived since the last read; waits at most `timeout_s` for something.

        A vanished device is no exception: it is an event `disconnect` and silence.
        """
        ...

    def close(self) -> None:
        """Stop streaming and let go of the device; may be called twice."""
        ...


@runtime_checkable
class WatchesScreen(Protocol):
    """A source that must know what the screen shows: the simulated reader."""

    def observe(self, view: ViewState) -> None:
        """Told of every painted view state, from the window's thread."""
        ...


@dataclass(frozen=True, slots=True)
class StreamOffer:
    """Another gaze stream that is there while the session's own says nothing."""

    id: str
    """Of this one run of its program: what `take` wants."""
    name: str
    source_id: str
    """Of its device; empty where it has none."""
    why_not: str
    """Why it was not simply taken up, as the end of a sentence."""


@runtime_checkable
class OffersOthers(Protocol):
    """A source that leaves it to the operator to go on with another stream. Any thread may ask."""

    @property
    def offers(self) -> tuple[StreamOffer, ...]:
        """What could be taken now; empty while the own stream is well."""
        ...

    def take(self, offer_id: str) -> None:
        """Go on with this one: an event `reconnect` says when it is so.

        Raises:
            SourceError: it is gone, or its channels are not those of this session.
        """
        ...


@runtime_checkable
class CanEnd(Protocol):
    """A source that comes to an end by itself: a replay."""

    @property
    def is_over(self) -> bool:
        """Whether everything was read."""
        ...


class Eyes(StrEnum):
    """Which eyes a calibration is of."""

    BOTH = "both"
    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class CalibrationPoint:
    """What the tracker made of one target; nothing of it says how accurate gaze is."""

    x: float
    y: float
    """Where the target was, as fractions of the display."""
    left: tuple[tuple[float, float], ...] = ()
    right: tuple[tuple[float, float], ...] = ()
    """Samples that were used, as fractions of the display."""


@dataclass(frozen=True, slots=True)
class CalibrationResult:
    """What came of a calibration; without eyes it failed and the tracker keeps the one before."""

    eyes: Eyes | None
    points: tuple[CalibrationPoint, ...] = ()
    """May be empty although it succeeded: the SDK tells nothing of a one-eyed success."""


class Calibrator(Protocol):
    """Calibrates an opened tracker. Blocks; called from one thread beside the recorder's.

    Every method raises `SourceError`.
    """

    def enter(self) -> None:
        """Begin; what was collected before is gone."""
        ...

    def collect(self, x: float, y: float) -> bool:
        """Look at the eyes while the target is at this fraction of the display; False if nothing was seen."""
        ...

    def discard(self, x: float, y: float) -> None:
        """Forget what was collected at a target, to collect it anew."""
        ...

    def compute(self) -> CalibrationResult:
        """Calibrate by what was collected and use it from now on. May be called again after more targets."""
        ...

    def leave(self) -> None:
        """End; always to be called after `enter`, aborted or not."""
        ...

    def retrieve(self) -> bytes:
        """The calibration in use, to be stored with the session; empty where the tracker has none."""
        ...

    def apply(self, blob: bytes) -> None:
        """Use a calibration that `retrieve` gave."""
        ...


@runtime_checkable
class CanBeCalibrated(Protocol):
    """A source whose tracker can be calibrated from here; others are calibrated in their own program."""

    @property
    def calibrator(self) -> Calibrator | None:
        """None where the opened device cannot."""
        ...

"""Gaze sources by name: a new device is one file and one line in `SOURCES`.

What makes or hears gaze is loaded when that source is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from acquisition.domain import Display
from acquisition.errors import SourceError

if TYPE_CHECKING:
    from acquisition.clock import HostClock
    from acquisition.simulation.reader import Habits, Knowledge
    from acquisition.sources.base import GazeSource

SIMULATED_HZ = 120.0


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What a source may want to know; each takes what concerns it."""

    clock: HostClock
    display: Display
    rate_hz: float | None = None
    """None for the best that the device offers."""
    seed: int = 0
    knowledge: Knowledge | None = None
    habits: Habits | None = None
    which: str = ""
    """What stands behind the colon of `NAME:WHICH`: a stream, a serial number, a recording, errors."""
    channels: Path | None = None
    """A file that says what the channels of an unknown LSL stream mean."""


def _simulated(options: SourceOptions) -> GazeSource:
    from acquisition.simulation.reader import Habits, SimulatedReader
    from acquisition.sources.simulated import SimulatedSource
    from acquisition.sources.simulated_errors import parse_errors

    errors = parse_errors(options.which)
    habits = errors.of_the_reader(options.habits or Habits())
    reader = SimulatedReader(options.display, options.knowledge, seed=options.seed, habits=habits)
    rate_hz = options.rate_hz or SIMULATED_HZ
    return SimulatedSource(
        options.clock, reader, options.display, rate_hz=rate_hz, seed=options.seed, errors=errors
    )


def _lsl(options: SourceOptions) -> GazeSource:
    from acquisition.sources.lsl import LslSource
    from acquisition.sources.lsl_mapping import read_channel_file

    channels = read_channel_file(options.channels, options.display) if options.channels else None
    return LslSource(options.clock, options.display, stream=options.which, channel_file=channels)


def _replay(options: SourceOptions) -> GazeSource:
    # Reads recordings, and the store in turn knows what sources are made of.
    from acquisition.sources.replay import ReplaySource, parse_replay

    path, speed = parse_replay(options.which)
    return ReplaySource(options.clock, path, speed=speed)


def _tobii(options: SourceOptions) -> GazeSource:
    from acquisition.sources.tobii import TobiiSource

    return TobiiSource(options.clock, options.display, which=options.which, rate_hz=options.rate_hz)


def _silent(options: SourceOptions) -> GazeSource:
    from acquisition.sources.silent import SilentSource

    return SilentSource(options.clock)


SOURCES: dict[str, Callable[[SourceOptions], GazeSource]] = {
    "simulated": _simulated,
    "lsl": _lsl,
    "tobii": _tobii,
    "replay": _replay,
    "none": _silent,
}


def open_source(
    name: str,
    *,
    display: Display,
    clock: HostClock | None = None,
    rate_hz: float | None = None,
    seed: int = 0,
    knowledge: Knowledge | None = None,
    habits: Habits | None = None,
    channels: Path | None = None,
) -> GazeSource:
    """A source by its name, not yet opened: the recorder opens it in its own thread.

    name: one of `SOURCES`, and behind a colon which one of its kind, for instance `lsl:Tobii_gaze`.

    Raises:
        SourceError: there is no source of this name.
        FileRefused: the file of channels cannot be understood.
    """
    from acquisition.clock import RealClock

    kind, _, which = name.partition(":")
    if kind not in SOURCES:
        raise SourceError(f"There is no gaze source {kind!r}: choose {', '.join(SOURCES)}.")
    return SOURCES[kind](
        SourceOptions(clock or RealClock(), display, rate_hz, seed, knowledge, habits, which, channels)
    )


def is_simulated(name: str) -> bool:
    """Whether the gaze of a source is made up, as far as it is known before it is opened.

    Raises:
        SourceError: a replay of what is no recording.
    """
    kind, _, which = name.partition(":")
    if kind == "replay":
        from acquisition.sources.replay import recorded_session

        return recorded_session(which).is_simulated
    return kind == "simulated"

"""What a simulated tracker does wrong: chosen by name, seeded, and the same every time.

simulated:noise=0.3,offset=1.0,drift=50
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from acquisition.domain import Event
from acquisition.errors import SourceError
from acquisition.simulation.reader import Habits
from acquisition.sources.base import Eyes


@dataclass(frozen=True, slots=True)
class Outage:
    """Samples of this stretch are not sent; it begins so long after the tracker was opened."""

    at_s: float
    for_s: float


@dataclass(frozen=True, slots=True)
class TrackerErrors:
    """Each field is one error; a field of None leaves to the simulated reader what it does by habit."""

    noise_deg: float = 0.1
    """White noise of either eye along the Fick angles, as RMS-S2S."""
    offset_deg: tuple[float, float] = (0.3, -0.2)
    """What calibration leaves of the error of both eyes, to the right and down: this long anywhere."""
    drift_ppm: float = 20.0
    """How much faster the host clock runs than the tracker's."""
    jitter_ms: float = 0.0
    """Samples arrive late by a half-normal time of this scale, in order."""
    skips_percent: float = 0.0
    """Share of the samples that are never sent."""
    disconnect: Outage | None = None
    """The tracker is unplugged and comes back with its calibration: events `disconnect` and `reconnect`."""
    overflow: Outage | None = None
    """Its buffer ran over: an event `overflow` when it sends again."""
    eyes: Eyes = Eyes.BOTH
    """The eyes that the tracker can see."""
    blinks_per_min: float | None = None
    lost_per_min: float | None = None
    """How often the face is lost, for 0.8 to 2.5 s."""

    def events(self, opened_ns: int) -> tuple[Event, ...]:
        """What the tracker will say of its outages, in order."""
        said = []
        if self.disconnect is not None:
            start_ns = opened_ns + round(self.disconnect.at_s * 1e9)
            said.append(Event(start_ns, "disconnect", {"simulated": True}))
            end_ns = start_ns + round(self.disconnect.for_s * 1e9)
            said.append(Event(end_ns, "reconnect", {"simulated": True}))
        if self.overflow is not None:
            end_ns = opened_ns + round((self.overflow.at_s + self.overflow.for_s) * 1e9)
            said.append(Event(end_ns, "overflow", {"stream": "gaze", "simulated": True}))
        return tuple(sorted(said, key=lambda event: event.host_time_ns))

    def of_the_reader(self, habits: Habits) -> Habits:
        """The habits with the blinks and lost faces that were asked for."""
        asked = {"blinks_per_min": self.blinks_per_min, "dropouts_per_min": self.lost_per_min}
        return replace(habits, **{name: value for name, value in asked.items() if value is not None})


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(word: str) -> float:
        value = float(word)
        if not least <= value <= most:
            raise ValueError
        return value

    return read


def _offset(word: str) -> tuple[float, float]:
    right, _, down = word.partition("/")
    read = _number(-20.0, 20.0)
    return read(right), read(down or "0")


def _outage(for_s: float) -> Callable[[str], Outage]:
    def read(word: str) -> Outage:
        at, _, lasting = word.partition("/")
        return Outage(_number(0.0, 1e6)(at), _number(0.01, 1e6)(lasting or str(for_s)))

    return read


_WORDS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "noise": ("noise_deg", _number(0.0, 10.0), "degrees RMS-S2S, 0 to 10"),
    "offset": ("offset_deg", _offset, "degrees to the right, or RIGHT/DOWN, to 20"),
    "drift": ("drift_ppm", _number(-1000.0, 1000.0), "ppm of the clock, to 1000"),
    "jitter": ("jitter_ms", _number(0.0, 1000.0), "ms of arrival, 0 to 1000"),
    "skips": ("skips_percent", _number(0.0, 90.0), "% of the samples, 0 to 90"),
    "blinks": ("blinks_per_min", _number(0.0, 60.0), "a minute, 0 to 60"),
    "lost": ("lost_per_min", _number(0.0, 20.0), "faces a minute, 0 to 20"),
    "disconnect": ("disconnect", _outage(3.0), "after S s, or S/LASTING"),
    "overflow": ("overflow", _outage(0.2), "after S s, or S/LASTING"),
    "eyes": ("eyes", Eyes, "both, left or right"),
}
"""By name: the field, how its value is read, and what it may be."""


def parse_errors(words: str) -> TrackerErrors:
    """`noise=0.3,offset=1.0` as errors; what is not named stays as it is by default.

    Raises:
        SourceError: there is no such error, or not of that size; the sentence lists what there is.
    """
    found: dict[str, Any] = {}
    for word in filter(None, (word.strip() for word in words.split(","))):
        name, _, value = word.partition("=")
        if name not in _WORDS:
            raise SourceError(f"A simulated tracker has no error {name!r}: choose of {list_errors()}.")
        field, read, allowed = _WORDS[name]
        try:
            found[field] = read(value)
        except ValueError as error:
            raise SourceError(f"simulated:{word}: give {name}= in {allowed}.") from error
    return replace(TrackerErrors(), **found)


def list_errors() -> str:
    """The names of the errors with their units, for people."""
    return ", ".join(f"{name} ({allowed})" for name, (_, _, allowed) in _WORDS.items())

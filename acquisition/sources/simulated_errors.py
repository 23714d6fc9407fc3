"""What a simulated tracker does wrong: chosen by name, seeded, and the same every time.

simulated:noise=0.3,offset=1.0,drift=50
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from acquisition.errors import SourceError
from acquisition.simulation.reader import Habits
from acquisition.sources.base import Eyes


@dataclass(frozen=True, slots=True)
class TrackerErrors:
    """Each field is one error; a field of None leaves to the simulated reader what it does by habit."""

    noise_deg: float = 0.1
    """White noise of either eye along the Fick angles, as RMS-S2S."""
    offset_deg: tuple[float, float] = (0.3, -0.2)
    """What calibration leaves of the error of both eyes, to the right and down: this long anywhere."""
    drift_ppm: float = 20.0
    """How much faster the host clock runs than the tracker's."""
    eyes: Eyes = Eyes.BOTH
    """The eyes that the tracker can see."""
    blinks_per_min: float | None = None
    lost_per_min: float | None = None
    """How often the face is lost, for 0.8 to 2.5 s."""

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
    in_range = _number(-20.0, 20.0)
    return in_range(right), in_range(down) if down else 0.0


_WORDS: dict[str, tuple[str, Callable[[str], Any], str]] = {
    "noise": ("noise_deg", _number(0.0, 10.0), "degrees RMS-S2S, 0 to 10"),
    "offset": ("offset_deg", _offset, "degrees to the right, or RIGHT/DOWN, to 20"),
    "drift": ("drift_ppm", _number(-1000.0, 1000.0), "ppm of the clock, to 1000"),
    "eyes": ("eyes", Eyes, "both, left or right"),
    "blinks": ("blinks_per_min", _number(0.0, 60.0), "a minute, 0 to 60"),
    "lost": ("lost_per_min", _number(0.0, 20.0), "faces a minute, 0 to 20"),
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
    assert {field for field, *_ in _WORDS.values()} == {field.name for field in fields(TrackerErrors)}
    return ", ".join(f"{name} ({allowed})" for name, (_, _, allowed) in _WORDS.items())

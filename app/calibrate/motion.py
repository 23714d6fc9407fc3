"""How a target moves: it travels, rests and shrinks. Pure functions of time.

A movement catches the eye and a shrinking target pulls it to the centre, where gaze is collected.
"""

from __future__ import annotations

from acquisition.calibration import MOVE_S, REST_S
from acquisition.validation import Point

SMALLEST = 0.4
"""Share of its size that is left of a target when gaze is collected."""


def travelled(origin: Point, target: Point, elapsed_s: float) -> Point:
    """Where a target is that left `origin` so long ago, as fractions of the display."""
    share = min(max(elapsed_s / MOVE_S, 0.0), 1.0)
    eased = share * share * (3.0 - 2.0 * share)
    x, y = (a + (b - a) * eased for a, b in zip(origin, target, strict=True))
    return x, y


def shrunk(rested_s: float) -> float:
    """The share of its size that a target has left after so long a rest."""
    share = min(max(rested_s / REST_S, 0.0), 1.0)
    return 1.0 - (1.0 - SMALLEST) * share


def has_travelled(origin: Point, target: Point, elapsed_s: float) -> bool:
    """Whether a target that left `origin` so long ago has arrived; one that stays is there at once."""
    return origin == target or elapsed_s >= MOVE_S

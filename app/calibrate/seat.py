"""Where the eyes are in front of the tracker, for the guide that seats the reader. Pure; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

GOOD_MM = (550.0, 750.0)
"""Distances from the tracker at which screen-mounted trackers see best."""
SHOWN_MM = (400.0, 900.0)
"""What the distance bar spans."""
EYES_ABOVE_MM = 200.0
"""How high above the tracker the middle of the box is: it looks up at the reader by some 17 degrees."""
BOX_MM = (360.0, 240.0)
"""Width and height of the box that the eyes are drawn in."""
MOST_ASIDE_MM = (110.0, 80.0)
"""Eyes further from the middle than this are told to move."""


class Sight(Enum):
    """What the tracker tells of the eyes."""

    NOT_SEEN = auto()
    NOT_TOLD = auto()
    """It sees them, but does not say where they are."""
    SEEN = auto()


class Advice(Enum):
    """What the reader should do."""

    NONE = auto()
    """Nothing: it is well so, or nothing is known."""
    CLOSER = auto()
    BACK = auto()
    LEFT = auto()
    RIGHT = auto()
    UP = auto()
    DOWN = auto()


@dataclass(frozen=True, slots=True)
class Seat:
    """The eyes, in mm from the middle of the box, to the right and up; None for an eye not seen."""

    sight: Sight = Sight.NOT_SEEN
    left_mm: tuple[float, float] | None = None
    right_mm: tuple[float, float] | None = None
    distance_mm: float | None = None

    @property
    def advice(self) -> Advice:
        """What would seat the reader better; distance comes first, for it is wrong most often."""
        eyes = [eye for eye in (self.left_mm, self.right_mm) if eye is not None]
        if self.distance_mm is None or not eyes:
            return Advice.NONE
        x_mm, y_mm = np.mean(eyes, axis=0)
        for is_so, advice in (
            (self.distance_mm > GOOD_MM[1], Advice.CLOSER),
            (self.distance_mm < GOOD_MM[0], Advice.BACK),
            (x_mm > MOST_ASIDE_MM[0], Advice.LEFT),
            (x_mm < -MOST_ASIDE_MM[0], Advice.RIGHT),
            (y_mm > MOST_ASIDE_MM[1], Advice.DOWN),
            (y_mm < -MOST_ASIDE_MM[1], Advice.UP),
        ):
            if is_so:
                return advice
        return Advice.NONE


def seat_of(gaze: NDArray[np.void]) -> Seat:
    """How the reader sat over these samples (n,), as from `Store.gaze`: the median of each eye."""
    eyes = {side: _eye(gaze, side) for side in ("left", "right")}
    known = [eye for eye in eyes.values() if eye is not None]
    if not known:
        is_seen = any(_flags(gaze, f"{side}_valid").any() for side in ("left", "right", "both"))
        return Seat(Sight.NOT_TOLD if is_seen else Sight.NOT_SEEN)
    left, right = (None if eye is None else (eye[0], eye[1] - EYES_ABOVE_MM) for eye in eyes.values())
    return Seat(Sight.SEEN, left, right, float(np.mean([eye[2] for eye in known])))


def _eye(gaze: NDArray[np.void], side: str) -> tuple[float, float, float] | None:
    """The median position (x, y, z) of one eye in mm; None where it is never known."""
    names = [f"{side}_origin_{axis}_mm" for axis in "xyz"]
    if not set(names) <= set(gaze.dtype.names or ()):
        return None
    points = np.stack([gaze[name] for name in names], axis=-1).astype(np.float64)
    points = points[_flags(gaze, f"{side}_origin_valid") & np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        return None
    x, y, z = np.median(points, axis=0)
    return float(x), float(y), float(z)


def _flags(gaze: NDArray[np.void], name: str) -> NDArray[np.bool_]:
    if name not in (gaze.dtype.names or ()):
        return np.zeros(len(gaze), dtype=np.bool_)
    return gaze[name].astype(np.bool_)

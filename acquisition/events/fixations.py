"""From the rests that a detector found to fixations: the steps that are the same for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Fixation
from acquisition.events.jumps import placed
from acquisition.events.rests import Rest, SeenGaze, joined, lasting

MERGE_MS = 75.0
MERGE_DEG = 0.5
MIN_DURATION_MS = 60.0


class Detector(Protocol):
    """A function that finds fixations; all of them share these arguments."""

    def __call__(
        self,
        time_ns: NDArray[np.int64],
        x_deg: NDArray[np.float64],
        y_deg: NDArray[np.float64],
        *,
        breaks_ns: Sequence[int] = (),
        merge_ms: float = MERGE_MS,
        merge_deg: float = MERGE_DEG,
        min_duration_ms: float = MIN_DURATION_MS,
        plain: bool = False,
    ) -> list[Fixation]:
        """Stretches in which the eye rested, in order, with their centroids in degrees.

        Args:
            time_ns: (n,) capture times, ascending
            x_deg: (n,) Fick azimuth (`geometry.px_to_deg`); NaN without gaze
            y_deg: (n,) Fick elevation; NaN without gaze
            breaks_ns: no fixation crosses these times. A zoom moves the image under a resting eye: give the
                times of the view states when the fixations are to be placed on images.
            merge_ms: fixations no further apart than this in time ...
            merge_deg: ... and no further than this in place are one
            min_duration_ms: what is shorter is dropped
            plain: the published rule alone, without what is done here against noise

        Returns:
            Fixations [start, end), ending when the sample after the last one came or was due, or at a break.
        """
        ...


def fixations_of(
    gaze: SeenGaze,
    rests: Sequence[Rest],
    merge_ms: float,
    merge_deg: float,
    min_duration_ms: float,
    plain: bool,
) -> list[Fixation]:
    """Join rests, drop the short ones, place their ends (unless `plain`), and take their means."""
    kept = lasting(gaze, joined(gaze, rests, merge_ms, merge_deg), min_duration_ms)
    if not plain:
        kept = lasting(gaze, placed(gaze, kept), min_duration_ms)
    return [_fixation(gaze, rest) for rest in kept]


def _fixation(gaze: SeenGaze, rest: Rest) -> Fixation:
    first, stop = rest
    x, y = gaze.angles[first:stop].mean(axis=0)
    return Fixation(int(gaze.time_ns[first]), int(gaze.end_ns[stop - 1]), float(x), float(y), stop - first)

"""Which pixels of an image each device pixel of a pane lies between; knows no Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.read.pyramid import Pixels, Pyramid
from app.read.transform import Placement

STEPS = 256
"""Between two neighbouring level pixels: the products of two weights and a value fill 32 bits."""
NUDGE = 2.0**-10
"""Px, or steps. What lies just between two pixels or steps belongs to one of them, also where its place comes
back from a view state with the last digits rounded otherwise."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The device pixels along one axis of a pane whose middles lie on the image."""

    start_px: int
    """The first of them, in pane px."""
    places: NDArray[np.uint32]
    """(n,): where their middles lie, in `STEPS` a level pixel from the middle of the first one."""


def samples(
    scale: float, offset_px: float, n_pane_px: int, n_image_px: int, factor: int, n_level_px: int
) -> Samples:
    """Lay an axis of an image along a pane.

    Args:
        scale: pane px per image px, negative where mirrored
        offset_px: where the image begins, in pane px
        n_pane_px: length of the pane
        n_image_px: length of the image
        factor: image px per level px
        n_level_px: length of the level
    """
    start, end = sorted((offset_px, offset_px + scale * n_image_px))
    first = max(0, math.ceil(start - 0.5 - NUDGE))
    beyond = max(first, min(n_pane_px, math.ceil(end - 0.5 - NUDGE)))
    middles_image_px = (np.arange(first, beyond) + (0.5 - offset_px)) / scale
    steps = np.floor((middles_image_px / factor - 0.5) * STEPS + (0.5 + NUDGE))
    return Samples(first, np.clip(steps, 0, (n_level_px - 1) * STEPS).astype(np.uint32))


@dataclass(frozen=True, slots=True)
class Sampling:
    """The level of a pyramid that a pane shows, and where on it its device pixels lie."""

    pixels: Pixels
    rows: Samples
    columns: Samples

    @property
    def shape(self) -> tuple[int, int]:
        """How many (rows, columns) of device pixels show the image."""
        return len(self.rows.places), len(self.columns.places)


def sampling_of(pyramid: Pyramid, placement: Placement, pane_px: tuple[int, int]) -> Sampling:
    """What of an image is in view in a pane of that width and height."""
    number = pyramid.level_for(placement.zoom)
    pixels, factor = pyramid.levels[number], 1 << number
    (width, height), (n_rows, n_columns) = pyramid.size_px, pixels.shape
    columns = samples(placement.x_scale, placement.x_px, pane_px[0], width, factor, n_columns)
    rows = samples(placement.y_scale, placement.y_px, pane_px[1], height, factor, n_rows)
    return Sampling(pixels, rows, columns)

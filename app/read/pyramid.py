"""A 16-bit image at halved sizes, so that a repaint maps about one stored pixel a screen pixel.

Averages are taken in 16 bit before the display table, never after it: a window applied to a mean is
what the eye would average, and a window can change without any resampling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

SMALLEST_SIDE_PX = 256

Pixels = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Table indices of one frame; level k is (ceil(H / 2^k), ceil(W / 2^k)) uint16."""

    levels: tuple[Pixels, ...]
    padding: tuple[int, int] | None = None
    """(first, last) value that means *no image here*."""

    @property
    def size_px(self) -> tuple[int, int]:
        """(width, height) of the full image."""
        height, width = self.levels[0].shape
        return width, height

    def level_for(self, zoom: float) -> int:
        """The level whose pixels come nearest to device pixels; the full image from 0.71x on."""
        return min(max(round(-math.log2(zoom)), 0), len(self.levels) - 1)


def build_pyramid(indices: Pixels, padding: tuple[int, int] | None = None) -> Pyramid:
    """Halve (H, W) uint16 until a side would fall below `SMALLEST_SIDE_PX`; see `halved` for the padding."""
    levels = [np.require(indices, requirements=("C", "A"))]
    while min(levels[-1].shape) >= 2 * SMALLEST_SIDE_PX:
        levels.append(halved(levels[-1], padding))
    return Pyramid(tuple(levels), padding)


def halved(pixels: Pixels, padding: tuple[int, int] | None = None) -> Pixels:
    """Rounded 2x2 means of (H, W) uint16; an odd last row or column is repeated.

    Values in `padding` (first, last) are no image and take no part: a mean with them would draw a bright
    line where the image ends. Four of them make one again.
    """
    height, width = pixels.shape
    means = np.empty(((height + 1) // 2, (width + 1) // 2), np.uint16)
    load_kernels().halve(pixels, *first_and_count(padding), means)
    return means


def first_and_count(padding: tuple[int, int] | None) -> tuple[int, int]:
    """Padding as the kernels have it: the first value and how many there are."""
    return (0, 0) if padding is None else (padding[0], padding[1] + 1 - padding[0])


@cache
def load_kernels() -> ModuleType:
    """They take long to load: whoever builds the first pyramid does it, so that no paint has to wait."""
    from app.read import kernels

    return kernels

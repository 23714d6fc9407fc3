"""A 16-bit image at halved sizes, so that a repaint maps about one stored pixel a screen pixel.

Averages are taken in 16 bit before the display table, never after it: a window applied to a mean is
what the eye would average, and a window can change without any resampling.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALLEST_SIDE_PX = 256
BAND_ROWS = 32
"""Rows halved at once: a band stays in the cache."""

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
    if height % 2 or width % 2:
        pixels = np.pad(pixels, ((0, height % 2), (0, width % 2)), mode="edge")
    out = np.empty((pixels.shape[0] // 2, pixels.shape[1] // 2), np.uint16)
    for row in range(0, out.shape[0], BAND_ROWS):
        band = pixels[2 * row : 2 * (row + BAND_ROWS)].astype(np.uint32)
        means: NDArray[np.unsignedinteger] = (_sums(band) + np.uint32(2)) >> np.uint32(2)
        if padding is not None:
            is_image = (band < padding[0]) | (band > padding[1])
            n_image = _sums(is_image.astype(np.uint32))
            means = (_sums(band * is_image) + n_image // 2) // np.maximum(n_image, 1)
            means[n_image == 0] = padding[0]
        out[row : row + BAND_ROWS] = means
    return out


def _sums(band: NDArray[np.uint32]) -> NDArray[np.uint32]:
    pairs = band[0::2] + band[1::2]
    return pairs[:, 0::2] + pairs[:, 1::2]

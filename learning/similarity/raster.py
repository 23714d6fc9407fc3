"""The published gaze maps and their moments, to the letter: slow, kept for parity alone.

What is odd here is odd in the published code (McGIP, AAAI 2024): a map is divided by its own
maximum, taken to 8 bit and shrunk to 32 x 32 by sampling single pixels, and "x" is the row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from learning.similarity.trace import RASTER_PX

FloatArray = NDArray[np.float64]

WINDOW_PX = RASTER_PX // 10
GRID = 32


def cluster_map(xy_px: FloatArray) -> NDArray[np.uint8]:
    """The 32 x 32 8-bit map of one cluster.

    Args:
        xy_px: (n, 2) whole pixels on the 800 x 800 raster.
    """
    half = WINDOW_PX // 2
    offsets = np.arange(WINDOW_PX) - half
    bell = np.exp(-(offsets**2) / (2 * (WINDOW_PX / 6) ** 2))
    padded = np.zeros((RASTER_PX + 2 * WINDOW_PX, RASTER_PX + 2 * WINDOW_PX))
    for x, y in np.rint(xy_px).astype(np.int64) + WINDOW_PX - half:
        padded[y : y + WINDOW_PX, x : x + WINDOW_PX] += np.outer(bell, bell)
    heat = padded[WINDOW_PX:-WINDOW_PX, WINDOW_PX:-WINDOW_PX]
    heat = heat / heat.max()
    spread = heat.max() - heat.min()
    levels = np.rint((heat - heat.min()) / spread * 255) if spread else np.zeros_like(heat)
    return _shrink(levels.astype(np.uint8))


def _shrink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """OpenCV's bilinear resize from 800 to 32, which without anti-aliasing takes every 25th pixel."""
    step = RASTER_PX // GRID
    return image[step // 2 :: step, step // 2 :: step]


def map_moments(heat: NDArray[np.uint8]) -> tuple[float, float]:
    """(M00, I1): the sum of a map and its first Hu invariant, eta20 + eta02; I1 is NaN for a blank map."""
    # NumPy 2 would add up uint8 modulo 256.
    values = heat.astype(np.float64)
    m00 = float(values.sum())
    if m00 == 0:
        return 0.0, float("nan")
    rows, columns = np.indices(values.shape).astype(np.float64)
    row, column = (rows * values).sum() / m00, (columns * values).sum() / m00
    mu20, mu02 = ((rows - row) ** 2 * values).sum(), ((columns - column) ** 2 * values).sum()
    return m00, float((mu20 + mu02) / m00**2)

"""The published gaze maps and their moments, to the letter: slow, kept for parity alone.

What is odd here is odd in the published code (McGIP, AAAI 2024): a map is divided by its own
maximum, taken to 8 bit and shrunk by sampling single pixels, and "x" is the row.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from learning.similarity.trace import RASTER_PX

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

WINDOW_PX = RASTER_PX // 10
GRID = 32
BLUR_PX = 30.2
BLUR_RADIUS_PX = 99
WEIGHT_BITS = 11
"""OpenCV interpolates 8-bit images with weights of so many bits."""


def cluster_map(xy_px: FloatArray) -> ByteArray:
    """The 800 x 800 8-bit map of one cluster.

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
    image: ByteArray = levels.astype(np.uint8)
    return image


def whole_map(xy_px: FloatArray, *, counts_dwell: bool) -> ByteArray:
    """The 800 x 800 8-bit map of a whole trace; blank for an empty one.

    Args:
        xy_px: (n, 2) whole pixels on the 800 x 800 raster.
        counts_dwell: add up repeated looks, where the published map knows visited pixels only.
    """
    columns, rows = np.minimum(np.rint(xy_px).astype(np.int64), RASTER_PX - 1).T
    looks = np.zeros((RASTER_PX, RASTER_PX))
    np.add.at(looks, (rows, columns), 1.0)
    if not counts_dwell:
        looks = np.minimum(looks, 1.0)
    heat = _blur() @ looks @ _blur().T
    highest = heat.max()
    return (heat / highest * 255).astype(np.uint8) if highest else np.zeros_like(heat, np.uint8)


@cache
def _blur() -> FloatArray:
    """(800, 800) the matrix that blurs along one axis, its border reflected."""
    blurred: FloatArray = gaussian_filter1d(
        np.eye(RASTER_PX), BLUR_PX, axis=0, mode="mirror", radius=BLUR_RADIUS_PX
    )
    return blurred


def shrink(image: ByteArray, n_rows: int, n_columns: int) -> ByteArray:
    """OpenCV's bilinear resize of an 8-bit image, which without anti-aliasing samples four pixels."""
    above, below, down = _samples(image.shape[0], n_rows)
    before, behind, across = _samples(image.shape[1], n_columns)
    levels = image.astype(np.int64)
    scale = 1 << WEIGHT_BITS
    upper = levels[above][:, before] * (scale - across) + levels[above][:, behind] * across
    lower = levels[below][:, before] * (scale - across) + levels[below][:, behind] * across
    total = (upper * (scale - down)[:, None] + lower * down[:, None]).astype(np.int64)
    rounded = (total + (1 << (2 * WEIGHT_BITS - 1))) >> (2 * WEIGHT_BITS)
    return rounded.astype(np.uint8)


def _samples(n: int, m: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """For each of m new pixels the two old ones (of n) and the weight of the second, in 2048ths."""
    place = np.clip((np.arange(m) + 0.5) * n / m - 0.5, 0, n - 1)
    first = np.floor(place).astype(np.int64)
    weight = np.rint((place - first) * (1 << WEIGHT_BITS)).astype(np.int64)
    return first, np.minimum(first + 1, n - 1), weight


def map_moments(image: ByteArray) -> tuple[float, float]:
    """(M00, I1) of the 32 x 32 map of an image: its sum and its first Hu invariant, eta20 + eta02.

    I1 is NaN for a blank map.
    """
    # NumPy 2 would add up uint8 modulo 256.
    values = shrink(image, GRID, GRID).astype(np.float64)
    m00 = float(values.sum())
    if m00 == 0:
        return 0.0, float("nan")
    rows, columns = np.indices(values.shape).astype(np.float64)
    row, column = (rows * values).sum() / m00, (columns * values).sum() / m00
    mu20, mu02 = ((rows - row) ** 2 * values).sum(), ((columns - column) ** 2 * values).sum()
    return m00, float((mu20 + mu02) / m00**2)

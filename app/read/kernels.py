"""The loops behind every picture, compiled; `pyramid.load_kernels` loads them late, since it takes long.

They let go of the interpreter while they run and share nothing: threads may have rows of one picture each.
All arithmetic is in whole numbers, and gives the same picture on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numba import types
from numpy.typing import NDArray

P = ParamSpec("P")
R = TypeVar("R")

BITS = np.uint32(8)
"""Of a weight: `sampling.STEPS` is 2^BITS."""
WEIGHT = np.uint32(0xFF)
HALF_STEP = np.uint32(0x80)
HALF = np.uint32(0x8000)
"""Of a value that was multiplied by two weights."""
OPAQUE, GREY = np.uint32(0xFF000000), np.uint32(0x010101)


def _read(of: Any, n_axes: int) -> Any:
    """Of an array in one run of memory that a kernel only reads."""
    return types.Array(of, n_axes, "C", readonly=True)


def _compiled(*arguments: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile for these types now; the machine code is kept on the disk where one may write there."""

    def compile_now(function: Callable[P, R]) -> Callable[P, R]:
        signature = types.void(*arguments)
        try:
            return cast(Callable[P, R], numba.njit(signature, nogil=True, cache=True)(function))
        except RuntimeError:  # neither beside the source nor in the user's folder may anything be written
            return cast(Callable[P, R], numba.njit(signature, nogil=True)(function))

    return compile_now


@_compiled(_read(types.uint16, 2), _read(types.uint8, 1), types.uint32[:, ::1])
def look_up(values: NDArray[np.uint16], greys: NDArray[np.uint8], colours: NDArray[np.uint32]) -> None:
    """0xffRRGGBB of values (H, W) through greys (65536,), into colours (H, W)."""
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            colours[row, column] = np.uint32(greys[values[row, column]]) * GREY | OPAQUE


@_compiled(
    _read(types.uint16, 1),
    _read(types.uint16, 1),
    _read(types.uint16, 1),
    _read(types.uint64, 1),
    _read(types.uint32, 1),
    types.uint32,
    types.uint32,
    types.uint16[::1],
)
def _mend(
    upper: NDArray[np.uint16],
    lower: NDArray[np.uint16],
    nearest: NDArray[np.uint16],
    x_indices: NDArray[np.uint64],
    x_weights: NDArray[np.uint32],
    first_padding: int,
    n_paddings: int,
    values: NDArray[np.uint16],
) -> None:
    """One row: the nearest pixel wherever one of the four around is padding."""
    n = upper.shape[0]
    is_padding = np.zeros(n + 1, np.bool_)
    for x in range(n):
        is_padding[x] = (upper[x] - first_padding < n_paddings) | (lower[x] - first_padding < n_paddings)
    for column in range(x_indices.shape[0]):
        x_index = x_indices[column]
        if is_padding[x_index] | is_padding[x_index + np.uint64(1)]:
            values[column] = nearest[x_index + np.uint64(x_weights[column] >= HALF_STEP)]


@_compiled(
    _read(types.uint16, 2),
    _read(types.uint32, 1),
    _read(types.uint32, 1),
    types.uint32,
    types.uint32,
    types.uint16[:, ::1],
)
def resample(
    level: NDArray[np.uint16],
    y_places: NDArray[np.uint32],
    x_places: NDArray[np.uint32],
    first_padding: int,
    n_paddings: int,
    values: NDArray[np.uint16],
) -> None:
    """Values between neighbouring pixels, weighted by how near they are; beside padding the nearest pixel.

    Args:
        level: (h, w) uint16
        y_places: (H,) uint32 of `sampling.Samples`
        x_places: (W,) uint32, rising or falling
        first_padding: the first value that is no image
        n_paddings: how many values from there on are none; may be 0
        values: (H, W) uint16, to write into
    """
    last_row = level.shape[0] - 1
    ends = x_places[0] >> BITS, x_places[-1] >> BITS
    start, beyond = np.intp(min(ends)), min(np.intp(max(ends)) + 2, level.shape[1])
    x_indices, x_weights = (x_places >> BITS) - np.uint64(start), x_places & WEIGHT
    blend = np.zeros(beyond - start + 1, np.uint32)
    for row in range(y_places.shape[0]):
        index, weight = np.intp(y_places[row] >> BITS), y_places[row] & WEIGHT
        upper, lower = level[index, start:beyond], level[min(index + 1, last_row), start:beyond]
        for x in range(upper.shape[0]):
            value = np.uint32(upper[x])
            blend[x] = (value << BITS) + (np.uint32(lower[x]) - value) * weight
        out = values[row]
        for column in range(x_indices.shape[0]):
            x_index = x_indices[column]
            left = blend[x_index]
            right = blend[x_index + np.uint64(1)]
            out[column] = ((left << BITS) + (right - left) * x_weights[column] + HALF) >> (BITS + BITS)
        if n_paddings:
            nearest = lower if weight >= HALF_STEP else upper
            _mend(upper, lower, nearest, x_indices, x_weights, first_padding, n_paddings, out)


@_compiled(_read(types.uint16, 1), _read(types.uint16, 1), types.uint32, types.uint32, types.uint16[::1])
def _leave_out(
    upper: NDArray[np.uint16],
    lower: NDArray[np.uint16],
    first_padding: int,
    n_paddings: int,
    means: NDArray[np.uint16],
) -> None:
    """One row of means: without the padding of two rows, where some of four pixels are padding."""
    last = upper.shape[0] - 1
    for column in range(means.shape[0]):
        left, right = 2 * column, min(2 * column + 1, last)
        total = n_image = np.uint32(0)
        for value in (upper[left], upper[right], lower[left], lower[right]):
            if value - first_padding >= n_paddings:
                total, n_image = np.uint32(total + value), np.uint32(n_image + 1)
        if n_image == 0:
            means[column] = first_padding
        elif n_image < 4:
            means[column] = (total + n_image // 2) // n_image


@_compiled(_read(types.uint16, 2), types.uint32, types.uint32, types.uint16[:, ::1])
def halve(pixels: NDArray[np.uint16], first_padding: int, n_paddings: int, means: NDArray[np.uint16]) -> None:
    """Rounded means of 2x2 pixels (h, w), into means (ceil(h / 2), ceil(w / 2)); padding as in `resample`."""
    last_row, n_columns = pixels.shape[0] - 1, pixels.shape[1]
    for row in range(means.shape[0]):
        upper, lower, out = pixels[2 * row], pixels[min(2 * row + 1, last_row)], means[row]
        for column in range(n_columns // 2):
            above = np.uint32(upper[2 * column]) + np.uint32(upper[2 * column + 1])
            below = np.uint32(lower[2 * column]) + np.uint32(lower[2 * column + 1])
            out[column] = (above + below + np.uint32(2)) >> np.uint32(2)
        if n_columns % 2:
            out[-1] = (np.uint32(upper[-1]) + np.uint32(lower[-1]) + np.uint32(1)) >> np.uint32(1)
        if n_paddings:
            _leave_out(upper, lower, first_padding, n_paddings, out)

"""Where an image shows the breast, as against the air around it, and between which greys.

Works on a small average of the image in which more is brighter: air is what lies close to the darkest
level, and the largest piece that is left after a morphological opening is the breast. The opening drops the
markers, the white rims of digitised films and the haze along their edges. Of other images only rims as black
as the darkest level are left out: what the collimator or a shutter covered.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Box

SMALL_PX = 256
"""Longest side of the average that is judged."""

AIR_FRACTION = 0.04
"""Air reaches from the darkest level up by this part of the range."""

LEAST_AIR = 0.08
"""With less air than this the image is taken to be exposed all over."""

OPENING = 0.042
"""Radius of the opening as a part of the shorter side: wider than markers' strokes and film rims."""

BLACK_FRACTION = 0.01
"""Rims are black up to this part of the range."""

LIT_FRACTION = 0.02
"""A row or column belongs to the image where so much of it is not black."""

RIM = 0.02
"""Part of the image at its edges where digitised films are white: never asked for grey levels."""


class Side(StrEnum):
    """An edge of the image as stored."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the pixels say without any header."""

    box_px: Box
    chest_wall: Side | None
    """The edge that the breast grows from; None where no edge stands out."""
    low: float
    high: float
    """The stored values that shall be black and white."""


def measure_exposure(
    pixels: NDArray[np.uint16] | NDArray[np.int16],
    is_inverted: bool,
    is_breast: bool,
    padding: tuple[int, int] | None = None,
) -> Exposure:
    """Find the exposed part of `pixels` (H, W).

    Args:
        pixels: stored values.
        is_inverted: True where low values are shown bright.
        is_breast: False takes all but black rims: only around a breast is air known to be dark.
        padding: stored values (first, last) that are no image: taken for air.
    """
    stride_px = max(1, max(pixels.shape) // (4 * SMALL_PX))
    thin = pixels[::stride_px, ::stride_px]
    small, block = _average(thin if padding is None else _padding_as_air(thin, padding, is_inverted))
    step_px = stride_px * block
    bright = -small if is_inverted else small
    mask = _exposed(bright) if is_breast else _within_rims(bright)
    dark, light = np.percentile(bright[_without_rim(mask)], [1.0, 99.5])
    low, high = sorted((-dark, -light) if is_inverted else (dark, light))
    return Exposure(_box(mask, step_px, pixels.shape), _chest_wall(mask), float(low), float(high))


def _padding_as_air(
    thin: NDArray[np.uint16] | NDArray[np.int16], padding: tuple[int, int], is_inverted: bool
) -> NDArray[np.uint16] | NDArray[np.int16]:
    """The pixels with the padding at the darkest value of the rest."""
    is_padding = (thin >= min(padding)) & (thin <= max(padding))
    if not is_padding.any() or is_padding.all():
        return thin
    image = thin[~is_padding]
    return np.where(is_padding, image.max() if is_inverted else image.min(), thin)


def _average(thin: NDArray[np.uint16] | NDArray[np.int16]) -> tuple[NDArray[np.float32], int]:
    """Mean over square blocks, and the side of a block in px."""
    block = -(-max(thin.shape) // SMALL_PX)
    height, width = (max(1, size // block) for size in thin.shape)
    whole = thin[: height * block, : width * block]
    rows = np.add.reduceat(whole, np.arange(0, whole.shape[0], block), axis=0, dtype=np.float32)
    return np.add.reduceat(rows, np.arange(0, whole.shape[1], block), axis=1) / block**2, block


def _exposed(bright: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The largest piece that is not air; everything where there is hardly any air."""
    from scipy import ndimage  # takes as long to load as all the rest: whoever only decodes goes without

    dark, light = np.percentile(bright, [1.0, 99.5])
    lit = bright > dark + AIR_FRACTION * (light - dark)
    if lit.mean() > 1.0 - LEAST_AIR:
        return np.ones_like(lit)
    radius = max(1, round(OPENING * min(bright.shape)))
    disk = _disk(radius)
    pieces, n_pieces = ndimage.label(ndimage.binary_opening(lit, disk))
    if n_pieces == 0:
        return np.ones_like(lit)
    core = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    # The opening rounds off the corners at the chest wall and the nipple: grow back into what is lit.
    return np.asarray(ndimage.binary_dilation(core, disk) & lit, dtype=np.bool_)


def _within_rims(bright: NDArray[np.float32]) -> NDArray[np.bool_]:
    """All between the outermost rows and columns that are not black; everything where none is."""
    dark, light = float(bright.min()), float(np.percentile(bright, 99.5))
    lit = bright > dark + BLACK_FRACTION * (light - dark)
    within = np.ones_like(lit)
    for axis in (0, 1):
        found = np.flatnonzero(lit.mean(axis=axis) > LIT_FRACTION)
        if found.size == 0:
            return np.ones_like(lit)
        places = np.arange(lit.shape[1 - axis])
        kept = (places >= found[0]) & (places <= found[-1])
        within &= kept if axis == 0 else kept[:, np.newaxis]
    return within


def _disk(radius: int) -> NDArray[np.bool_]:
    y, x = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(x * x + y * y <= radius * radius, dtype=np.bool_)


def _without_rim(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    rim_y, rim_x = (round(RIM * size) for size in mask.shape)
    inner = np.zeros_like(mask)
    inner[rim_y : mask.shape[0] - rim_y, rim_x : mask.shape[1] - rim_x] = True
    return mask & inner if (mask & inner).any() else mask


def _box(mask: NDArray[np.bool_], step_px: int, shape: tuple[int, ...]) -> Box:
    """The box around `mask` in image px; a mask that reaches the last block reaches the image's edge."""
    (top, bottom), (left, right) = (
        (np.flatnonzero(mask.any(axis=axis))[[0, -1]] + (0, 1)).tolist() for axis in (1, 0)
    )
    bottom_px = shape[0] if bottom == mask.shape[0] else bottom * step_px
    right_px = shape[1] if right == mask.shape[1] else right * step_px
    x_px, y_px = float(left * step_px), float(top * step_px)
    return (x_px, y_px, right_px - x_px, bottom_px - y_px)


def _chest_wall(mask: NDArray[np.bool_]) -> Side | None:
    """The edge along which the exposed part lies, where it lies along only one."""
    if mask.all():
        return None
    edge = max(1, round(RIM * mask.shape[1]))
    at_left, at_right = float(mask[:, :edge].mean()), float(mask[:, -edge:].mean())
    if max(at_left, at_right) < 0.2 or min(at_left, at_right) > 0.5 * max(at_left, at_right):
        return None
    return Side.LEFT if at_left > at_right else Side.RIGHT

"""How far off a sample may be: what a validation measured, carried to the screen and into the image.

A target tells how gaze errs where it stands: by a constant offset, and by a spread. Together they are a
second moment about the true place, a 2 x 2 matrix whose ellipse holds the error. Between targets it is
interpolated; to display px it goes through the geometry of the eye, and to image px through what was
painted: at zoom 2 the same error covers half as many pixels of the image.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from acquisition.domain import Display, Validation
from acquisition.geometry import GazeOnImages, display_fraction_to_px, px_to_deg, px_to_mm

Moments = NDArray[np.float64]
"""(n, 2, 2) symmetric: mean squared error along x and y, and their product off the diagonal."""

Side = Literal["left", "right", "both"]

NEAREST_DEG = 0.1
"""Within this of a target its own error counts alone, or nearly so."""


class Ellipses(NamedTuple):
    """Error ellipses of n samples.

    long, short: (n,) semi-axes, in the unit whose square the moments have
    angle_deg: (n,) of the long axis from x towards y, -90 to 90
    """

    long: NDArray[np.float64]
    short: NDArray[np.float64]
    angle_deg: NDArray[np.float64]


def screen_error(xy_display_px: ArrayLike, validation: Validation, display: Display, side: Side) -> Moments:
    """The error of gaze measured at these points, in square display px.

    Args:
        xy_display_px: (n, 2); NaN without gaze
        validation: of the same session and display
        display: the screen and its distance
        side: the eye, or `both` for the mean of the eyes

    Returns:
        (n, 2, 2); NaN without gaze, and everywhere where no target of the validation has any.
    """
    points = np.asarray(xy_display_px, dtype=np.float64).reshape(-1, 2)
    targets_px, errors = _target_errors(validation, display, side)
    if len(errors) == 0:
        return np.full((len(points), 2, 2), np.nan)
    angles = px_to_deg(points, display)
    away = angles[:, np.newaxis] - px_to_deg(targets_px, display)
    weights = 1.0 / ((away**2).sum(axis=-1) + NEAREST_DEG**2)
    errors_deg2 = np.einsum("nt,tij->nij", weights / weights.sum(axis=1, keepdims=True), errors)
    return through(errors_deg2, px_per_deg(points, display))


def image_error(errors_display_px2: Moments, found: GazeOnImages) -> Moments:
    """The same errors (n, 2, 2) in square px of the image that each point fell on; NaN beside images."""
    return through(errors_display_px2, found.screen_to_image)


def through(errors: Moments, steps: NDArray[np.float64]) -> Moments:
    """Errors (n, 2, 2) after the linear transforms (n, 2, 2) or (2, 2)."""
    steps = np.asarray(steps, dtype=np.float64)
    return np.asarray(steps @ errors @ np.swapaxes(steps, -1, -2), dtype=np.float64)


def ellipses(errors: Moments, probability: float = 0.68) -> Ellipses:
    """The ellipses that hold this share of normally distributed errors, as BCEA does."""
    a, b, c = errors[:, 0, 0], errors[:, 0, 1], errors[:, 1, 1]
    middle, half = (a + c) / 2, np.hypot((a - c) / 2, b)
    k = -2.0 * np.log(1.0 - probability)
    long, short = np.sqrt(k * (middle + half)), np.sqrt(k * np.maximum(middle - half, 0.0))
    return Ellipses(long, short, np.degrees(np.arctan2(2 * b, a - c)) / 2)


def px_per_deg(xy_display_px: ArrayLike, display: Display) -> NDArray[np.float64]:
    """How far a turn of the eye moves the point it looks at.

    Args:
        xy_display_px: (n, 2)
        display: the screen and its distance

    Returns:
        (n, 2, 2): display px along x and y (rows) a degree to the right and down (columns), both at right
        angles to the gaze, as a validation measures them.
    """
    x, y = px_to_mm(np.asarray(xy_display_px, dtype=np.float64).reshape(-1, 2), display).T
    beside = np.hypot(display.distance_mm, x)
    away = np.hypot(beside, y)
    # To the right the azimuth grows faster by 1 / cos(elevation) = away / beside than the eye turns.
    right_x = beside * away / display.distance_mm
    right_y = x * y * away / (display.distance_mm * beside)
    steps_mm = np.stack((right_x, np.zeros_like(x), right_y, away**2 / beside), axis=-1).reshape(-1, 2, 2)
    px_per_mm = np.array([display.width_px / display.width_mm, display.height_px / display.height_mm])
    return np.asarray(np.radians(steps_mm) * px_per_mm[:, np.newaxis], dtype=np.float64)


def _target_errors(
    validation: Validation, display: Display, side: Side
) -> tuple[NDArray[np.float64], Moments]:
    """Targets (t, 2) in display px and their errors (t, 2, 2) in square degrees; those with gaze alone."""
    places, errors = [], []
    for target in validation.targets:
        q = getattr(target, side)
        if q.offset_x_deg is None or q.offset_y_deg is None or q.std_deg is None:
            continue
        offset = np.array([q.offset_x_deg, q.offset_y_deg])
        places.append((target.x, target.y))
        errors.append(np.outer(offset, offset) + np.eye(2) * q.std_deg**2 / 2)
    return (
        display_fraction_to_px(np.reshape(places, (-1, 2)), display),
        np.reshape(errors, (-1, 2, 2)).astype(np.float64),
    )

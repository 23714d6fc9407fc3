"""How an image lies in its pane: fit, zoom at the cursor, pan, and the way back to image px.

Every length here is in physical device pixels. *Pane px* have (0, 0) at the pane's top left corner;
*image px* and *display px* are those of `acquisition.domain`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

from acquisition.domain import Affine, Box

Point = tuple[float, float]
Size = tuple[float, float]

SQUARE: Size = (1.0, 1.0)
SQUARE_WITHIN = 0.005
"""Sides of a pixel that differ less are the same, rounded differently."""
ZOOM_LIMITS = (0.01, 32.0)
KEPT_IN_VIEW_PX = 48.0
"""At least so much of the image stays in its pane, however far it is dragged."""


class Anchor(Enum):
    """The side of the pane that the image leans on."""

    LEFT = 0.0
    CENTRE = 0.5
    RIGHT = 1.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Pane px = (x_px ± zoom * x_image_px, y_px ± zoom * y_image_px); minus where mirrored.

    Where pixels are no squares, their longer side is stretched more, so that the image has its shape.
    """

    zoom: float
    """Pane px per image px along the shorter side of a pixel."""
    x_px: float
    y_px: float
    is_flipped: bool = False
    """Mirrored left-right."""
    is_upside_down: bool = False
    """Mirrored top-bottom."""
    stretch: Size = SQUARE
    """Width and height of a pixel over the shorter of the two."""

    @property
    def x_scale(self) -> float:
        """Pane px per image px along x, negative where mirrored."""
        return self.zoom * self.stretch[0] * (-1 if self.is_flipped else 1)

    @property
    def y_scale(self) -> float:
        """Pane px per image px along y, negative where mirrored."""
        return self.zoom * self.stretch[1] * (-1 if self.is_upside_down else 1)

    def to_pane(self, x_image_px: float, y_image_px: float) -> Point:
        """A point of the image, in pane px."""
        return self.x_px + self.x_scale * x_image_px, self.y_px + self.y_scale * y_image_px

    def to_image(self, x_pane_px: float, y_pane_px: float) -> Point:
        """A point of the pane, in image px; it may lie outside the image."""
        return (x_pane_px - self.x_px) / self.x_scale, (y_pane_px - self.y_px) / self.y_scale

    def box_to_pane(self, box_image_px: Box) -> Box:
        """A box of the image, in pane px."""
        x, y, width, height = box_image_px
        return _box(self.to_pane(x, y), self.to_pane(x + width, y + height))

    def box_to_image(self, box_pane_px: Box) -> Box:
        """A box of the pane, in image px."""
        x, y, width, height = box_pane_px
        return _box(self.to_image(x, y), self.to_image(x + width, y + height))

    def display_to_image(self, pane_on_display_px: Point) -> Affine:
        """Display px to image px, for a pane whose top left corner is at that point of the display."""
        left, top = pane_on_display_px
        x_scale, y_scale = 1 / self.x_scale, 1 / self.y_scale
        return x_scale, 0.0, -(left + self.x_px) * x_scale, 0.0, y_scale, -(top + self.y_px) * y_scale


def placement_of(display_to_image: Affine, pane_on_display_px: Point) -> Placement:
    """The placement that gave `Placement.display_to_image` for a pane with its corner there."""
    a, _, c, _, e, f = display_to_image
    x_scale, y_scale = 1 / a, 1 / e
    width, height = abs(x_scale), abs(y_scale)
    is_square = math.isclose(width, height)
    zoom = width if is_square else min(width, height)
    return Placement(
        zoom,
        -c * x_scale - pane_on_display_px[0],
        -f * y_scale - pane_on_display_px[1],
        is_flipped=x_scale < 0,
        is_upside_down=y_scale < 0,
        stretch=SQUARE if is_square else (width / zoom, height / zoom),
    )


def _box(a: Point, b: Point) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), abs(a[0] - b[0]), abs(a[1] - b[1])


def intersection(a: Box, b: Box) -> Box:
    """The part common to both boxes; its width or height is 0 where there is none."""
    left, top = max(a[0], b[0]), max(a[1], b[1])
    right, bottom = min(a[0] + a[2], b[0] + b[2]), min(a[1] + a[3], b[1] + b[3])
    return left, top, max(0.0, right - left), max(0.0, bottom - top)


def around(outer: Box, inner: Box) -> tuple[Box, ...]:
    """The parts of a box that another one leaves free: above, below, left, right."""
    x, y, width, height = outer
    left, top, inner_width, inner_height = intersection(outer, inner)
    if inner_width <= 0 or inner_height <= 0:
        return (outer,)
    right, bottom = left + inner_width, top + inner_height
    return (
        (x, y, width, top - y),
        (x, bottom, width, y + height - bottom),
        (x, top, left - x, inner_height),
        (right, top, x + width - right, inner_height),
    )


def fit_zoom(size_px: Size, pane_px: Size) -> float:
    """The largest zoom at which the whole size fits into the pane."""
    return min(pane_px[0] / size_px[0], pane_px[1] / size_px[1])


def stretch_of(spacing_mm: tuple[float, float] | None) -> Size:
    """How a pixel of that (row, column) spacing is stretched; unknown ones are squares."""
    if spacing_mm is None:
        return SQUARE
    height, width = spacing_mm
    shorter = min(width, height)
    is_square = max(width, height) <= (1 + SQUARE_WITHIN) * shorter
    return SQUARE if is_square else (width / shorter, height / shorter)


def place(
    part_px: Box,
    pane_px: Size,
    zoom: float,
    anchor: Anchor,
    is_flipped: bool,
    is_upside_down: bool = False,
    stretch: Size = SQUARE,
) -> Placement:
    """Lay a part of the image against the anchored side of the pane, centred vertically."""
    placement = Placement(zoom, 0, 0, is_flipped, is_upside_down, stretch)
    left, top, width, height = placement.box_to_pane(part_px)
    x_px = anchor.value * (pane_px[0] - width) - left
    y_px = (pane_px[1] - height) / 2 - top
    return replace(placement, x_px=round(x_px), y_px=round(y_px))


def zoomed(placement: Placement, factor: float, at_pane_px: Point) -> Placement:
    """Zoom so that the image point under `at_pane_px` stays where it is."""
    zoom = min(max(placement.zoom * factor, ZOOM_LIMITS[0]), ZOOM_LIMITS[1])
    ratio = zoom / placement.zoom
    x = at_pane_px[0] + (placement.x_px - at_pane_px[0]) * ratio
    y = at_pane_px[1] + (placement.y_px - at_pane_px[1]) * ratio
    return replace(placement, zoom=zoom, x_px=x, y_px=y)


def actual_size(placement: Placement, at_pane_px: Point) -> Placement:
    """One image pixel on one device pixel, on whole pixels so that nothing is resampled but longer sides."""
    exact = zoomed(placement, 1 / placement.zoom, at_pane_px)
    return replace(exact, zoom=1.0, x_px=round(exact.x_px), y_px=round(exact.y_px))


def panned(placement: Placement, dx_px: float, dy_px: float) -> Placement:
    """Move the image within its pane."""
    return replace(placement, x_px=placement.x_px + dx_px, y_px=placement.y_px + dy_px)


def kept_in_view(placement: Placement, image_px: Size, pane_px: Size) -> Placement:
    """Move back an image that would leave its pane, until a strip of it shows."""
    left, top, width, height = placement.box_to_pane((0, 0, *image_px))
    return panned(placement, _pull_back(left, width, pane_px[0]), _pull_back(top, height, pane_px[1]))


def _pull_back(start: float, length: float, pane: float) -> float:
    strip = min(KEPT_IN_VIEW_PX, length, pane)
    return min(max(start, strip - length), pane - strip) - start

"""The magnifier: a small pane under the pointer that shows what is there larger. Knows no Qt."""

from __future__ import annotations

from dataclasses import replace

from app.read.transform import Point, panned, zoomed
from app.read.wall import Pane

FACTOR = 2.0
"""How much larger than the pane below."""


def magnified(pane: Pane, at_room_px: Point, side_px: float) -> Pane:
    """The pane below a square around a point, with that point where it was and all else larger.

    The square is cut off where the pane below ends, so that it never covers another image.
    """
    x, y, width, height = pane.pose.box_px
    left, top = max(at_room_px[0] - side_px / 2, x), max(at_room_px[1] - side_px / 2, y)
    right = min(at_room_px[0] + side_px / 2, x + width)
    bottom = min(at_room_px[1] + side_px / 2, y + height)
    box_px = round(left), round(top), round(right) - round(left), round(bottom) - round(top)
    larger = zoomed(pane.pose.placement, FACTOR, pane.inside(*at_room_px))
    placement = panned(larger, x - box_px[0], y - box_px[1])
    return replace(pane, pose=replace(pane.pose, box_px=box_px, placement=placement))

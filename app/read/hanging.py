"""Which image hangs where: R and L side by side, CC above MLO, chest walls meeting.

A breast seen from both sides hangs as radiologists expect; anything else hangs in a plain grid.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from acquisition.domain import Box, Image, Laterality
from app.read.transform import Anchor, Placement, Size, fit_zoom, place

VIEW_ORDER = ("CC", "MLO", "ML", "LM", "")
GAP_PX = 2
"""Between panes, in device px."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One pane of a hung case."""

    image: Image
    row: int
    column: int
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Hanging:
    """A grid of panes."""

    name: str
    """`four-view`, `pair`, `single` or `grid`; written into the view states."""
    rows: int
    columns: int
    slots: tuple[Slot, ...]


def hang(images: Sequence[Image]) -> Hanging:
    """Give every image of a case its pane."""
    ordered = sorted(images, key=_reading_order)
    if len(ordered) == 1:
        return Hanging("single", 1, 1, (Slot(ordered[0], 0, 0, Anchor.CENTRE),))
    return _side_by_side(ordered) or _grid(ordered)


def alone(slot: Slot) -> Hanging:
    """One pane of a case over the whole room; it keeps the side it leans on."""
    return Hanging("single", 1, 1, (Slot(slot.image, 0, 0, slot.anchor),))


def _view_rank(view: str) -> tuple[int, str]:
    return (VIEW_ORDER.index(view) if view in VIEW_ORDER else len(VIEW_ORDER), view)


def _reading_order(image: Image) -> tuple[tuple[int, str], bool, str]:
    return _view_rank(image.view), image.laterality is not Laterality.RIGHT, image.path


def _side_by_side(images: Sequence[Image]) -> Hanging | None:
    """R on the left, L on the right, a row a view; None where sides are unknown, missing or doubled."""
    places = {(image.laterality, image.view) for image in images}
    sides = {image.laterality for image in images}
    if sides != {Laterality.RIGHT, Laterality.LEFT} or len(places) < len(images):
        return None
    views = sorted({image.view for image in images}, key=_view_rank)
    slots = tuple(
        Slot(image, views.index(image.view), 0, Anchor.RIGHT)
        if image.laterality is Laterality.RIGHT
        else Slot(image, views.index(image.view), 1, Anchor.LEFT)
        for image in images
    )
    name = {1: "pair", 2: "four-view"}.get(len(views), "grid")
    return Hanging(name, len(views), 2, slots)


def _grid(images: Sequence[Image]) -> Hanging:
    columns = math.ceil(math.sqrt(len(images)))
    slots = (Slot(image, i // columns, i % columns, Anchor.CENTRE) for i, image in enumerate(images))
    return Hanging("grid", math.ceil(len(images) / columns), columns, tuple(slots))


def pane_boxes(hanging: Hanging, room_px: tuple[int, int]) -> tuple[Box, ...]:
    """The box of every slot in a room of that size, on whole pixels."""
    return tuple(
        (left, top, right - left, bottom - top)
        for slot in hanging.slots
        for left, right in [_span(slot.column, hanging.columns, room_px[0])]
        for top, bottom in [_span(slot.row, hanging.rows, room_px[1])]
    )


def _span(index: int, count: int, length_px: int) -> tuple[int, int]:
    start = index * (length_px + GAP_PX) // count
    end = (index + 1) * (length_px + GAP_PX) // count - GAP_PX
    return start, max(end, start + 1)


def fitted(hanging: Hanging, panes_px: Sequence[Size]) -> tuple[Placement, ...]:
    """Placements that show every image whole, all at one scale: in mm where every spacing is known."""
    if not hanging.slots:
        return ()
    units = [_unit(slot.image, hanging) for slot in hanging.slots]
    scale = min(
        fit_zoom((part[2] * unit, part[3] * unit), pane)
        for part, unit, pane in zip(map(_part, hanging.slots), units, panes_px, strict=True)
    )
    return tuple(
        place(_part(slot), pane, scale * unit, slot.anchor, slot.image.flip_to_hang)
        for slot, unit, pane in zip(hanging.slots, units, panes_px, strict=True)
    )


def _part(slot: Slot) -> Box:
    return 0.0, 0.0, float(slot.image.width_px), float(slot.image.height_px)


def _unit(image: Image, hanging: Hanging) -> float:
    """Size of a pixel: in mm if every image of the case says so, else 1."""
    spacings = [slot.image.spacing_mm for slot in hanging.slots]
    return image.spacing_mm[1] if image.spacing_mm and all(spacings) else 1.0


def view_name(image: Image) -> str:
    """What a pane is labelled with: `R CC`."""
    return f"{image.laterality} {image.view}".strip()

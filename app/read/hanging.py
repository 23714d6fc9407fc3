"""How the images of a stage lie: a grid of panes at one physical scale, chest walls meeting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from acquisition.domain import Box, Image, Laterality
from app.read.transform import Anchor, Placement, Size, fit_zoom, intersection, place, stretch_of

GAP_PX = 2
"""Between panes, in device px."""

AIR = 0.02
"""Of the larger side of a breast: what is left free around it, but for the chest wall."""

NO_WORDS: Size = (0.0, 0.0)


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
    """`four-view`, `pair CC`, `compare CC`, `single` or `grid`; written into the view states."""
    rows: int
    columns: int
    slots: tuple[Slot, ...]


Stage = tuple[Hanging, ...]
"""The same images in one arrangement or several: the room decides for the one that shows them largest."""


def is_breast(image: Image) -> bool:
    """Whether a chest wall is to be hung against something."""
    return image.modality == "MG" or image.body_part == "BREAST"


def anchor_of(image: Image) -> Anchor:
    """The side that an image leans on: the chest wall of a breast, as it hangs."""
    sides = {Laterality.RIGHT: Anchor.RIGHT, Laterality.LEFT: Anchor.LEFT}
    return sides.get(image.laterality, Anchor.CENTRE) if is_breast(image) else Anchor.CENTRE


def single(image: Image) -> Hanging:
    """One image over the whole room."""
    return Hanging("single", 1, 1, (Slot(image, 0, 0, anchor_of(image)),))


def cells(hanging: Hanging, room_px: tuple[int, int]) -> tuple[Box, ...]:
    """The boxes of the whole grid in a room of that size, row by row, on whole pixels."""
    return tuple(
        _cell(hanging, row, column, room_px)
        for row in range(hanging.rows)
        for column in range(hanging.columns)
    )


def pane_boxes(hanging: Hanging, room_px: tuple[int, int]) -> tuple[Box, ...]:
    """The box of every slot."""
    return tuple(_cell(hanging, slot.row, slot.column, room_px) for slot in hanging.slots)


def largest(stage: Stage, room_px: tuple[int, int], words_px: Size = NO_WORDS) -> Hanging:
    """The arrangement that shows the images of a stage largest in this room; the first of equals."""

    def smallest_zoom(hanging: Hanging) -> float:
        panes = [box[2:] for box in pane_boxes(hanging, room_px)]
        return min(placement.zoom for placement in fitted(hanging, panes, words_px))

    return stage[0] if len(stage) == 1 else max(stage, key=smallest_zoom)


def fitted(hanging: Hanging, panes_px: Sequence[Size], words_px: Size = NO_WORDS) -> tuple[Placement, ...]:
    """Placements that show what is exposed of every image: all with a known spacing at one scale in mm.

    Those without share a scale in pixels.

    Args:
        hanging: the images and their places
        panes_px: the size of every slot's pane
        words_px: what must stay free of the breast in the pane's corners away from the chest wall
    """
    fits: dict[bool, float] = {}
    for slot, pane in zip(hanging.slots, panes_px, strict=True):
        key = slot.image.spacing_mm is not None
        fits[key] = min(_fit(slot, pane, words_px), fits.get(key, float("inf")))
    return tuple(
        place(
            fit_part(slot),
            pane,
            fits[slot.image.spacing_mm is not None] * _unit(slot.image),
            slot.anchor,
            slot.image.flip_to_hang,
            slot.image.is_upside_down,
            stretch_of(slot.image.pixel_shape),
        )
        for slot, pane in zip(hanging.slots, panes_px, strict=True)
    )


def fit_part(slot: Slot) -> Box:
    """What is shown of an image to begin with: a breast and some air, else all that is exposed; image px."""
    image, (x, y, width, height) = slot.image, slot.image.box_px
    if not is_breast(image):
        return image.box_px
    air = AIR * max(width, height)
    walls = {Anchor.LEFT: (0.0, air), Anchor.CENTRE: (air, air), Anchor.RIGHT: (air, 0.0)}[slot.anchor]
    at_left, at_right = reversed(walls) if image.flip_to_hang else walls
    with_air = x - at_left, y - air, width + at_left + at_right, height + 2 * air
    return intersection(with_air, (0.0, 0.0, image.width_px, image.height_px))


def _fit(slot: Slot, pane_px: Size, words_px: Size) -> float:
    """Pane px per unit at which it just fits, with the words beside a breast or above and below it."""
    _, _, width, height = fit_part(slot)
    unit, stretch = _unit(slot.image), stretch_of(slot.image.pixel_shape)
    size = (width * unit * stretch[0], height * unit * stretch[1])
    if not is_breast(slot.image):
        return fit_zoom(size, pane_px)
    n_beside = 2 if slot.anchor is Anchor.CENTRE else 1
    beside = (max(pane_px[0] - n_beside * words_px[0], 1.0), pane_px[1])
    above = (pane_px[0], max(pane_px[1] - 2 * words_px[1], 1.0))
    return max(fit_zoom(size, beside), fit_zoom(size, above))


def _unit(image: Image) -> float:
    """The shorter side of a pixel: in mm where it is known, else 1."""
    return min(image.spacing_mm) if image.spacing_mm else 1.0


def _cell(hanging: Hanging, row: int, column: int, room_px: tuple[int, int]) -> Box:
    left, right = _span(column, hanging.columns, room_px[0])
    top, bottom = _span(row, hanging.rows, room_px[1])
    return left, top, right - left, bottom - top


def _span(index: int, count: int, length_px: int) -> tuple[int, int]:
    start = index * (length_px + GAP_PX) // count
    end = (index + 1) * (length_px + GAP_PX) // count - GAP_PX
    return start, max(end, start + 1)


def view_name(image: Image) -> str:
    """What a pane is labelled with: `R CC`, `L MLO M S`."""
    return " ".join(filter(None, (image.laterality, image.view, *image.view_modifiers)))

"""What hangs where and how it looks: the state behind the light box, without Qt.

Everything is in device px of the room that the panes share. A pane that was neither zoomed nor moved
follows the size of the room; one that was keeps its scale and the point in its middle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from acquisition.domain import Box, Image, Panel
from app.read.decoding import LoadedImage
from app.read.hanging import Hanging, Slot, alone, fitted, hang, pane_boxes
from app.read.transform import Placement, Point, Size, actual_size, kept_in_view, panned, zoomed
from app.read.windowing import Window, dragged

EMPTY = Hanging("empty", 0, 0, ())
FILE_LUT_NAME = "file"
"""Written into view states while an image is shown as its file asks."""


@dataclass(frozen=True, slots=True)
class Look:
    """The grey scale of an image, the same however it hangs."""

    loaded: LoadedImage | None = None
    refusal: str = ""
    window: Window | None = None
    """None shows the window of the file."""
    is_inverted: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """Where an image hangs."""

    slot: Slot
    box_px: Box
    """The pane in the room."""
    placement: Placement
    is_fitted: bool = True


@dataclass(frozen=True, slots=True)
class Pane:
    """One image on the wall: where it hangs and how it looks."""

    pose: Pose
    look: Look

    @property
    def image(self) -> Image:
        """The image that hangs here."""
        return self.pose.slot.image

    @property
    def size_px(self) -> Size:
        """Width and height of the pane."""
        return self.pose.box_px[2:]

    @property
    def middle_px(self) -> Point:
        """The middle of the breast (or exposed) part, in pane px."""
        x, y, width, height = self.image.box_px
        return self.pose.placement.to_pane(x + width / 2, y + height / 2)

    def inside(self, x_room_px: float, y_room_px: float) -> Point:
        """A point of the room, in pane px."""
        return x_room_px - self.pose.box_px[0], y_room_px - self.pose.box_px[1]

    def has_image_at(self, x_room_px: float, y_room_px: float) -> bool:
        """Whether a point of the room lies on the image, not beside it."""
        x, y = self.pose.placement.to_image(*self.inside(x_room_px, y_room_px))
        return 0 <= x < self.image.width_px and 0 <= y < self.image.height_px

    def to_image(self, x_room_px: float, y_room_px: float) -> Point:
        """A point of the room, in image px, kept inside the image."""
        x, y = self.pose.placement.to_image(*self.inside(x_room_px, y_room_px))
        return min(max(x, 0.0), self.image.width_px), min(max(y, 0.0), self.image.height_px)


class Wall:
    """The panes of the open case, and what a hand can do to them."""

    def __init__(self) -> None:
        """Nothing hangs."""
        self._room_px = (1, 1)
        self._hanging = EMPTY
        self._poses: tuple[Pose, ...] = ()
        self._looks: dict[str, Look] = {}
        self._whole_case: tuple[Hanging, tuple[Pose, ...]] | None = None

    @property
    def panes(self) -> tuple[Pane, ...]:
        """What hangs, in reading order."""
        return tuple(Pane(pose, self._looks[pose.slot.image.id]) for pose in self._poses)

    @property
    def layout(self) -> str:
        """The name of the hanging."""
        return self._hanging.name

    @property
    def is_alone(self) -> bool:
        """Whether one image of a case takes the whole room."""
        return self._whole_case is not None

    def hang(self, images: Sequence[Image]) -> None:
        """Hang a new case; how the last one looked is forgotten."""
        self._whole_case = None
        self._hanging = hang(images) if images else EMPTY
        self._looks = {image.id: Look() for image in images}
        self._poses = _poses(self._hanging, self._room_px)

    def resize(self, width_px: int, height_px: int) -> None:
        """The room has another size."""
        self._room_px = (max(width_px, 1), max(height_px, 1))
        self._poses = self._fitted_again(self._poses)

    def pane(self, image_id: str) -> Pane | None:
        """The pane of an image, where it hangs."""
        return next((pane for pane in self.panes if pane.image.id == image_id), None)

    def pane_at(self, x_room_px: float, y_room_px: float) -> Pane | None:
        """The pane under a point of the room."""
        for pane in self.panes:
            x, y = pane.inside(x_room_px, y_room_px)
            if 0 <= x < pane.size_px[0] and 0 <= y < pane.size_px[1]:
                return pane
        return None

    def show(self, loaded: LoadedImage) -> None:
        """An image is ready."""
        self._change_look(loaded.image_id, lambda look: replace(look, loaded=loaded, refusal=""))

    def refuse(self, image_id: str, sentence: str) -> None:
        """An image cannot be shown, and why."""
        self._change_look(image_id, lambda look: replace(look, refusal=sentence))

    def drag_window(self, image_id: str, dx_px: float, dy_px: float) -> None:
        """Window by a drag, once the image is there."""

        def windowed(look: Look) -> Look:
            if look.loaded is None:
                return look
            default = look.loaded.default_window
            return replace(look, window=dragged(look.window or default, default, dx_px, dy_px))

        self._change_look(image_id, windowed)

    def invert(self) -> None:
        """Swap black and white everywhere."""
        self._looks = {i: replace(look, is_inverted=not look.is_inverted) for i, look in self._looks.items()}

    def pan(self, image_id: str, dx_px: float, dy_px: float) -> None:
        """Move an image within its pane."""
        self._move(image_id, lambda placement: panned(placement, dx_px, dy_px))

    def zoom(self, image_id: str, factor: float, at_pane_px: Point) -> None:
        """Zoom an image at a point of its pane."""
        self._move(image_id, lambda placement: zoomed(placement, factor, at_pane_px))

    def actual_size(self, image_id: str, at_pane_px: Point) -> None:
        """One image pixel a device pixel."""
        self._move(image_id, lambda placement: actual_size(placement, at_pane_px))

    def reset(self) -> None:
        """Fit every image, with the window of its file."""
        self._looks = {i: replace(look, window=None, is_inverted=False) for i, look in self._looks.items()}
        self._poses = _poses(self._hanging, self._room_px)

    def toggle_alone(self, image_id: str) -> None:
        """Give one image of several the whole room, or bring the case back as it hung."""
        if self._whole_case is not None:
            self._hanging, poses = self._whole_case
            self._whole_case = None
            self._poses = self._fitted_again(poses)
        elif len(self._poses) > 1 and (pane := self.pane(image_id)) is not None:
            self._whole_case = self._hanging, self._poses
            self._hanging = alone(pane.pose.slot)
            self._poses = _poses(self._hanging, self._room_px)

    def panels(self, room_on_display_px: Point) -> tuple[Panel, ...]:
        """The shown images as a view state has them, for a room at that point of the display."""
        return tuple(_panel(pane, room_on_display_px) for pane in self.panes if pane.look.loaded is not None)

    def _change_look(self, image_id: str, change: Callable[[Look], Look]) -> None:
        if image_id in self._looks:
            self._looks[image_id] = change(self._looks[image_id])

    def _move(self, image_id: str, move: Callable[[Placement], Placement]) -> None:
        self._poses = tuple(
            _moved(pose, move(pose.placement)) if pose.slot.image.id == image_id else pose
            for pose in self._poses
        )

    def _fitted_again(self, poses: tuple[Pose, ...]) -> tuple[Pose, ...]:
        fresh = _poses(self._hanging, self._room_px)
        return tuple(
            new if old.is_fitted else _recentred(old, new) for old, new in zip(poses, fresh, strict=True)
        )


def _poses(hanging: Hanging, room_px: tuple[int, int]) -> tuple[Pose, ...]:
    boxes = pane_boxes(hanging, room_px)
    placements = fitted(hanging, [box[2:] for box in boxes])
    return tuple(map(Pose, hanging.slots, boxes, placements))


def _moved(pose: Pose, placement: Placement) -> Pose:
    image = pose.slot.image
    kept = kept_in_view(placement, (image.width_px, image.height_px), pose.box_px[2:])
    return replace(pose, placement=kept, is_fitted=False)


def _recentred(old: Pose, new: Pose) -> Pose:
    """The old scale and middle in the new box, on whole pixels."""
    dx, dy = ((new.box_px[i] - old.box_px[i]) / 2 for i in (2, 3))
    placement = panned(old.placement, round(dx), round(dy))
    return _moved(replace(old, box_px=new.box_px), placement)


def _panel(pane: Pane, room_on_display_px: Point) -> Panel:
    x, y, width, height = pane.pose.box_px
    corner = room_on_display_px[0] + x, room_on_display_px[1] + y
    window = pane.look.window
    return Panel(
        image_id=pane.image.id,
        rect_px=(*corner, width, height),
        screen_to_image=pane.pose.placement.display_to_image(corner),
        window_center=window.center if window else None,
        window_width=window.width if window else None,
        lut_name="" if window else FILE_LUT_NAME,
        is_inverted=pane.look.is_inverted,
    )

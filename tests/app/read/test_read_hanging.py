"""Which image hangs where."""

from itertools import permutations

import pytest
from reading_fakes import FOUR_VIEWS, an_image

from acquisition.domain import Image
from app.read.hanging import GAP_PX, Hanging, alone, fitted, hang, pane_boxes, view_name
from app.read.transform import Anchor


def places(hanging: Hanging) -> dict[str, tuple[int, int]]:
    return {view_name(slot.image): (slot.row, slot.column) for slot in hanging.slots}


@pytest.mark.parametrize("names", list(permutations(FOUR_VIEWS))[::5])
def test_four_views_hang_right_beside_left_and_cc_above_mlo(names: tuple[str, ...]) -> None:
    hanging = hang([an_image(name) for name in names])
    assert hanging.name == "four-view"
    assert places(hanging) == {"R CC": (0, 0), "L CC": (0, 1), "R MLO": (1, 0), "L MLO": (1, 1)}
    anchors = {view_name(slot.image): slot.anchor for slot in hanging.slots}
    assert anchors["R CC"] is anchors["R MLO"] is Anchor.RIGHT
    assert anchors["L CC"] is anchors["L MLO"] is Anchor.LEFT


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["R CC"], ("single", 1, 1)),
        (["L MLO", "R MLO"], ("pair", 1, 2)),
        (["R CC", "L CC", "R MLO"], ("four-view", 2, 2)),
        (["R CC", "L CC", "R MLO", "L MLO", "R ML"], ("grid", 3, 2)),
        (["R CC", "R MLO"], ("grid", 1, 2)),
        (["", " ", "  "], ("grid", 2, 2)),
    ],
)
def test_other_cases_hang_sensibly(names: list[str], expected: tuple[str, int, int]) -> None:
    images = [an_image(name.strip(), path=str(i)) for i, name in enumerate(names)]
    hanging = hang(images)
    assert (hanging.name, hanging.rows, hanging.columns) == expected
    assert len(set(places_of(hanging))) == len(images)


def places_of(hanging: Hanging) -> list[tuple[int, int]]:
    return [(slot.row, slot.column) for slot in hanging.slots]


def test_two_images_of_one_view_hang_in_a_grid() -> None:
    images = [an_image(name, path=str(i)) for i, name in enumerate(["R CC", "R CC", "L CC"])]
    assert hang(images).name == "grid"


def test_chest_walls_meet_at_the_middle_at_one_scale() -> None:
    images = [an_image(name, size_px=(600 + 50 * i, 1000)) for i, name in enumerate(FOUR_VIEWS)]
    hanging = hang(images)
    boxes = pane_boxes(hanging, (1000, 800))
    placements = fitted(hanging, [box[2:] for box in boxes])
    assert len({placement.zoom for placement in placements}) == 1
    for slot, box, placement in zip(hanging.slots, boxes, placements, strict=True):
        x, _, width, _ = placement.box_to_pane((0, 0, slot.image.width_px, slot.image.height_px))
        meets = (
            x + width == pytest.approx(box[2], abs=1) if slot.column == 0 else x == pytest.approx(0, abs=1)
        )
        assert meets, view_name(slot.image)
        assert placement.is_flipped == slot.image.flip_to_hang


def test_known_spacings_give_one_scale_in_millimetres() -> None:
    coarse = an_image("R CC", spacing_mm=(0.1, 0.1))
    fine = an_image("L CC", size_px=(1200, 2000), spacing_mm=(0.05, 0.05))
    right, left = fitted(hang([coarse, fine]), [(500, 500), (500, 500)])
    assert right.zoom == pytest.approx(2 * left.zoom)
    assert right.zoom * 1000 == pytest.approx(500)


def test_one_missing_spacing_gives_one_scale_in_pixels() -> None:
    images: list[Image] = [an_image("R CC", spacing_mm=(0.1, 0.1)), an_image("L CC")]
    right, left = fitted(hang(images), [(500, 500), (500, 500)])
    assert right.zoom == left.zoom


@pytest.mark.parametrize("room", [(1000, 800), (999, 801), (3, 3), (1, 1)])
def test_panes_share_the_room_without_overlap(room: tuple[int, int]) -> None:
    boxes = pane_boxes(hang([an_image(name) for name in FOUR_VIEWS]), room)
    assert all(box[2] >= 1 and box[3] >= 1 for box in boxes)
    if min(room) > 2 * GAP_PX:
        assert boxes[1][0] - (boxes[0][0] + boxes[0][2]) == GAP_PX
        assert boxes[1][0] + boxes[1][2] == room[0]
        assert boxes[2][1] + boxes[2][3] == room[1]


def test_one_image_alone_keeps_its_side() -> None:
    slot = hang([an_image(name) for name in FOUR_VIEWS]).slots[0]
    assert alone(slot).slots[0].anchor is slot.anchor
    assert pane_boxes(alone(slot), (640, 480)) == ((0, 0, 640, 480),)

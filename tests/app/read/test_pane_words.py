"""What stands in the corners of a pane."""

import pytest
from reading_fakes import an_image

from acquisition.domain import Image, SpacingBasis
from app.read.pane_words import basis_words, corner_words, date_words, notes, words_px
from app.read.wall import Wall

DATES = ("20240723", "20210312")

pytestmark = pytest.mark.usefixtures("dressed")


def top(image: Image) -> list[str]:
    wall = Wall()
    wall.resize(800, 600, words_px(1.0))
    wall.hang([image])
    return corner_words(wall.panes[0], wall.study_dates, 1.0)[0]


def test_the_date_is_there_where_the_case_has_more_than_one() -> None:
    now, then = (an_image("R CC", study_date=date) for date in DATES)
    assert date_words(now, DATES) == "23 Jul 2024"
    assert date_words(then, DATES) == "12 Mar 2021  prior"
    assert date_words(an_image("R CC"), (*DATES, "")) == "no date  prior"
    assert date_words(now, DATES[:1]) == ""
    assert top(now) == ["R CC", "mirrored"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"flip_to_hang": False}, ""),
        ({"flip_to_hang": True}, "mirrored"),
        ({"flip_to_hang": False, "is_upside_down": True}, "upside down in the file"),
        ({"flip_to_hang": True, "is_upside_down": True}, "turned by 180°"),
        ({"flip_to_hang": False, "view_from": "text"}, "view from text"),
        ({"flip_to_hang": True, "laterality_from": "text"}, "side from text  mirrored"),
        (
            {"flip_to_hang": False, "laterality_from": "text", "view_from": "text"},
            "side and view from text",
        ),
        ({"flip_to_hang": False, "laterality_from": "ImageLaterality", "view_from": "ViewPosition"}, ""),
    ],
)
def test_what_was_turned_or_guessed_is_said(changes: dict[str, object], expected: str) -> None:
    assert notes(an_image("R CC", **changes)) == expected


def test_one_line_is_left_where_the_breast_comes_behind_the_words() -> None:
    wall = Wall()
    wall.resize(800, 600, words_px(1.0))
    wall.hang([an_image("R CC"), an_image("L CC")])
    for name, at in (("R CC", (399.0, 300.0)), ("L CC", (0.0, 300.0))):
        wall.zoom(f"case_1 {name}", 8.0, at)
    for pane in wall.panes:
        [line], below = corner_words(pane, DATES, 1.0)
        assert line.startswith(pane.image.laterality)
        assert all(word in line for word in ("CC", "no date", "x", "default window"))
        assert below == []
    wall.reset()
    assert [len(lines) for lines in corner_words(wall.panes[0], DATES, 1.0)] == [3, 3]
    knee = an_image("R AP", modality="DX", body_part="KNEE")
    wall.hang([knee])
    wall.zoom(knee.id, 8.0, (400, 300))
    assert len(corner_words(wall.panes[0], (), 1.0)[1]) == 3


def test_an_image_without_side_and_view_is_called_by_its_part_or_its_kind() -> None:
    assert top(an_image("", body_part="JAW", modality="PX")) == ["JAW"]
    assert top(an_image("")) == ["MG"]


def test_simulated_images_and_modifiers_are_named() -> None:
    image = an_image("L MLO", view_modifiers=("M",), is_simulated=True)
    assert top(image) == ["L MLO M", "Simulated image"]


@pytest.mark.parametrize("basis", SpacingBasis)
def test_every_basis_of_millimetres_is_worded_and_none_without(basis: SpacingBasis) -> None:
    known = basis_words(an_image("R CC", spacing_mm=(0.1, 0.1), spacing_basis=basis))
    assert known.startswith("mm")
    assert basis_words(an_image("R CC", spacing_basis=basis)) == "size unknown"


def test_the_room_of_the_words_grows_with_the_screen() -> None:
    width, height = words_px(1.0)
    assert 100 < width < 260
    assert 40 < height < 80
    assert words_px(2.0) == pytest.approx((2 * width, 2 * height), rel=0.1)

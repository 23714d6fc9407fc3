"""What a hand does to marks, touch by touch."""

import math
from dataclasses import replace

import pytest

from acquisition.domain import Annotation, MarkKind
from acquisition.shapes import Point, bounds
from app.read.mark_hands import Drawn, MarkHands, Reshaped, Touch

SIZE = (600.0, 1000.0)
BOX = Annotation("box", "r", "R CC", MarkKind.RECTANGLE, ((100, 100), (200, 300)), "mass", 1)
POLYGON = replace(BOX, id="poly", kind=MarkKind.POLYGON, points_px=((300, 300), (400, 300), (350, 400)))
LENGTH = replace(BOX, id="length", kind=MarkKind.LENGTH, points_px=((50, 600), (250, 600)), label="")


def touch(x: float, y: float, image_id: str = "R CC") -> Touch:
    return Touch(image_id, SIZE, (x, y), 6.0)


def hands(tool: MarkKind | None = None, chosen: str = "") -> MarkHands:
    made = MarkHands()
    made.show([BOX, POLYGON, LENGTH], chosen)
    made.take(tool)
    return made


def dragged(hand: MarkHands, *points: Point) -> Drawn | Reshaped | None:
    assert hand.press(touch(*points[0]))
    for point in points[1:]:
        hand.move(touch(*point))
    return hand.release(is_click=False)


@pytest.mark.parametrize("kind", [MarkKind.RECTANGLE, MarkKind.ELLIPSE, MarkKind.LENGTH])
def test_a_drag_draws_from_press_to_release(kind: MarkKind) -> None:
    drawn = dragged(hands(kind), (10, 20), (30, 30), (60, 90))
    assert drawn == Drawn("R CC", kind, ((10, 20), (60, 90)))


def test_freehand_follows_the_hand_but_keeps_no_point_that_adds_nothing() -> None:
    circle = [(300 + 50 * math.cos(t / 100), 500 + 50 * math.sin(t / 100)) for t in range(628)]
    drawn = dragged(hands(MarkKind.FREEHAND), *circle)
    assert isinstance(drawn, Drawn)
    assert 100 < len(drawn.points_px) < 250
    assert bounds(drawn.points_px) == pytest.approx((250, 450, 100, 100), abs=1)


def test_a_click_with_a_tool_draws_nothing() -> None:
    hand = hands(MarkKind.ELLIPSE)
    assert hand.press(touch(10, 10))
    assert hand.release(is_click=True) is None
    assert hand.sketch is None


def click(hand: MarkHands, x: float, y: float) -> None:
    assert hand.press(touch(x, y))
    assert hand.release(is_click=True) is None


def test_a_polygon_is_drawn_corner_by_corner_and_ends_on_its_first() -> None:
    hand = hands(MarkKind.POLYGON)
    click(hand, 10, 10)
    click(hand, 60, 10)
    assert not hand.closes(touch(11, 11)), "two corners are no polygon"
    assert hand.close() is None
    hand.move(touch(40, 70))
    sketch = hand.sketch
    assert sketch is not None
    assert sketch.points_px[-1] == (40, 70), "a loose end follows the hand"
    click(hand, 40, 80)
    click(hand, 41, 81)
    assert hand.closes(touch(11, 11))
    assert hand.close() == Drawn("R CC", MarkKind.POLYGON, ((10, 10), (60, 10), (40, 80)))
    assert not hand.is_cornering


def test_a_double_click_ends_a_polygon_and_going_back_takes_its_corners() -> None:
    hand = hands(MarkKind.POLYGON)
    for x, y in ((10, 10), (60, 10), (40, 80), (90, 90)):
        click(hand, x, y)
    hand.step_back()
    assert hand.double(touch(40, 80)) == Drawn("R CC", MarkKind.POLYGON, ((10, 10), (60, 10), (40, 80)))
    click(hand, 10, 10)
    hand.step_back()
    assert not hand.is_cornering


def test_a_polygon_stays_on_the_image_where_it_began() -> None:
    hand = hands(MarkKind.POLYGON)
    click(hand, 10, 10)
    assert hand.press(touch(50, 50, "L CC"))
    sketch = hand.sketch
    assert sketch is not None
    assert sketch.points_px == ((10, 10),)


def test_without_a_tool_a_press_beside_every_line_is_none_of_its_business() -> None:
    hand = hands()
    for x, y in ((150, 200), (500, 500), (350, 330)):
        assert not hand.press(touch(x, y))
        assert not hand.is_over(touch(x, y))
    assert not hand.press(touch(100, 200, "L CC"))


def test_a_line_moves_its_mark_as_far_as_the_image_goes() -> None:
    hand = hands()
    assert hand.is_over(touch(102, 200))
    assert dragged(hand, (102, 200), (112, 205)) == Reshaped("box", ((110, 105), (210, 305)))
    assert dragged(hands(), (102, 200), (-500, 200)) == Reshaped("box", ((0, 100), (100, 300)))


def test_what_is_in_the_hand_is_shown_where_it_is() -> None:
    hand = hands(chosen="box")
    assert hand.press(touch(200, 300))
    hand.move(touch(250, 350))
    assert hand.held_id == "box"
    assert hand.marks[0].points_px == ((100, 100), (250, 350))
    assert hand.marks[1:] == (POLYGON, LENGTH)
    hand.drop()
    assert hand.marks[0] == BOX


@pytest.mark.parametrize(
    ("chosen", "start", "end", "points"),
    [
        ("box", (200, 300), (220, 330), ((100, 100), (220, 330))),
        ("box", (150, 100), (150, 60), ((100, 60), (200, 300))),
        ("poly", (350, 400), (360, 450), ((300, 300), (400, 300), (360, 450))),
        ("length", (250, 600), (300, 640), ((50, 600), (300, 640))),
    ],
)
def test_a_handle_of_the_chosen_mark_bends_it(
    chosen: str, start: Point, end: Point, points: tuple[Point, ...]
) -> None:
    assert dragged(hands(chosen=chosen), start, end) == Reshaped(chosen, points)


def test_the_corner_of_a_mark_that_is_not_chosen_moves_it_as_a_whole() -> None:
    assert dragged(hands(), (200, 300), (210, 310)) == Reshaped("box", ((110, 110), (210, 310)))


def test_a_click_on_a_line_changes_nothing() -> None:
    hand = hands()
    assert hand.press(touch(100, 200))
    assert hand.release(is_click=True) is None


def test_a_mark_bent_to_nothing_stays_as_it_was() -> None:
    assert dragged(hands(chosen="box"), (200, 300), (100, 100)) is None


def test_a_double_click_gives_the_chosen_polygon_a_corner_and_takes_it_away() -> None:
    hand = hands(chosen="poly")
    more = hand.double(touch(350, 302))
    assert more == Reshaped("poly", ((300, 300), (350, 302), (400, 300), (350, 400)))
    hand.show([replace(POLYGON, points_px=more.points_px)], "poly")
    assert hand.double(touch(351, 303)) == Reshaped("poly", POLYGON.points_px)
    assert hand.double(touch(350, 340)) is None, "inside is the pane's"
    assert hands(chosen="box").double(touch(100, 200)) is None

"""The pure parts: how targets move, when checks are due, where the eyes are, how bright the ground is."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from calibration_fakes import FakeEyes
from reading_fakes import FOUR_VIEWS, FakeRecorder, Film, an_image, ramp

from acquisition.calibration import MOVE_S, REST_S
from acquisition.domain import Image, ViewState
from app.calibrate.checks import CHECK_EVERY_S, Checks, heard, measured
from app.calibrate.luminance import (
    DEFAULT_GREY,
    EXPONENT,
    LEAST_GREY,
    MOST_GREY,
    grey_of_light,
    mean_light,
    reading_grey,
)
from app.calibrate.motion import SMALLEST, has_travelled, shrunk, travelled
from app.calibrate.seat import Advice, Seat, Sight, seat_of
from app.read.decoding import LoadedImage
from app.read.pyramid import build_pyramid
from app.read.windowing import Window

SECOND_NS = 1_000_000_000


def test_a_target_travels_from_one_place_to_the_other_and_stays() -> None:
    origin, target = (0.1, 0.9), (0.5, 0.5)
    assert travelled(origin, target, -1.0) == origin
    assert travelled(origin, target, MOVE_S / 2) == pytest.approx((0.3, 0.7))
    assert travelled(origin, target, 9.0) == pytest.approx(target)
    assert not has_travelled(origin, target, MOVE_S * 0.9)
    assert has_travelled(origin, target, MOVE_S)
    assert has_travelled(target, target, 0.0), "the first one is simply there"


def test_a_target_shrinks_while_it_rests() -> None:
    sizes = [shrunk(rested_s) for rested_s in np.linspace(-1, REST_S + 1, 50)]
    assert sizes[0] == 1.0
    assert sizes[-1] == pytest.approx(SMALLEST)
    assert all(b <= a for a, b in pairwise(sizes))


def test_a_check_is_due_before_anything_was_measured_and_after_a_while() -> None:
    assert Checks().is_due(0)
    checks = measured(Checks(), SECOND_NS)
    assert not checks.is_due(SECOND_NS)
    assert not checks.is_due(round(CHECK_EVERY_S) * SECOND_NS)
    assert checks.is_due(round(1 + CHECK_EVERY_S) * SECOND_NS)


def test_a_tracker_that_was_away_forces_a_check() -> None:
    checks = measured(Checks(), 0)
    for age_s in (0.01, 0.4, None, 0.02):
        checks = heard(checks, age_s)
    assert not checks.is_due(0), "a blink of the network is not away"
    checks = heard(checks, 3.0)
    assert not checks.is_due(0), "there is nothing to check while it is away"
    checks = heard(checks, 0.01)
    assert checks.is_due(0)
    assert not measured(checks, 0).is_due(0)


def test_the_seat_is_where_the_eyes_are() -> None:
    recorder = FakeRecorder()
    recorder.post(ViewState(0, (), target_px=(960.0, 540.0)))
    eyes = FakeEyes(recorder)
    seat = seat_of(eyes.look(0, SECOND_NS))
    assert seat == Seat(Sight.SEEN, (-30.0, -50.0), (30.0, -50.0), 640.0)
    assert seat.advice is Advice.NONE
    eyes.sides = ("right",)
    one = seat_of(eyes.look(0, SECOND_NS))
    assert one.left_mm is None
    assert one.distance_mm == 640.0


def test_a_source_that_does_not_tell_is_told_apart_from_eyes_that_are_not_seen() -> None:
    recorder = FakeRecorder()
    gaze = FakeEyes(recorder).look(0, SECOND_NS)
    assert seat_of(gaze).sight is Sight.NOT_SEEN
    assert seat_of(gaze[:0]).sight is Sight.NOT_SEEN
    gaze["left_valid"] = True
    assert seat_of(gaze).sight is Sight.NOT_TOLD
    assert seat_of(gaze[["time_ns"]]).sight is Sight.NOT_SEEN


@pytest.mark.parametrize(
    ("middle_mm", "distance_mm", "advice"),
    [
        ((0.0, 0.0), 800.0, Advice.CLOSER),
        ((0.0, 0.0), 500.0, Advice.BACK),
        ((150.0, 0.0), 650.0, Advice.LEFT),
        ((-150.0, 0.0), 650.0, Advice.RIGHT),
        ((0.0, 100.0), 650.0, Advice.DOWN),
        ((0.0, -100.0), 650.0, Advice.UP),
    ],
)
def test_who_sits_wrong_is_told_how_to_move(
    middle_mm: tuple[float, float], distance_mm: float, advice: Advice
) -> None:
    eyes = [(middle_mm[0] + dx, middle_mm[1]) for dx in (-30.0, 30.0)]
    seat = Seat(Sight.SEEN, eyes[0], eyes[1], distance_mm)
    assert seat.advice is advice
    assert replace(seat, distance_mm=None).advice is Advice.NONE


def loaded(image: Image, grey: float) -> LoadedImage:
    film = Film(np.full((image.height_px, image.width_px), grey * 4095, dtype=np.uint16))
    return LoadedImage(image.id, build_pyramid(film.pixels), Window(*film.default_window), film)


def test_the_ground_is_as_bright_as_the_films_that_will_hang() -> None:
    image = an_image(size_px=(600, 1000), box_px=(0, 0, 600, 1000), modality="DX")
    room_px = (1200, 1000)
    assert reading_grey([image], [], room_px) == DEFAULT_GREY
    # One image of half the room's area, all of one grey: half of its light on the whole.
    expected = 255 * (0.5 * 0.6**EXPONENT) ** (1 / EXPONENT)
    assert reading_grey([image], [loaded(image, 0.6)], room_px) == pytest.approx(expected, abs=2)


def test_the_ground_is_never_black_and_never_glaring() -> None:
    image = an_image(size_px=(600, 1000))
    assert reading_grey([image], [loaded(image, 0.0)], (600, 1000)) == LEAST_GREY
    assert reading_grey([image], [loaded(image, 1.0)], (600, 1000)) == MOST_GREY


def test_an_image_that_is_not_loaded_does_not_darken_the_ground() -> None:
    images = [an_image(name) for name in FOUR_VIEWS]
    whole = reading_grey(images, [loaded(image, 0.7) for image in images], (1200, 1000))
    part = reading_grey(images, [loaded(images[0], 0.7)], (1200, 1000))
    assert part == pytest.approx(whole, abs=1)


def test_light_is_averaged_not_its_numbers() -> None:
    greys = (ramp(256, 2) // 16).astype(np.uint8)
    slow = [(grey / 255) ** EXPONENT for grey in greys.ravel()]
    assert mean_light(greys) == pytest.approx(sum(slow) / len(slow))
    assert grey_of_light([(mean_light(greys), 1.0)], 1.0) > greys.mean()

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import (
    Display,
    GazeQuality,
    Panel,
    TargetQuality,
    Validation,
    ValidationKind,
    ViewState,
)
from acquisition.geometry import deg_to_px, gaze_to_image, px_to_deg, turn
from acquisition.uncertainty import ellipses, image_error, px_per_deg, screen_error, through
from acquisition.validation import NOTHING, over_targets

DISPLAY = Display(3840, 2160, 697.0, 392.0, 650.0)
PX_PER_DEG = 3840 / 697.0 * 650.0 * np.pi / 180
"""Straight ahead."""


def quality(offset=(0.0, 0.0), std_deg=0.1):
    return GazeQuality(float(np.hypot(*offset)), *offset, 0.1, std_deg, 0.05, 0.0, 100)


def validation_of(*targets):
    """Targets as (x, y, quality) in fractions of the display."""
    each = tuple(TargetQuality(x, y, 0, 1, q, NOTHING, q) for x, y, q in targets)
    whole = over_targets([q for _, _, q in targets])
    kind = ValidationKind.VALIDATION
    return Validation("val", "ses", "rdr", kind, 0, "2026-01-01T00:00:00Z", each, whole, NOTHING, whole)


MIDDLE = [(1920.0, 1080.0)]


def test_at_a_target_the_error_is_that_of_the_target():
    there = validation_of((0.5, 0.5, quality((0.6, 0.0), 0.2)), (0.1, 0.1, quality((3.0, 3.0), 1.0)))
    error = screen_error(MIDDLE, there, DISPLAY, "both")[0] / PX_PER_DEG**2
    assert error == pytest.approx(np.diag([0.6**2 + 0.02, 0.02]), rel=0.02, abs=0.005)


def test_between_targets_the_nearer_one_weighs_more():
    calm, wild = quality(std_deg=0.1), quality(std_deg=1.0)
    there = validation_of((0.1, 0.5, calm), (0.9, 0.5, wild))
    points = [(0.1 * 3840, 1080), (1200, 1080), (1920, 1080), (2600, 1080), (0.9 * 3840, 1080)]
    variance = screen_error(points, there, DISPLAY, "both")[:, 0, 0]
    assert (np.diff(variance) > 0).all()
    assert variance[2] == pytest.approx(PX_PER_DEG**2 * (0.01 + 1.0) / 4, rel=1e-6)


def test_a_target_without_gaze_says_nothing_and_none_at_all_gives_nan():
    alone = validation_of((0.5, 0.5, quality()))
    beside = validation_of((0.5, 0.5, quality()), (0.4, 0.5, NOTHING))
    points = [(100.0, 900.0), (np.nan, np.nan)]
    one, other = (screen_error(points, v, DISPLAY, "both") for v in (alone, beside))
    assert np.array_equal(one, other, equal_nan=True)
    assert np.isfinite(one[0]).all()
    assert np.isnan(one[1]).all()
    assert np.isnan(screen_error(points, alone, DISPLAY, "right")).all()


@given(st.floats(0, 3840), st.floats(0, 2160))
def test_a_degree_is_as_many_pixels_as_a_turn_of_the_eye_moves_the_gaze(x, y):
    angles = px_to_deg([(x, y)], DISPLAY)
    small = 1e-4
    moved = [deg_to_px(turn(angles, by), DISPLAY)[0] - (x, y) for by in ((small, 0.0), (0.0, small))]
    assert px_per_deg([(x, y)], DISPLAY)[0] == pytest.approx(np.transpose(moved) / small, rel=1e-4, abs=1e-3)


def on_image(zoom_x, zoom_y, turn_deg=0.0):
    """The middle of the display on an image shown at these zooms (negative: flipped) and turned."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    affine = (c / zoom_x, -s / zoom_y, 5.0, s / zoom_x, c / zoom_y, -3.0)
    view = ViewState(0, (Panel("img", (0.0, 0.0, 3840.0, 2160.0), affine),))
    return gaze_to_image(np.array([1]), MIDDLE, [view])


@st.composite
def errors(draw):
    """(1, 2, 2) with semi-axes from 1 to 100 px."""
    long, short = sorted((draw(st.floats(1, 100)), draw(st.floats(1, 100))), reverse=True)
    angle = np.radians(draw(st.floats(-89, 89)))
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (axes @ np.diag([long**2, short**2]) @ axes.T)[np.newaxis]


zoom = st.floats(0.05, 20)


@given(errors(), zoom)
def test_twice_the_zoom_is_half_the_error_in_the_image(error, zoom):
    once, twice = (ellipses(image_error(error, on_image(z, z))) for z in (zoom, 2 * zoom))
    assert (once.long[0], once.short[0]) == pytest.approx((2 * twice.long[0], 2 * twice.short[0]), rel=1e-6)
    assert once.angle_deg[0] == pytest.approx(twice.angle_deg[0], abs=1e-6)


@given(errors(), st.sampled_from([(-1, 1), (1, -1), (-1, -1)]), st.sampled_from([0.0, 90.0, 180.0, 270.0]))
def test_flips_and_turns_keep_the_ellipse(error, flips, turn_deg):
    plain, turned = ellipses(error), ellipses(image_error(error, on_image(*flips, turn_deg)))
    assert (turned.long[0], turned.short[0]) == pytest.approx((plain.long[0], plain.short[0]), rel=1e-6)


def test_a_flip_mirrors_the_angle():
    error = np.array([[[5.0, 2.0], [2.0, 3.0]]])
    plain = ellipses(error).angle_deg[0]
    assert 0 < plain < 45
    assert ellipses(image_error(error, on_image(-1, 1))).angle_deg[0] == pytest.approx(-plain)


@given(errors(), zoom, zoom, st.floats(-180, 180))
def test_into_the_image_and_back_is_the_same_error(error, zoom_x, zoom_y, turn_deg):
    found = on_image(zoom_x, -zoom_y, turn_deg)
    back = through(image_error(error, found), np.linalg.inv(found.screen_to_image))
    assert np.allclose(back, error, rtol=1e-6, atol=1e-9 * error.max())


def test_beside_the_images_there_is_no_error_in_any():
    view = ViewState(0, (Panel("img", (0.0, 0.0, 100.0, 100.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)),))
    found = gaze_to_image(np.array([1, 1]), [(50.0, 50.0), (500.0, 50.0)], [view])
    error = image_error(np.tile(np.eye(2), (2, 1, 1)), found)
    assert error[0].tolist() == [[1, 0], [0, 1]]
    assert np.isnan(error[1]).all()


def test_the_ellipse_holds_its_share_of_what_a_tracker_would_measure():
    rng = np.random.default_rng(0)
    spread = validation_of((0.5, 0.5, quality((0.0, 0.0), 0.3)))
    measured = turn(px_to_deg(np.tile(MIDDLE, (20_000, 1)), DISPLAY)[0], (0.0, 0.0)) + rng.normal(
        0, 0.3 / np.sqrt(2), (20_000, 2)
    )
    away = deg_to_px(measured, DISPLAY) - MIDDLE
    around = ellipses(screen_error(MIDDLE, spread, DISPLAY, "both"), 0.68)
    inside = np.hypot(away[:, 0] / around.long[0], away[:, 1] / around.short[0]) < 1
    assert inside.mean() == pytest.approx(0.68, abs=0.02)

"""What is exposed of images that show no breast; the breasts' turn is with the files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.exposure import measure_exposure


def chest(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return (900 + 2500 * np.abs(np.sin(x / 97) * np.cos(y / 131))).astype(np.uint16)


rims = st.tuples(*[st.integers(0, 300)] * 4)


@given(rims, st.booleans())
def test_black_rims_are_no_part_of_the_image(sides, is_inverted):
    left, top, right, bottom = sides
    picture = np.pad(chest(700, 500), ((top, bottom), (left, right)))
    pixels = 4095 - picture if is_inverted else picture
    x, y, width, height = measure_exposure(pixels, is_inverted, is_breast=False).box_px
    block = 4
    assert (x, y) == pytest.approx((left, top), abs=2 * block)
    assert (x + width, y + height) == pytest.approx((left + 500, top + 700), abs=2 * block)


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((400, 300), np.uint16),
        np.full((400, 300), 900, np.uint16),
        chest(400, 300),
        np.eye(300, dtype=np.uint16),
    ],
)
def test_without_rims_the_whole_frame_is_the_image(pixels):
    box_px = measure_exposure(pixels, False, is_breast=False).box_px
    assert box_px == pytest.approx((0, 0, pixels.shape[1], pixels.shape[0]), abs=2)


def test_the_grey_levels_are_those_within_the_rims():
    picture = np.pad(chest(600, 600), 200)
    exposure = measure_exposure(picture, False, is_breast=False)
    assert 800 < exposure.low < 1000
    assert 3000 < exposure.high < 3500


def test_a_bone_on_dark_air_is_kept_whole_with_its_soft_tissue():
    x = np.arange(800.0)
    profile = 40 + 3000 * np.exp(-(((x - 400) / 90) ** 2)) + 300 * (np.abs(x - 400) < 220)
    pixels = np.tile(profile, (900, 1)).astype(np.uint16)
    left, _, width, height = measure_exposure(pixels, False, is_breast=False).box_px
    assert left <= 180
    assert left + width >= 620
    assert width < 500
    assert height == 900

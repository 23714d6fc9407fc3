"""The pyramid against slow obvious means."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from app.read.pyramid import SMALLEST_SIDE_PX, build_pyramid, halved

Pixels = NDArray[np.uint16]
images = arrays(np.uint16, st.tuples(st.integers(1, 40), st.integers(1, 40)))


def obviously_halved(pixels: Pixels) -> Pixels:
    height, width = pixels.shape
    out = np.zeros(((height + 1) // 2, (width + 1) // 2), np.uint16)
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            rows = [min(2 * row + i, height - 1) for i in (0, 1)]
            columns = [min(2 * column + i, width - 1) for i in (0, 1)]
            total = sum(int(pixels[r, c]) for r in rows for c in columns)
            out[row, column] = (total + 2) // 4
    return out


@given(images)
def test_halving_takes_rounded_means_of_four(pixels: Pixels) -> None:
    np.testing.assert_array_equal(halved(pixels), obviously_halved(pixels))


def test_levels_halve_until_they_are_small() -> None:
    pyramid = build_pyramid(np.zeros((4096, 3327), np.uint16))
    assert [level.shape for level in pyramid.levels] == [(4096, 3327), (2048, 1664), (1024, 832), (512, 416)]
    assert min(pyramid.levels[-1].shape) >= SMALLEST_SIDE_PX
    assert pyramid.size_px == (3327, 4096)


@pytest.mark.parametrize(
    ("zoom", "level"), [(4, 0), (1, 0), (0.72, 0), (0.6, 1), (0.5, 1), (0.26, 2), (0.01, 3)]
)
def test_the_level_is_the_one_nearest_to_device_pixels(zoom: float, level: int) -> None:
    assert build_pyramid(np.zeros((4096, 3328), np.uint16)).level_for(zoom) == level


@given(images, st.integers(0, 65_535), st.integers(0, 65_535))
def test_padding_takes_no_part_in_means(pixels: Pixels, a: int, b: int) -> None:
    first, last = sorted((a, b))
    halves = halved(pixels, (first, last))
    for (row, column), mean in np.ndenumerate(halves):
        rows = [min(2 * row + i, pixels.shape[0] - 1) for i in (0, 1)]
        columns = [min(2 * column + i, pixels.shape[1] - 1) for i in (0, 1)]
        four = [int(pixels[r, c]) for r in rows for c in columns]
        image = [value for value in four if not first <= value <= last]
        assert mean == ((sum(image) + len(image) // 2) // len(image) if image else first)


def test_padding_is_no_image_at_any_level() -> None:
    pixels = np.full((1024, 1024), 500, np.uint16)
    pixels[:, 301:] = 4000
    pyramid = build_pyramid(pixels, (4000, 4095))
    assert len(pyramid.levels) == 3
    for level in pyramid.levels:
        assert set(np.unique(level)) == {500, 4000}

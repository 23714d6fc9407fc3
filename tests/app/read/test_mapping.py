"""What a pane shows of an image: every pixel against the slow obvious interpolation and the plain table."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.read.mapping import Mapper, greys_of
from app.read.pyramid import Pyramid, build_pyramid
from app.read.sampling import sampling_of
from app.read.transform import SQUARE, Placement, placement_of

Pixels = NDArray[np.uint16]
PADDING = (60_000, 65_535)

zooms = st.sampled_from([1.0, 2.0, 0.5, 32.0, 0.71, 0.35, 0.1]) | st.floats(0.05, 20)
offsets = st.integers(-60, 60) | st.floats(-60, 60)
sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
placements = st.builds(
    Placement, zooms, offsets, offsets, st.booleans(), st.booleans(), st.sampled_from([SQUARE, (1.0, 1.5)])
)


def film(seed: int) -> Pyramid:
    """An image of noise with two smaller levels; a part of it is padding."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, PADDING[0], (37, 50), dtype=np.uint16)
    pixels[20:, 30:] = rng.integers(*PADDING, (17, 20), dtype=np.uint16)
    levels = [pixels, pixels[::2, ::2].copy(), pixels[::4, ::4].copy()]
    return Pyramid(tuple(levels), PADDING)


def table_of(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed + 1).integers(0, 256, 1 << 16, dtype=np.uint8)


def as_grey(colours: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """The one grey value that all three colours have."""
    opaque, red, green, blue = (colours >> shift & 0xFF for shift in (24, 16, 8, 0))
    assert (opaque == 0xFF).all()
    assert (red == green).all()
    assert (red == blue).all()
    return blue.astype(np.uint8)


def whole_pane(
    mapper: Mapper, pyramid: Pyramid, placement: Placement, pane: tuple[int, int], table: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """The greys of a pane; -1 beside the image."""
    left, top, colours = mapper.map(pyramid, placement, pane, greys_of(table))
    grey = as_grey(colours)
    out = np.full((pane[1], pane[0]), -1)
    out[top : top + grey.shape[0], left : left + grey.shape[1]] = grey
    return out


def between(pixels: Pixels, x: float, y: float, padding: tuple[int, int]) -> int:
    """The value at a place in level px from the middle of the first pixel, in steps of 1/256 px."""
    row, column = math.floor(y), math.floor(x)
    down, right = Fraction(y) - row, Fraction(x) - column
    rows, columns = ([i, min(i + 1, n - 1)] for i, n in zip((row, column), pixels.shape, strict=True))
    four = [[int(pixels[r, c]) for c in columns] for r in rows]
    if any(padding[0] <= value <= padding[1] for pair in four for value in pair):
        return four[down >= Fraction(1, 2)][right >= Fraction(1, 2)]
    upper, lower = ((1 - right) * pair[0] + right * pair[1] for pair in four)
    return math.floor((1 - down) * upper + down * lower + Fraction(1, 2))


@settings(max_examples=60)
@given(st.integers(0, 99), placements, sizes)
def test_each_pixel_is_interpolated_before_it_goes_through_the_table(
    seed: int, placement: Placement, pane: tuple[int, int]
) -> None:
    pyramid, table = film(seed), table_of(seed)
    sampling = sampling_of(pyramid, placement, pane)
    expected = np.full((pane[1], pane[0]), -1)
    for row, y in enumerate(sampling.rows.places, sampling.rows.start_px):
        for column, x in enumerate(sampling.columns.places, sampling.columns.start_px):
            expected[row, column] = table[between(sampling.pixels, x / 256, y / 256, PADDING)]
    np.testing.assert_array_equal(whole_pane(Mapper(), pyramid, placement, pane, table), expected)


@given(placements, sizes)
def test_samples_lie_where_the_middles_of_device_pixels_do(
    placement: Placement, pane: tuple[int, int]
) -> None:
    pyramid = film(0)
    sampling = sampling_of(pyramid, placement, pane)
    factor = 2 ** pyramid.level_for(placement.zoom)
    found = {
        (column, row): (x / 256, y / 256)
        for row, y in enumerate(sampling.rows.places, sampling.rows.start_px)
        for column, x in enumerate(sampling.columns.places, sampling.columns.start_px)
    }
    for column in range(pane[0]):
        for row in range(pane[1]):
            place = placement.to_image(column + 0.5, row + 0.5)
            margins = [min(at, n - at) for at, n in zip(place, pyramid.size_px, strict=True)]
            if min(margins) < -0.1:
                assert (column, row) not in found
            if min(margins) > 0.1:
                height, width = sampling.pixels.shape
                wanted = [at / factor - 0.5 for at in place]
                inside = [min(max(at, 0), n - 1) for at, n in zip(wanted, (width, height), strict=True)]
                assert found[column, row] == pytest.approx(inside, abs=0.5 / 256 + 1e-5)


def obviously_shown(
    pixels: Pixels, table: NDArray[np.uint8], placement: Placement, pane: tuple[int, int]
) -> NDArray[np.int64]:
    """Pixel by pixel through the middle of each; -1 beside the image."""
    out = np.full((pane[1], pane[0]), -1)
    for row in range(pane[1]):
        for column in range(pane[0]):
            x, y = placement.to_image(column + 0.5, row + 0.5)
            if 0 <= x < pixels.shape[1] and 0 <= y < pixels.shape[0]:
                out[row, column] = table[pixels[int(y), int(x)]]
    return out


@given(
    st.integers(0, 99),
    st.booleans(),
    st.booleans(),
    st.integers(-60, 60),
    st.integers(-60, 60),
    sizes,
)
def test_at_actual_size_every_visible_pixel_goes_through_the_table(
    seed: int, is_flipped: bool, is_upside_down: bool, x: int, y: int, pane: tuple[int, int]
) -> None:
    pyramid, table = film(seed), table_of(seed)
    placement = Placement(1.0, x, y, is_flipped, is_upside_down)
    expected = obviously_shown(pyramid.levels[0], table, placement, pane)
    np.testing.assert_array_equal(whole_pane(Mapper(), pyramid, placement, pane, table), expected)


@given(placements, sizes, st.integers(1, 5))
def test_however_many_threads_paint_the_picture_is_the_same(
    placement: Placement, pane: tuple[int, int], n_threads: int
) -> None:
    pyramid, table = film(1), table_of(1)
    alone, together = Mapper(n_threads=1), Mapper(n_threads)
    np.testing.assert_array_equal(
        whole_pane(together, pyramid, placement, pane, table),
        whole_pane(alone, pyramid, placement, pane, table),
    )


@given(placements, st.tuples(st.integers(0, 3000), st.integers(0, 3000)))
def test_a_placement_that_comes_back_from_a_view_state_takes_the_same_samples(
    placement: Placement, corner: tuple[int, int]
) -> None:
    again = placement_of(placement.display_to_image(corner), corner)
    before, after = (sampling_of(film(0), each, (400, 300)) for each in (placement, again))
    assert before.columns.start_px == after.columns.start_px
    assert before.rows.start_px == after.rows.start_px
    np.testing.assert_array_equal(before.columns.places, after.columns.places)
    np.testing.assert_array_equal(before.rows.places, after.rows.places)


def test_a_tie_between_two_pixels_is_broken_the_same_whatever_was_rounded() -> None:
    for zoom, x in ((1.0, 10.5), (0.5, 3.5), (1.0, 7 / 512)):
        found = [
            sampling_of(film(0), Placement(zoom, x * (1 + error), x), (60, 60)).columns
            for error in (-1e-13, 0, 1e-13)
        ]
        assert {each.start_px for each in found} == {found[0].start_px}
        for each in found:
            np.testing.assert_array_equal(each.places, found[0].places)


def test_what_is_kept_is_what_was_asked_for_last() -> None:
    one, other = film(3), film(4)
    mapper, fitted = Mapper(), Placement(0.6, 3.3, 2.0)
    asked = [
        (one, fitted, (30, 30)),
        (one, fitted, (20, 10)),
        (one, fitted, (40, 30)),
        (one, replace(fitted, x_px=3.6), (40, 30)),
        (other, replace(fitted, x_px=3.6), (40, 30)),
        (other, Placement(1.0, 500, 0), (40, 30)),
        (one, fitted, (30, 30)),
    ]
    for pyramid, placement, pane in asked:
        for table in (table_of(5), table_of(6)):
            np.testing.assert_array_equal(
                whole_pane(mapper, pyramid, placement, pane, table),
                whole_pane(Mapper(), pyramid, placement, pane, table),
            )


def test_values_beyond_the_table_take_its_last_grey() -> None:
    pyramid = Pyramid((np.full((4, 4), 60_000, np.uint16),))
    shown = whole_pane(Mapper(), pyramid, Placement(1.0, 0, 0), (4, 4), np.arange(256, dtype=np.uint8))
    assert (shown == 255).all()


@pytest.mark.parametrize("zoom", [0.3, 0.61, 1.0, 1.7, 9.3])
def test_no_value_lies_between_an_image_and_its_padding(zoom: float) -> None:
    pixels = np.full((1024, 1024), 500, np.uint16)
    pixels[:, 301:] = 4000
    table = (np.arange(4096) % 4000 != 500).astype(np.uint8)
    table[4000:] = 0
    shown = whole_pane(
        Mapper(), build_pyramid(pixels, (4000, 4095)), Placement(zoom, 0.4, 0.7), (300, 200), table
    )
    assert set(np.unique(shown)) <= {0, -1}


def test_read_only_pixels_are_shown() -> None:
    pixels = np.arange(100, dtype=np.uint16).reshape(10, 10)
    pixels.flags.writeable = False
    shown = whole_pane(
        Mapper(), build_pyramid(pixels), Placement(1.0, 0, 0), (10, 10), np.arange(100, dtype=np.uint8)
    )
    np.testing.assert_array_equal(shown, pixels)

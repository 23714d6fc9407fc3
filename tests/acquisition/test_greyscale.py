"""The grey-scale pipeline against the formulas of PS3.3 C.11, written out value by value."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ps33 import FUNCTIONS, assert_greys, linear

from acquisition.greyscale import Greyscale, LookupTable, VoiFunction, Window, window_fraction

CENTERS = st.floats(-3000, 6000, allow_nan=False)
WIDTHS = st.floats(1, 5000, allow_nan=False)


@pytest.mark.parametrize("function", VoiFunction)
@given(center=CENTERS, width=WIDTHS, slope=st.sampled_from([1.0, 0.5, -2.0]), inverted=st.booleans())
def test_windows_follow_the_formulas(function, center, width, slope, inverted):
    scale = Greyscale(bits=8, slope=slope, intercept=-7.0, function=function, is_inverted=inverted)
    expected = [FUNCTIONS[function](x * slope - 7.0, center, width) for x in range(256)]
    if inverted:
        expected = [255.0 - grey for grey in expected]
    assert_greys(scale.table(window=(center, width)), expected)


@given(bits=st.integers(2, 16))
def test_the_table_covers_every_stored_value(bits):
    unsigned, signed = Greyscale(bits=bits), Greyscale(bits=bits, is_signed=True)
    assert len(unsigned.table()) == len(signed.table()) == 2**bits
    lowest, highest = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    index = signed.index(np.array([[lowest, 0, highest]], dtype=np.int16))
    np.testing.assert_array_equal(index, [[0, 2 ** (bits - 1), 2**bits - 1]])
    np.testing.assert_array_equal(signed.modality_values[index[0].astype(int)], [lowest, 0, highest])


def test_unsigned_pixels_are_their_own_index_without_a_copy():
    pixels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    assert Greyscale(bits=12).index(pixels) is pixels


def test_without_any_voi_the_whole_range_runs_from_black_to_white():
    np.testing.assert_array_equal(Greyscale(bits=8).table(), np.arange(256))
    assert Greyscale(bits=12).table()[[0, -1]].tolist() == [0, 255]


def test_a_modality_lut_is_clamped_at_both_ends_and_takes_the_place_of_the_rescale():
    lut = LookupTable(first=-2, bits=8, values=np.array([10, 30, 50], dtype=np.uint16))
    scale = Greyscale(bits=4, is_signed=True, slope=100.0, modality_lut=lut)
    expected = [10] * 7 + [30, 50] + [50] * 7  # stored -8 .. 7
    assert scale.modality_values.tolist() == expected


def test_a_voi_lut_maps_modality_values_and_its_bits_make_white():
    lut = LookupTable(first=2, bits=10, values=np.array([0, 256, 1023], dtype=np.uint16))
    scale = Greyscale(bits=3, vois=(lut,))
    assert_greys(scale.table(), [0, 0, 0, 256 / 1023 * 255, 255, 255, 255, 255])
    assert_greys(scale.table(inverted=True), [255, 255, 255, 255 - 256 / 1023 * 255, 0, 0, 0, 0])


def test_a_chosen_window_overrides_the_voi_lut_and_voi_counts_luts_and_windows_together():
    lut = LookupTable(first=0, bits=8, values=np.zeros(8, dtype=np.uint16))
    scale = Greyscale(bits=3, vois=(lut, Window(4, 4)))
    assert scale.table().max() == 0
    assert_greys(scale.table(voi=1), [linear(x, 4, 4) for x in range(8)])
    assert_greys(scale.table(window=(3, 2)), [linear(x, 3, 2) for x in range(8)])


def test_the_default_window_is_the_first_window_or_what_the_first_lut_spans():
    lut = LookupTable(first=100, bits=8, values=np.zeros(50, dtype=np.uint16))
    assert Greyscale(bits=12, vois=(lut, Window(9, 8))).window == Window(9, 8)
    spanned = Greyscale(bits=12, vois=(lut,)).window
    assert linear(100, spanned.center, spanned.width) == 0.0
    assert linear(149, spanned.center, spanned.width) == 255.0
    assert linear(148, spanned.center, spanned.width) < 255.0


@pytest.mark.parametrize("slope", [1.0, -3.0])
def test_a_measured_window_makes_low_black_and_high_white(slope):
    table = Greyscale(bits=12, slope=slope, intercept=40.0).with_window_over(500, 3000).table()
    black, white = (500, 3000) if slope > 0 else (3000, 500)
    assert (table[black], table[white]) == (0, 255)
    assert 0 < table[1700] < 255


def test_ways_to_choose_are_named_by_the_file_or_by_what_they_are():
    lut = LookupTable(first=0, bits=8, values=np.zeros(8, dtype=np.uint16))
    named = LookupTable(first=0, bits=8, values=np.zeros(8, dtype=np.uint16), explanation="IMPLANT")
    vois = (lut, named, Window(4, 4), Window(1.5, 2, "FATTY"))
    assert Greyscale(bits=3, vois=vois).voi_names == ("LUT 1", "IMPLANT", "4 / 4", "FATTY")
    assert Greyscale(bits=3).voi_names == ()


@pytest.mark.parametrize(
    ("padding", "index"), [((3, 0), (0, 3)), ((-5, 1), (0, 1)), ((250, 999), (250, 255)), ((256, 300), None)]
)
def test_padding_beyond_the_stored_values_is_cut_to_them(padding, index):
    assert Greyscale(bits=8, padding=padding).padding_index == index
    assert Greyscale(bits=8).padding_index is None


def test_padding_is_black_whatever_the_inversion():
    scale = Greyscale(bits=8, is_inverted=True, padding=(3, 0))
    assert scale.table()[:5].tolist() == [0, 0, 0, 0, 251]
    assert scale.table(inverted=True)[:5].tolist() == [0, 0, 0, 0, 4]
    signed = Greyscale(bits=8, is_signed=True, padding=(-128, -128), is_inverted=True)
    assert signed.table()[:2].tolist() == [0, 254]


def test_the_readers_inversion_undoes_that_of_the_file():
    inverse = Greyscale(bits=8, is_inverted=True)
    np.testing.assert_array_equal(inverse.table(inverted=True), Greyscale(bits=8).table())


@pytest.mark.parametrize("function", [VoiFunction.LINEAR, VoiFunction.LINEAR_EXACT])
def test_a_window_without_width_is_a_step(function):
    fraction = window_fraction(np.array([4.0, 5.0, 6.0]), 5.0, 0.0, function)
    assert fraction[0] == 0.0
    assert fraction[2] == 1.0

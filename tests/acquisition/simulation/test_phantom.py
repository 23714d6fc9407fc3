"""The phantoms as files: deterministic, true to their truth, and simulated by their own account."""

import csv
import hashlib
from pathlib import Path

import pytest
from pydicom import dcmread

from acquisition.dicom import read_header, read_image
from acquisition.simulation.phantom import TRUTH_FILE, make_phantoms


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory):
    return make_phantoms(tmp_path_factory.mktemp("phantoms"), n_patients=5, seed=3, size_px=64)


def test_the_same_arguments_give_the_same_bytes_and_another_seed_others(tmp_path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        make_phantoms(tmp_path / folder, n_patients=2, seed=seed, size_px=32)
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert not set(hashes(tmp_path / "a")) & set(hashes(tmp_path / "c")) - {TRUTH_FILE}


def test_half_are_malignant_and_every_patient_has_its_patches(phantoms):
    assert len(phantoms) == 10
    assert sum(phantom.lesion.malignant for phantom in phantoms) == 5
    assert len({phantom.patient for phantom in phantoms}) == 5


def test_the_truth_beside_the_files_is_that_of_the_phantoms(phantoms):
    with (phantoms[0].path.parent / TRUTH_FILE).open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row, phantom in zip(rows, phantoms, strict=True):
        assert (row["image"], row["pathology"]) == (phantom.path.name, phantom.pathology)
        assert row["patient"] == phantom.patient
        assert float(row["lesion_x_px"]) == pytest.approx(phantom.lesion.x_px, abs=0.01)
        assert float(row["lesion_radius_px"]) == pytest.approx(phantom.lesion.radius_px, abs=0.01)


def test_every_file_is_a_mammogram_that_calls_itself_simulated(phantoms):
    for phantom in phantoms:
        header = read_header(phantom.path)
        assert header.is_simulated
        assert header.is_breast
        assert header.patient_id == phantom.patient
        assert (header.view.value, header.bits, header.spacing_mm.value) == ("CC", 12, (0.2, 0.2))
    dataset = dcmread(phantoms[0].path)
    assert "SIMULATED" in dataset.ImageType
    assert "imulated" in dataset.ImageComments
    assert str(dataset.PatientName).startswith("Simulated")
    assert all(uid.startswith("2.25.") for uid in (dataset.SOPInstanceUID, dataset.StudyInstanceUID))


def test_every_patch_is_a_study_of_its_own_and_sides_alternate(phantoms):
    headers = [read_header(phantom.path) for phantom in phantoms]
    assert len({header.study_instance_uid for header in headers}) == len(headers)
    assert [header.laterality.value for header in headers[:4]] == ["R", "L", "R", "L"]


def test_a_patch_hangs_as_it_is_and_is_its_own_box(phantoms):
    image = read_image(phantoms[0].path)
    assert not image.flip_to_hang
    assert image.exposure.box_px == (0, 0, 64, 64)
    shown = image.display()
    assert 60 < shown.mean() < 190
    assert shown.std() > 8


def test_the_lesion_is_where_the_truth_says(phantoms):
    brighter = 0
    for phantom in phantoms:
        shown, lesion = read_image(phantom.path).display(), phantom.lesion
        x, y, radius = int(lesion.x_px), int(lesion.y_px), int(lesion.radius_px * 0.7)
        brighter += shown[y - radius : y + radius, x - radius : x + radius].mean() > shown.mean() + 5
    assert brighter >= 8

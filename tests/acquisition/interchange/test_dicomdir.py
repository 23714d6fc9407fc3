"""What a DICOMDIR lists: found, missed, and never followed out of its folder."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from dicom_files import make_dataset
from pydicom import config, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.fileset import FileSet

from acquisition.interchange.importing import ImportReport, import_paths
from acquisition.store import open_store


def write_film(path: Path, seed: int) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 4096, (40, 30)).astype(np.uint16)
    path.parent.mkdir(parents=True, exist_ok=True)
    make_dataset(pixels, 12).save_as(path, enforce_file_format=True)
    return path


def write_directory(folder: Path, file_ids: Sequence[str | list[str]], **changes: object) -> Path:
    """A DICOMDIR by hand, because `FileSet` writes no bad one."""
    records = []
    for file_id in file_ids:
        record = Dataset()
        record.RecordInUseFlag, record.DirectoryRecordType = 0xFFFF, "IMAGE"
        with config.disable_value_validation():
            record.ReferencedFileID = file_id
        for keyword, value in changes.items():
            setattr(record, keyword, value)
        records.append(record)
    directory = Dataset()
    directory.file_meta = FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = uid.MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    directory.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    directory.DirectoryRecordSequence = records
    folder.mkdir(parents=True, exist_ok=True)
    directory.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


def imported(path: Path) -> tuple[ImportReport, set[Path]]:
    """The report of an import into a fresh store, and the files that came in."""
    with TemporaryDirectory() as folder, open_store(folder) as store:
        report = import_paths([path], store.catalogue, archives=store.archives)
        return report, {Path(image.path) for image in store.catalogue.images()}


def test_a_medium_made_by_another_hand_comes_in_by_its_directory(tmp_path: Path) -> None:
    medium = FileSet()
    for n in range(3):
        film = make_dataset(np.full((8, 8), n, np.uint16), 12)
        film.PatientName, film.StudyID, film.StudyDate, film.StudyTime = "Nobody", "1", "20240101", "1200"
        film.SeriesInstanceUID, film.SeriesNumber, film.InstanceNumber = uid.generate_uid(), 1, n
        medium.add(film)
    medium.write(tmp_path / "cd")
    medium._stage["t"].cleanup()  # which warns when it is left to the garbage collector
    write_film(tmp_path / "cd" / "unlisted.dcm", 9)
    report, paths = imported(tmp_path / "cd" / "DICOMDIR")
    assert (report.imported, report.refused) == (3, [])
    assert "unlisted.dcm" not in {path.name for path in paths}
    whole, paths = imported(tmp_path / "cd")
    assert whole.imported == 4


def test_a_medium_mounted_in_lower_case_is_found(tmp_path: Path) -> None:
    film = write_film(tmp_path / "cd" / "images" / "im1", 0)
    path = write_directory(tmp_path / "cd", [["IMAGES", "IM1"]])
    report, paths = imported(path.rename(path.with_name("dicomdir")))
    assert (report.imported, paths) == (1, {film})


def test_a_file_that_is_listed_but_lost_is_named(tmp_path: Path) -> None:
    write_film(tmp_path / "cd" / "IM1", 0)
    path = write_directory(tmp_path / "cd", ["IM1", ["SUB", "IM2"]])
    for named in (path, tmp_path / "cd"):
        report, _ = imported(named)
        assert report.imported == 1
        assert report.refused == [
            (
                tmp_path / "cd" / "SUB" / "IM2",
                "is listed in the DICOMDIR but not there; copy the whole medium.",
            )
        ]


@pytest.mark.parametrize(
    "file_id", [["..", "OUT"], "../OUT", ["/", "OUT"], "C:OUT", "\\OUT", ["SUB", "", "OUT"]]
)
def test_a_record_that_leads_elsewhere_refuses_the_directory(
    tmp_path: Path, file_id: str | list[str]
) -> None:
    write_film(tmp_path / "OUT", 0)
    write_film(tmp_path / "cd" / "IM1", 1)
    report, paths = imported(write_directory(tmp_path / "cd", ["IM1", file_id]))
    assert (report.imported, paths) == (0, set())
    [(_, reason)] = report.refused
    assert reason.startswith("names a file outside its own folder")


def test_a_link_out_of_the_medium_is_not_followed(tmp_path: Path) -> None:
    outside = write_film(tmp_path / "elsewhere" / "OUT", 0)
    path = write_directory(tmp_path / "cd", [["SUB", "OUT"]])
    (tmp_path / "cd" / "SUB").symlink_to(outside.parent, target_is_directory=True)
    report, _ = imported(path)
    assert report.imported == 0
    assert "is a link out of the folder" in report.refused[0][1]


@pytest.mark.parametrize("changes", [{"RecordInUseFlag": 0}, {"DirectoryRecordType": "SR DOCUMENT"}])
def test_records_out_of_use_or_of_no_image_are_passed_over(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    path = write_directory(tmp_path / "cd", ["IM1"], **changes)
    report, _ = imported(write_film(tmp_path / "cd" / "IM1", 0))
    assert report.imported == 1
    report, _ = imported(tmp_path / "cd")
    assert (report.imported, report.refused, report.skipped) == (1, [], 1)
    assert path.exists()


def test_a_damaged_directory_costs_its_line_and_the_files_of_the_folder_come_in(tmp_path: Path) -> None:
    write_film(tmp_path / "cd" / "IM1", 0)
    path = write_directory(tmp_path / "cd", ["IM1"])
    path.write_bytes(path.read_bytes()[:-30])
    report, _ = imported(tmp_path / "cd")
    assert report.imported == 1
    path.write_text("no DICOM at all")
    report, _ = imported(path)
    assert report.refused == [(path, "is no DICOM file.")]

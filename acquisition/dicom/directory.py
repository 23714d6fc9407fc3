"""What a DICOMDIR tells of its folder: the files of its image records (PS3.3 Annex F)."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from acquisition.dicom.refusal import Refusal, refusing

_RECORDS = Tag("DirectoryRecordSequence")
_IN_USE = 0xFFFF


def read_directory(path: str | Path) -> list[tuple[str, ...]]:
    """The Referenced File IDs of all image records in use, each as the parts of a relative path.

    Nothing is said of whether these files are there, nor of whether the parts are safe to follow.

    Raises:
        FileRefused: for what is no DICOMDIR.
    """
    path = Path(path)
    with refusing(path):
        dataset = dcmread(path, specific_tags=[_RECORDS])
        if _RECORDS not in dataset:
            raise Refusal("has no directory records; name the folder of its files instead.")
        return [_parts(record) for record in dataset[_RECORDS].value if _is_image(record)]


def _is_image(record: Dataset) -> bool:
    is_in_use = record.get("RecordInUseFlag", _IN_USE) != 0
    return is_in_use and record.get("DirectoryRecordType") == "IMAGE" and "ReferencedFileID" in record


def _parts(record: Dataset) -> tuple[str, ...]:
    file_id = record.ReferencedFileID
    return (file_id,) if isinstance(file_id, str) else tuple(map(str, file_id or ()))

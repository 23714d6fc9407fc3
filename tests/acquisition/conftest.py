"""Small DICOM files made to order."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

WriteDicom = Callable[..., Path]


@pytest.fixture
def dicom_dataset() -> Callable[..., Dataset]:
    """`dicom_dataset(pixels, bits, **attributes)` gives a data set to do worse things to."""
    return make_dataset


def make_dataset(pixels: NDArray[Any], bits: int, **attributes: Any) -> Dataset:
    """A digital mammogram in memory; attributes override what stands here, None removes."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid.generate_uid()
    dataset.StudyInstanceUID = uid.generate_uid()
    dataset.PatientID = "P1"
    dataset.Modality = "MG"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    for keyword, value in attributes.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def write_dicom(tmp_path: Path) -> WriteDicom:
    """`write_dicom(pixels, bits, name="a.dcm", **attributes)` gives the path of a written file."""

    def write(pixels: NDArray[Any], bits: int = 12, name: str = "image.dcm", **attributes: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make_dataset(pixels, bits, **attributes).save_as(path, enforce_file_format=True)
        return path

    return write

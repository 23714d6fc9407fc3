"""Fixtures that write small DICOM files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dicom_files import make_dataset, recompressed, write_crashing
from numpy.typing import NDArray
from pydicom.dataset import Dataset

WriteDicom = Callable[..., Path]


@pytest.fixture
def dicom_dataset() -> Callable[..., Dataset]:
    """`dicom_dataset(pixels, bits, **attributes)` gives a data set to do worse things to."""
    return make_dataset


@pytest.fixture
def write_dicom(tmp_path: Path) -> WriteDicom:
    """`write_dicom(pixels, bits, name="a.dcm", **attributes)` gives the path of a written file."""

    def write(pixels: NDArray[Any], bits: int = 12, name: str = "image.dcm", **attributes: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        make_dataset(pixels, bits, **attributes).save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def recompress() -> Callable[[Path, str, Path], Path]:
    """`recompress(source, "JPEG2000Lossless", target)`: the file in what gdcm calls that transfer syntax."""
    return recompressed


@pytest.fixture
def crashing_dicom() -> Callable[[Path], None]:
    """`crashing_dicom(path)` writes a JPEG lossless file on which gdcm ends its whole process."""
    return write_crashing

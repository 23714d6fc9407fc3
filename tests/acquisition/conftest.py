"""Fixtures that write small DICOM files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dicom_files import make_dataset, recompressed
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
def crashing_dicom(write_dicom: WriteDicom) -> Callable[[Path], None]:
    """`crashing_dicom(path)` writes a JPEG lossless file on which gdcm ends its whole process."""

    def write(path: Path) -> None:
        pixels = (np.arange(60_000) % 3001).astype(np.uint16).reshape(300, 200)
        recompressed(write_dicom(pixels, name="sound/whole.dcm"), "JPEGLosslessProcess14_1", path)
        content = bytearray(path.read_bytes())
        behind_the_frame_header = content.index(b"\xff\xd8\xff\xc3") + 15
        content[behind_the_frame_header] = 46  # where the next marker should begin
        path.write_bytes(content)

    return write

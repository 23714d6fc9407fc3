"""Small four-view cases as DICOM files."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

VIEWS = (("R", "CC"), ("L", "CC"), ("R", "MLO"), ("L", "MLO"))
SIZE_PX = (600, 900)
"""Width and height of every film."""


def write_films(folder: Path, cases: Iterable[str]) -> None:
    """Four views for each case, in a folder of its own."""
    for case in cases:
        for side, view in VIEWS:
            _write_view(folder / case / f"{side}{view}.dcm", side, view)


def _write_view(path: Path, side: str, view: str) -> None:
    """A 12-bit mammogram: brighter towards the chest wall, on air."""
    width, height = SIZE_PX
    ramp = np.linspace(4000, 100, width).astype(np.uint16)
    pixels = np.zeros((height, width), np.uint16)
    pixels[100:-100] = ramp if side == "L" else ramp[::-1]
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID, dataset.StudyInstanceUID = uid.generate_uid(), uid.generate_uid()
    dataset.PatientID, dataset.Modality = "P1", "MG"
    dataset.ImageLaterality, dataset.ViewPosition = side, view
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = height, width, 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelData = pixels.tobytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)

"""One image file: its header, and one decoded frame of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array

from acquisition.dicom.attributes import greyscale, hanging_header, layers_of, numbers, spacing, text
from acquisition.dicom.file import read_attributes, refusing, transfer_syntax
from acquisition.domain import Laterality
from acquisition.errors import FileRefused
from acquisition.exposure import Exposure, measure_exposure
from acquisition.greyscale import Greyscale, LookupTable, Window
from acquisition.hanging import Found, chest_wall_by_orientation, find_laterality, find_view, must_flip

PHANTOM_MANUFACTURER = "Gazeroom phantom"
"""Marks a file as simulated."""

_PLUGINS = {
    uid.RLELossless: "pydicom",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEGLSNearLossless: "pyjpegls",
    uid.JPEGLossless: "gdcm",
    uid.JPEGLosslessSV1: "gdcm",
    uid.JPEG2000Lossless: "gdcm",
    uid.JPEG2000: "gdcm",
}
"""The fastest decoder as measured on full-size mammograms; other transfer syntaxes take what there is."""


@dataclass(frozen=True)
class ImageHeader:
    """What the header of one image file says. Fields that may identify a patient stay out of its repr."""

    path: Path = field(repr=False)
    sop_class_uid: str
    sop_instance_uid: str = field(repr=False)
    study_instance_uid: str = field(repr=False)
    patient_id: str = field(repr=False)
    study_date: str = field(repr=False)
    modality: str
    laterality: Found[Laterality]
    view: Found[str]
    orientation: tuple[str, ...]
    spacing_mm: Found[tuple[float, float] | None]
    """(row, column) spacing and the attribute that gave it."""
    width_px: int
    height_px: int
    n_frames: int
    bits: int
    photometric: str
    is_breast: bool
    """True for mammograms: only these are ever mirrored to hang."""
    is_simulated: bool


@dataclass(frozen=True)
class DicomImage:
    """One decoded frame."""

    header: ImageHeader
    frame: int
    pixels: NDArray[np.uint16] | NDArray[np.int16]
    """(H, W): stored values; 8-bit ones are widened."""
    stored: Greyscale
    """The pipeline as the file gives it, perhaps without any VOI."""

    @property
    def bits(self) -> int:
        """Bits stored: `lut()` has 2^bits entries."""
        return self.header.bits

    @property
    def photometric(self) -> str:
        """MONOCHROME1 or MONOCHROME2."""
        return self.header.photometric

    @property
    def spacing_mm(self) -> tuple[float, float] | None:
        """(row, column) spacing; None where the file has none."""
        return self.header.spacing_mm.value

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows on offer."""
        return tuple(voi for voi in self.greyscale.vois if isinstance(voi, Window))

    @property
    def voi_luts(self) -> tuple[LookupTable, ...]:
        """The VOI LUTs on offer; `lut(voi=…)` counts these first, then the windows."""
        return tuple(voi for voi in self.greyscale.vois if isinstance(voi, LookupTable))

    @property
    def default_window(self) -> tuple[float, float]:
        """(center, width) in modality units, to start dragging from."""
        return (self.greyscale.window.center, self.greyscale.window.width)

    @cached_property
    def exposure(self) -> Exposure:
        """What the pixels say: breast box, chest wall, grey levels. Measured once, when first asked for."""
        return measure_exposure(self.pixels, self.stored.is_inverted, self.header.is_breast)

    @cached_property
    def greyscale(self) -> Greyscale:
        """The pipeline to show: with a window measured on the breast where the file offers no VOI."""
        if self.stored.vois or self.bits <= 8:
            return self.stored
        return self.stored.with_window_over(self.exposure.low, self.exposure.high)

    @property
    def flip_to_hang(self) -> bool:
        """True where the pixels must be mirrored left-right to hang with the chest wall on the inside."""
        if not self.header.is_breast:
            return False
        by_orientation = chest_wall_by_orientation(self.header.orientation)
        return must_flip(self.header.laterality.value, by_orientation, self.exposure.chest_wall)

    @property
    def index_offset(self) -> int:
        """What must be added to a stored value to get its index into `lut()`."""
        return self.greyscale.index_offset

    def lut_index(self, pixels: NDArray[np.uint16] | NDArray[np.int16]) -> NDArray[np.uint16]:
        """The index into `lut()` of each stored value (any shape)."""
        return self.greyscale.index(pixels)

    def lut(
        self, voi: int = 0, window: tuple[float, float] | None = None, inverted: bool = False
    ) -> NDArray[np.uint8]:
        """uint8 (2^bits,): the grey of every stored value; see `Greyscale.table`."""
        return self.greyscale.table(voi, window, inverted)

    def display(
        self, voi: int = 0, window: tuple[float, float] | None = None, inverted: bool = False
    ) -> NDArray[np.uint8]:
        """uint8 (H, W): the image through `lut`."""
        return np.take(self.lut(voi, window, inverted), self.lut_index(self.pixels))


def read_header(path: str | Path) -> ImageHeader:
    """The header of an image file; its pixels are not decoded, but are known to be all there.

    Raises:
        FileRefused: for what is no DICOM, no grey-scale image, truncated or too large.
    """
    path = Path(path)
    with refusing(path):
        return _header(path, read_attributes(path))


def read_image(path: str | Path, frame: int = 0) -> DicomImage:
    """Decode one frame.

    Raises:
        FileRefused: for whatever `read_header` refuses, and for pixels that cannot be decoded.
    """
    header = read_header(path)
    if not 0 <= frame < header.n_frames:
        raise FileRefused(f"{path}: has no frame {frame}; its frames are 0 to {header.n_frames - 1}.")
    with refusing(header.path):
        dataset = dcmread(header.path, force=True)
        dataset.file_meta.TransferSyntaxUID = transfer_syntax(dataset)
        pixels = _decode(dataset, frame)
        stored = greyscale(dataset, layers_of(dataset, frame))
    return DicomImage(header, frame, pixels, stored)


def _decode(dataset: Dataset, frame: int) -> NDArray[np.uint16] | NDArray[np.int16]:
    """Stored values (H, W) of one frame, with the bits above those stored cleared or sign-extended."""
    plugin = _PLUGINS.get(dataset.file_meta.TransferSyntaxUID, "")
    pixels = pixel_array(dataset, index=frame, raw=True, decoding_plugin=plugin)
    if dataset.get("PixelRepresentation"):
        return np.ascontiguousarray(pixels, dtype=np.int16)
    return np.ascontiguousarray(pixels, dtype=np.uint16)


def _header(path: Path, dataset: Dataset) -> ImageHeader:
    layers = layers_of(dataset, 0)
    modality = text(layers, "Modality").upper()
    is_breast = modality == "MG" or text(layers, "BodyPartExamined").upper() == "BREAST"
    hanging = hanging_header(layers, path.stem)
    return ImageHeader(
        path=path,
        sop_class_uid=text(layers, "SOPClassUID"),
        sop_instance_uid=text(layers, "SOPInstanceUID"),
        study_instance_uid=text(layers, "StudyInstanceUID"),
        patient_id=text(layers, "PatientID"),
        study_date=text(layers, "StudyDate"),
        modality=modality,
        laterality=find_laterality(hanging, is_breast),
        view=find_view(hanging, is_breast),
        orientation=hanging.orientation,
        spacing_mm=spacing(layers),
        width_px=int(dataset.Columns),
        height_px=int(dataset.Rows),
        n_frames=int((numbers(layers, "NumberOfFrames") or (1,))[0]) or 1,
        bits=int(dataset.BitsStored),
        photometric=text(layers, "PhotometricInterpretation"),
        is_breast=is_breast,
        is_simulated=text(layers, "Manufacturer") == PHANTOM_MANUFACTURER,
    )

"""What is known of one image file and of one decoded frame of it. Knows no DICOM library."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acquisition.dicom.overlays import Overlay
from acquisition.domain import Laterality, SpacingBasis
from acquisition.exposure import Exposure, measure_exposure
from acquisition.greyscale import Greyscale, LookupTable, Window
from acquisition.hanging import Found, chest_wall_by_orientation, is_upside_down, must_flip

PHANTOM_MANUFACTURER = "Gazeroom phantom"
"""Marks a file as simulated."""


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
    view_modifiers: tuple[str, ...]
    body_part: str
    orientation: tuple[str, ...]
    spacing_mm: Found[tuple[float, float] | None]
    """(row, column) spacing and the attribute that gave it."""
    spacing_basis: SpacingBasis
    pixel_aspect: float
    """Height of a pixel over its width, as the file says apart from any spacing."""
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
    overlays: tuple[Overlay, ...] = ()
    """Bit planes to lay over the image."""

    @property
    def bits(self) -> int:
        """Bits stored: `lut()` has 2^bits entries."""
        return self.header.bits

    @property
    def n_frames(self) -> int:
        """Frames of the file, of which this is one."""
        return self.header.n_frames

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
    def voi_names(self) -> tuple[str, ...]:
        """What `lut(voi=…)` can choose from, by name: the file's explanations where it gives any."""
        return self.greyscale.voi_names

    @property
    def is_window_measured(self) -> bool:
        """Whether the file offers neither window nor table, so that one was measured on this frame."""
        return not self.stored.vois and self.bits > 8

    @property
    def default_window(self) -> tuple[float, float]:
        """(center, width) in modality units, to start dragging from."""
        return (self.greyscale.window.center, self.greyscale.window.width)

    @cached_property
    def exposure(self) -> Exposure:
        """What the pixels say: breast box, chest wall, grey levels. Measured once, when first asked for."""
        return measure_exposure(
            self.pixels, self.stored.is_inverted, self.header.is_breast, self.stored.padding
        )

    @cached_property
    def greyscale(self) -> Greyscale:
        """The pipeline to show: with a window measured on the breast where the file offers no VOI."""
        if not self.is_window_measured:
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
    def is_upside_down(self) -> bool:
        """True where the pixels must also be mirrored top-bottom to hang."""
        header = self.header
        return header.is_breast and is_upside_down(
            header.laterality.value, header.view.value, header.orientation
        )

    @property
    def index_offset(self) -> int:
        """What must be added to a stored value to get its index into `lut()`."""
        return self.greyscale.index_offset

    @property
    def padding_index(self) -> tuple[int, int] | None:
        """(first, last) index of the values that mean *no image here*; None where all are image."""
        return self.greyscale.padding_index

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

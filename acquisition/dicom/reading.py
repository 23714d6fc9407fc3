"""One image file read in this process: its header, and one decoded frame of it."""

from __future__ import annotations

from pathlib import Path

from acquisition.dicom.attributes import (
    greyscale,
    hanging_header,
    layers_of,
    pixel_aspect,
    spacing,
    study_date,
    text,
)
from acquisition.dicom.file import OpenedFile, opened
from acquisition.dicom.frames import decode, native_words
from acquisition.dicom.image import PHANTOM_MANUFACTURER, DicomImage, ImageHeader
from acquisition.dicom.planes import overlays
from acquisition.dicom.refusal import refusing
from acquisition.errors import FileRefused
from acquisition.hanging import find_laterality, find_modifiers, find_view


def read_header(path: str | Path) -> ImageHeader:
    """See `acquisition.dicom.read_header`."""
    path = Path(path)
    with refusing(path), opened(path) as file:
        return _header(path, file)


def read_image(path: str | Path, frame: int = 0) -> DicomImage:
    """See `acquisition.dicom.read_image`."""
    path = Path(path)
    with refusing(path), opened(path) as file:
        header = _header(path, file)
        if not 0 <= frame < header.n_frames:
            raise FileRefused(f"{path}: has no frame {frame}; its frames are 0 to {header.n_frames - 1}.")
        stored = greyscale(file, layers_of(file.dataset, frame))
        planes = overlays(file, frame, native_words(file, frame))
        return DicomImage(header, frame, decode(file, frame), stored, planes)


def _header(path: Path, file: OpenedFile) -> ImageHeader:
    dataset, layers = file.dataset, layers_of(file.dataset, 0)
    modality = text(layers, "Modality").upper()
    hanging = hanging_header(layers, path.stem)
    is_breast = modality == "MG" or hanging.body_part == "BREAST"
    spacing_mm, spacing_basis = spacing(layers)
    return ImageHeader(
        path=path,
        sop_class_uid=text(layers, "SOPClassUID"),
        sop_instance_uid=text(layers, "SOPInstanceUID"),
        study_instance_uid=text(layers, "StudyInstanceUID"),
        patient_id=text(layers, "PatientID"),
        study_date=study_date(layers),
        modality=modality,
        laterality=find_laterality(hanging, is_breast),
        view=find_view(hanging, is_breast),
        orientation=hanging.orientation,
        view_modifiers=find_modifiers(hanging),
        body_part=hanging.body_part or ("BREAST" if is_breast else ""),
        spacing_mm=spacing_mm,
        spacing_basis=spacing_basis,
        pixel_aspect=pixel_aspect(layers),
        width_px=int(dataset.Columns),
        height_px=int(dataset.Rows),
        n_frames=file.n_frames,
        bits=int(dataset.BitsStored),
        photometric=text(layers, "PhotometricInterpretation"),
        is_breast=is_breast,
        is_simulated=text(layers, "Manufacturer") == PHANTOM_MANUFACTURER,
    )

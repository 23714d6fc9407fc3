"""What the attributes of a data set say, wherever in it they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from acquisition.dicom.file import OpenedFile
from acquisition.dicom.refusal import Refusal
from acquisition.domain import SpacingBasis
from acquisition.greyscale import MAX_BITS, Greyscale, LookupTable, Voi, VoiFunction, Window
from acquisition.hanging import Found, HangingHeader
from acquisition.view_codes import REGION_OF_CODE

MOST_MAGNIFIED = 10.0
"""Nothing in front of a detector is shown larger than this."""

MOST_OBLONG = 10.0
"""A file that claims longer pixels than this has them wrong."""


def layers_of(dataset: Dataset, frame: int) -> list[Dataset]:
    """Where attributes of a frame may stand: the top, its own functional groups, the shared ones."""
    layers = [dataset]
    for keyword, index in (
        ("PerFrameFunctionalGroupsSequence", frame),
        ("SharedFunctionalGroupsSequence", 0),
    ):
        groups = _items([dataset], keyword)
        if index < len(groups):
            layers += [element.value[0] for element in groups[index] if element.VR == "SQ" and element.value]
    return layers


def _greyscale_layers(layers: Sequence[Dataset]) -> list[Dataset]:
    """The same layers with what a frame has of its own before what the whole file says."""
    dataset, *groups = layers
    return [*groups, dataset]


def value(layers: Sequence[Dataset], keyword: str) -> Any:
    """The value of an attribute in the first layer that has one; None where none has."""
    return next((layer[keyword].value for layer in layers if layer.get(keyword) not in (None, "")), None)


def text(layers: Sequence[Dataset], keyword: str) -> str:
    """The value of an attribute as text; empty where it is absent."""
    found = value(layers, keyword)
    return "" if found is None else str(found).strip()


def numbers(layers: Sequence[Dataset], keyword: str) -> tuple[float, ...]:
    """The numbers of an attribute; empty where it is absent or holds anything but finite numbers."""
    try:
        found = np.atleast_1d(np.asarray(value(layers, keyword), dtype=np.float64))
    except (TypeError, ValueError):
        return ()
    return tuple(found.tolist()) if np.isfinite(found).all() else ()


def hanging_header(layers: Sequence[Dataset], file_name: str) -> HangingHeader:
    """All that the attributes and the name of the file may say about side and view."""
    views = _items(layers, "ViewCodeSequence")
    orientation = value(layers, "PatientOrientation") or ()
    return HangingHeader(
        view_codes=_codes(views),
        modifier_codes=_codes(_inside(views, "ViewModifierCodeSequence")),
        view_position=text(layers, "ViewPosition"),
        orientation=(orientation,) if isinstance(orientation, str) else tuple(map(str, orientation)),
        image_laterality=text(layers, "ImageLaterality"),
        laterality=text(layers, "Laterality"),
        frame_laterality=text(layers, "FrameLaterality"),
        region_side_codes=_codes(
            _inside(_items(layers, "AnatomicRegionSequence"), "AnatomicRegionModifierSequence")
        ),
        body_part=body_part(layers),
        texts=(text(layers, "SeriesDescription"), text(layers, "ProtocolName"), file_name),
    )


def body_part(layers: Sequence[Dataset]) -> str:
    """What part of the body it is, in the words of BodyPartExamined; codes first."""
    for code in _codes(_items(layers, "AnatomicRegionSequence")):
        if code in REGION_OF_CODE:
            return REGION_OF_CODE[code]
    return text(layers, "BodyPartExamined").upper()


def study_date(layers: Sequence[Dataset]) -> str:
    """YYYYMMDD of the study, or of the series or image where that is left out; empty without any."""
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        digits = re.sub(r"\D", "", text(layers, keyword))
        if len(digits) == 8:
            return digits
    return ""


def _items(layers: Sequence[Dataset], keyword: str) -> list[Dataset]:
    """The items of a sequence; none where something else was put there."""
    found = value(layers, keyword)
    return [item for item in found if isinstance(item, Dataset)] if isinstance(found, Items) else []


def _codes(items: Iterable[Dataset]) -> tuple[str, ...]:
    return tuple(text([item], "CodeValue") for item in items)


def _inside(items: Iterable[Dataset], keyword: str) -> list[Dataset]:
    return [inner for item in items for inner in _items([item], keyword)]


def spacing(layers: Sequence[Dataset]) -> tuple[Found[tuple[float, float] | None], SpacingBasis]:
    """Spacing in the body where the file knows it, at the detector or on the film otherwise; PS3.3 10.7.1."""
    pixel, detector = _spacing(layers, "PixelSpacing"), _spacing(layers, "ImagerPixelSpacing")
    is_measured = bool(text(layers, "PixelSpacingCalibrationType")) or "PixelSpacing" not in layers[0]
    if pixel and (is_measured or (detector and not np.allclose(pixel, detector, rtol=1e-3))):
        return Found(pixel, "PixelSpacing"), SpacingBasis.CALIBRATED
    if detector:
        if magnification := _magnification(layers):
            in_body = (detector[0] / magnification, detector[1] / magnification)
            return Found(in_body, "ImagerPixelSpacing"), SpacingBasis.MAGNIFIED
        return Found(detector, "ImagerPixelSpacing"), SpacingBasis.DETECTOR
    if pixel:
        return Found(pixel, "PixelSpacing"), SpacingBasis.UNKNOWN
    if film := _spacing(layers, "NominalScannedPixelSpacing"):
        return Found(film, "NominalScannedPixelSpacing"), SpacingBasis.DETECTOR
    return Found(None), SpacingBasis.UNKNOWN


def _spacing(layers: Sequence[Dataset], keyword: str) -> tuple[float, float] | None:
    found = numbers(layers, keyword)
    return (found[0], found[1]) if len(found) == 2 and min(found) > 0 else None


def pixel_aspect(layers: Sequence[Dataset]) -> float:
    """Height of a pixel over its width; PS3.3 C.7.6.3.1.7. 1 where the file does not say, or nonsense."""
    sides = numbers(layers, "PixelAspectRatio")
    if len(sides) != 2 or min(sides) <= 0:
        return 1.0
    height, width = sides
    return height / width if 1 / MOST_OBLONG <= height / width <= MOST_OBLONG else 1.0


def _magnification(layers: Sequence[Dataset]) -> float | None:
    """How much larger the detector sees the body; None where the file does not say, or nonsense."""
    estimates = numbers(layers, "EstimatedRadiographicMagnificationFactor")
    to_detector = numbers(layers, "DistanceSourceToDetector")
    to_patient = numbers(layers, "DistanceSourceToPatient")
    if not estimates and to_detector and to_patient and to_patient[0] > 0:
        estimates = (to_detector[0] / to_patient[0],)
    return estimates[0] if estimates and 1 <= estimates[0] <= MOST_MAGNIFIED else None


def greyscale(file: OpenedFile, layers: Sequence[Dataset]) -> Greyscale:
    """The grey-scale pipeline that the attributes describe."""
    dataset, order = file.dataset, file.byte_order
    layers = _greyscale_layers(layers)
    bits, is_signed = int(dataset.BitsStored), bool(dataset.get("PixelRepresentation", 0))
    is_inverted = text(layers, "PhotometricInterpretation") == "MONOCHROME1"
    modality_luts = _tables(layers, "ModalityLUTSequence", is_signed, order)
    slope = (numbers(layers, "RescaleSlope") or (1.0,))[0]
    intercept = (numbers(layers, "RescaleIntercept") or (0.0,))[0]
    function = text(layers, "VOILUTFunction").upper()
    linear = Greyscale(
        bits=bits,
        is_signed=is_signed,
        slope=slope or 1.0,
        intercept=intercept,
        modality_lut=modality_luts[0] if modality_luts else None,
        function=VoiFunction(function) if function in set(VoiFunction) else VoiFunction.LINEAR,
        is_inverted=is_inverted or text(layers, "PresentationLUTShape").upper() == "INVERSE",
        padding=_padding(layers, bits, is_signed),
    )
    is_signed_voi = bool(linear.modality_values.min() < 0)
    vois: tuple[Voi, ...] = (
        *_tables(layers, "VOILUTSequence", is_signed_voi, order),
        *_windows(layers),
    )
    return linear.with_vois(vois)


def _padding(layers: Sequence[Dataset], bits: int, is_signed: bool) -> tuple[int, int] | None:
    """The range of values that are no image; PS3.3 C.7.5.1.1.2."""
    first = numbers(layers, "PixelPaddingValue")
    if not first:
        return None
    last = numbers(layers, "PixelPaddingRangeLimit") or first
    ends = [int(end[0]) for end in (first, last)]
    if is_signed:  # some writers put the two's complement where the number belongs
        ends = [end - (1 << 16) if end >= 1 << (bits - 1) and end > 0x7FFF else end for end in ends]
    return (ends[0], ends[1])


def _windows(layers: Sequence[Dataset]) -> tuple[Window, ...]:
    centers, widths = numbers(layers, "WindowCenter"), numbers(layers, "WindowWidth")
    words = value(layers, "WindowCenterWidthExplanation") or ()
    words = [words] if isinstance(words, str) else [str(word) for word in words]
    words += [""] * len(centers)
    return tuple(Window(*window) for window in zip(centers, widths, words, strict=False))


def _tables(
    layers: Sequence[Dataset], keyword: str, is_signed_input: bool, order: str
) -> tuple[LookupTable, ...]:
    """The LUTs of a sequence; PS3.3 C.11.1.1 and C.11.2.1.1 for what the descriptor means."""
    tables = []
    for item in value(layers, keyword) or ():
        n_entries, first, bits = (int(number) for number in item.LUTDescriptor)
        n_entries = (n_entries & 0xFFFF) or 0x10000
        if is_signed_input and first > 0x7FFF:
            first -= 0x10000
        values = _entries(item.LUTData, n_entries, order)
        if not 1 <= bits <= MAX_BITS or len(values) < n_entries:
            raise Refusal(f"has a {keyword} with {len(values)} of {n_entries} entries; fetch it again.")
        tables.append(LookupTable(first, bits, values[:n_entries], text([item], "LUTExplanation")))
    return tuple(tables)


def _entries(data: bytes | int | Sequence[int], n_entries: int, order: str) -> NDArray[np.uint16]:
    """LUT data as numbers; entries of 8 bits may be packed two in a word."""
    raw = data if isinstance(data, bytes) else np.atleast_1d(data).astype(order + "u2").tobytes()
    is_packed = len(raw) in (n_entries, n_entries + 1)
    return np.frombuffer(raw, dtype="u1" if is_packed else order + "u2").astype(np.uint16)

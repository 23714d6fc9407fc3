"""The overlays of a file, from the groups 6000 to 601E and from unused bits of its pixels."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from acquisition.dicom.file import MAX_PIXELS, OpenedFile
from acquisition.dicom.overlays import Overlay, OverlayKind

log = logging.getLogger(__name__)

_GROUPS = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _FRAMES, _KIND, _ORIGIN, _FIRST_FRAME = 0x10, 0x11, 0x15, 0x40, 0x50, 0x51
_DESCRIPTION, _BITS_ALLOCATED, _BIT_POSITION, _LABEL, _DATA = 0x22, 0x100, 0x102, 0x1500, 0x3000


def overlays(file: OpenedFile, frame: int, words: NDArray[np.uint16] | None) -> tuple[Overlay, ...]:
    """The planes of one frame; a plane that is not wholly there is left out, and the log says so.

    Args:
        file: what they stand in
        frame: planes of other frames are left out
        words: the pixels with all their bits, where planes of older files hide
    """
    found = []
    for group in _GROUPS:
        if (group, _ROWS) not in file.dataset:
            continue
        try:
            found.append(_overlay(file, group, frame, words))
        except (ValueError, TypeError, IndexError, AttributeError):
            log.warning("overlay %04X is damaged and is not shown", group)
    return tuple(overlay for overlay in found if overlay is not None)


def _overlay(file: OpenedFile, group: int, frame: int, words: NDArray[np.uint16] | None) -> Overlay | None:
    dataset = file.dataset
    index = _frame_of_plane(dataset, group, frame)
    if index is None:
        return None
    if (group, _DATA) in dataset:
        bits = _own_bits(file, group, index)
    elif words is not None and int(_value(dataset, group, _BITS_ALLOCATED, 1)) == 16:
        bits = words >> np.uint16(int(_value(dataset, group, _BIT_POSITION, 0))) & 1 != 0
    else:
        return None
    row, column = (int(number) for number in _value(dataset, group, _ORIGIN, (1, 1)))
    is_region = str(_value(dataset, group, _KIND, "G")).strip() == "R"
    return Overlay(
        bits,
        x_image_px=column - 1,
        y_image_px=row - 1,
        kind=OverlayKind.REGION if is_region else OverlayKind.GRAPHICS,
        label=str(_value(dataset, group, _LABEL, "")),
        description=str(_value(dataset, group, _DESCRIPTION, "")),
    )


def _frame_of_plane(dataset: Dataset, group: int, frame: int) -> int | None:
    """Which frame of the plane lies over a frame of the image; None where none does."""
    if (group, _FRAMES) not in dataset:
        return 0
    index = frame + 1 - int(_value(dataset, group, _FIRST_FRAME, 1))
    return index if 0 <= index < int(_value(dataset, group, _FRAMES, 1)) else None


def _own_bits(file: OpenedFile, group: int, index: int) -> NDArray[np.bool_]:
    """Bits packed eight in a byte, the first in the lowest; frames follow each other without a gap."""
    rows, columns = (int(_value(file.dataset, group, element, 0)) for element in (_ROWS, _COLUMNS))
    element = file.dataset[group, _DATA]
    packed = np.frombuffer(element.value, np.uint8)
    if file.byte_order == ">" and element.VR == "OW":
        packed = packed.reshape(-1, 2)[:, ::-1].ravel()
    first, n_bits = index * rows * columns, rows * columns
    if not 0 < n_bits <= MAX_PIXELS or first + n_bits > 8 * packed.size:
        raise ValueError("too few bits")
    part = packed[first // 8 : (first + n_bits + 7) // 8]
    bits = np.unpackbits(part, bitorder="little")[first % 8 :][:n_bits]
    return bits.astype(np.bool_).reshape(rows, columns)


def _value(dataset: Dataset, group: int, element: int, otherwise: Any) -> Any:
    found = dataset.get((group, element))
    return otherwise if found is None or found.value is None else found.value

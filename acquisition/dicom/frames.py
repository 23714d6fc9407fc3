"""One frame of an opened file to stored values."""

from __future__ import annotations

import math
import struct
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquisition.dicom.codestream import Claim, check_codestream
from acquisition.dicom.decoders import decoders_of, decompress
from acquisition.dicom.file import OpenedFile
from acquisition.dicom.refusal import Refusal

Stored = NDArray[np.uint16] | NDArray[np.int16]

_OVERLAY_BITS_ALLOCATED = [(group, 0x0100) for group in range(0x6000, 0x6020, 2)]


def decode(file: OpenedFile, index: int) -> Stored:
    """Stored values (H, W) of one frame; bits above those stored are not part of the value."""
    if not file.syntax.is_encapsulated:
        return _stored(_native(file, index), file)
    return _within_bits(_decompressed(file, index), file)


def native_words(file: OpenedFile, index: int) -> NDArray[np.uint16] | None:
    """(H, W) with all the bits allocated, where overlays hide in them; None where none can."""
    hides = any(tag in file.dataset and file.dataset[tag].value == 16 for tag in _OVERLAY_BITS_ALLOCATED)
    return _native(file, index) if hides and not file.syntax.is_encapsulated else None


def _native(file: OpenedFile, index: int) -> NDArray[np.uint16]:
    rows, columns = int(file.dataset.Rows), int(file.dataset.Columns)
    n_bytes = int(file.dataset.BitsAllocated) // 8
    length = rows * columns * n_bytes
    start = file.fragments[0][0] + index * length
    order = file.byte_order
    if n_bytes == 2:
        words = np.frombuffer(file.bytes_at(start, length), order + "u2")
    elif order == ">" and file.is_words:
        # 8-bit pixels in big-endian words: pairs are swapped, and a frame may begin within a pair.
        odd = index * length % 2
        even = file.bytes_at(start - odd, (odd + length + 1) // 2 * 2)
        words = np.frombuffer(np.frombuffer(even, ">u2").astype("<u2").tobytes(), np.uint8)[odd:][:length]
    else:
        words = np.frombuffer(file.bytes_at(start, length), np.uint8)
    return words.astype(np.uint16, copy=False).reshape(rows, columns)


def _stored(words: NDArray[np.uint16], file: OpenedFile) -> Stored:
    """The bits stored, moved down to the lowest bit, with the sign spread above them."""
    bits = int(file.dataset.BitsStored)
    high_bit = int(file.dataset.get("HighBit", bits - 1))
    above, below = np.uint16(15 - high_bit), 16 - bits
    if file.dataset.get("PixelRepresentation"):
        return (words << above).view(np.int16) >> np.int16(below)
    is_clean = above == below and (below == 0 or words.max() < 1 << bits)
    return words if is_clean else (words << above) >> np.uint16(below)


def _decompressed(file: OpenedFile, index: int) -> NDArray[Any]:
    picture, dataset = _picture(file, index), file.dataset
    claim = Claim(int(dataset.Columns), int(dataset.Rows), int(dataset.BitsAllocated), 1)
    check_codestream(picture, file.syntax, claim)
    *others, last = decoders_of(file.syntax)
    for name in others:
        with suppress(Exception):  # decoders raise anything; the next one may know better
            return decompress(name, picture, file.syntax, dataset)
    return decompress(last, picture, file.syntax, dataset)


def _picture(file: OpenedFile, index: int) -> bytes:
    """The compressed bytes of one frame, which may lie in several fragments (PS3.5 A.4)."""
    (table_start, table_length), *fragments = file.fragments
    if len(fragments) == file.n_frames:
        chosen = [fragments[index]]
    elif file.n_frames == 1:
        chosen = fragments
    else:
        offsets = struct.unpack(f"<{table_length // 4}L", file.bytes_at(table_start, table_length))
        if len(offsets) != file.n_frames:
            raise Refusal("does not say where its frames begin; export it again.")
        first, *others = offsets[index:]
        end = others[0] if others else math.inf
        chosen = [piece for piece in fragments if first <= piece[0] - fragments[0][0] < end]
    return b"".join(file.bytes_at(start, length) for start, length in chosen)


def _within_bits(pixels: NDArray[Any], file: OpenedFile) -> Stored:
    """Decoded values as 16-bit words within the bits stored.

    Pictures know no sign, or another one than the header: signed values are what the bits stored make of
    them. Unsigned ones beyond those bits become the highest; cut off, the brightest would turn dark.
    """
    bits = int(file.dataset.BitsStored)
    if file.dataset.get("PixelRepresentation"):
        above = np.int16(16 - bits)
        return (np.ascontiguousarray(pixels, dtype=np.int16) << above) >> above
    unsigned = np.ascontiguousarray(pixels, dtype=np.uint16)
    return unsigned if unsigned.max() < 1 << bits else np.minimum(unsigned, np.uint16((1 << bits) - 1))

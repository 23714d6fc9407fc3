"""The door that every DICOM file comes through: what is let in, and one sentence for what is not."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset, read_partial, read_preamble
from pydicom.tag import BaseTag

from acquisition.dicom.decoders import decoders_of, name_of
from acquisition.dicom.look import looks_like_dicom
from acquisition.dicom.refusal import Refusal
from acquisition.greyscale import MAX_BITS

MAX_PIXELS = 200_000_000
"""A header that claims more for one frame is refused before memory is asked for."""

MAX_INFLATED_BYTES = 256 * 2**20
"""A deflated file that would grow beyond is refused; the largest mammograms take a quarter of this."""

MAX_FRAMES = 100_000
"""More than any run of a fluoroscope has."""

# Refusals quote no text of a file: where it is damaged, a name may stand anywhere.
_COLOURS = frozenset({"RGB", "PALETTE COLOR", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
_PIXEL_DATA = (0x7FE0, 0x0010)
_FLOAT_PIXEL_DATA = {(0x7FE0, 0x0008), (0x7FE0, 0x0009)}
_ITEM = (0xFFFE, 0xE000)
_SEQUENCE_DELIMITER = (0xFFFE, 0xE0DD)
_UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A grey-scale image whose attributes are read and whose pixels are known to be all there."""

    dataset: Dataset
    """The attributes before the pixels."""
    stream: BinaryIO
    syntax: uid.UID
    fragments: tuple[tuple[int, int], ...]
    """(start, length) in bytes of each compressed fragment, the offset table first; of the one block of
    pixels where they are not compressed."""
    is_words: bool
    """True for pixels as 16-bit words: big-endian ones have their bytes swapped even at 8 bits."""

    @property
    def n_frames(self) -> int:
        """How many frames the header claims, 1 where it says nothing."""
        return _n_frames(self.dataset)

    @property
    def byte_order(self) -> str:
        """For `struct` and numpy."""
        return _byte_order(self.dataset)

    def bytes_at(self, start: int, length: int) -> bytes:
        """A stretch of the file; raises `Refusal` where it ends before."""
        self.stream.seek(start)
        found = self.stream.read(length)
        if len(found) < length:
            raise Refusal("is truncated: it ends before its pixels do; fetch it again.")
        return found


@contextmanager
def opened(path: Path) -> Iterator[OpenedFile]:
    """A grey-scale image that is wholly there, open for its pixels; use inside `refusing`."""
    with path.open("rb") as file:
        stream = _inflated(file)
        is_part = stream is not file
        dataset = read_partial(stream, _is_pixel_tag, force=is_part or looks_like_dicom(path))
        _check_size(dataset)
        _check_colours(dataset)
        syntax = _transfer_syntax(dataset)
        if syntax.is_encapsulated:
            decoders_of(syntax)
        is_words, fragments = _find_pixels(dataset, stream)
        found = OpenedFile(dataset, stream, syntax, fragments, is_words)
        _check_amount(found)
        yield found


def _inflated(file: BinaryIO) -> BinaryIO:
    """The file itself, or what a deflated one holds, which then reads as a file without meta header."""
    size_bytes = os.fstat(file.fileno()).st_size
    read_preamble(file, force=True)
    meta = read_dataset(file, False, True, stop_when=lambda tag, *_: tag.group != 2)
    if meta.get("TransferSyntaxUID") != uid.DeflatedExplicitVRLittleEndian:
        file.seek(0)
        return file
    too_large = Refusal(f"inflates to more than {MAX_INFLATED_BYTES >> 20} MiB; it is not opened.")
    if size_bytes > MAX_INFLATED_BYTES:
        raise too_large
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflater.decompress(file.read(), MAX_INFLATED_BYTES)
    if inflater.unconsumed_tail:
        raise too_large
    if not inflater.eof:
        raise Refusal("is truncated: its deflated part has no end; fetch it again.")
    return io.BytesIO(content)


def _is_pixel_tag(tag: BaseTag, *_vr_and_length: object) -> bool:
    return (tag.group, tag.element) in {_PIXEL_DATA, *_FLOAT_PIXEL_DATA}


def _check_size(dataset: Dataset) -> None:
    rows, columns = dataset.get("Rows"), dataset.get("Columns")
    if not rows or not columns:
        kind = name_of(uid.UID(str(dataset.get("SOPClassUID", ""))))
        raise Refusal(f"is DICOM but no image ({kind}); there is nothing to show.")
    if rows * columns > MAX_PIXELS:
        raise Refusal(f"claims {columns} x {rows} pixels, more than any X-ray has; it is not opened.")


def _check_colours(dataset: Dataset) -> None:
    photometric = str(dataset.get("PhotometricInterpretation", "")).strip()
    if dataset.get("SamplesPerPixel", 1) != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        named = photometric if photometric in _COLOURS else "unknown"
        raise Refusal(f"is a colour image ({named}); only grey-scale images are read.")
    bits, allocated = dataset.get("BitsStored", 0), dataset.get("BitsAllocated", 0)
    if allocated not in (8, 16) or not 1 < bits <= min(allocated, MAX_BITS):
        raise Refusal(f"stores {bits} bits in {allocated}; only 2 to 16 bits in 8 or 16 are read.")
    if not bits - 1 <= dataset.get("HighBit", bits - 1) < allocated:
        raise Refusal(f"has its highest bit at {dataset.HighBit} of {allocated}; export it again.")


def _find_pixels(dataset: Dataset, stream: BinaryIO) -> tuple[bool, tuple[tuple[int, int], ...]]:
    """Step over the pixel element, or over the items of an encapsulated one, to where the pixels lie."""
    order = _byte_order(dataset)
    tag = struct.unpack(order + "HH", stream.read(4).ljust(4, b"\0"))
    if tag in _FLOAT_PIXEL_DATA:
        raise Refusal("has floating-point pixels, which no X-ray has; it is not opened.")
    if tag != _PIXEL_DATA:
        raise Refusal("has no pixels: it was truncated or stripped; fetch it again.")
    is_words = True
    if not dataset.original_encoding[0]:
        is_words = stream.read(4)[:2] != b"OB"
    (length,) = struct.unpack(order + "L", stream.read(4))
    start = stream.tell()
    if length != _UNDEFINED_LENGTH:
        if start + length > stream.seek(0, os.SEEK_END):
            raise Refusal("is truncated: it ends before its pixels do; fetch it again.")
        return is_words, ((start, length),)
    stream.seek(start)
    return is_words, tuple(_fragments(stream, order))


def _fragments(stream: BinaryIO, order: str) -> Iterator[tuple[int, int]]:
    while len(item := stream.read(8)) == 8:
        group, element, length = struct.unpack(order + "HHL", item)
        if (group, element) == _SEQUENCE_DELIMITER:
            return
        if (group, element) != _ITEM:
            raise Refusal("is damaged: something else stands among its compressed pixels; fetch it again.")
        yield stream.tell(), length
        stream.seek(length, os.SEEK_CUR)
    raise Refusal("is truncated: it ends before its pixels do; fetch it again.")


def _check_amount(file: OpenedFile) -> None:
    """Refuse a file that holds less than its header claims."""
    if not 1 <= file.n_frames <= MAX_FRAMES:
        raise Refusal(f"claims {file.n_frames} frames; it is not opened.")
    if file.syntax.is_encapsulated:
        if len(file.fragments) - 1 < file.n_frames:
            n_held = max(len(file.fragments) - 1, 0)
            raise Refusal(f"holds {n_held} of the {file.n_frames} frames it claims; fetch it again.")
        return
    dataset, (_, length) = file.dataset, file.fragments[0]
    claimed = file.n_frames * int(dataset.Rows) * int(dataset.Columns) * int(dataset.BitsAllocated) // 8
    if length < claimed:
        raise Refusal(f"holds {length} of the {claimed} bytes of pixels it claims; fetch it again.")


def _n_frames(dataset: Dataset) -> int:
    claimed = dataset.get("NumberOfFrames")
    return 1 if claimed in (None, "", 0) else int(claimed)


def _byte_order(dataset: Dataset) -> str:
    return "<" if dataset.original_encoding[1] else ">"


def _transfer_syntax(dataset: Dataset) -> uid.UID:
    """The transfer syntax, deduced from the encoding where the file has no meta header."""
    if named := dataset.file_meta.get("TransferSyntaxUID"):
        return uid.UID(named)
    is_implicit, is_little = dataset.original_encoding
    if is_implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if is_little else uid.ExplicitVRBigEndian

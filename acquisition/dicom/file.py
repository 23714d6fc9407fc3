"""The door that every DICOM file comes through: what is let in, and one sentence for what is not."""

from __future__ import annotations

import logging
import os
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.pixels.decoders.base import get_decoder
from pydicom.tag import BaseTag

from acquisition.errors import FileRefused
from acquisition.greyscale import MAX_BITS

MAX_PIXELS = 200_000_000
"""A header that claims more for one frame is refused before memory is asked for."""

# pydicom's log quotes values of the file, and those may name a patient.
logging.getLogger("pydicom").propagate = False

_PIXEL_DATA = (0x7FE0, 0x0010)
_FLOAT_PIXEL_DATA = {(0x7FE0, 0x0008), (0x7FE0, 0x0009)}
_SEQUENCE_DELIMITER = (0xFFFE, 0xE0DD)
_UNDEFINED_LENGTH = 0xFFFFFFFF


def looks_like_dicom(path: Path) -> bool:
    """True where the file has the DICOM preamble, or starts as a data set without one does.

    Raises:
        OSError: where the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(132)
    if head[128:] == b"DICM":
        return True
    if len(head) < 8:
        return False
    group, element = struct.unpack("<HH", head[:4])
    is_explicit = head[4:6].isalpha() and head[4:6].isupper()
    return group in (0x0002, 0x0008) and element < 0x0100 and (is_explicit or head[6:8] == b"\0\0")


class Refusal(Exception):
    """A reason to refuse, found while the file name is not at hand."""


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn all that reading a file may raise into one sentence."""
    try:
        with _quiet_pydicom:
            yield
    except Refusal as reason:
        raise FileRefused(f"{path}: {reason}") from None
    except FileNotFoundError:
        raise FileRefused(f"{path}: does not exist; check the path.") from None
    except OSError as error:
        raise FileRefused(f"{path}: cannot be read ({error.strerror or error}).") from error
    except InvalidDicomError:
        raise FileRefused(f"{path}: is no DICOM file.") from None
    except Exception as error:
        # Broken files make pydicom and its codecs raise anything from AttributeError to RecursionError.
        kind = type(error).__name__
        raise FileRefused(f"{path}: is damaged and cannot be read ({kind}); fetch it again.") from error


class _QuietPydicom:
    """Silences pydicom's warnings while any thread is inside: `catch_warnings` alone mixes threads up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._caught: warnings.catch_warnings[None] | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._n_inside += 1
            if self._caught is None:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.filterwarnings("ignore", module=r"pydicom\.")

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0 and self._caught is not None:
                self._caught.__exit__(None, None, None)
                self._caught = None


_quiet_pydicom = _QuietPydicom()


def read_attributes(path: Path) -> Dataset:
    """All attributes before the pixels of a grey-scale image that is wholly there; use inside `refusing`."""
    with path.open("rb") as file:
        dataset = read_partial(file, _is_pixel_tag, force=looks_like_dicom(path))
        _check_size(dataset)
        _check_colours(dataset)
        _check_syntax(transfer_syntax(dataset))
        _check_pixels(dataset, file)
        return dataset


def _is_pixel_tag(tag: BaseTag, *_vr_and_length: object) -> bool:
    return (tag.group, tag.element) in {_PIXEL_DATA, *_FLOAT_PIXEL_DATA}


def _check_size(dataset: Dataset) -> None:
    rows, columns = dataset.get("Rows"), dataset.get("Columns")
    if not rows or not columns:
        kind = uid.UID(str(dataset.get("SOPClassUID", ""))).name or "unknown kind"
        raise Refusal(f"is DICOM but no image ({kind}); there is nothing to show.")
    if rows * columns > MAX_PIXELS:
        raise Refusal(f"claims {columns} x {rows} pixels, more than any X-ray has; it is not opened.")


def _check_colours(dataset: Dataset) -> None:
    photometric = str(dataset.get("PhotometricInterpretation", "")).strip()
    if dataset.get("SamplesPerPixel", 1) != 1 or photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise Refusal(f"is a colour image ({photometric or 'unknown'}); only grey-scale images are read.")
    bits, allocated = dataset.get("BitsStored", 0), dataset.get("BitsAllocated", 0)
    if allocated not in (8, 16) or not 1 < bits <= min(allocated, MAX_BITS):
        raise Refusal(f"stores {bits} bits in {allocated}; only 2 to 16 bits in 8 or 16 are read.")


def _check_syntax(syntax: uid.UID) -> None:
    try:
        can_decode = get_decoder(syntax).is_available
    except NotImplementedError:
        can_decode = False
    if not can_decode:
        raise Refusal(
            f"is compressed as {syntax.name}, which cannot be decoded here; export it uncompressed."
        )


def _check_pixels(dataset: Dataset, file: BinaryIO) -> None:
    """Refuse a file that does not hold all its pixels; `file` stands where reading stopped."""
    if transfer_syntax(dataset) == uid.DeflatedExplicitVRLittleEndian:
        return  # Its compressed stream has been read to the end; decoding counts the bytes.
    tag = struct.unpack(byte_order(dataset) + "HH", file.read(4).ljust(4, b"\0"))
    if tag in _FLOAT_PIXEL_DATA:
        raise Refusal("has floating-point pixels, which no X-ray has; it is not opened.")
    if tag != _PIXEL_DATA:
        raise Refusal("has no pixels: it was truncated or stripped; fetch it again.")
    if not _reaches_end_of_pixels(dataset, file):
        raise Refusal("is truncated: it ends before its pixels do; fetch it again.")


def _reaches_end_of_pixels(dataset: Dataset, file: BinaryIO) -> bool:
    """Step over the pixel element, or over the items of an encapsulated one: does the file hold it all?"""
    order, size_bytes = byte_order(dataset), os.fstat(file.fileno()).st_size
    if not dataset.original_encoding[0]:
        file.seek(4, 1)  # explicit VR: OB or OW and two reserved bytes
    (length,) = struct.unpack(order + "L", file.read(4))
    if length != _UNDEFINED_LENGTH:
        return bool(file.tell() + length <= size_bytes)
    while len(item := file.read(8)) == 8:
        group, element, length = struct.unpack(order + "HHL", item)
        if (group, element) == _SEQUENCE_DELIMITER:
            return True
        file.seek(length, 1)
    return False


def byte_order(dataset: Dataset) -> str:
    """Byte order of the file, for `struct` and numpy."""
    return "<" if dataset.original_encoding[1] else ">"


def transfer_syntax(dataset: Dataset) -> uid.UID:
    """The transfer syntax, deduced from the encoding where the file has no meta header."""
    if named := dataset.file_meta.get("TransferSyntaxUID"):
        return uid.UID(named)
    is_implicit, is_little = dataset.original_encoding
    if is_implicit:
        return uid.ImplicitVRLittleEndian
    return uid.ExplicitVRLittleEndian if is_little else uid.ExplicitVRBigEndian

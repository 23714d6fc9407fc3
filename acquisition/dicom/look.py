"""Whether a file may be DICOM at all, from its first bytes."""

from __future__ import annotations

import struct
from pathlib import Path

N_HEAD_BYTES = 132
"""What it takes to know: the preamble and its mark."""


def looks_like_dicom(path: Path) -> bool:
    """True where the file has the DICOM preamble, or starts as a data set without one does.

    Raises:
        OSError: where the file cannot be read.
    """
    with path.open("rb") as file:
        return starts_as_dicom(file.read(N_HEAD_BYTES))


def starts_as_dicom(head: bytes) -> bool:
    """The same, of the first `N_HEAD_BYTES` of a file."""
    if head[128:] == b"DICM":
        return True
    if len(head) < 8:
        return False
    is_explicit = head[4:6].isalpha() and head[4:6].isupper()
    for order in "<>":
        group, element = struct.unpack(order + "HH", head[:4])
        if group in (0x0002, 0x0008) and element < 0x0100 and (is_explicit or head[6:8] == b"\0\0"):
            return True
    return False

"""What a compressed picture says of itself, checked before a decoder gets to see it.

Decoders trust the picture, not the DICOM header: where the two disagree, one of them is damaged. A picture
that was cut short decodes to a picture with a grey part, which nobody must read.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from pydicom import uid

from acquisition.dicom.refusal import Refusal

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC} | {0xF7}
"""Markers that carry the size of a JPEG or JPEG-LS picture (ISO 10918-1 B.1.1.3, ISO 14495-1 C.2.2)."""

_JPEG_START, _J2K_START, _END = b"\xff\xd8", b"\xff\x4f\xff\x51", b"\xff\xd9"

_MOST_PADDING = 64
"""Bytes behind the end marker that some writers leave, beyond the one that the standard allows."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Size and depth of a picture."""

    width_px: int
    height_px: int
    bits: int
    """Bits of a sample; in a header, the bits that are there to hold one."""
    n_components: int


def check_codestream(picture: bytes, syntax: uid.UID, claimed: Claim) -> None:
    """Refuse a compressed picture that is cut short or not what the header claims. Raises `Refusal`."""
    if syntax == uid.RLELossless:
        return  # carries no claims; its decoder counts the bytes
    own = _claim(picture)
    if (own.width_px, own.height_px) != (claimed.width_px, claimed.height_px):
        raise Refusal(
            f"is damaged: its header says {claimed.width_px} x {claimed.height_px} pixels, "
            f"its compressed picture {own.width_px} x {own.height_px}; fetch it again."
        )
    if own.n_components != 1:
        raise Refusal(f"has a compressed picture of {own.n_components} colours; only grey-scale is read.")
    if own.bits > claimed.bits:
        raise Refusal(
            f"is damaged: {own.bits} bits are compressed to fit into {claimed.bits}; fetch it again."
        )
    if not picture[-_MOST_PADDING:].rstrip(b"\0\xff").endswith(_END):
        raise Refusal("is truncated: its compressed picture has no end; fetch it again.")


def _claim(picture: bytes) -> Claim:
    start = picture.find(_J2K_START, 0, 4096)
    try:
        if start >= 0:
            return _jpeg_2000(picture, start)
        if picture.startswith(_JPEG_START):
            return _jpeg(picture)
    except struct.error:
        pass
    raise Refusal("is damaged: its compressed picture has no beginning; fetch it again.")


def _jpeg_2000(picture: bytes, start: int) -> Claim:
    """The SIZ segment (ISO 15444-1 A.5.1), perhaps behind the boxes of a JP2 file."""
    right, bottom, left, top = struct.unpack_from(">4L", picture, start + 8)
    n_components, depth = struct.unpack_from(">HB", picture, start + 40)
    return Claim(right - left, bottom - top, (depth & 0x7F) + 1, n_components)


def _jpeg(picture: bytes) -> Claim:
    """The frame header, behind whatever segments come first."""
    at = 2
    while True:
        prefix, marker, length = struct.unpack_from(">BBH", picture, at)
        if prefix != 0xFF:
            raise struct.error
        if marker == 0xFF:
            at += 1
        elif marker in _START_OF_FRAME:
            bits, height_px, width_px, n_components = struct.unpack_from(">BHHB", picture, at + 4)
            return Claim(width_px, height_px, bits, n_components)
        else:
            at += 2 + max(length, 2)

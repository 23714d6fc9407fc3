"""Which decoder takes which transfer syntax."""

from __future__ import annotations

from pydicom import uid
from pydicom.pixels.decoders.base import get_decoder

from acquisition.dicom.refusal import Refusal

DECODERS: dict[str, tuple[str, ...]] = {
    uid.RLELossless: ("pydicom",),
    uid.JPEGBaseline8Bit: ("gdcm",),
    uid.JPEGExtended12Bit: ("gdcm",),
    uid.JPEGLossless: ("gdcm",),
    uid.JPEGLosslessSV1: ("gdcm",),
    uid.JPEGLSLossless: ("pyjpegls", "gdcm"),
    uid.JPEGLSNearLossless: ("pyjpegls", "gdcm"),
    uid.JPEG2000Lossless: ("pylibjpeg", "gdcm"),
    uid.JPEG2000: ("pylibjpeg", "gdcm"),
    uid.HTJ2KLossless: ("pylibjpeg",),
    uid.HTJ2KLosslessRPCL: ("pylibjpeg",),
    uid.HTJ2K: ("pylibjpeg",),
}
"""The fastest first, the next one is asked where it fails. `benchmarks/decode.py`, 13 Mpx of 16 bits: JPEG-LS
205 ms against 460, JPEG 2000 1570 against 1605."""


def decoders_of(syntax: uid.UID, bits: int) -> tuple[str, ...]:
    """The names of the decoders at hand, at least one. Raises `Refusal` where there is none."""
    known = DECODERS.get(syntax, ())
    if syntax == uid.JPEGExtended12Bit and bits > 8:
        known = ()  # gdcm has it at 8 bits alone
    at_hand = get_decoder(syntax).available_plugins if known else ()
    if names := tuple(name for name in known if name in at_hand):
        return names
    raise Refusal(
        f"is compressed as {name_of(syntax)}, which cannot be decoded here; export it uncompressed."
    )


def name_of(identifier: uid.UID) -> str:
    """What DICOM calls it. A damaged identifier is not quoted: a patient's name may have got into it."""
    return "unknown kind" if identifier.name == str(identifier) else identifier.name

"""Which decoder takes which transfer syntax, and how each is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import as_pixel_options

from acquisition.dicom.refusal import Refusal

IMAGECODECS: dict[str, Callable[[bytes], NDArray[Any]]] = {
    uid.JPEGBaseline8Bit: imagecodecs.jpeg8_decode,
    uid.JPEGExtended12Bit: imagecodecs.jpeg8_decode,
    uid.JPEGLossless: imagecodecs.jpeg8_decode,
    uid.JPEGLosslessSV1: imagecodecs.jpeg8_decode,
    uid.HTJ2KLossless: imagecodecs.htj2k_decode,
    uid.HTJ2KLosslessRPCL: imagecodecs.htj2k_decode,
    uid.HTJ2K: imagecodecs.htj2k_decode,
}
"""libjpeg-turbo, called jpeg8 after the version of its interface, and OpenJPH. The RLE of imagecodecs reads
beyond its memory where a file is damaged, and stays out; its JPEG-LS and JPEG 2000 are no faster."""

DECODERS: dict[str, tuple[str, ...]] = {
    uid.RLELossless: ("pydicom",),
    uid.JPEGBaseline8Bit: ("imagecodecs", "gdcm"),
    uid.JPEGExtended12Bit: ("imagecodecs", "gdcm"),
    uid.JPEGLossless: ("imagecodecs", "gdcm"),
    uid.JPEGLosslessSV1: ("imagecodecs", "gdcm"),
    uid.JPEGLSLossless: ("pyjpegls", "gdcm"),
    uid.JPEGLSNearLossless: ("pyjpegls", "gdcm"),
    uid.JPEG2000Lossless: ("pylibjpeg", "gdcm"),
    uid.JPEG2000: ("pylibjpeg", "gdcm"),
    uid.HTJ2KLossless: ("imagecodecs", "pylibjpeg"),
    uid.HTJ2KLosslessRPCL: ("imagecodecs", "pylibjpeg"),
    uid.HTJ2K: ("imagecodecs", "pylibjpeg"),
}
"""The fastest first, as `benchmarks/decode.py` measures; the next one is asked where it fails."""


def decoders_of(syntax: uid.UID) -> tuple[str, ...]:
    """The names of the decoders, at least one. Raises `Refusal` where there is none."""
    if names := DECODERS.get(syntax):
        return names
    raise Refusal(
        f"is compressed as {name_of(syntax)}, which cannot be decoded here; export it uncompressed."
    )


def decompress(decoder: str, picture: bytes, syntax: uid.UID, dataset: Dataset) -> NDArray[Any]:
    """What that decoder makes of a compressed picture: (H, W), the numbers as they were compressed.

    `dataset` says how many and how wide they are. Raises whatever the decoder does.
    """
    if decoder == "imagecodecs":
        pixels = IMAGECODECS[syntax](picture)
        return pixels.reshape(int(dataset.Rows), int(dataset.Columns))
    options = as_pixel_options(dataset, number_of_frames=1, pixel_keyword="PixelData")
    options.pop("extended_offsets", None)
    options |= {"index": 0, "raw": True, "decoding_plugin": decoder}
    source = encapsulate([picture], has_bot=False)
    return np.asarray(get_decoder(syntax).as_array(source, **options)[0])


def name_of(identifier: uid.UID) -> str:
    """What DICOM calls it. A damaged identifier is not quoted: a patient's name may have got into it."""
    return "unknown kind" if identifier.name == str(identifier) else identifier.name

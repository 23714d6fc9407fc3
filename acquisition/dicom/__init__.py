"""DICOM files to pixels, grey-scale pipeline, side and view. Alone imports pydicom.

`read_header` looks at a file without touching its pixels, `read_image` decodes one frame. Both refuse with a
`FileRefused` that names the file, the reason and what to do.

pydicom takes long to load: it is loaded with the first file that is read, not with this package.
"""

from __future__ import annotations

from pathlib import Path

from acquisition.dicom.image import PHANTOM_MANUFACTURER, DicomImage, ImageHeader
from acquisition.dicom.look import looks_like_dicom
from acquisition.dicom.overlays import Overlay, OverlayKind

__all__ = [
    "PHANTOM_MANUFACTURER",
    "DicomImage",
    "ImageHeader",
    "Overlay",
    "OverlayKind",
    "looks_like_dicom",
    "read_header",
    "read_image",
]


def read_header(path: str | Path) -> ImageHeader:
    """The header of an image file; its pixels are not decoded, but are known to be all there.

    Raises:
        FileRefused: for what is no DICOM, no grey-scale image, truncated or too large.
    """
    from acquisition.dicom import reading

    return reading.read_header(path)


def read_image(path: str | Path, frame: int = 0) -> DicomImage:
    """Decode one frame; the others are not touched.

    Raises:
        FileRefused: for whatever `read_header` refuses, and for pixels that cannot be decoded.
    """
    from acquisition.dicom import reading

    return reading.read_image(path, frame)

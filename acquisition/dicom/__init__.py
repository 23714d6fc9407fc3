"""DICOM files to pixels, grey-scale pipeline, side and view. Alone imports pydicom.

`read_header` looks at a file without touching its pixels, `read_image` decodes one frame. Both refuse with a
`FileRefused` that names the file, the reason and what to do.
"""

from acquisition.dicom.file import looks_like_dicom
from acquisition.dicom.image import PHANTOM_MANUFACTURER, DicomImage, ImageHeader, read_header, read_image

__all__ = [
    "PHANTOM_MANUFACTURER",
    "DicomImage",
    "ImageHeader",
    "looks_like_dicom",
    "read_header",
    "read_image",
]

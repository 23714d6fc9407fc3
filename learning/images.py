"""The images of a set in memory: 8 bit, cut to the breast, one size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from acquisition.errors import FileRefused
from learning.files import Entry


def load_images(folder: Path, entries: Sequence[Entry], size_px: int) -> NDArray[np.uint8]:
    """(n, size_px, size_px) the images of the entries, in order.

    Each is cut to its box and shrunk with averaging; the aspect ratio is given up, as published.
    """
    images = np.empty((len(entries), size_px, size_px), np.uint8)
    for image, entry in zip(images, entries, strict=True):
        image[:] = _load(folder / entry.file, entry, size_px)
    return images


def _load(path: Path, entry: Entry, size_px: int) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as file:
            if file.mode != "L" or file.size != (entry.width_px, entry.height_px):
                raise FileRefused(
                    f"{path} is not the 8-bit grey image of {entry.width_px} x {entry.height_px} px that the "
                    "set names; build the set again."
                )
            x, y, width, height = entry.box_px
            small = file.resize((size_px, size_px), Image.Resampling.BILINEAR, (x, y, x + width, y + height))
    except (OSError, UnidentifiedImageError, ValueError) as error:
        raise FileRefused(f"{path} cannot be read as an image: {error}.") from error
    return np.asarray(small)

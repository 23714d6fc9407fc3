"""Gaze from elsewhere, put on the images of a set by their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from acquisition.errors import UserError
from learning.datasets.found import BoxPx, FoundImage

FloatArray = NDArray[np.float64]

ENDINGS = frozenset({"dcm", "dicom", "png", "jpg", "jpeg", "bmp", "tif", "tiff"})
"""Of image files; whatever else follows a point in a name belongs to it."""


@dataclass(frozen=True)
class FoundGaze:
    """One reading of one image.

    image: what the file calls it
    reader: who read; becomes a pseudonym
    samples: float64 (n, 3) x, y, t_s; see `height_px`
    height_px: of the image as it was shown, in px of x and y; x and y are scaled by the image's own height
        over it. None where they are shares of the image's width and height.
    """

    image: str
    reader: str
    samples: FloatArray
    height_px: float | None
    is_simulated: bool = False
    is_ordered: bool = True
    """False for a heat map: nobody knows any more what was looked at first, or for how long at once."""


@dataclass(frozen=True)
class GazeFormat:
    """One way in which gaze is written down."""

    title: str
    source: str
    read: Callable[[Path], list[FoundGaze]]
    """All readings of a folder. Raises `UserError`."""


class NoGaze(UserError):
    """There is no gaze on any image."""


def shown_at(readings: Sequence[FoundGaze], height_px: float | None) -> list[FoundGaze]:
    """Readings of images that were shown at a height, where their format does not tell it.

    Args:
        readings: the gaze.
        height_px: as somebody said; what lies beyond is then left out. None for what the format assumes.

    Raises:
        UserError: nobody said a height, and gaze lies beyond the one assumed.
    """
    if height_px is not None:
        return [replace(each, height_px=height_px) if each.height_px else each for each in readings]
    for each in readings:
        lowest_px = float(each.samples[:, 1].max(initial=0.0))
        if each.height_px is not None and lowest_px > each.height_px:
            raise UserError(
                f"The gaze on '{each.image}' reaches y = {lowest_px:g} px, and images are taken to have been "
                f"shown {each.height_px:g} px high; give the height they had with --gaze-height."
            )
    return list(readings)


def match_gaze(images: Sequence[FoundImage], readings: Iterable[FoundGaze]) -> dict[int, list[FoundGaze]]:
    """The readings of each image, by its place in `images`.

    A name is compared without folders, ending and case; crops of one image share its readings.

    Raises:
        NoGaze: no reading is of any image.
        UserError: two files have the name of a reading.
    """
    by_name: dict[str, list[int]] = {}
    for index, image in enumerate(images):
        for name in {_bare(image.path.name), *map(_bare, image.names)}:
            by_name.setdefault(name, []).append(index)
    matched: dict[int, list[FoundGaze]] = {}
    unknown = []
    for reading in readings:
        indices = by_name.get(_bare(reading.image), [])
        if len({images[index].path for index in indices}) > 1:
            raise UserError(
                f"The gaze on '{reading.image}' fits several images; give them names of their own."
            )
        for index in indices:
            matched.setdefault(index, []).append(reading)
        if not indices:
            unknown.append(reading.image)
    if not matched:
        told = f", for instance '{_bare(unknown[0])}'" if unknown else ""
        raise NoGaze(
            f"None of the {len(unknown)} readings is of an image of the data set{told}; compare names."
        )
    return matched


def _bare(name: str) -> str:
    last = PurePosixPath(name.replace("\\", "/")).name
    stem, _, ending = last.lower().rpartition(".")
    return stem if stem and ending in ENDINGS else last.lower()


def on_image(reading: FoundGaze, size_px: tuple[int, int], box_px: BoxPx) -> FloatArray:
    """(m, 3) x_px, y_px, t_s of a reading in a box of an image; what fell beside or on its rim is left out.

    Args:
        reading: the gaze.
        size_px: (width, height) of the whole image.
        box_px: the part that the set holds.
    """
    width, height = size_px
    scale = (width, height) if reading.height_px is None else (height / reading.height_px,) * 2
    x, y, across, down = box_px
    xy = reading.samples[:, :2] * np.asarray(scale) - (x, y)
    inside = (xy > 0).all(axis=1) & (xy < (across, down)).all(axis=1)
    placed: FloatArray = np.column_stack([xy, reading.samples[:, 2]])[inside]
    return placed

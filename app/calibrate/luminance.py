"""The grey behind the targets: as bright, on the whole, as the images that will be read. Pure; knows no Qt.

The pupil follows the light, and gaze follows the pupil: calibrated on black and used on white, Tall et al.
(2012) found 67 px of systematic error where 27 px were had on black. Greys are averaged as light, not as
numbers, with the usual exponent of monitors; what the images leave of the room is black.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Image
from app.read.decoding import LoadedImage
from app.read.transform import intersection
from app.read.wall import Pane, Wall

DEFAULT_GREY = 64
"""Of 255: about what four mammograms on black make; while no image is decoded."""
LEAST_GREY = 40
"""Never black."""
MOST_GREY = 224
EXPONENT = 2.2
DARK_GROUND = 117
"""Up to this grey bright words are read better than dark ones."""


def grey_of_light(parts: Iterable[tuple[float, float]], area: float) -> int:
    """The grey, 0 to 255, that is as bright as (light, area) pairs on black in this whole area.

    light: 0 black to 1 white, linear in luminance
    """
    light = sum(part_light * part_area for part_light, part_area in parts) / area
    grey: float = 255.0 * min(max(light, 0.0), 1.0) ** (1.0 / EXPONENT)
    return round(grey)


def ink_on(grey: int) -> str:
    """The named colour of words and targets on this grey: at least 4.5 to 1 on any."""
    return "bright" if grey <= DARK_GROUND else "pane"


def mean_light(greys: NDArray[np.uint8]) -> float:
    """Mean luminance of displayed greys of any shape, 0 to 1."""
    of_grey = (np.arange(256) / 255.0) ** EXPONENT
    return float(of_grey[greys].mean())


def reading_grey(images: Sequence[Image], loaded: Sequence[LoadedImage], room_px: tuple[int, int]) -> int:
    """The grey behind the targets for a case as it will hang, fitted, in a room of this size.

    `DEFAULT_GREY` where none of its images is loaded.
    """
    wall = Wall()
    wall.resize(*room_px)
    wall.hang(images)
    for one in loaded:
        wall.show(one)
    known = [(pane, pane.look.loaded) for pane in wall.panes if pane.look.loaded is not None]
    if not known:
        return DEFAULT_GREY
    parts = [_light_and_area(pane, one) for pane, one in known]
    grey = grey_of_light(parts, sum(pane.size_px[0] * pane.size_px[1] for pane, _ in known))
    return min(max(grey, LEAST_GREY), MOST_GREY)


def _light_and_area(pane: Pane, loaded: LoadedImage) -> tuple[float, float]:
    """Mean light of an image, and the area in px that its pane shows of it."""
    greys = np.take(loaded.table(None, False), loaded.pyramid.levels[-1], mode="clip")
    whole = pane.pose.placement.box_to_pane((0.0, 0.0, pane.image.width_px, pane.image.height_px))
    _, _, width_px, height_px = intersection(whole, (0.0, 0.0, *pane.size_px))
    return mean_light(greys), width_px * height_px

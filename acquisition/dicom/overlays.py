"""Overlays: bit planes that a file lays over its image (PS3.3 C.9.2). They never change the pixels below."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class OverlayKind(StrEnum):
    """What the bits of a plane mean."""

    GRAPHICS = "G"
    REGION = "R"


@dataclass(frozen=True, slots=True)
class Overlay:
    """One bit plane of one frame; it may be larger than the image or lie beside it."""

    bits: NDArray[np.bool_]
    """(H, W): True where something is drawn."""
    x_image_px: int
    """Image column of the plane's first column; negative where the plane begins left of the image."""
    y_image_px: int
    kind: OverlayKind = OverlayKind.GRAPHICS
    label: str = ""
    description: str = ""

    def over(self, width_px: int, height_px: int) -> NDArray[np.bool_]:
        """The plane as bool (height, width) where it lies on an image of this size; False elsewhere."""
        shown = np.zeros((height_px, width_px), dtype=np.bool_)
        height, width = self.bits.shape
        top, left = max(self.y_image_px, 0), max(self.x_image_px, 0)
        bottom = max(min(self.y_image_px + height, height_px), top)
        right = max(min(self.x_image_px + width, width_px), left)
        shown[top:bottom, left:right] = self.bits[
            top - self.y_image_px : bottom - self.y_image_px, left - self.x_image_px : right - self.x_image_px
        ]
        return shown

"""How an image is drawn into its pane, in device pixels; nothing outside the visible part is mapped."""

from __future__ import annotations

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter

from acquisition.domain import Box
from app import theme
from app.read.decoding import LoadedImage
from app.read.mapping import Greys, Mapper, greys_of
from app.read.painting import rectangle
from app.read.pyramid import Pyramid
from app.read.transform import Placement, around
from app.read.wall import Look, Pane
from app.read.windowing import Window

Choice = tuple[LoadedImage, Window | None, bool, int]
"""What a display table is made from."""


class FilmPainter:
    """Paints one image, and keeps what the next paint of it is likely to need again."""

    def __init__(self) -> None:
        """Nothing was painted yet."""
        self._mapper = Mapper()
        self._greys: tuple[Choice, Greys] | None = None

    def paint(self, painter: QPainter, pane: Pane, loaded: LoadedImage) -> None:
        """The image of a pane where it hangs, through its window or table."""
        greys = self._greys_for(loaded, pane.look)
        paint_image(painter, self._mapper, loaded.pyramid, pane.pose.placement, pane.pose.box_px, greys)

    def _greys_for(self, loaded: LoadedImage, look: Look) -> Greys:
        choice = loaded, look.window, look.is_inverted, look.voi
        kept = self._greys
        if kept is None or kept[0][0] is not loaded or kept[0][1:] != choice[1:]:
            kept = self._greys = choice, greys_of(loaded.table(*choice[1:]))
        return kept[1]


def paint_image(
    painter: QPainter, mapper: Mapper, pyramid: Pyramid, placement: Placement, pane: Box, greys: Greys
) -> None:
    """Draw the visible part of the image into its pane: exact at 1:1, smooth at other scales."""
    left, top, pane_width, pane_height = map(round, pane)
    x, y, pixels = mapper.map(pyramid, placement, (pane_width, pane_height), greys)
    height, width = pixels.shape
    for ground in around(pane, (left + x, top + y, width, height)):
        painter.fillRect(rectangle(ground), theme.colour("pane"))
    if not pixels.size:
        return
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    painter.drawImage(QPoint(left + x, top + y), image)

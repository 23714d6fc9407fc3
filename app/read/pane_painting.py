"""How a whole pane is painted: image, overlays, marks, words; or why there is no image."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QPainter, QPen

from app import theme
from app.read.decoding import LoadedImage
from app.read.mark_hands import MarkHands
from app.read.mark_painting import paint_marks, paint_sketch
from app.read.overlay_painting import OverlayPainter
from app.read.painting import paint_corners, paint_image, paint_sentence, rectangle
from app.read.pane_words import corner_words
from app.read.pyramid import Mapper
from app.read.wall import Pane
from app.texts import Text, say


class PanePainter:
    """Paints panes in device pixels, with buffers that are used again."""

    def __init__(self) -> None:
        """Nothing was painted yet."""
        self._mapper = Mapper()
        self._overlays = OverlayPainter()

    def forget(self) -> None:
        """Another case hangs."""
        self._overlays.forget()

    def paint(
        self,
        painter: QPainter,
        pane: Pane,
        hands: MarkHands,
        study_dates: Sequence[str],
        scale: float,
        is_patient: bool,
    ) -> None:
        """A pane on the wall; of an image on its way nothing is said while the reader is patient."""
        if pane.look.loaded is None:
            self._paint_waiting(painter, pane, study_dates, scale, is_patient)
            return
        self._paint_image(painter, pane, pane.look.loaded, hands, scale)
        words = corner_words(pane, study_dates, scale)
        paint_corners(painter, pane.pose.box_px, pane.words_at, scale, *words)

    def paint_magnifier(self, painter: QPainter, pane: Pane, hands: MarkHands, scale: float) -> None:
        """A pane over another one, with a border and without words."""
        if pane.look.loaded is None:
            return
        self._paint_image(painter, pane, pane.look.loaded, hands, scale)
        painter.setPen(QPen(theme.colour("accent"), scale))
        painter.drawRect(rectangle(pane.pose.box_px))

    def _paint_image(
        self, painter: QPainter, pane: Pane, loaded: LoadedImage, hands: MarkHands, scale: float
    ) -> None:
        look = pane.look
        table = loaded.table(look.window, look.is_inverted, look.voi)
        box, placement = pane.pose.box_px, pane.pose.placement
        paint_image(painter, self._mapper, loaded.pyramid, placement, box, table)
        if look.has_overlays:
            self._overlays.paint(painter, pane)
        paint_marks(painter, pane, hands.marks, hands.chosen_id, scale)
        if hands.sketch is not None:
            paint_sketch(painter, pane, hands.sketch, scale)

    def _paint_waiting(
        self, painter: QPainter, pane: Pane, study_dates: Sequence[str], scale: float, is_patient: bool
    ) -> None:
        box = pane.pose.box_px
        painter.fillRect(rectangle(box), theme.colour("pane"))
        if pane.look.refusal:
            paint_sentence(painter, box, pane.look.refusal, "warning", scale)
        elif not is_patient:
            paint_sentence(painter, box, say(Text.LOADING), "muted", scale)
        name, _ = corner_words(pane, study_dates, scale)
        paint_corners(painter, box, pane.words_at, scale, name, [])

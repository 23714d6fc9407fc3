"""Words in panes: in the outer corners of an image, or in place of one; painted in device pixels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter

from acquisition.domain import Box
from app import theme
from app.read.transform import Anchor

MARGIN_PX = 8
LABEL_PX = 12
NAME_PX = 15
GROUND_ALPHA = 216
"""Of the dark behind words: they can be read over the brightest tissue."""


def rectangle(box: Box) -> QRectF:
    """A box as Qt has it."""
    return QRectF(*box)


def paint_corners(
    painter: QPainter, pane: Box, anchor: Anchor, scale: float, top: Sequence[str], bottom: Sequence[str]
) -> None:
    """Words in the corners at one side; the first of `top` stands out."""
    is_right = anchor is Anchor.RIGHT
    margin = MARGIN_PX * scale
    y = pane[1] + margin
    for i, line in enumerate(top):
        look = ("text", NAME_PX) if i == 0 else ("muted", LABEL_PX)
        y += _paint_line(painter, line, *look, scale, pane, y, is_right).height()
    y = pane[1] + pane[3] - margin
    for line in reversed(bottom):
        y -= _line_height(LABEL_PX, scale)
        _paint_line(painter, line, "muted", LABEL_PX, scale, pane, y, is_right)


@cache
def _line_height(size_px: int, scale: float) -> float:
    return QFontMetricsF(theme.font(round(size_px * scale))).height()


def _paint_line(
    painter: QPainter,
    line: str,
    tint: str,
    size_px: int,
    scale: float,
    pane: Box,
    y: float,
    is_right: bool,
) -> QRectF:
    """One line at height `y` on a dark ground, cut short where the pane ends."""
    font_px, margin = round(size_px * scale), MARGIN_PX * scale
    line, width = _cut_short(line, font_px, pane[2] - 3 * margin)
    width += margin
    left = pane[0] + pane[2] - margin - width if is_right else pane[0] + margin
    box = QRectF(left, y, width, _line_height(size_px, scale))
    painter.setFont(theme.font(font_px))
    painter.fillRect(box, theme.colour("pane", GROUND_ALPHA))
    painter.setPen(theme.colour(tint))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, line)
    return box


@lru_cache(maxsize=256)
def _cut_short(line: str, font_px: int, room_px: float) -> tuple[str, float]:
    """A line as it fits, and its width; most are the same from paint to paint."""
    metrics = QFontMetricsF(theme.font(font_px))
    fitting = metrics.elidedText(line, Qt.TextElideMode.ElideRight, room_px)
    return fitting, metrics.horizontalAdvance(fitting)


def paint_sentence(painter: QPainter, pane: Box, sentence: str, tint: str, scale: float) -> None:
    """A sentence in the middle of an empty pane."""
    painter.setFont(theme.font(round(theme.FONT_SIZE_PX * scale)))
    painter.setPen(theme.colour(tint))
    inner = rectangle(pane).adjusted(24 * scale, 24 * scale, -24 * scale, -24 * scale)
    painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, sentence)

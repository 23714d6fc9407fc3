"""Overlays over their image: every line is seen at every size, and where the file puts it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication
from reading_fakes import Film, an_image, ramp

from acquisition.dicom import Overlay
from app.read.decoding import LoadedImage
from app.read.overlay_painting import OverlayPainter, shrunk
from app.read.pyramid import build_pyramid
from app.read.wall import Pane, Wall
from app.read.windowing import Window


@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_no_bit_is_lost_and_none_is_added(factor: int, height: int, width: int, seed: int) -> None:
    bits = np.random.default_rng(seed).random((height, width)) < 0.05
    small = shrunk(bits, factor)
    slow = np.zeros_like(small)
    for row, column in np.argwhere(bits):
        slow[row // factor, column // factor] = True
    np.testing.assert_array_equal(small, slow)


def pane_with(overlay: Overlay, name: str = "L CC", zoom: float = 1.0) -> Pane:
    image, film = an_image(name, size_px=(200, 100), box_px=(0, 0, 200, 100)), Film(ramp(200, 100))
    film.overlays = (overlay,)
    wall = Wall()
    wall.resize(400, 300)
    wall.hang([image])
    wall.show(LoadedImage(image.id, build_pyramid(film.pixels), Window(*film.default_window), film))
    [pane] = wall.panes
    placement = replace(pane.pose.placement, zoom=zoom)
    return replace(pane, pose=replace(pane.pose, placement=placement))


def painted(pane: Pane) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    canvas = QImage(400, 300, QImage.Format.Format_RGB32)
    canvas.fill(0)
    painter = QPainter(canvas)
    OverlayPainter().paint(painter, pane)
    painter.end()
    pixels = np.frombuffer(canvas.constBits(), np.uint32).reshape(300, 400)
    return (pixels & 0xFFFFFF) > 0


@pytest.mark.parametrize("name", ["L CC", "R CC"])
@pytest.mark.parametrize("zoom", [0.3, 1.0, 1.5])
@pytest.mark.parametrize("corner", [(0, 0), (-20, 5), (150, 60)])
def test_a_plane_lies_where_the_file_puts_it(
    dressed: QApplication, name: str, zoom: float, corner: tuple[int, int]
) -> None:
    bits = np.zeros((40, 60), dtype=np.bool_)
    bits[10:20, 30:50] = True
    pane = pane_with(Overlay(bits, *corner), name, zoom)
    x, y, width, height = pane.pose.placement.box_to_pane((corner[0] + 30, corner[1] + 10, 20, 10))
    left, top, _, _ = pane.pose.box_px
    rows, columns = np.nonzero(painted(pane))
    tolerance_px = 1.5 + 1 / zoom
    assert columns.min() == pytest.approx(max(left + x, 0), abs=tolerance_px)
    assert columns.max() == pytest.approx(left + x + width - 1, abs=tolerance_px)
    assert rows.min() == pytest.approx(top + y, abs=tolerance_px)
    assert rows.max() == pytest.approx(top + y + height - 1, abs=tolerance_px)


def test_a_line_of_one_pixel_is_whole_at_a_tenth_of_its_size(dressed: QApplication) -> None:
    bits = np.zeros((100, 200), dtype=np.bool_)
    bits[37] = True
    pane = pane_with(Overlay(bits, 0, 0), zoom=0.1)
    columns = np.nonzero(painted(pane).any(axis=0))[0]
    assert len(columns) >= 19

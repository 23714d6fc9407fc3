"""A light box in which somebody drags window/level over four mammograms without a pause."""

import time

from PySide6.QtCore import QEvent, QRectF
from PySide6.QtWidgets import QApplication
from window_level import drag_over, film, light_box, mammogram, send_mouse

from acquisition.domain import Laterality

FRAMES_A_FILM = 40
"""Before the mouse goes on to the next one."""


def repaint_for(seconds, recorder):
    """Each picture is a view state that is recorded; returns how many were painted."""
    application = QApplication.instance() or QApplication([])
    pixels = mammogram(seed=0)
    sides = (Laterality.RIGHT, Laterality.LEFT)
    films = {film(f"{side}{view}", side, view): pixels for view in ("CC", "MLO") for side in sides}
    box = light_box(films)
    application.processEvents()
    middles = [QRectF(*pane.pose.box_px).center() for pane in box.panes]
    box.painted.connect(recorder.post)
    end_s, n_pictures = time.perf_counter() + seconds, 0
    while time.perf_counter() < end_s:
        middle = middles[n_pictures // FRAMES_A_FILM % len(middles)]
        if n_pictures % FRAMES_A_FILM == 0:
            frame = drag_over(box, middle)
        frame(n_pictures)
        if n_pictures % FRAMES_A_FILM == FRAMES_A_FILM - 1:
            send_mouse(box, QEvent.Type.MouseButtonRelease, middle)
        application.processEvents()
        n_pictures += 1
    box.close()
    return n_pictures

"""What a repaint of the light box takes: windowing beside pyqtgraph's ImageItem, moving, zooming, a mark.

A frame is: the mouse moved, and what that asked for was painted, through the widget's own events. Frames of
two programs alternate. ImageItem is set as the chapter *Performance* of its manual asks: row-major and
C-contiguous uint16, levels as one pair, no colour table, and numba where it is installed; with and without
`autoDownsample`. The fastest of these is compared.
"""

import importlib.util
import math
import statistics
import time
from collections.abc import Iterable

import pyqtgraph as pg
from films import (
    HEIGHT_PX,
    VISIBLE_PX,
    WIDTH_PX,
    Frame,
    drag_over,
    film,
    four_views,
    light_box,
    mammogram,
    middle_of,
    zoom_at,
)
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtWidgets import QApplication

from acquisition.domain import Annotation, MarkKind
from app.read.lightbox import LightBox

Figure = tuple[str, float, str]
"""Name, value, unit with the reach."""
N_ROI_POINTS = 500
N_WARM_UP = 3


def window_figures(n_frames: int) -> Iterable[Figure]:
    """(a) One film, pixel by pixel and fitted whole, beside ImageItem."""
    has_numba = importlib.util.find_spec("numba") is not None
    pg.setConfigOptions(useNumba=has_numba, useOpenGL=False, imageAxisOrder="row-major")
    for is_fitted, shown in ((False, "actual"), (True, "fitted")):
        ours, theirs = our_window(is_fitted), {on: their_window(is_fitted, on) for on in (False, True)}
        frames = {"ours": ours[1], "plain": theirs[False][1], "downsampling": theirs[True][1]}
        medians = {name: statistics.median(ms) for name, ms in in_turns(frames, n_frames).items()}
        alone_ms = statistics.median(in_turns({"ours": ours[1]}, n_frames)["ours"])
        fastest = min(medians["plain"], medians["downsampling"])
        numba = "with numba" if has_numba else "without numba"
        yield f"window_{shown}_gazeroom", medians["ours"], "ms (reach 10)"
        yield f"window_{shown}_gazeroom_alone", alone_ms, "ms, not in turns"
        yield f"window_{shown}_imageitem", medians["plain"], f"ms ({numba})"
        yield f"window_{shown}_imageitem_downsampling", medians["downsampling"], f"ms ({numba})"
        yield f"window_{shown}_ratio", fastest / medians["ours"], "times (reach 5)"
        ours[0].close()


def move_figures(n_frames: int) -> Iterable[Figure]:
    """(b) Four films: one moved and zoomed, and all of them linked."""
    for is_linked, moved in ((False, "one"), (True, "all_four")):
        box = light_box(four_views())
        box.set_linked(is_linked)
        zoom = zoom_at(box, middle_of(box, 0))
        yield f"zoom_step_{moved}", p95(in_turns({"zoom": zoom}, n_frames)["zoom"]), "ms p95 (reach 16)"
        pan = drag_over(box, middle_of(box, 0), Qt.MouseButton.MiddleButton)
        yield f"pan_step_{moved}", p95(in_turns({"pan": pan}, n_frames)["pan"]), "ms p95 (reach 16)"
        box.close()


def roi_figures(n_frames: int) -> Iterable[Figure]:
    """(f) A mark of many points held by its line over one film."""
    for is_fitted, shown in ((True, "fitted"), (False, "actual")):
        box = shown_alone(is_fitted)
        pane = box.panes[0]
        radius = 250 / pane.pose.placement.zoom
        turns = [2 * math.pi * i / N_ROI_POINTS for i in range(N_ROI_POINTS)]
        x, y = pane.pose.placement.to_image(VISIBLE_PX[0] / 2, VISIBLE_PX[1] / 2)
        points = tuple((x + radius * math.cos(turn), y + radius * math.sin(turn)) for turn in turns)
        mark = Annotation("mark", "reading", pane.image.id, MarkKind.FREEHAND, points, "mass", 1)
        box.show_marks([mark], mark.id)
        x, y = pane.pose.placement.to_pane(*points[len(points) // 8])
        frame = drag_over(box, QPointF(x, y), Qt.MouseButton.LeftButton)
        ms = in_turns({"roi": frame}, n_frames)["roi"]
        yield f"roi_{N_ROI_POINTS}_points_{shown}", p95(ms), "ms p95 (reach 16)"
        box.close()


def shown_alone(is_fitted: bool) -> LightBox:
    box = light_box({film("film"): mammogram(seed=0)})
    if not is_fitted:
        box.actual_size()
        QApplication.processEvents()
    return box


def our_window(is_fitted: bool) -> tuple[LightBox, Frame]:
    """The light box with one film, windowed by a drag of the right button."""
    box = shown_alone(is_fitted)
    return box, drag_over(box, middle_of(box, 0))


def their_window(is_fitted: bool, downsamples: bool) -> tuple[pg.GraphicsView, Frame]:
    """ImageItem in a bare GraphicsView: no axes, no histogram, nothing else to draw."""
    view = pg.GraphicsView(useOpenGL=False)
    view.resize(*VISIBLE_PX)
    item = pg.ImageItem(mammogram(seed=0), levels=(0, 65_535), autoDownsample=downsamples)
    view.addItem(item)
    view.show()
    scale = min(VISIBLE_PX[0] / WIDTH_PX, VISIBLE_PX[1] / HEIGHT_PX) if is_fitted else 1.0
    width, height = VISIBLE_PX[0] / scale, VISIBLE_PX[1] / scale
    view.setRange(QRectF((WIDTH_PX - width) / 2, (HEIGHT_PX - height) / 2, width, height), padding=0)
    QApplication.processEvents()

    def frame(number: int) -> None:
        item.setLevels((100 * (number % 50), 65_535 - 100 * (number % 70)))
        view.viewport().repaint()

    return view, frame


def in_turns(frames: dict[str, Frame], n_frames: int) -> dict[str, list[float]]:
    """The ms of every frame of each, taken in turns after a few to warm up."""
    times: dict[str, list[float]] = {name: [] for name in frames}
    for number in range(n_frames + N_WARM_UP):
        for name, frame in frames.items():
            start_s = time.perf_counter()
            frame(number)
            if number >= N_WARM_UP:
                times[name].append(1000 * (time.perf_counter() - start_s))
    return times


def p95(ms: list[float]) -> float:
    return statistics.quantiles(ms, n=20)[-1]

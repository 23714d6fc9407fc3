"""Window and level: one repaint of a 16-bit mammogram, beside pyqtgraph's ImageItem, one line a figure.

A synthetic 4096 x 3328 mammogram is shown in 2048 x 2560 pixels, once pixel by pixel and once fitted
whole. A frame is: the mouse moved, the window changed, the widget was repainted; repaints of both
programs alternate in one process. ImageItem is given its fastest way: uint16 row-major data, two levels
and no colour table, so that it rescales with numba where numba is installed, with and without
`autoDownsample`; the fastest of these settings is what is compared.

    python benchmarks/window_level.py
"""

import argparse
import importlib.util
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from acquisition.clock import RealClock
from acquisition.domain import Image, Laterality
from acquisition.greyscale import Greyscale
from app import theme
from app.read.decoding import LoadedImage
from app.read.lightbox import LightBox
from app.read.pyramid import build_pyramid
from app.read.windowing import Window

HEIGHT_PX, WIDTH_PX = 4096, 3328
VISIBLE_PX = (2048, 2560)
Frame = Callable[[int], None]


def mammogram(seed: int) -> NDArray[np.uint16]:
    """(H, W) uint16: half an ellipse of cloudy tissue with the noise of a detector, on air."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((HEIGHT_PX // 64, WIDTH_PX // 64))
    y, x = np.mgrid[0:HEIGHT_PX, 0:WIDTH_PX].astype(np.float32)
    inside = (x / (0.7 * WIDTH_PX)) ** 2 + ((y - HEIGHT_PX / 2) / (0.45 * HEIGHT_PX)) ** 2 < 1
    tissue = 20_000 + 25_000 * np.kron(coarse, np.ones((64, 64), np.float32))
    noise = rng.normal(0, 300, (HEIGHT_PX, WIDTH_PX)).astype(np.float32)
    return np.clip(np.where(inside, tissue, 800) + noise, 0, 65_535).astype(np.uint16)


class Decoded:
    """The mammogram as a 16-bit file without a window of its own."""

    def __init__(self, pixels: NDArray[np.uint16]) -> None:
        self.pixels = pixels
        self._greyscale = Greyscale(bits=16)
        self.default_window = (32_768.0, 65_536.0)

    def lut(
        self, voi: int = 0, window: tuple[float, float] | None = None, inverted: bool = False
    ) -> NDArray[np.uint8]:
        return self._greyscale.table(voi, window, inverted)

    def lut_index(self, pixels: NDArray[np.uint16]) -> NDArray[np.uint16]:
        return self._greyscale.index(pixels)


def film(image_id: str, laterality: Laterality = Laterality.LEFT, view: str = "") -> Image:
    """An image of the case, of the size of `mammogram`."""
    return Image(
        id=image_id,
        case_id="case",
        path="",
        sha256="",
        size_bytes=0,
        sop_instance_uid="",
        study_instance_uid="",
        frame=0,
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        modality="MG",
        laterality=laterality,
        view=view,
        flip_to_hang=False,
        box_px=(0, 0, WIDTH_PX, HEIGHT_PX),
        is_simulated=True,
    )


def light_box(films: dict[Image, NDArray[np.uint16]]) -> LightBox:
    """The light box with these films, `VISIBLE_PX` large."""
    box = LightBox(RealClock())
    box.resize(*VISIBLE_PX)
    box.show()
    box.hang(list(films))
    for image, pixels in films.items():
        window = Window(32_768, 65_536)
        box.show_image(LoadedImage(image.id, build_pyramid(pixels), window, Decoded(pixels)))
    return box


def drag_over(box: LightBox, middle: QPointF) -> Frame:
    """The right button held down at `middle` (widget px): each frame is a move and a repaint."""
    send_mouse(box, QEvent.Type.MouseButtonPress, middle)

    def frame(number: int) -> None:
        send_mouse(box, QEvent.Type.MouseMove, middle + QPointF(10 + number % 200, -(number % 100)))
        box.repaint()

    return frame


def our_frame(pixels: NDArray[np.uint16], is_fitted: bool) -> tuple[LightBox, Frame]:
    """The light box with one film, windowed by a drag of the right button."""
    box = light_box({film("img"): pixels})
    if not is_fitted:
        box.actual_size()
    return box, drag_over(box, QPointF(VISIBLE_PX[0] / 2, VISIBLE_PX[1] / 2))


def send_mouse(box: LightBox, kind: QEvent.Type, at: QPointF) -> None:
    """With the right button, which windows."""
    button = Qt.MouseButton.RightButton
    event = QMouseEvent(kind, at, box.mapToGlobal(at), button, button, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(box, event)


def their_frame(
    pixels: NDArray[np.uint16], is_fitted: bool, downsamples: bool
) -> tuple[pg.GraphicsView, Frame]:
    """ImageItem in a bare GraphicsView: no axes, no histogram, nothing else to draw."""
    view = pg.GraphicsView(useOpenGL=False)
    view.resize(*VISIBLE_PX)
    item = pg.ImageItem(pixels, axisOrder="row-major", levels=(0, 65_535), autoDownsample=downsamples)
    view.addItem(item)
    view.show()
    if is_fitted:
        scale = min(VISIBLE_PX[0] / WIDTH_PX, VISIBLE_PX[1] / HEIGHT_PX)
        width, height = VISIBLE_PX[0] / scale, VISIBLE_PX[1] / scale
        view.setRange(QRectF((WIDTH_PX - width) / 2, (HEIGHT_PX - height) / 2, width, height), padding=0)
    else:
        left, top = (WIDTH_PX - VISIBLE_PX[0]) / 2, (HEIGHT_PX - VISIBLE_PX[1]) / 2
        view.setRange(QRectF(left, top, *VISIBLE_PX), padding=0)

    def frame(number: int) -> None:
        item.setLevels((100 * (number % 50), 65_535 - 100 * (number % 70)))
        view.viewport().repaint()

    return view, frame


def interleaved_ms(frames: dict[str, Frame], n_rounds: int) -> dict[str, float]:
    """Median ms a frame of each, taken in turns."""
    QApplication.processEvents()  # only exposed windows are painted
    times: dict[str, list[float]] = {name: [] for name in frames}
    for number in range(-2, n_rounds):
        for name, frame in frames.items():
            start_s = time.perf_counter()
            frame(number)
            if number >= 0:
                times[name].append(1000 * (time.perf_counter() - start_s))
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="frames of each program")
    options = parser.parse_args()
    has_numba = importlib.util.find_spec("numba") is not None
    pg.setConfigOptions(useNumba=has_numba, useOpenGL=False)
    theme.apply(QApplication([]))
    pixels = mammogram(seed=0)
    print(f"pyqtgraph {pg.__version__}, uint16 row-major, two levels, numba {'on' if has_numba else 'off'}")
    for is_fitted in (False, True):
        shown = "fitted whole" if is_fitted else "pixel by pixel"
        ours = our_frame(pixels, is_fitted)
        theirs = {on: their_frame(pixels, is_fitted, downsamples=on) for on in (False, True)}
        frames = {"gazeroom": ours[1]} | {
            f"ImageItem, autoDownsample {'on' if on else 'off'}": frame for on, (_, frame) in theirs.items()
        }
        medians = interleaved_ms(frames, options.rounds)
        for name, ms in medians.items():
            print(f"window/level, {shown}, {name}: {ms:.1f} ms a frame")
        fastest = min(ms for name, ms in medians.items() if name != "gazeroom")
        print(f"window/level, {shown}, ImageItem over gazeroom: {fastest / medians['gazeroom']:.1f}x")


if __name__ == "__main__":
    main()

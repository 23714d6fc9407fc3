"""Decoding off the GUI thread, and letting go of what is not wanted."""

import hashlib
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from dicom_files import make_dataset, write_crashing
from pytestqt.qtbot import QtBot
from reading_fakes import Darkroom, an_image

from acquisition.dicom.workers import FileWorkers
from acquisition.domain import Image
from acquisition.errors import FileRefused
from app.read.decoding import load_image
from app.read.loading import ImageLoader

PATIENCE_MS = 60_000
"""The first image waits for the kernels."""


@pytest.fixture
def darkroom(tmp_path: Path) -> Darkroom:
    return Darkroom(tmp_path)


@pytest.fixture
def loader(darkroom: Darkroom, qtbot: QtBot) -> Iterator[ImageLoader]:
    loader = ImageLoader(darkroom.read)
    yield loader
    loader.close()


@pytest.fixture
def images(darkroom: Darkroom) -> list[Image]:
    return [darkroom.develop(an_image(name)) for name in ("R CC", "L CC")]


def test_a_missing_file_says_where_it_should_be(darkroom: Darkroom, images: list[Image]) -> None:
    Path(images[0].path).unlink()
    with pytest.raises(FileRefused, match=r"R CC\.dcm: the file is not where it was imported from"):
        load_image(images[0], darkroom.read)


def test_a_changed_file_is_not_shown_until_the_original_is_back(
    darkroom: Darkroom, images: list[Image]
) -> None:
    file = Path(images[0].path)
    original = file.read_bytes()
    file.write_bytes(b"something else")
    with pytest.raises(FileRefused, match=r"was changed after its import\. Put the original back"):
        load_image(images[0], darkroom.read)
    file.write_bytes(original)
    assert load_image(images[0], darkroom.read).image_id == images[0].id


def test_wanted_images_arrive_and_others_are_let_go(
    qtbot: QtBot, loader: ImageLoader, images: list[Image]
) -> None:
    first, second = images
    with qtbot.waitSignals([loader.loaded, loader.loaded], timeout=PATIENCE_MS):
        loader.want(images)
    assert all(loader.image(image.id) for image in images)
    loader.want([second])
    assert loader.image(first.id) is None
    assert loader.image(second.id) is not None


def test_what_is_let_go_gives_its_memory_back(qtbot: QtBot, loader: ImageLoader, images: list[Image]) -> None:
    with qtbot.waitSignal(loader.loaded, timeout=PATIENCE_MS):
        loader.want(images[:1])
    loaded = loader.image(images[0].id)
    assert loaded is not None
    level = weakref.ref(loaded.pyramid.levels[-1])
    del loaded
    assert level() is not None
    loader.want(())
    qtbot.waitUntil(lambda: level() is None)


def test_a_refusal_is_told_with_its_sentence(qtbot: QtBot, loader: ImageLoader, images: list[Image]) -> None:
    Path(images[0].path).unlink()
    with qtbot.waitSignal(loader.refused) as told:
        loader.want(images[:1])
    image_id, sentence = told.args
    assert image_id == images[0].id
    assert "not where it was imported from" in sentence


def test_an_image_that_is_no_longer_wanted_is_not_announced(
    qtbot: QtBot, loader: ImageLoader, darkroom: Darkroom, images: list[Image]
) -> None:
    first, second = images
    go_on = threading.Event()
    darkroom.hold = lambda: go_on.wait(10)
    announced: list[str] = []
    loader.loaded.connect(lambda loaded: announced.append(loaded.image_id))
    loader.want([first])
    loader.want([second])
    go_on.set()
    qtbot.waitUntil(lambda: loader.image(second.id) is not None)
    assert announced == [second.id]
    assert loader.image(first.id) is None


def test_closing_waits_for_the_decoder(
    qtbot: QtBot, loader: ImageLoader, darkroom: Darkroom, images: list[Image]
) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        go_on.wait(10)

    darkroom.hold = hold
    loader.want(images[:1])
    assert begun.wait(10)
    threading.Timer(0.01, go_on.set).start()
    loader.close()
    assert loader.image(images[0].id) is None


def test_a_file_that_cannot_be_read_says_so(darkroom: Darkroom, images: list[Image], monkeypatch) -> None:
    def fails(*_args: object) -> object:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("hashlib.file_digest", fails)
    with pytest.raises(FileRefused, match=r"cannot be read \(Input/output error\)\. Check the disk\."):
        load_image(images[0], darkroom.read)


def test_a_hostile_file_costs_its_pane_and_no_other(qtbot: QtBot, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("crash.dcm", "good.dcm")]
    write_crashing(paths[0])
    pixels = np.arange(60_000, dtype=np.uint16).reshape(300, 200) % 4096
    make_dataset(pixels, 12).save_as(paths[1], enforce_file_format=True)
    crash, good = (
        an_image(name, path=str(path), sha256=hashlib.sha256(path.read_bytes()).hexdigest())
        for name, path in zip(("R CC", "L CC"), paths, strict=True)
    )
    workers = FileWorkers(1)
    loader = ImageLoader(workers.read_image)
    refused: list[tuple[str, str]] = []
    loader.refused.connect(lambda *told: refused.append(told))
    with qtbot.waitSignals([loader.loaded, loader.refused], timeout=60_000):
        loader.want([crash, good])
    loader.close()
    workers.close()
    [(image_id, sentence)] = refused
    assert image_id == crash.id
    assert "crash.dcm: is damaged: its decoder crashed on it" in sentence

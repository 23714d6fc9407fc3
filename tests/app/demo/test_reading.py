"""The simulated reader reads patches through the window; the store has what it did."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from acquisition.domain import ReadingState
from acquisition.simulation.phantom import TRUTH_FILE
from acquisition.store import open_store
from acquisition.traces import reading_traces
from app.demo.judgement import SUSPICIOUS_BIRADS
from app.demo.reading import read_patches
from app.demo.scene import READER, Scene
from app.demo.stages import import_held_out, import_patches

N_PATIENTS = 3


def say_nothing(fraction: float) -> None:
    pass


@pytest.fixture
def scene(tmp_path: Path, qapp: QApplication) -> Iterator[Scene]:
    with open_store(tmp_path / "store") as store:
        scene = Scene(tmp_path, store, seed=5, n_patients=N_PATIENTS)
        import_patches(scene, say_nothing)
        yield scene


def test_patches_are_read_marked_and_committed_on_a_virtual_clock(scene: Scene) -> None:
    read_patches(scene, say_nothing)
    readings = scene.store.readings()
    assert len(readings) == 2 * N_PATIENTS
    assert {reading.state for reading in readings} == {ReadingState.COMMITTED}
    assert all(reading.is_simulated for reading in readings)
    assert {reader.pseudonym for reader in scene.store.catalogue.readers()} == {READER}
    for reading in readings:
        (trace,) = reading_traces(scene.store, reading.id)
        assert 5.0 < trace.samples[-1, 2] < 11.0
        assessment = scene.store.catalogue.assessment(reading.id)
        assert assessment is not None
        is_marked = bool(scene.store.catalogue.annotations(reading.id))
        assert is_marked == (assessment.birads in SUSPICIOUS_BIRADS)


def test_a_mark_lies_around_the_lesion(scene: Scene) -> None:
    read_patches(scene, say_nothing)
    catalogue = scene.store.catalogue
    marks = [mark for reading in scene.store.readings() for mark in catalogue.annotations(reading.id)]
    assert marks
    for mark in marks:
        (lesion,) = scene.knowledge(mark.image_id).lesions
        (left, top), (right, bottom) = mark.points_px
        assert (left + right) / 2 == pytest.approx(lesion.x_px, abs=2.0)
        assert (top + bottom) / 2 == pytest.approx(lesion.y_px, abs=2.0)


def test_a_second_run_doubles_nothing(scene: Scene) -> None:
    read_patches(scene, say_nothing)
    import_held_out(scene, say_nothing)
    assert "before" in read_patches(scene, say_nothing)
    assert "before" in import_patches(scene, say_nothing)
    assert (scene.out / "phantoms" / TRUTH_FILE).is_file()
    assert len(scene.store.readings()) == 2 * N_PATIENTS

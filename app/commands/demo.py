"""`gazeroom demo`: the whole chain, from films to a report."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acquisition.command_line import SeedOption, VerboseOption, progress_bar, say
from acquisition.errors import UserError
from acquisition.store import open_store
from app.extras import INSTALL_LEARNING, has_learning
from app.screen import has_display

if TYPE_CHECKING:
    from app.demo.scene import Scene
    from app.demo.stages import Stage

OutOption = Annotated[
    Path, typer.Option("--out", metavar="PATH", help="Everything the demo makes goes here.")
]
NoWindowOption = Annotated[
    bool, typer.Option("--no-window", help="Do not open the workstation at the end, display or not.")
]
PatientsOption = Annotated[
    int, typer.Option("--patients", metavar="N", min=40, help="Synthetic patients, two patches each.")
]


def demo_command(
    out: OutOption = Path("gazeroom-demo"),
    seed: SeedOption = 0,
    patients: PatientsOption = 100,
    no_window: NoWindowOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Run the whole chain on real films with a simulated reader: import, read, record, learn, report.

    Reading goes through the window's own events on a screen that nobody sees; with a display the
    workstation is opened on the result. A second run says what is there already.

    Example: gazeroom demo --out ./demo --no-window
    """
    if not has_learning():
        raise UserError(f"The demo needs the learning half. Install it: {INSTALL_LEARNING}")
    opens_window = has_display() and not no_window
    platform = os.environ.get("QT_QPA_PLATFORM")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        run_stages(out, seed, patients)
    finally:
        os.environ.pop("QT_QPA_PLATFORM")
        if platform is not None:
            os.environ["QT_QPA_PLATFORM"] = platform
    if opens_window:
        say("Opening the workstation on the demo's store; close it to end.")
        subprocess.run([sys.executable, "-m", "app", "read", "--store", str(out / "store")], check=False)


def run_stages(out: Path, seed: int, patients: int) -> None:
    """All stages with a progress line each."""
    from PySide6.QtWidgets import QApplication

    from app import theme
    from app.demo.scene import Scene
    from app.demo.stages import STAGES

    application = QApplication.instance() or QApplication(["gazeroom"])
    assert isinstance(application, QApplication)
    theme.apply(application)
    began_s = time.monotonic()
    with open_store(out.resolve() / "store") as store:
        scene = Scene(out.resolve(), store, seed, patients)
        for number, (title, stage) in enumerate(STAGES, start=1):
            stage_s = time.monotonic()
            sentence = _run_stage(title, stage, scene)
            say(f"{number}/{len(STAGES)}  {title}: {sentence}  ({time.monotonic() - stage_s:.1f} s)")
    whole_s = time.monotonic() - began_s
    say(f"All gaze was simulated. {whole_s:.0f} s in all; the report is {out / 'report.html'}")


def _run_stage(title: str, stage: Stage, scene: Scene) -> str:
    with progress_bar(title) as step:
        return stage(scene, lambda fraction: step(fraction, ""))

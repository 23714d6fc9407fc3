"""A virtual X server, and a pair of hands for the program that runs on it."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from films import write_films

from acquisition.domain import Panel, Session, ViewState
from acquisition.interchange.importing import import_paths
from acquisition.store import Store, open_store

PATIENCE_S = 60.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


@contextmanager
def x_server(screen: str) -> Iterator[dict[str, str]]:
    """The environment of programs on a fresh X server with a screen such as `1920x1200`."""
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    reading_end, writing_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing_end), "-screen", "0", f"{screen}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writing_end], stderr=subprocess.DEVNULL)
    os.close(writing_end)
    with os.fdopen(reading_end) as pipe:
        display = f":{pipe.readline().strip()}"
    environment = os.environ | {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    try:
        probe = [sys.executable, "-c", "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"]
        found = subprocess.run(probe, env=environment, capture_output=True, text=True, check=False)
        if found.returncode != 0:
            pytest.skip(f"Qt finds no X libraries: {found.stderr.strip().splitlines()[:1]}")
        yield environment
    finally:
        server.terminate()
        server.wait()


@dataclass
class Workstation:
    """The program, a pair of hands, and a look at its store from outside."""

    process: "subprocess.Popen[bytes]"
    environment: dict[str, str]
    store: Store

    def hand(self, *words: object) -> None:
        command = ["xdotool", *map(str, words)]
        subprocess.run(command, env=self.environment, check=True, capture_output=True, timeout=PATIENCE_S)

    def drag(self, button: int, start: tuple[float, float], end: tuple[float, float]) -> None:
        middle = tuple((a + b) / 2 for a, b in zip(start, end, strict=True))
        self.hand("mousemove", *map(round, start), "mousedown", button)
        self.hand("mousemove", *map(round, middle), "mousemove", *map(round, end), "mouseup", button)

    def begin(self) -> None:
        """A reader starts and is to be calibrated."""
        self.hand("search", "--sync", "--onlyvisible", "--name", "Gazeroom", "windowfocus", "--sync")
        self.hand("type", "R-07")
        self.hand("key", "Return")
        self.see_layout("guide")

    def sit_down(self) -> None:
        """A reader starts and skips the calibration."""
        self.begin()
        self.hand("key", "Tab", "key", "space")
        self.see_case()

    def see_layout(self, layout: str) -> None:
        wait_until(lambda: self.view().layout == layout, f"the screen shows the {layout}")

    def see_case(self) -> None:
        wait_until(lambda: len(self.view().panels) == 4, "four views hang")

    def session(self) -> Session | None:
        sessions = self.store.sessions()
        return sessions[-1] if sessions else None

    def view(self) -> ViewState:
        """The newest view that the recording holds."""
        session = self.session()
        views = self.store.recording(session.id).view_states() if session else []
        return views[-1] if views else ViewState(0, ())

    def panel(self, side: str, view: str) -> Panel:
        images = {image.id: image for image in self.store.catalogue.images()}
        return next(
            panel
            for panel in self.view().panels
            if (images[panel.image_id].laterality, images[panel.image_id].view) == (side, view)
        )


@contextmanager
def at_work(folder: Path, environment: dict[str, str], source: str = "simulated") -> Iterator[Workstation]:
    """Two cases and the program."""
    write_films(folder / "films", ["one", "two"])
    with open_store(folder / "store") as store:
        import_paths([folder / "films"], store.catalogue, case_by="folder")
        command = [sys.executable, "-m", "app", "read", "--store", str(folder / "store")]
        process = subprocess.Popen([*command, "--source", source], env=environment)
        try:
            yield Workstation(process, environment, store)
        finally:
            process.kill()
            process.wait()

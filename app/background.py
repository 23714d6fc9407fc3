"""Plain functions run off the GUI thread; their outcomes come back on it.

No signal is ever emitted from a worker: finished futures are looked for on a timer of the GUI thread,
which runs only while something is under way.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Slot

Result = TypeVar("Result")

LOOK_EVERY_MS = 10


class Background(QObject):
    """A small pool of threads for one owner; close it before the owner goes."""

    def __init__(self, name: str, n_threads: int, parent: QObject | None = None) -> None:
        """Threads start with the first work."""
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(n_threads, thread_name_prefix=name)
        self._waiting: dict[Future[object], Callable[[Future[object]], None]] = {}
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look)

    def run(self, work: Callable[[], Result], then: Callable[[Future[Result]], None]) -> Future[Result]:
        """Run `work` in the pool, then `then` with its future here; not if it was cancelled."""
        future = self._pool.submit(work)
        self._waiting[future] = then  # type: ignore[index,assignment]  # Future is invariant
        self._timer.start()
        return future

    def close(self) -> None:
        """Finish all that was asked for and not cancelled, a seal perhaps; nothing comes back afterwards."""
        self._timer.stop()
        self._waiting.clear()
        self._pool.shutdown(wait=True)

    @Slot()
    def _look(self) -> None:
        for future in [future for future in self._waiting if future.done()]:
            then = self._waiting.pop(future, None)
            if then is not None and not future.cancelled():
                then(future)
        if not self._waiting:
            self._timer.stop()

"""Foreign files read in processes of their own, so that no file can take this one down or hold it up.

A worker that dies, hangs or grows is replaced, and its file is refused with a sentence that says which.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import acquisition
from acquisition.dicom.image import DicomImage, ImageHeader
from acquisition.dicom.limits import CLOCK_SLACK, Limits
from acquisition.dicom.shared_memory import discard, receive
from acquisition.dicom.wire import unpack_header, unpack_image
from acquisition.errors import FileRefused

START_S = 60.0
"""A worker that is not ready by then never will be."""


class _Lost(Exception):
    """The worker is gone; the text goes behind the name of the file."""


class _Worker:
    """One process, and the question it is at."""

    def __init__(self, limits: Limits) -> None:
        root = str(Path(acquisition.__file__).parent.parent)
        paths = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
        # One thread for each library: their pools would use up the address space on large machines.
        single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "acquisition.dicom.worker", *map(str, astuple(limits))],
            env=os.environ | single | {"PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._time_s = limits.time_s
        self._is_ready = False
        self._is_overdue = False

    @property
    def is_alive(self) -> bool:
        """False where the process has ended, by whatever hand."""
        return self._process.poll() is None

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer; raises `_Lost` where there will be none."""
        if not self._is_ready:
            self._hear(START_S, "cannot be read: the process that reads files does not start.")
            self._is_ready = True
        self._say(json.dumps(question).encode())
        return self._hear(self._time_s * CLOCK_SLACK, self._too_long())

    def stop(self) -> None:
        """End the process at once; it holds nothing that could be lost."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):  # of a question that was never read
                pipe.close()

    def _say(self, line: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise _Lost(self._cause_of_death()) from None

    def _hear(self, patience_s: float, complaint: str) -> dict[str, Any]:
        assert self._process.stdout is not None
        clock = threading.Timer(patience_s, self._give_up)
        clock.daemon = True
        clock.start()
        try:
            line = self._process.stdout.readline()
        finally:
            clock.cancel()
            clock.join()
        if line.endswith(b"\n"):
            answer: dict[str, Any] = json.loads(line)
            return answer
        raise _Lost(complaint if self._is_overdue or not self._is_ready else self._cause_of_death())

    def _give_up(self) -> None:
        self._is_overdue = True
        self._process.kill()

    def _too_long(self) -> str:
        return f"takes longer than {self._time_s} s to read; it is not opened."

    def _cause_of_death(self) -> str:
        code = self._process.wait()
        if code == -getattr(signal, "SIGXCPU", 0) != 0:
            return self._too_long()
        return f"is damaged: its decoder crashed on it (exit {code}); fetch it again."


class FileWorkers:
    """A small pool of worker processes; any thread may ask, and waits while all are busy."""

    def __init__(self, n_workers: int = 2, limits: Limits = Limits()) -> None:  # noqa: B008  # frozen
        """Processes start with the first questions, or with `warm`."""
        self._limits = limits
        self._idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        self._alive: set[_Worker] = set()
        for _ in range(n_workers):
            self._idle.put(None)

    def warm(self) -> None:
        """Start one worker, without waiting for it, so that the first file does not wait either."""
        with suppress(queue.Empty):  # all are at work, and warm
            worker = self._idle.get_nowait()
            self._idle.put(worker or self._start())

    def read_header(self, path: str | Path) -> ImageHeader:
        """As `acquisition.dicom.read_header`, but whatever the file does costs no more than a sentence.

        Raises:
            FileRefused: for what that refuses, and for files that take too long or too much memory.
        """
        return unpack_header(self._ask(Path(path), "header")["header"])

    def read_directory(self, path: str | Path) -> list[tuple[str, ...]]:
        """The files that a DICOMDIR tells of, as `acquisition.dicom.directory.read_directory`, apart.

        Raises:
            FileRefused: for what is no DICOMDIR, and for files that take too long or too much memory.
        """
        return [tuple(parts) for parts in self._ask(Path(path), "directory")["records"]]

    def read_image(self, path: str | Path, frame: int = 0) -> DicomImage:
        """As `acquisition.dicom.read_image`, apart; the pixels are read-only and were not copied.

        Raises:
            FileRefused: for what that refuses, and for files that take too long or too much memory.
        """
        answer = self._ask(Path(path), "image", frame)
        return unpack_image(answer["image"], answer["arrays"])

    def close(self) -> None:
        """End all workers; a question that is under way is refused."""
        for worker in list(self._alive):
            self._end(worker)

    def _ask(self, path: Path, what: str, frame: int = 0) -> dict[str, Any]:
        memory = f"gazeroom-{uuid.uuid4().hex}"
        worker = self._idle.get()
        try:
            if worker is not None and not worker.is_alive:  # ended while idle: no fault of this file
                self._end(worker)
                worker = None
            worker = worker or self._start()
            answer = worker.ask({"path": str(path), "what": what, "frame": frame, "memory": memory})
            if "places" in answer:
                answer["arrays"] = receive(memory, answer["places"])
        except (_Lost, OSError) as loss:
            if worker is not None:
                self._end(worker)
                worker = None
            discard(memory)
            raise FileRefused(f"{path}: {loss}") from None
        finally:
            self._idle.put(worker)
        if "refused" in answer:
            raise FileRefused(answer["refused"])
        return answer

    def _start(self) -> _Worker:
        worker = _Worker(self._limits)
        self._alive.add(worker)
        return worker

    def _end(self, worker: _Worker) -> None:
        worker.stop()
        self._alive.discard(worker)


@functools.cache
def shared_workers() -> FileWorkers:
    """The workers of this process, made when first asked for and ended with it."""
    workers = FileWorkers()
    atexit.register(workers.close)
    return workers

"""Keeps what readers change: in order, nothing is forgotten, and nobody waits for the disk. Has no widgets.

A change is durable once `state` says that all is kept; until then it waits in memory, and is tried again
and again where the store refuses it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol

from acquisition.errors import BugError, StoreError, UserError
from app.read.ports import ReadingCatalogue
from app.read.report import Difference
from app.texts import Text, say

log = logging.getLogger(__name__)

RETRY_S = 1.0
GIVE_UP_S = 10.0
"""So long `close` goes on trying to write to a store that refuses."""


@dataclass(frozen=True, slots=True)
class Kept:
    """How far what was said is in the store."""

    n_waiting: int = 0
    problem: str = ""
    """Why the store refuses, as a sentence; empty while it does not."""

    @property
    def is_all(self) -> bool:
        """Whether everything is durable."""
        return self.n_waiting == 0


class Keeper(Protocol):
    """Takes changes and makes them durable."""

    @property
    def state(self) -> Kept:
        """How far it is."""
        ...

    def keep(self, changes: Difference) -> None:
        """Store this after all that came before."""
        ...

    def settle(self) -> None:
        """Return once all is durable. Raises `StoreError` where the store refuses; it is tried on."""
        ...

    def close(self) -> None:
        """The last chance for what waits."""
        ...


class AtOnce:
    """Stores every change before it returns."""

    def __init__(self, catalogue: ReadingCatalogue) -> None:
        """Into this catalogue."""
        self._catalogue = catalogue

    @property
    def state(self) -> Kept:
        """Nothing ever waits."""
        return Kept()

    def keep(self, changes: Difference) -> None:
        """Raises `StoreError` where the store refuses; the change is then forgotten."""
        store(changes, self._catalogue)

    def settle(self) -> None:
        """All is durable."""

    def close(self) -> None:
        """Nothing waits."""


class InTurn:
    """Stores changes one after the other in a thread of its own."""

    def __init__(self, catalogue: ReadingCatalogue) -> None:
        """Into this catalogue; the thread starts with the first change."""
        self._catalogue = catalogue
        self._news = threading.Condition()
        self._waiting: deque[Difference] = deque()
        self._problem = ""
        self._n_tried = 0
        self._is_hurried = False
        self._closed_s: float | None = None
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> Kept:
        """How far it is."""
        with self._news:
            return Kept(len(self._waiting), self._problem)

    def keep(self, changes: Difference) -> None:
        """Store this when its turn comes."""
        with self._news:
            if self._closed_s is not None:
                raise BugError("Nothing can be kept any more: the room was closed.")
            self._waiting.append(changes)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="keeper", daemon=True)
                self._thread.start()
            self._news.notify_all()

    def settle(self) -> None:
        """Return once all is durable.

        Raises:
            StoreError: the store refuses; what waits goes on waiting.
        """
        with self._news:
            n_tried, self._is_hurried = self._n_tried, True
            self._news.notify_all()
            self._news.wait_for(
                lambda: not self._waiting or (self._problem != "" and self._n_tried > n_tried)
            )
            if self._waiting:
                raise StoreError(self._problem)

    def close(self) -> None:
        """Store what waits, for at most `GIVE_UP_S` where the store refuses, and end the thread."""
        with self._news:
            self._closed_s, self._is_hurried = time.monotonic(), True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (changes := self._next()) is not None:
            problem = self._try(changes)
            with self._news:
                self._n_tried += 1
                self._problem = problem
                if not problem:
                    self._waiting.popleft()
                self._news.notify_all()

    def _next(self) -> Difference | None:
        """What is to be stored next, when it is time; None at the end."""
        with self._news:
            if self._problem:
                self._news.wait_for(lambda: self._is_hurried, RETRY_S)
            self._is_hurried = False
            self._news.wait_for(lambda: self._waiting or self._closed_s is not None)
            if not self._waiting:
                return None
            if self._problem and self._closed_s and time.monotonic() - self._closed_s > GIVE_UP_S:
                log.error("%d changes of a reading are lost: %s", len(self._waiting), self._problem)
                return None
            return self._waiting[0]

    def _try(self, changes: Difference) -> str:
        """Empty where it is durable, else why not."""
        try:
            store(changes, self._catalogue)
        except UserError as error:
            return str(error)
        except Exception:
            log.exception("a change of a reading could not be stored")
            return say(Text.KEEPING_FAULT)
        return ""


def store(changes: Difference, catalogue: ReadingCatalogue) -> None:
    """All of it, or nothing. Raises `StoreError`."""
    catalogue.save_report(changes.saved, changes.deleted, changes.assessment)

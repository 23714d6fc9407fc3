"""Readers come and go: the source is opened and the recording sealed off the GUI thread, on one display.

nobody --start--> starting --began--> a reader sits --seal--> sealing --sealed--> nobody
                     '--refused, cancel--> nobody
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from acquisition.domain import Display
from acquisition.errors import UserError
from app.background import Background
from app.problem import details_of
from app.read.consent import Consent
from app.read.display_watch import DisplayWatch, change_sentence
from app.read.mapping import load_ahead
from app.read.session import ReadingSession
from app.read.sitting import Sitting


class Reception(QObject):
    """Starts sittings and seals them; says when the display is no longer the one that a sitting began on."""

    began = Signal(object)
    """The Sitting: gaze is being stored."""
    refused = Signal(str, str)
    """A sentence: it did not start, or was not sealed as it should; and what lies behind it, if anything."""
    interrupted = Signal(str)
    """A sentence: no gaze is stored any more, the sitting must end."""
    sealed = Signal()

    def __init__(self, session: ReadingSession, watch: DisplayWatch, parent: QObject) -> None:
        """Nobody is there; `close` it at the end."""
        super().__init__(parent)
        self._session, self._watch = session, watch
        self._background = Background("sitting", 2, self)
        self._starting: Future[Sitting] | None = None
        self.is_sealing = False
        """Whether gaze of a sitting that ended is still being written."""
        watch.changed.connect(self._on_display_changed)

    def start(self, pseudonym: str, display: Display, consent: Consent) -> None:
        """Open the source for this reader, and have all loaded that shows the first image."""
        load_ahead()
        self._watch.start()
        prepare = partial(self._session.prepare, pseudonym, display, consent)
        self._starting = self._background.run(prepare, self._on_prepared)

    def cancel(self) -> None:
        """Nobody waits for the source any more."""
        self._starting = None
        self._watch.stop()

    def seal(self, sitting: Sitting) -> None:
        """The reader got up."""
        self._watch.stop()
        self.is_sealing = not self._session.source.is_silent
        self._background.run(sitting.stop, self._on_sealed)

    def close(self) -> None:
        """Finish what is under way, a seal perhaps."""
        self._watch.stop()
        self._background.close()
        if self._starting is not None and self._starting.done():
            _abandon(self._starting)

    def _on_prepared(self, future: Future[Sitting]) -> None:
        if future is not self._starting:
            self._background.run(partial(_abandon, future), lambda _: None)
            return
        self._starting = None
        error = future.exception()
        if isinstance(error, UserError):
            self._watch.stop()
            self.refused.emit(str(error), details_of(error))
        else:
            self.began.emit(future.result())

    def _on_sealed(self, future: Future[str]) -> None:
        self.is_sealing = False
        self.sealed.emit()
        if future.result():
            self.refused.emit(future.result(), "")

    @Slot(object, object)
    def _on_display_changed(self, was: Display, now: Display) -> None:
        """What is recorded from here on would lie in the wrong place."""
        sentence = change_sentence(was, now)
        if self._starting is not None:
            self.cancel()
            self.refused.emit(sentence, "")
        elif self._session.reader is not None:
            self._session.display_changed(was, now)
            self.interrupted.emit(sentence)


def _abandon(prepared: Future[Sitting]) -> None:
    """Nobody waits for this sitting any more."""
    if not prepared.cancelled() and prepared.exception() is None:
        prepared.result().stop()

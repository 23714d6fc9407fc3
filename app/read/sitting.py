"""Who sits there and what is recorded of them: the gaze source, the recorder, the session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acquisition.domain import Event, Reader, Session

if TYPE_CHECKING:  # the first page speaks of a source before anything that records is loaded
    from app.read.ports import RecorderPort


@dataclass(frozen=True, slots=True)
class SourceChoice:
    """The gaze source of this workstation, as it is spoken of."""

    name: str
    is_simulated: bool

    @property
    def kind(self) -> str:
        """What it is, without its settings: they say nothing to a reader, and may hold a path."""
        return self.name.partition(":")[0]

    @property
    def is_silent(self) -> bool:
        """Whether no gaze is recorded at all."""
        return self.name == "none"


@dataclass(frozen=True, slots=True)
class Sitting:
    """A reader in front of a recorder."""

    reader: Reader
    session: Session
    recorder: RecorderPort

    def stop(self) -> str:
        """Seal the recording; a sentence where something went wrong, else nothing. Slow."""
        from acquisition.recorder import RecorderState

        self.recorder.stop()
        status = self.recorder.status()
        return status.message if status.state is RecorderState.FAILED else ""


StartRecorder = Callable[[Session, Event], "RecorderPort"]
"""The event, the reader's consent, is to be stored before any gaze is."""

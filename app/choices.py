"""What the command line chose: the store and the gaze source. Loads nothing that takes long."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from acquisition import store_folder
from acquisition.domain import Display
from acquisition.errors import UserError
from acquisition.sources import SOURCES, is_simulated
from app.read.sitting import SourceChoice


@dataclass(frozen=True, slots=True)
class StorePlace:
    """A store as the command line names it, for processes that open it by themselves."""

    url_or_path: str
    recordings: Path | None = None

    @property
    def learning(self) -> Path:
        """Where sets and runs go: beside the recordings."""
        if "://" not in self.url_or_path:
            return Path(self.url_or_path).resolve() / "learning"
        if self.recordings is None:
            raise UserError("A store in a database needs a folder for its recordings: give --recordings DIR.")
        return self.recordings.resolve().parent / "learning"

    @property
    def keys_file(self) -> Path | None:
        """As the store has it; None where only the opened store knows."""
        folder = store_folder.recordings_folder(self.url_or_path, self.recordings)
        return store_folder.keys_file(folder) if folder is not None else None

    @property
    def screens_file(self) -> Path | None:
        """As the store has it; None where only the opened store knows."""
        folder = store_folder.recordings_folder(self.url_or_path, self.recordings)
        return store_folder.screens_file(folder) if folder is not None else None


@dataclass(frozen=True, slots=True)
class Tracker:
    """The gaze source as the command line names it."""

    source: str
    rate_hz: float | None = None
    seed: int = 0
    display: Display | None = None
    """None takes the screen that the window is on."""
    channels: Path | None = None
    """Says what the channels of an unknown LSL stream mean."""

    @property
    def choice(self) -> SourceChoice:
        """As it is spoken of.

        Raises:
            UserError: there is no such gaze source.
        """
        kind, _, _ = self.source.partition(":")
        if kind not in SOURCES:
            raise UserError(f"--source {self.source}: choose {', '.join(SOURCES)}.")
        return SourceChoice(self.source, is_simulated=is_simulated(self.source))

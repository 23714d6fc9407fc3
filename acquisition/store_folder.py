"""Where the files of a store lie that are no database; known before it is opened, and loads nothing."""

from __future__ import annotations

from pathlib import Path

RECORDINGS_NAME = "recordings"


def recordings_folder(url_or_path: str, recordings: Path | None) -> Path | None:
    """The folder of the recordings; None where only the database's driver can tell it from the URL."""
    if recordings is not None:
        return recordings
    return None if "://" in url_or_path else Path(url_or_path) / RECORDINGS_NAME


def templates_folder(recordings: Path) -> Path:
    """Where a researcher puts report templates, beside the recordings; it need not exist."""
    return recordings.parent / "templates"


def keys_file(recordings: Path) -> Path:
    """Where readers bind keys of their own, beside the recordings; it need not exist."""
    return recordings.parent / "keys.toml"


def screens_file(recordings: Path) -> Path:
    """Where it is remembered on which screens windows stand, beside the recordings; it need not exist."""
    return recordings.parent / "screens.json"

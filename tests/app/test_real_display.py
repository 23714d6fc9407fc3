"""The resolution of a real X screen changes while gaze is recorded."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_hands import PATIENCE_S, Workstation, at_work, wait_until, x_server

from acquisition.domain import ReadingState, SessionState

pytestmark = pytest.mark.xvfb
SMALLER = ("smaller", "83.5", "1280", "1352", "1480", "1680", "800", "803", "809", "831")


@pytest.fixture
def workstation(tmp_path: Path) -> Iterator[Workstation]:
    if shutil.which("xrandr") is None:
        pytest.skip("xrandr is not installed")
    with x_server("1920x1200") as environment, at_work(tmp_path, environment) as workstation:
        yield workstation


def xrandr(workstation: Workstation, *words: str) -> None:
    done = subprocess.run(
        ["xrandr", *words],
        env=workstation.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"this X server cannot change its resolution: {done.stderr.strip()}")


def test_another_resolution_ends_the_recording_and_keeps_the_draft(workstation: Workstation) -> None:
    workstation.sit_down()
    workstation.hand("key", "ctrl+3")
    [reading] = workstation.store.readings()
    catalogue = workstation.store.catalogue
    wait_until(lambda: catalogue.assessment(reading.id) is not None, "the category is stored")
    xrandr(workstation, "--newmode", *SMALLER)
    xrandr(workstation, "--addmode", "screen", "smaller")
    xrandr(workstation, "--output", "screen", "--mode", "smaller")

    def sealed() -> bool:
        session = workstation.session()
        return session is not None and session.state is SessionState.SEALED

    wait_until(sealed, "the recording is sealed")
    session = workstation.session()
    assert session is not None
    assert (session.display.width_px, session.display.name) == (1920, "screen")
    [changed] = [
        event for event in workstation.store.recording(session.id).events() if event.kind == "display_changed"
    ]
    assert (changed.detail["was"]["width_px"], changed.detail["is"]["width_px"]) == (1920, 1280)
    assert workstation.store.gaze(session.id)["time_ns"][-1] < changed.host_time_ns, "none is stored since"
    [left] = workstation.store.readings()
    assert left.state is ReadingState.INTERRUPTED
    assert catalogue.drafts(left.reader_id, left.case_id)[1] is not None
    assert workstation.process.poll() is None, "the workstation itself goes on"

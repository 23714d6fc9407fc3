"""Against the real `tobii_research`, in the Python 3.10 that it needs. There is no tracker here."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest
from tobii_fakes import FAKE_SDK
from tobii_names import VALUES, used_names

from acquisition.clock import RealClock
from acquisition.domain import Display
from acquisition.errors import SourceError
from acquisition.sources.tobii import TobiiSource
from acquisition.sources.tobii_host import KEYS
from acquisition.sources.tobii_python import pythons

VERSION = "2.1.0"
CHECK = Path(__file__).with_name("real_sdk_check.py")
ENVIRONMENT = Path(tempfile.gettempdir()) / f"gazeroom-tobii-research-{VERSION}"
"""Kept from one run to the next: the SDK is fetched once."""


@pytest.fixture(scope="module")
def sdk_python():
    """A Python 3.10 with the real SDK."""
    python = ENVIRONMENT / "bin" / "python"
    if not _runs(python, "-c", "import tobii_research"):
        base = next(pythons(), None)
        if base is None:
            pytest.skip("there is no Python 3.10 on this machine")
        _must_run(base, "-m", "venv", "--clear", str(ENVIRONMENT))
        package = f"tobii-research=={VERSION}"
        _must_run(python, "-m", "pip", "install", "-q", "--retries", "0", "--only-binary", ":all:", package)
    return python


def _runs(*command):
    if not Path(command[0]).exists():
        return False
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _must_run(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip("Tobii's SDK cannot be had within two minutes")
    if done.returncode:
        pytest.skip(
            f"Tobii's SDK cannot be had: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}"
        )


def test_the_names_are_found_in_the_source_of_the_host():
    used = used_names()
    assert ("", "EYETRACKER_NOTIFICATION_STREAM_BUFFER_OVERFLOW", None) in used
    assert ("EyeTracker", "subscribe_to", (2, ("as_dictionary",))) in used
    assert ("ScreenBasedCalibration", "collect_data", (2, ())) in used
    assert ("ScreenBasedMonocularCalibration", "collect_data", (3, ())) in used
    assert len(used) > 60


def test_the_host_and_the_fake_keep_to_the_real_sdk(sdk_python):
    keys = {kind.decode(): [key for key, _, _ in keys] for kind, keys in KEYS.items()}
    fake = str(FAKE_SDK / "tobii_research.py")
    told = {"used": used_names(), "values": VALUES, "keys": keys, "fake": fake}
    done = subprocess.run(
        [sdk_python, CHECK], input=json.dumps(told), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_without_a_tracker_the_real_sdk_ends_in_a_helpful_sentence(sdk_python):
    source = TobiiSource(RealClock(), Display(1920, 1080, 527.0, 296.0), python=sdk_python)
    with pytest.raises(SourceError, match=r"No Tobii tracker was found: check its cable and its power"):
        source.open()


def test_an_address_without_a_tracker_too(sdk_python):
    source = TobiiSource(
        RealClock(), Display(1920, 1080, 527.0, 296.0), which="tet-tcp://127.0.0.1", python=sdk_python
    )
    with pytest.raises(SourceError, match=r"check its cable and its power.* \(connect: "):
        source.open()

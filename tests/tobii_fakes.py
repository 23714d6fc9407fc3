"""Fixture: the Tobii host process with a fake SDK, in this interpreter."""

import json
import sys
from pathlib import Path

import pytest

FAKE_SDK = Path(__file__).parent / "acquisition" / "sources" / "fake_sdk"


@pytest.fixture
def fake_tobii(monkeypatch):
    """`fake_tobii(**told)` sets up the fake of hosts that start then; see `fake_sdk/tobii_research.py`."""

    def tell(**told):
        # A crowded test machine may stand still for longer than a ring of 64 lasts: that is the benchmark's.
        monkeypatch.setenv("FAKE_TOBII", json.dumps({"ring": 100_000, **told}))

    monkeypatch.setenv("PYTHONPATH", str(FAKE_SDK))
    monkeypatch.setenv("GAZEROOM_TOBII_PYTHON", sys.executable)
    tell()
    return tell

"""`gazeroom sources`: what is there, how it is called, and what to do where nothing is."""

import json
import sys

import pytest

from acquisition.errors import SourceError
from acquisition.sources import SOURCES, open_source
from acquisition.sources.simulated_errors import _WORDS
from app.__main__ import main
from app.commands import sources
from tests.acquisition.recorded import DISPLAY


@pytest.fixture
def listed(monkeypatch, capsys):
    """(rows of --json by source, text, notes) of the command."""

    def run():
        found = []
        for words in (["--json"], []):
            monkeypatch.setattr(sys, "argv", ["gazeroom", "sources", *words])
            with pytest.raises(SystemExit) as done:
                main()
            assert done.value.code == 0
            found.append(capsys.readouterr())
        rows = {row["source"]: row for row in json.loads(found[0].out)}
        return rows, found[1].out, found[1].err

    return run


@pytest.fixture
def no_sdk(monkeypatch):
    def refuse():
        raise SourceError("No Python here has Tobii's SDK: run X.")

    monkeypatch.setattr(sources, "find_tobii_python", refuse)


@pytest.fixture
def no_stream(monkeypatch):
    monkeypatch.setattr(sources, "available_streams", lambda: [])


def test_where_nothing_is_it_says_what_to_do(listed, no_sdk, no_stream):
    rows, text, notes = listed()
    assert list(rows) == ["tobii", "lsl", "simulated", "replay:FILE", "none"]
    assert {name.partition(":")[0] for name in rows} == set(SOURCES)
    assert [row["usable"] for row in rows.values()] == [False, False, True, True, True]
    assert rows["simulated"]["simulated"] is True
    assert rows["tobii"]["advice"] == "No Python here has Tobii's SDK: run X."
    assert "start the tracker's LSL program" in rows["lsl"]["advice"]
    assert "no gaze stream" in text
    assert "tobii: No Python here" in notes
    assert "lsl: start the tracker's LSL program" in notes
    assert "offset (degrees to the right" in notes


def test_lsl_that_does_not_load_is_told(listed, no_sdk, monkeypatch):
    def broken():
        raise SourceError("liblsl cannot be loaded: install it.")

    monkeypatch.setattr(sources, "available_streams", broken)
    rows, _, _ = listed()
    assert (rows["lsl"]["usable"], rows["lsl"]["advice"]) == (False, "liblsl cannot be loaded: install it.")


def test_a_tracker_is_called_by_its_serial_number(listed, no_stream, fake_tobii):
    fake_tobii(trackers=[{}, {"serial_number": "OTHER-2", "address": "tet-tcp://10.0.0.2"}])
    rows, _, _ = listed()
    trackers = [row for name, row in rows.items() if name.startswith("tobii:")]
    assert len(trackers) == 2
    assert all(row["usable"] for row in trackers)
    assert "tobii:OTHER-2" in rows


def test_without_a_tracker_the_sdk_is_not_enough(listed, no_stream, fake_tobii):
    fake_tobii(trackers=[])
    rows, _, _ = listed()
    assert rows["tobii"]["usable"] is False
    assert rows["tobii"]["what"].startswith("no tracker (SDK ")
    assert "cable" in rows["tobii"]["advice"]


def test_streams_are_called_by_their_source_id(listed, no_sdk, lsl_outlet):
    lsl_outlet("titta", "--rate", "120", "--real-stamps")
    rows, text, _ = listed()
    stream = rows["lsl:tracker-1"]
    assert stream["usable"] is True
    assert "37 channels, 120 Hz" in stream["what"]
    assert "tracker-1" in text
    assert open_source("lsl:tracker-1", display=DISPLAY) is not None


def test_the_help_of_record_names_every_error(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["gazeroom", "record", "--help"])
    with pytest.raises(SystemExit):
        main()
    words = capsys.readouterr().out.replace(",", " ").replace(";", " ").split()
    assert set(_WORDS) <= set(words)

"""What is recorded also goes out over LSL; what goes wrong there harms no recording."""

import json
import threading

import numpy as np
import pytest
from live_session import DISPLAY, recording
from lsl_streams import wait_until

from acquisition.clock import RealClock
from acquisition.domain import IDENTITY, Event, Panel, ViewState
from acquisition.errors import SourceError
from acquisition.outlets import lsl as outlets
from acquisition.outlets import lsl_outlet as send_over_lsl
from acquisition.recorder import RecorderState
from acquisition.sources import open_source
from acquisition.sources.lsl import LslSource, available_streams
from acquisition.store import open_store

PATIENCE_S = 60.0
N_WANTED = 100


def sending(store):
    """A simulated session that is recorded and sent."""
    source = open_source("simulated", display=DISPLAY, clock=RealClock(), rate_hz=120.0)
    return recording(store, source, send_over_lsl(RealClock()), is_simulated=True)


def inlet_of(name):
    """What a foreign recorder does."""
    import pylsl

    (found,) = pylsl.resolve_byprop("name", name, 1, PATIENCE_S)
    inlet = pylsl.StreamInlet(found, recover=False)
    inlet.open_stream(PATIENCE_S)
    return inlet


def test_gaze_goes_out_as_it_is_stored_with_the_time_of_its_capture(lsl_on_loopback, tmp_path):
    with open_store(tmp_path) as store:
        with sending(store) as (_, session):
            inlet = inlet_of("Gazeroom_gaze_simulated")
            described = inlet.info(PATIENCE_S)
            received = [inlet.pull_sample(PATIENCE_S) for _ in range(N_WANTED)]
        gaze = store.gaze(session.id)
    assert (described.type(), described.channel_count(), described.nominal_srate()) == ("Gaze", 37, 120.0)
    assert described.desc().child_value("simulated") == "true"
    assert described.source_id() == "gazeroom:gaze:simulated"

    rows = np.array([row for row, _ in received])
    start = int(np.flatnonzero(gaze["left_x"] == rows[0, 0])[0])
    mine = gaze[start : start + N_WANTED]
    np.testing.assert_array_equal(rows[:, 0], mine["left_x"])
    np.testing.assert_array_equal(rows[:, 19], mine["right_y"])
    np.testing.assert_array_equal(rows[:, 5], mine["left_valid"])
    stamps_s = np.array([stamp for _, stamp in received]) - outlets.lsl_less_host_s(RealClock())
    assert np.abs(stamps_s - mine["time_ns"] * 1e-9).max() < 0.005


def test_markers_tell_what_was_shown_and_what_happened(lsl_on_loopback, tmp_path):
    opened = {"reading_id": "rea_1", "case_id": "secret", "images": [{"id": "img_1"}]}
    with open_store(tmp_path) as store, sending(store) as (recorder, _):
        inlet = inlet_of("Gazeroom_markers_simulated")
        now_ns = RealClock().now_ns()
        recorder.post(Event(now_ns, "consent", {"name": "Somebody"}))
        recorder.post(Event(now_ns, "reading_opened", opened))
        recorder.post(
            ViewState(now_ns, (Panel("img_1", (0.0, 0.0, 9.0, 9.0), IDENTITY),), reading_id="rea_1")
        )
        recorder.pause()
        recorder.resume()
        recorder.post(Event(now_ns, "reading_closed", {"reading_id": "rea_1", "state": "committed"}))
        said = []
        while not said or said[-1]["marker"] != "case_committed":
            (text,), stamp = inlet.pull_sample(PATIENCE_S)
            said.append(json.loads(text))
            assert "Somebody" not in text
            assert "secret" not in text
    kinds = [marker["marker"] for marker in said]
    wanted = ["case_opened", "view", "paused", "resumed", "case_committed"]
    assert [kind for kind in kinds if kind in wanted] == wanted
    assert "gap" in kinds
    assert stamp == pytest.approx(outlets.load_lsl().local_clock(), abs=PATIENCE_S)


def test_what_gazeroom_sends_is_no_tracker_unless_it_is_asked_for(lsl_on_loopback, tmp_path):
    with open_store(tmp_path) as store, sending(store):
        inlet_of("Gazeroom_gaze_simulated")
        assert available_streams() == []
        relayed = LslSource(RealClock(), DISPLAY, stream="gazeroom:gaze:simulated", others_s=0.1)
        try:
            info = relayed.open()
        finally:
            relayed.close()
    assert info.is_simulated
    assert {"left_x", "right_y", "left_pupil_mm"} <= {channel.role for channel in info.channels}


def test_a_recording_goes_on_where_lsl_cannot_be_had(monkeypatch, tmp_path):
    def refuse():
        raise SourceError("LSL cannot be used.")

    monkeypatch.setattr(outlets, "load_lsl", refuse)
    with open_store(tmp_path) as store:
        with sending(store) as (recorder, session):
            wait_until(lambda: recorder.status().n_samples > 50)
        assert recorder.status().state is RecorderState.STOPPED
        events = store.recording(session.id).events()
    (failed,) = [event for event in events if event.kind == "lsl_out_failed"]
    assert failed.detail["message"].startswith(
        "Gaze is recorded but no longer sent over LSL (LSL cannot be used.)"
    )


def test_a_recording_goes_on_where_sending_breaks_or_hangs(monkeypatch, tmp_path, lsl_on_loopback):
    hung = threading.Event()
    monkeypatch.setattr(outlets, "MAX_WAITING", 5)
    monkeypatch.setattr(outlets, "CLOSE_S", 0.1)
    monkeypatch.setattr(outlets._Streams, "send", lambda *_: hung.wait(PATIENCE_S))
    try:
        with open_store(tmp_path / "hangs") as store:
            with sending(store) as (recorder, session):
                wait_until(lambda: recorder.status().n_samples > 100)
            kinds = [event.kind for event in store.recording(session.id).events()]
    finally:
        hung.set()
    assert kinds.count("lsl_out_failed") == 1

    monkeypatch.setattr(outlets._Streams, "send", lambda *_: 1 / 0)
    with open_store(tmp_path / "breaks") as store:
        with sending(store) as (recorder, session):
            wait_until(lambda: recorder.status().n_samples > 50)
        kinds = [event.kind for event in store.recording(session.id).events()]
    assert kinds.count("lsl_out_failed") == 1

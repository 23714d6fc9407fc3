"""A stream that goes, hangs, changes, comes back, or is another: what a recording makes of it."""

import signal
from dataclasses import replace

import numpy as np
import pytest
from live_session import DISPLAY, recording
from lsl_streams import wait_until

from acquisition.clock import RealClock
from acquisition.domain import GapCause
from acquisition.errors import SourceError
from acquisition.sources.lsl import LslSource
from acquisition.sources.lsl_network import Connection, StreamLost
from acquisition.store import open_store


def source(others_s=0.1, **options):
    return LslSource(RealClock(), DISPLAY, others_s=others_s, **options)


def read_until(gaze, wanted, at_most=600):
    """Read until an event of this kind comes; all events, and how many samples came on the way."""
    events, n_samples = [], 0
    for _ in range(at_most):
        batch = gaze.read(0.05)
        events += batch.events
        n_samples += len(batch.samples)
        if any(event.kind == wanted for event in batch.events):
            return events, n_samples
    raise AssertionError(f"no {wanted} in {at_most} reads, only {[e.kind for e in events]}")


def test_the_same_tracker_is_taken_up_again_and_another_is_not(lsl_outlet):
    first = lsl_outlet("app_tobii_pro", "--source-id", "mine", "--real-stamps")
    gaze = source()
    gaze.open()
    try:
        first.kill()
        read_until(gaze, "disconnect")
        lsl_outlet("app_tobii_pro", "--source-id", "not mine", "--real-stamps")
        events, n_samples = read_until(gaze, "other_stream")
        assert n_samples == 0
        assert events[-1].detail["source_id"] == "not mine"
        lsl_outlet("app_tobii_pro", "--source-id", "mine", "--real-stamps")
        read_until(gaze, "reconnect")
        assert sum(len(gaze.read(0.2).samples) for _ in range(10)) > 0
    finally:
        gaze.close()


def test_a_tracker_without_an_id_is_never_taken_up_again(lsl_outlet):
    first = lsl_outlet("app_tobii_pro", "--source-id", "")
    gaze = source()
    gaze.open()
    try:
        first.kill()
        read_until(gaze, "disconnect")
        lsl_outlet("app_tobii_pro", "--source-id", "")
        events, n_samples = read_until(gaze, "other_stream")
        assert n_samples == 0
        assert "no source id" in events[-1].detail["why"]
    finally:
        gaze.close()


def test_a_stream_that_changes_its_layout_is_refused_when_it_comes_back(lsl_outlet):
    first = lsl_outlet("app_tobii_pro", "--name", "same", "--source-id", "same")
    gaze = source()
    gaze.open()
    try:
        first.kill()
        read_until(gaze, "disconnect")
        lsl_outlet("titta", "--name", "same", "--source-id", "same")
        events, n_samples = read_until(gaze, "other_stream")
        assert n_samples == 0
        assert events[-1].detail["why"] == "its channels or its rate have changed"
        (offer,) = gaze.offers
        with pytest.raises(SourceError, match=r"other channels .* --source lsl:same"):
            gaze.take(offer.id)
    finally:
        gaze.close()


def test_a_connection_that_breaks_while_its_program_lives_is_made_anew(lsl_outlet, monkeypatch):
    """As when a cable is pulled: it is the same program, so it needs no source id to be known again."""
    lsl_outlet("app_tobii_pro", "--source-id", "")
    gaze = source()
    gaze.open()
    pull, broken = Connection.pull, []

    def breaks_once(connection, timeout_s):
        if not broken:
            broken.append(connection)
            raise StreamLost("The cable is pulled.")
        return pull(connection, timeout_s)

    monkeypatch.setattr(Connection, "pull", breaks_once)
    try:
        events, _ = read_until(gaze, "reconnect")
        assert "disconnect" in [event.kind for event in events]
        assert sum(len(gaze.read(0.2).samples) for _ in range(10)) > 0
    finally:
        gaze.close()


def test_the_operator_may_take_another_stream(lsl_outlet, tmp_path):
    first = lsl_outlet("app_tobii_pro", "--source-id", "mine", "--real-stamps")
    gaze = source()
    with open_store(tmp_path) as store, recording(store, gaze) as (recorder, session):
        wait_until(lambda: recorder.status().n_samples > 50)
        assert recorder.offers() == ()
        first.kill()
        lsl_outlet("app_tobii_pro", "--source-id", "other", "--real-stamps")
        wait_until(recorder.offers)
        (offer,) = recorder.offers()
        assert (offer.name, offer.source_id, offer.why_not) == ("Tobii", "other", "it is another stream")
        wait_until(lambda: "'Tobii'" in recorder.status().message)
        n_before = recorder.status().n_samples
        recorder.take(offer.id)
        wait_until(lambda: recorder.status().n_samples > n_before + 50)
        assert recorder.offers() == ()
        with pytest.raises(SourceError, match="no longer there"):
            recorder.take(offer.id)
        recorder.stop()
        events = store.recording(session.id).events()
        causes = [gap.cause for gap in store.recording(session.id).gaps()]
    (back,) = [event for event in events if event.kind == "reconnect"]
    assert (back.detail["source_id"], back.detail["is_chosen"]) == ("other", True)
    assert GapCause.DISCONNECT in causes


def test_a_sender_that_comes_back_with_a_new_clock_is_continued(lsl_outlet, tmp_path, monkeypatch):
    """As after a reboot: its stamps and what it says of its clock are another's."""
    shift_s = {"now": 0.0}
    read_clock = Connection.clock_pair

    def shifted(connection, clock, timeout_s):
        pair = read_clock(connection, clock, timeout_s)
        return pair and replace(pair, source_time_s=pair.source_time_s + shift_s["now"])

    monkeypatch.setattr(Connection, "clock_pair", shifted)
    first = lsl_outlet("app_tobii_pro", "--real-stamps")
    with open_store(tmp_path) as store, recording(store, source()) as (recorder, session):
        wait_until(lambda: recorder.status().n_samples > 50)
        first.kill()
        wait_until(lambda: "is gone" in recorder.status().message)
        n_before, shift_s["now"] = recorder.status().n_samples, -5000.0
        lsl_outlet("app_tobii_pro", "--real-stamps", "--clock-shift", "-5000", "--first", "10000")
        wait_until(lambda: recorder.status().n_samples > n_before + 150)
        recorder.stop()
        events = store.recording(session.id).events()
        gaze = store.gaze(session.id)
    (reset,) = [event for event in events if event.kind == "clock_reset"]
    assert reset.detail["jump_s"] == pytest.approx(-5000.0, abs=1.0)
    assert np.ptp(gaze["source_time_s"]) > 4000
    assert (np.abs(gaze["host_time_ns"] - gaze["time_ns"]) < 1e9).all()


def test_a_program_that_hangs_is_noticed_and_heard_again(lsl_outlet, tmp_path):
    """Its connection stands, so LSL says nothing."""
    sender = lsl_outlet("app_tobii_pro", "--real-stamps")
    with open_store(tmp_path) as store, recording(store, source()) as (recorder, session):
        wait_until(lambda: recorder.status().n_samples > 50)
        sender.send_signal(signal.SIGSTOP)
        wait_until(lambda: recorder.status().message.startswith("No gaze for"))
        wait_until(lambda: recorder.status().last_sample_age_s > 1.0)
        lsl_outlet("titta", "--source-id", "other")
        wait_until(lambda: "'Tobii_gaze'; it is not recorded" in recorder.status().message)
        n_before = recorder.status().n_samples
        sender.send_signal(signal.SIGCONT)
        wait_until(lambda: recorder.status().n_samples > n_before + 50)
        wait_until(lambda: not recorder.status().message)
        recorder.stop()
        kinds = [event.kind for event in store.recording(session.id).events()]
        causes = [gap.cause for gap in store.recording(session.id).gaps()]
    assert [kind for kind in kinds if kind in ("silent", "heard_again", "disconnect")] == [
        "silent",
        "heard_again",
    ]
    assert GapCause.STALL in causes


def test_silence_is_said_soon_after_the_last_sample(lsl_outlet):
    lsl_outlet("app_tobii_pro", "--mute-after", "100")
    gaze, last_ns = source(), 0
    gaze.open()
    try:
        for _ in range(600):
            batch = gaze.read(0.05)
            last_ns = int(batch.host_time_ns[-1]) if len(batch.samples) else last_ns
            said = [event for event in batch.events if event.kind == "silent"]
            if said:
                break
        assert said[0].host_time_ns - last_ns > 0.5e9
    finally:
        gaze.close()


def test_a_program_started_anew_while_the_old_one_hangs_is_taken_up(lsl_outlet):
    first = lsl_outlet("app_tobii_pro", "--real-stamps")
    gaze = source()
    gaze.open()
    try:
        first.send_signal(signal.SIGSTOP)
        read_until(gaze, "silent")
        lsl_outlet("app_tobii_pro", "--real-stamps")
        events, _ = read_until(gaze, "reconnect")
        assert "disconnect" in [event.kind for event in events]
        assert sum(len(gaze.read(0.2).samples) for _ in range(10)) > 0
    finally:
        gaze.close()


def test_what_waited_when_a_connection_broke_is_not_lost(lsl_outlet):
    """liblsl would drop it: nobody has read for a while when the sender dies."""
    first = lsl_outlet("app_tobii_pro", "--rate", "200", "--mute-after", "200")
    gaze = source()
    gaze.open()
    try:
        wait_until(lambda: any(event.kind == "silent" for event in gaze._listener.inbox._events))
        first.kill()
        batches = [gaze.read(0.1)]
        while not any(event.kind == "disconnect" for event in batches[-1].events):
            batches.append(gaze.read(0.1))
        numbers = np.concatenate([batch.samples["left_pupil"] for batch in batches]).astype(int)
        assert numbers[-1] == 199
        assert (np.diff(numbers) == 1).all()
    finally:
        gaze.close()


def test_a_listener_that_breaks_down_says_so(lsl_outlet, monkeypatch):
    lsl_outlet("app_tobii_pro")
    gaze = source()
    gaze.open()
    try:
        monkeypatch.setattr(Connection, "pull", lambda *_: 1 / 0)
        with pytest.raises(SourceError, match="broke down"):
            read_until(gaze, "never")
    finally:
        gaze.close()

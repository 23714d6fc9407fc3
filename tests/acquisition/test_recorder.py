import threading

import numpy as np
import pytest
from recording_doubles import PATIENCE_S, PERIOD_NS, RATE_HZ, HandSource, Rig

from acquisition import recorder as recorder_module
from acquisition.clock import RealClock, VirtualClock
from acquisition.domain import Display, Event, Gap, GapCause, SessionState, ViewState
from acquisition.errors import BugError, SourceError, StoreError
from acquisition.headless import record_session
from acquisition.recorder import Recorder, RecorderState
from acquisition.sources import open_source
from acquisition.sources.silent import SilentSource
from acquisition.store import open_store

DISPLAY = Display(1920, 1080, 527.0, 296.0)


@pytest.fixture
def rig():
    rig = Rig()
    yield rig
    rig.sink.may_commit.set()
    rig.recorder.stop()


def test_samples_views_and_events_are_stored_in_order(rig):
    rig.start()
    posted = []
    for i in range(20):
        rig.send(range(10 * i, 10 * i + 10))
        posted.append(ViewState(rig.clock.now_ns(), (), layout=str(i)))
        rig.recorder.post(posted[-1])
    rig.recorder.stop()
    assert rig.sink.numbers() == list(range(200))
    assert rig.sink.of(ViewState) == posted
    assert rig.sink.is_sealed
    assert rig.sink.is_closed
    assert rig.source.is_closed
    status = rig.recorder.status()
    assert (status.state, status.n_samples, status.message) == (RecorderState.STOPPED, 200, "")


def test_an_event_is_durable_at_once_though_a_commit_is_not_due(rig, monkeypatch):
    monkeypatch.setattr(recorder_module, "COMMIT_EVERY_S", 1e9)
    rig.start()
    opened = Event(0, "reading_opened", {"reading_id": "rd_1"})
    rig.recorder.post(opened)
    assert rig.sink.committed.wait(PATIENCE_S)
    rig.settle()
    assert opened in rig.sink.of(Event)


def test_a_slow_store_loses_nothing_and_holds_nobody_up(rig):
    rig.start()
    rig.sink.may_commit.clear()
    for i in range(50):
        rig.send(range(10 * i, 10 * i + 10))
        rig.recorder.post(ViewState(rig.clock.now_ns(), ()))
    assert not rig.recorder.wait_for(rig.clock.now_ns(), 0.05)
    rig.sink.may_commit.set()
    rig.settle()
    assert rig.sink.numbers() == list(range(500))
    assert len(rig.sink.of(ViewState)) == 50


def test_a_store_that_refuses_is_asked_again_and_said_so(rig, monkeypatch):
    monkeypatch.setattr(recorder_module, "RETRY_EVERY_S", 0.01)
    rig.start()
    rig.send(range(10))
    rig.settle()
    rig.sink.refusals_left = 20
    rig.send(range(10, 20))
    assert rig.sink.refused.wait(PATIENCE_S)
    seen = rig.recorder.status()
    while seen.is_stored:
        seen = rig.recorder.status()
    assert seen.state is RecorderState.RECORDING
    assert seen.message == "Gaze waits in memory, it is not stored: The disk is full: make room."
    rig.send(range(20, 30))
    rig.settle()
    assert rig.sink.numbers() == list(range(30))
    rig.recorder.stop()
    assert "storing_again" in rig.sink.event_kinds()
    assert rig.recorder.status().is_stored
    assert rig.recorder.status().message == ""


def test_a_store_that_refuses_for_ever_fails_with_its_sentence(rig, monkeypatch):
    monkeypatch.setattr(recorder_module, "RETRY_EVERY_S", 0.001)
    monkeypatch.setattr(recorder_module, "FINISH_S", 0.01)
    rig.start()
    rig.sink.refusals_left = 10**9
    rig.send(range(10))
    rig.recorder.stop()
    status = rig.recorder.status()
    assert (status.state, status.is_stored) == (RecorderState.FAILED, False)
    assert "The disk is full" in status.message
    assert not rig.sink.is_sealed
    assert rig.sink.is_closed
    with pytest.raises(StoreError, match="disk is full"):
        rig.recorder.raise_if_failed()


def test_memory_is_not_filled_for_ever(rig, monkeypatch):
    monkeypatch.setattr(recorder_module, "MAX_WAITING_S", 0.0)
    monkeypatch.setattr(recorder_module, "RETRY_EVERY_S", 0.001)
    rig.start()
    rig.sink.refusals_left = 10**9
    rig.recorder.wait_for(10**18, 0.0)
    rig.recorder._thread.join(PATIENCE_S)
    assert rig.recorder.status().state is RecorderState.FAILED


def test_what_is_seen_in_a_pause_is_not_stored(rig):
    rig.start()
    rig.send(range(100))
    rig.settle()
    rig.recorder.pause()
    pause_ns = rig.clock.now_ns()
    rig.send(range(101, 200))
    rig.settle()
    assert rig.recorder.status().state is RecorderState.PAUSED
    assert rig.recorder.status().last_sample_age_s is None
    rig.recorder.resume()
    resume_ns = rig.clock.now_ns()
    # Still on its way when the pause ended, but seen in it.
    rig.send(range(195, 300))
    rig.recorder.stop()
    assert rig.sink.numbers() == [*range(100), *range(201, 300)]
    assert rig.sink.of(Gap) == [Gap(pause_ns, resume_ns, GapCause.PAUSE)]
    assert [kind for kind in rig.sink.event_kinds() if kind in ("paused", "resumed")] == ["paused", "resumed"]


def test_a_pause_that_nobody_ended_ends_with_the_recording(rig):
    rig.start()
    rig.recorder.pause()
    rig.recorder.pause()
    rig.clock.advance(1.0)
    rig.recorder.stop()
    (gap,) = rig.sink.of(Gap)
    assert (gap.cause, gap.end_ns) == (GapCause.PAUSE, 1_000_000_000)
    assert rig.sink.event_kinds().count("paused") == 1


def test_gaps_are_found_while_recording(rig):
    rig.start()
    rig.send(range(100))
    rig.send(range(100, 120), xy=(np.nan, np.nan))
    rig.send(range(120, 200))
    rig.send(range(260, 300))
    rig.settle()
    assert [gap.cause for gap in rig.sink.of(Gap)] == [GapCause.BLINK, GapCause.STALL]
    rig.clock.advance(2.0)
    rig.recorder.stop()
    *_, last = rig.sink.of(Gap)
    assert last == Gap(300 * PERIOD_NS, rig.clock.now_ns(), GapCause.STALL)


def test_silence_shows_while_it_lasts(rig):
    rig.start()
    rig.send(range(10))
    rig.settle()
    assert rig.recorder.status().message == ""
    rig.clock.advance(0.7)
    status = rig.recorder.status()
    assert status.message == "No gaze for 0.7 s: check the tracker."
    assert status.last_sample_age_s == pytest.approx(0.7, abs=0.02)
    rig.send(range(80, 90))
    rig.settle()
    assert rig.recorder.status().message == ""


def test_a_warning_of_the_source_stays_and_hides_nothing(rig):
    rig.start()
    rig.send(range(10), events=[Event(0, "warning", {"message": "The tracker knows another display."})])
    rig.settle()
    rig.clock.advance(0.7)
    status = rig.recorder.status()
    assert status.warning == "The tracker knows another display."
    assert status.message.startswith("No gaze for")


def test_a_disconnect_is_a_gap_of_its_own(rig):
    rig.start()
    rig.send(range(100))
    rig.send([100], events=[Event(1_500_000_000, "disconnect")])
    rig.settle()
    assert "stream is gone" in rig.recorder.status().message
    rig.clock.advance(2.0)
    back_ns = rig.clock.now_ns()
    first = back_ns // PERIOD_NS + 2
    rig.send(range(first, first + 50), events=[Event(back_ns, "reconnect")])
    rig.settle()
    assert rig.recorder.status().message == ""
    rig.recorder.stop()
    (gap,) = rig.sink.of(Gap)
    assert (gap.cause, gap.end_ns) == (GapCause.DISCONNECT, back_ns)
    assert {"disconnect", "reconnect"} <= set(rig.sink.event_kinds())


@pytest.mark.parametrize(
    ("error", "message"),
    [(SourceError("The cable is out: plug it in."), "cable is out"), (ZeroDivisionError(), "broke down")],
)
def test_a_source_that_breaks_ends_the_gaze_but_not_the_recording(rig, error, message):
    rig.start()
    rig.send(range(100))
    rig.settle()
    rig.source.break_with(error)
    rig.settle()
    assert rig.recorder.status().state is RecorderState.FAILED
    assert message in rig.recorder.status().message
    late = ViewState(rig.clock.now_ns(), ())
    rig.recorder.post(late)
    rig.clock.advance(1.0)
    rig.recorder.stop()
    assert rig.sink.numbers() == list(range(100))
    assert rig.sink.of(ViewState) == [late]
    assert [gap.cause for gap in rig.sink.of(Gap)] == [GapCause.DISCONNECT]
    assert rig.sink.is_sealed
    assert "source_failed" in rig.sink.event_kinds()
    with pytest.raises(SourceError, match=message):
        rig.recorder.raise_if_failed()


def test_a_source_that_does_not_open_says_why(rig):
    rig.source.opening_error = SourceError("No tracker: switch it on.")
    rig.recorder.start()
    with pytest.raises(SourceError, match="switch it on"):
        rig.recorder.wait_until_open(PATIENCE_S)
    assert rig.recorder.status().state is RecorderState.FAILED
    assert rig.source.is_closed
    assert not rig.sink.is_closed


def test_a_recording_that_cannot_be_made_lets_the_source_go():
    source = HandSource()

    def refuse(info):
        raise StoreError("No room: make some.")

    recorder = Recorder(refuse, source, RealClock())
    recorder.start()
    with pytest.raises(StoreError, match="make some"):
        recorder.wait_until_open(PATIENCE_S)
    recorder.stop()
    assert source.is_closed


def test_our_own_fault_is_logged_and_leaves_the_recording_to_reconciliation(rig, caplog):
    rig.start()
    rig.sink.append = lambda _: 1 / 0
    rig.send(range(10))
    rig.recorder._thread.join(PATIENCE_S)
    assert rig.recorder.status().state is RecorderState.FAILED
    with pytest.raises(BugError, match="fault of Gazeroom"):
        rig.recorder.raise_if_failed()
    assert "ZeroDivisionError" in caplog.text
    assert rig.sink.is_closed
    assert not rig.sink.is_sealed


def test_status_newest_and_tally_tell_how_good_it_is(rig):
    rig.start()
    rig.send(range(300))
    rig.settle()
    rig.send(range(300, 400), xy=(np.nan, np.nan))
    rig.settle()
    rig.send(range(400, 600))
    rig.settle()
    status = rig.recorder.status()
    assert status.rate_hz == pytest.approx(RATE_HZ)
    assert status.validity == pytest.approx(0.8, abs=0.01)
    newest = rig.recorder.newest(2.5)
    assert newest.time_ns[-1] == 599 * PERIOD_NS
    assert np.isnan(newest.xy_fraction).all(axis=1).mean() == pytest.approx(0.2, abs=0.01)
    tally = rig.recorder.tally(0, 600 * PERIOD_NS)
    assert (tally.n_samples, tally.loss) == (600, pytest.approx(1 / 6, abs=0.01))
    assert rig.recorder.tally(300 * PERIOD_NS, 400 * PERIOD_NS).loss == pytest.approx(1.0, abs=0.02)


def test_before_the_start_there_is_nothing_and_stopping_is_no_error(rig):
    assert rig.recorder.status().state is RecorderState.IDLE
    assert len(rig.recorder.newest(1.0).time_ns) == 0
    assert rig.recorder.tally(0, 1).loss is None
    rig.recorder.stop()


def test_after_the_end_posts_go_nowhere(rig):
    rig.start()
    rig.recorder.stop()
    rig.recorder.post(ViewState(0, ()))
    rig.recorder.stop()
    assert rig.sink.of(ViewState) == []
    assert rig.recorder.wait_for(0, 0.0)
    assert not rig.recorder.wait_for(10**18, PATIENCE_S)


def test_without_a_tracker_the_session_is_recorded_all_the_same(tmp_path):
    clock = RealClock()
    with open_store(tmp_path) as store:
        session = record_session(store, SilentSource(clock), 0.05, clock=clock, display=DISPLAY).session
        recording = store.recording(session.id)
        assert (session.state, session.n_samples, session.source_name) == (SessionState.SEALED, 0, "none")
        assert recording.gaps() == []
        assert [event.kind for event in recording.events()] == ["clock"]


def test_a_session_of_simulated_gaze_comes_back_as_it_was_made(tmp_path):
    clock = VirtualClock()
    source = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=300.0, seed=9)
    twin = open_source("simulated", clock=clock, display=DISPLAY, rate_hz=300.0, seed=9)
    twin.open()
    done = threading.Event()

    def advance():
        while not done.wait(0.001):
            clock.advance(0.5)

    driver = threading.Thread(target=advance)
    driver.start()
    try:
        with open_store(tmp_path) as store:
            session = record_session(store, source, 60.0, clock=clock, display=DISPLAY).session
            done.set()
            driver.join()
            raw, gaze = store.raw(session.id), store.gaze(session.id)
            recording = store.recording(session.id)
    finally:
        done.set()
        driver.join()
    made = twin.read(0.0)
    n = len(raw.samples)
    assert (session.n_samples, session.is_simulated, session.state) == (n, True, SessionState.SEALED)
    assert n >= 60 * 300
    assert raw.samples.tobytes() == made.samples[:n].tobytes()
    assert recording.verify(session.sha256) == []
    assert recording.gaps()
    assert recording.header.session.reader_pseudonym == "simulated"
    assert (np.abs(gaze["host_time_ns"] - gaze["time_ns"] - 3_000_000) < 200_000).all()

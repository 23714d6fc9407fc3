"""A session recorded without a window: to its end, to the end of its source, or to the keyboard's."""

import threading

import pytest

from acquisition.clock import VirtualClock
from acquisition.domain import Event, GapCause, SessionState
from acquisition.errors import SourceError
from acquisition.headless import record_session
from acquisition.quality import reading_loss
from acquisition.sources import open_source
from acquisition.store import open_store
from tests.acquisition.recorded import DISPLAY, record


class Ticker:
    """Advances a virtual clock until the test is over."""

    def __init__(self, step_s=0.2):
        self.clock = VirtualClock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(step_s,))

    def _run(self, step_s):
        while not self._done.wait(0.001):
            self.clock.advance(step_s)

    def __enter__(self):
        self._thread.start()
        return self.clock

    def __exit__(self, *_):
        self._done.set()
        self._thread.join()


def test_loss_rate_and_gaps_are_told_as_they_are_stored(tmp_path):
    with Ticker(0.05) as clock, open_store(tmp_path) as store:
        name = "simulated:disconnect=10/5,blinks=0,lost=0,skips=10"
        source = open_source(name, clock=clock, display=DISPLAY, rate_hz=120.0)
        start_ns = clock.now_ns()
        recorded = record_session(store, source, 60.0, clock=clock, display=DISPLAY)
        session = recorded.session
        gaze, gaps = store.gaze(session.id), store.gaps(session.id)
    assert (session.state, session.n_samples) == (SessionState.SEALED, len(gaze))
    assert dict(recorded.gaps.n)[GapCause.DISCONNECT] == 1
    assert sum(recorded.gaps.n.values()) == len(gaps)
    assert recorded.gaps.seconds[GapCause.DISCONNECT] == pytest.approx(5.0, abs=0.1)
    expected = reading_loss(gaze, start_ns, start_ns + 60_000_000_000, 120.0)
    assert recorded.loss == pytest.approx(expected, abs=0.02)
    assert recorded.loss == pytest.approx(1 - 0.9 * 55 / 60, abs=0.03)
    assert recorded.rate_hz == pytest.approx(session.n_samples / recorded.seconds)
    assert not recorded.was_stopped


def test_a_replay_that_ends_ends_the_recording(tmp_path):
    path = record(tmp_path / "first", "simulated:blinks=0,lost=0", 4.0)
    with Ticker() as clock, open_store(tmp_path / "second") as store:
        source = open_source(f"replay:{path}", clock=clock, display=DISPLAY)
        recorded = record_session(store, source, 3600.0, clock=clock, display=DISPLAY)
        again = store.raw(recorded.session.id)
        kinds = [event.kind for event in store.recording(recorded.session.id).events()]
    with open_store(tmp_path / "first") as store:
        first = store.raw(path.stem)
    assert again.samples.tobytes() == first.samples.tobytes()
    assert recorded.seconds < 3600.0
    assert recorded.session.is_simulated
    assert "end_of_replay" in kinds


def test_reader_and_consent_are_stored_ahead_of_everything(tmp_path):
    consent = Event(0, "consent", {"how": "command", "words": "yes"})
    with Ticker() as clock, open_store(tmp_path) as store:
        source = open_source("simulated", clock=clock, display=DISPLAY)
        recorded = record_session(
            store, source, 1.0, clock=clock, display=DISPLAY, pseudonym="R7", consent=consent
        )
        events = store.recording(recorded.session.id).events()
    assert recorded.session.reader_pseudonym == "R7"
    assert events[0] == consent


def test_the_keyboard_seals_what_there_is(tmp_path):
    def interrupt(status):
        if status.n_samples:
            raise KeyboardInterrupt

    with Ticker() as clock, open_store(tmp_path) as store:
        source = open_source("simulated", clock=clock, display=DISPLAY)
        recorded = record_session(store, source, 1e6, clock=clock, display=DISPLAY, watch=interrupt)
        assert store.recording(recorded.session.id).verify(recorded.session.sha256) == []
    assert recorded.was_stopped
    assert recorded.session.state is SessionState.SEALED
    assert recorded.session.n_samples > 0


class Breaking:
    """A simulated tracker that breaks, or that the keyboard stops before it is open."""

    def __init__(self, inner, *, at_reads=None, opening=None):
        self._inner, self._at_reads, self._opening, self._n = inner, at_reads, opening, 0

    def open(self):
        if self._opening:
            raise self._opening
        return self._inner.open()

    def read(self, timeout_s):
        self._n += 1
        if self._n == self._at_reads:
            raise SourceError("The tracker burnt down.")
        return self._inner.read(timeout_s)

    def close(self):
        self._inner.close()


def test_a_source_that_breaks_is_told_with_where_the_rest_is(tmp_path):
    with Ticker() as clock, open_store(tmp_path) as store:
        source = Breaking(open_source("simulated", clock=clock, display=DISPLAY), at_reads=20)
        with pytest.raises(SourceError, match=r"burnt down\. What came before is sealed in session ses_"):
            record_session(store, source, 1e6, clock=clock, display=DISPLAY)
        (session,) = store.sessions()
        kinds = [event.kind for event in store.recording(session.id).events()]
    assert session.state is SessionState.SEALED
    assert session.n_samples > 0
    assert "source_failed" in kinds


def test_a_source_that_does_not_open_leaves_nothing(tmp_path):
    with Ticker() as clock, open_store(tmp_path) as store:
        source = Breaking(None, opening=SourceError("No tracker: plug one in."))
        source.close = lambda: None
        with pytest.raises(SourceError, match=r"^No tracker: plug one in\.$"):
            record_session(store, source, 1.0, clock=clock, display=DISPLAY)
        assert store.sessions() == []


def test_what_is_stored_goes_through_the_outlet(tmp_path):
    wrapped = []

    def outlet(sink, info, session):
        wrapped.append((info.name, session.id))
        return sink

    with Ticker() as clock, open_store(tmp_path) as store:
        source = open_source("simulated", clock=clock, display=DISPLAY)
        recorded = record_session(store, source, 0.5, clock=clock, display=DISPLAY, outlet=outlet)
    assert wrapped == [("simulated", recorded.session.id)]

"""A replay gives what the tracker gave, when it gave it, to the bit."""

import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from acquisition.clock import RealClock, VirtualClock, fit_offset
from acquisition.domain import Event
from acquisition.errors import SourceError, StoreError
from acquisition.sources import is_simulated, open_source
from acquisition.sources.base import Batch, Channel, ClockPair, SourceInfo, sample_dtype
from acquisition.sources.replay import END, PART_CHUNKS, SOURCE_EVENTS, parse_replay
from acquisition.store.recording_reader import Recording
from tests.acquisition.recorded import DISPLAY, joined, read_on, record

ERRORS = "simulated:jitter=3,skips=2,disconnect=1/0.5,overflow=2.2/0.1,blinks=20,drift=80"


def play(which, seconds, step_s=0.1):
    clock = VirtualClock(77_000_000_000)
    source = open_source(f"replay:{which}", clock=clock, display=DISPLAY)
    info = source.open()
    began_ns = clock.now_ns()
    return source, info, began_ns, *joined(info.channels, read_on(source, clock, seconds, step_s))


@pytest.mark.parametrize("step_s", [0.02, 0.1, 1.0])
def test_everything_comes_again_to_the_bit(tmp_path, step_s):
    path = record(tmp_path, ERRORS, 4.0)
    original = Recording(path)
    _, info, began_ns, raw, pairs, events = play(path, 9.0, step_s)
    sent = original.raw()
    assert info.channels == original.info.channels
    assert info.nominal_rate_hz == original.info.nominal_rate_hz
    assert raw.samples.tobytes() == sent.samples.tobytes()
    assert raw.source_time_s.tobytes() == sent.source_time_s.tobytes()
    begin_ns = min(original.clock_pairs()[0].host_time_ns, original.header.session.opened_host_time_ns)
    shift_ns = began_ns - begin_ns
    assert np.array_equal(raw.host_time_ns, sent.host_time_ns + shift_ns)
    assert pairs == [replace(p, host_time_ns=p.host_time_ns + shift_ns) for p in original.clock_pairs()]
    said = [e for e in original.events() if e.kind in SOURCE_EVENTS]
    assert {e.kind for e in said} == {"disconnect", "reconnect", "overflow"}
    assert events[:-1] == [replace(e, host_time_ns=e.host_time_ns + shift_ns) for e in said]
    assert events[-1].kind == END


def test_a_replay_recorded_again_has_the_same_samples(tmp_path):
    first = record(tmp_path / "a", ERRORS, 4.0)
    again = record(tmp_path / "b", f"replay:{first}", 6.0)
    once, twice = Recording(first), Recording(again)
    assert twice.raw().samples.tobytes() == once.raw().samples.tobytes()
    assert twice.info.is_simulated
    assert twice.info.detail["replay_of"] == once.header.session.id
    assert twice.info.detail["model"] == "simulated tracker"
    third = Recording(record(tmp_path / "c", f"replay:{again}", 9.0))
    assert third.raw().source_time_s.tobytes() == once.raw().source_time_s.tobytes()
    assert third.info.detail["replay_of"] == twice.header.session.id


def test_events_come_between_the_samples_that_they_came_between(tmp_path):
    path = record(tmp_path, ERRORS, 4.0)
    clock = VirtualClock()
    source = open_source(f"replay:{path}", clock=clock, display=DISPLAY)
    source.open()
    batches = read_on(source, clock, 9.0, 0.5)
    n_events = 0
    for i, batch in enumerate(batches):
        for event in batch.events:
            n_events += 1
            assert all((earlier.host_time_ns < event.host_time_ns).all() for earlier in batches[:i])
            assert (batch.host_time_ns >= event.host_time_ns).all()
    assert n_events == 4


@pytest.mark.parametrize("speed", [0.5, 4.0])
def test_another_speed_keeps_capture_before_arrival(tmp_path, speed):
    seconds = 35.0 * max(speed, 1.0)
    path = record(tmp_path, "simulated:drift=80,jitter=2", seconds, rate_hz=30.0)
    sent = Recording(path).raw()
    _, info, _, raw, pairs, _ = play(f"{path}@{speed:g}", seconds / speed + 1.0)
    assert info.nominal_rate_hz == 30.0 * speed
    assert info.detail["speed"] == f"{speed:g}"
    assert raw.samples.tobytes() == sent.samples.tobytes()
    assert np.abs(np.diff(raw.host_time_ns) * speed - np.diff(sent.host_time_ns)).max() <= 2 * speed
    fit = fit_offset(pairs)
    late_ns = raw.host_time_ns - fit.to_host_ns(raw.source_time_s)
    assert (late_ns > 0).all()
    assert late_ns.max() < 20_000_000 / speed
    assert len(raw.samples) / np.ptp(raw.host_time_ns) * 1e9 == pytest.approx(30.0 * speed, rel=0.02)


def test_the_end_is_said_once_and_then_there_is_silence(tmp_path):
    source, _, _, raw, _, events = play(record(tmp_path, seconds=1.0), 3.0)
    assert [event.kind for event in events] == [END]
    assert source.is_over
    assert len(raw.samples) > 100
    source.open()
    assert not source.is_over, "it begins anew"


def test_a_recording_longer_than_a_part_is_read_piece_by_piece(tmp_path):
    seconds = PART_CHUNKS * 0.1 * 2.5
    path = record(tmp_path, seconds=seconds, rate_hz=30.0)
    sent = Recording(path).raw()
    for step_s in (0.7, seconds + 1.0):
        raw = play(path, 2 * (seconds + 1.0), step_s)[3]
        assert raw.samples.tobytes() == sent.samples.tobytes()


class Foreign:
    """Big-endian, with a bare text of bytes, stamps that are missing, and time that runs backwards."""

    channels = (Channel("A.x", ">f4", "px", "both_x"), Channel("tag", "|S3"), Channel("n", "<u2"))

    def __init__(self, clock):
        self._clock = clock
        self._rng = np.random.default_rng(0)

    def open(self):
        return SourceInfo("foreign", self.channels, 0.0, is_simulated=False, detail={"serial": "x"})

    def read(self, _timeout_s):
        samples = np.zeros(5, sample_dtype(self.channels))
        samples["A.x"] = self._rng.standard_normal(5)
        samples["tag"] = b"ab"
        samples["n"] = self._rng.integers(0, 60_000, 5)
        stamps = np.array([1.0, np.nan, 0.5, np.inf, 2.0])
        arrival_ns = np.full(5, self._clock.now_ns()) - np.array([0, 3, 1, 4, 2])
        pairs = (ClockPair(self._clock.now_ns(), 3.0, 1000),)
        event = Event(self._clock.now_ns(), "notification", {"what": "light"})
        return Batch(samples, stamps, arrival_ns, pairs, (event,))


def test_any_tracker_comes_again_to_the_bit(tmp_path):
    path = record(tmp_path, Foreign, 2.0)
    original = Recording(path)
    sent = original.raw()
    _, info, _, raw, _, events = play(path, 30.0)
    assert not info.is_simulated
    assert info.nominal_rate_hz == 0.0
    assert raw.samples.dtype == sent.samples.dtype
    assert raw.samples.tobytes() == sent.samples.tobytes()
    assert raw.source_time_s.tobytes() == sent.source_time_s.tobytes()
    assert sum(event.kind == "notification" for event in events) == 20


def test_a_session_without_gaze_is_played_too(tmp_path):
    source, info, _, raw, _, events = play(record(tmp_path, "none", 1.0), 1.0)
    assert info.channels == ()
    assert len(raw.samples) == 0
    assert [event.kind for event in events] == [END]
    assert source.is_over


def test_a_recording_in_progress_is_played_as_far_as_it_is(tmp_path):
    path = record(tmp_path, seconds=1.0, is_sealed=False)
    assert path.with_suffix(".mark").exists()
    raw = play(path, 3.0)[3]
    assert raw.samples.tobytes() == Recording(path).raw().samples.tobytes()
    assert len(raw.samples) > 100


def test_the_path_may_be_short_and_may_hold_an_at(tmp_path):
    path = record(tmp_path / "me@4", seconds=0.5)
    assert parse_replay(str(path)) == (path, 1.0)
    assert parse_replay(str(path.with_suffix(""))) == (path, 1.0)
    assert parse_replay(f"{path}@2.5") == (path, 2.5)
    assert parse_replay(f"{path.with_suffix('')}@16x") == (path, 16.0)


@pytest.mark.parametrize("which", ["", "{tmp}/a.sqlite@0", "{tmp}/a.sqlite@9999"])
def test_what_cannot_be_meant_is_told(tmp_path, which):
    sentence = "1 to 1000 times as fast" if which else "Say which recording"
    with pytest.raises(SourceError, match=sentence):
        open_source(f"replay:{which.format(tmp=tmp_path)}", display=DISPLAY)


def test_what_is_no_recording_is_refused(tmp_path):
    (tmp_path / "text.sqlite").write_text("no recording")
    with sqlite3.connect(tmp_path / "other.sqlite") as connection:
        connection.execute("CREATE TABLE t (a)")
    connection.close()
    sentences = {
        "missing": "There is no recording",
        "": "There is no recording",
        "text.sqlite": "text.sqlite",
        "other.sqlite": "no recording of Gazeroom",
    }
    for name, sentence in sentences.items():
        source = open_source(f"replay:{tmp_path / name}", clock=RealClock(), display=DISPLAY)
        with pytest.raises(SourceError, match=sentence):
            source.open()


def damage_chunk(path, seq):
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE chunk SET crc32 = crc32 + 1 WHERE seq = ?", (seq,))
    connection.close()


def test_damage_is_told_when_it_is_reached(tmp_path):
    seconds = PART_CHUNKS * 0.1 + 2.0
    path = record(tmp_path, seconds=seconds, rate_hz=30.0)
    damage_chunk(path, PART_CHUNKS + 3)
    clock = VirtualClock()
    source = open_source(f"replay:{path}", clock=clock, display=DISPLAY)
    source.open()
    read_on(source, clock, PART_CHUNKS * 0.1 - 1.0)
    with pytest.raises(StoreError, match=f"damaged in chunk {PART_CHUNKS + 3}"):
        read_on(source, clock, 5.0)
    damage_chunk(path, 0)
    with pytest.raises(SourceError, match="damaged in chunk 0"):
        open_source(f"replay:{path}", display=DISPLAY).open()


def test_what_is_simulated_is_known_before_it_is_opened(tmp_path):
    assert is_simulated("simulated:noise=0.2")
    assert is_simulated(f"replay:{record(tmp_path / 'a', seconds=0.5)}@2")
    assert not is_simulated(f"replay:{record(tmp_path / 'b', Foreign, 0.5)}")
    assert not is_simulated("lsl:Tobii")
    with pytest.raises(SourceError, match="There is no recording"):
        is_simulated("replay:/nowhere")


def test_reading_before_opening_is_told(tmp_path):
    with pytest.raises(SourceError, match="open it first"):
        open_source(f"replay:{record(tmp_path, seconds=0.5)}", display=DISPLAY).read(0.0)

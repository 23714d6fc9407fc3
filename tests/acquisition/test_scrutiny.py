"""What a source says that cannot be, one oddity at a time, and through a whole recording."""

import numpy as np
import pytest
from recording_doubles import CHANNELS, PATIENCE_S, PERIOD_NS, RATE_HZ, Rig

from acquisition.domain import Event, Gap, GapCause, ViewState
from acquisition.errors import SourceError
from acquisition.recorder import RecorderState
from acquisition.scrutiny import MAX_AHEAD_NS, SAY_EVERY_NS, Scrutiny
from acquisition.sources.base import Batch, ClockPair, SourceInfo, sample_dtype

INFO = SourceInfo("hand", CHANNELS, RATE_HZ, is_simulated=True)
NOW_NS = 100_000_000_000


def batch_of(stamps_s, arrival_ns=NOW_NS, x=0.5, **more):
    n = len(stamps_s)
    samples = np.zeros(n, dtype=sample_dtype(CHANNELS))
    samples["x"], samples["y"] = x, 0.5
    return Batch(samples, np.array(stamps_s, dtype=np.float64), np.full(n, arrival_ns), **more)


def seen(*batches, now_ns=NOW_NS):
    """What a fresh scrutiny makes of them, and what it says."""
    scrutiny = Scrutiny(INFO, NOW_NS)
    looked = [scrutiny.look(batch, now_ns) for batch in batches]
    said = [(event.kind, event.detail["n"]) for batch in looked for event in batch.events if event.detail]
    return looked, said, scrutiny.notice(now_ns)


def test_of_what_is_in_order_nothing_is_said():
    batch = batch_of([1.0, 2.0], clock_pairs=(ClockPair(NOW_NS, 1.0, 1),), events=(Event(NOW_NS, "note"),))
    (looked,), _, notice = seen(batch)
    assert looked is batch
    assert notice == ""


@pytest.mark.parametrize("x", [np.nan, -3.0, 1e30])
def test_an_eye_that_is_not_there_is_nothing_odd(x):
    assert seen(batch_of([1.0], x=x))[1:] == ([], "")


@pytest.mark.parametrize(
    ("batch", "said", "sentence"),
    [
        (batch_of([3.0, 1.0, 2.0]), ("time_backwards", 1), "time ran back"),
        (batch_of([3.0, np.nan, np.inf]), ("time_not_finite", 2), "without a time"),
        (batch_of([1.0, 2.0], x=np.inf), ("value_infinite", 2), "infinite values"),
        (batch_of([1.0], NOW_NS + 2 * MAX_AHEAD_NS), ("odd_arrival", 1), "cannot have"),
        (batch_of([1.0], -NOW_NS), ("odd_arrival", 1), "cannot have"),
        (batch_of([1.0], np.iinfo(np.int64).min), ("odd_arrival", 1), "cannot have"),
        (batch_of([], clock_pairs=(ClockPair(NOW_NS, np.nan, 1),)), ("odd_clock_pair", 1), "cannot be read"),
        (batch_of([], clock_pairs=(ClockPair(2**80, 1.0, 1),)), ("odd_clock_pair", 1), "cannot be read"),
    ],
)
def test_each_oddity_is_one_event_and_one_sentence_and_the_samples_stay(batch, said, sentence):
    (looked,), events, notice = seen(batch)
    assert events == [said]
    assert sentence in notice
    assert looked.samples.tobytes() == batch.samples.tobytes()
    assert looked.source_time_s.tobytes() == batch.source_time_s.tobytes()
    assert (np.abs(looked.host_time_ns - NOW_NS) <= MAX_AHEAD_NS).all()
    assert looked.clock_pairs == ()


def test_time_runs_backwards_from_one_batch_to_the_next():
    assert seen(batch_of([5.0]), batch_of([np.nan]), batch_of([4.0]))[1] == [
        ("time_not_finite", 1),
        ("time_backwards", 1),
    ]


def test_an_oddity_that_goes_on_is_said_again_now_and_then_and_counted():
    scrutiny = Scrutiny(INFO, NOW_NS)
    times_ns = [NOW_NS + i * SAY_EVERY_NS // 4 for i in range(9)]
    said = [scrutiny.look(batch_of([np.nan]), now_ns).events for now_ns in times_ns]
    assert [event.detail["n"] for events in said for event in events] == [1, 4, 4]
    assert scrutiny.notice(times_ns[-1]) != ""
    assert scrutiny.notice(times_ns[-1] + SAY_EVERY_NS) == ""


def test_an_event_out_of_time_happened_now():
    (looked,), _, _ = seen(batch_of([], events=(Event(2**70, "note"),)))
    assert looked.events == (Event(NOW_NS, "note"),)


@pytest.mark.parametrize(
    "batch",
    [
        Batch(np.zeros(2, "<f4"), np.zeros(2), np.zeros(2, np.int64)),
        Batch(np.zeros(2, sample_dtype(CHANNELS)), np.zeros(1), np.zeros(2, np.int64)),
        Batch(np.zeros(2, sample_dtype(CHANNELS)), np.zeros(2), np.zeros(3, np.int64)),
    ],
)
def test_other_samples_than_announced_are_refused(batch):
    with pytest.raises(SourceError, match="something else than it announced"):
        Scrutiny(INFO, 0).look(batch, 0)


# Through a recording


def stamped(numbers, stamps_s, arrival_ns):
    samples = np.zeros(len(numbers), dtype=sample_dtype(CHANNELS))
    samples["number"], samples["x"], samples["y"] = numbers, 0.5, 0.5
    return Batch(samples, np.asarray(stamps_s, dtype=np.float64), np.asarray(arrival_ns, dtype=np.int64))


@pytest.mark.parametrize("oddity", ["backwards", "nan", "infinite", "arrival"])
def test_a_recording_keeps_all_samples_of_a_source_that_talks_nonsense(oddity):
    rig = Rig().start()
    rig.send(range(100))
    rig.settle()
    numbers = np.arange(100, 150)
    stamps_s, arrival_ns = numbers * 0.01, numbers * PERIOD_NS + 2_000_000
    if oddity == "backwards":
        stamps_s = stamps_s - 0.7
    elif oddity == "nan":
        stamps_s = np.where(numbers % 3 == 0, np.nan, stamps_s)
    elif oddity == "infinite":
        stamps_s = np.where(numbers % 3 == 0, np.inf, stamps_s)
    else:
        arrival_ns = np.where(numbers % 2 == 0, 2**62, -(2**62))
    rig.source.batches.put(stamped(numbers, stamps_s, arrival_ns))
    rig.clock.advance(0.5)
    rig.settle()
    assert rig.recorder.status().state is RecorderState.RECORDING
    assert rig.recorder.status().message.count(".") == 1
    rig.send(range(150, 200))
    rig.recorder.stop()
    rig.recorder.raise_if_failed()
    assert rig.sink.numbers() == list(range(200))
    stored_s = np.concatenate([batch.source_time_s for batch in rig.sink.of(Batch)])
    np.testing.assert_array_equal(stored_s[100:150], stamps_s)
    assert {"time_backwards", "time_not_finite", "odd_arrival"} & set(rig.sink.event_kinds())
    # Stamps that ran back say of another half second that nothing was captured in it.
    assert [gap.cause for gap in rig.sink.of(Gap)] == [GapCause.STALL] * (oddity == "backwards")


def test_a_source_that_sends_what_it_did_not_announce_is_given_up_with_a_sentence():
    rig = Rig().start()
    rig.send(range(100))
    rig.source.read = lambda _: Batch(np.zeros(2, "<f4"), np.zeros(2), np.zeros(2, np.int64))
    rig.clock.advance(1.0)
    rig.settle()
    assert rig.recorder.status().state is RecorderState.FAILED
    assert "something else than it announced" in rig.recorder.status().message
    rig.recorder.stop()
    assert "source_failed" in rig.sink.event_kinds()
    assert rig.sink.is_sealed


def test_what_was_taken_in_before_a_fault_of_ours_is_stored(caplog):
    rig = Rig().start()
    rig.send(range(10))
    rig.settle()
    rig.sink.view_state = lambda _: 1 / 0
    rig.sink.may_commit.clear()
    rig.recorder.post(Event(1, "taken in"))
    rig.recorder.post(ViewState(2, ()))
    rig.sink.may_commit.set()
    rig.recorder._thread.join(PATIENCE_S)
    assert rig.recorder.status().state is RecorderState.FAILED
    assert "taken in" in rig.sink.event_kinds()
    assert "broke down" in caplog.text


def test_a_source_that_cannot_even_be_closed_ends_no_recording(caplog):
    rig = Rig().start()
    rig.source.close = lambda: 1 / 0
    rig.recorder.stop()
    assert rig.sink.is_sealed
    assert "could not be closed" in caplog.text

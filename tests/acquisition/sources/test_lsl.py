import lsl_outlet as outlet
import numpy as np
import pytest

from acquisition.clock import RealClock
from acquisition.domain import Display, GapCause
from acquisition.errors import SourceError
from acquisition.recorder import record_session
from acquisition.sources.lsl import LslSource
from acquisition.store import open_store

DISPLAY = Display(1920, 1080, 527.0, 296.0)
NUMBER_COLUMN = {"titta": 2, "app_tobii_pro": 2, "pupil": 2}


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


@pytest.mark.parametrize("dialect", ["titta", "app_tobii_pro", "pupil"])
def test_every_dialect_is_stored_bit_for_bit(dialect, lsl_outlet, tmp_path):
    lsl_outlet(dialect, "--rate", "200")
    with open_store(tmp_path) as store:
        session = record_session(store, source(), 1.0, clock=RealClock(), display=DISPLAY)
        raw, gaze = store.raw(session.id), store.gaze(session.id)
        recording = store.recording(session.id)
    values = np.stack([raw.samples[channel.label] for channel in raw.channels], axis=1)
    numbers = values[:, NUMBER_COLUMN[dialect]].astype(int)
    assert len(numbers) > 100
    assert (np.diff(numbers) == 1).all()
    expected = outlet.made_samples(dialect, numbers)
    assert values.dtype == expected.dtype
    assert values.tobytes() == expected.tobytes()
    assert raw.source_time_s.tolist() == [outlet.stamp_of(number) for number in numbers]

    side = "both" if dialect == "pupil" else "right"
    valid = gaze[f"{side}_valid"]
    assert valid.any()
    assert ((gaze[f"{side}_x"][valid] >= 0) & (gaze[f"{side}_x"][valid] <= 1)).all()
    assert recording.info.detail["source_id"] == "tracker-1"
    assert [event.kind for event in recording.events()].count("warm_up") == 1
    assert recording.clock_pairs()


def test_capture_times_fall_on_the_host_clock(lsl_outlet):
    lsl_outlet("app_tobii_pro", "--real-stamps")
    gaze = source()
    info = gaze.open()
    try:
        assert (info.nominal_rate_hz, info.is_simulated) == (100.0, False)
        batches = [gaze.read(0.05) for _ in range(40)]
    finally:
        gaze.close()
    (pair,) = [pair for batch in batches for pair in batch.clock_pairs]
    capture_ns = [
        (s - pair.source_time_s) * 1e9 + pair.host_time_ns for b in batches for s in b.source_time_s
    ]
    arrival_ns = [t for batch in batches for t in batch.host_time_ns]
    late_ms = (np.array(arrival_ns) - np.array(capture_ns)) / 1e6
    assert late_ms.min() > -1.0
    assert np.median(late_ms) < 100.0


def test_no_stream_says_what_to_do(lsl_on_loopback):
    with pytest.raises(SourceError, match=r"No LSL stream of type Gaze answered within 0\.2 s: start"):
        source(find_s=0.2).open()


def test_a_stream_without_gaze_is_named_with_its_channels(lsl_outlet):
    lsl_outlet("no_gaze")
    with pytest.raises(SourceError, match=r"'Climate' has no usable gaze channels.*temperature, humidity"):
        source().open()


def test_two_trackers_are_not_chosen_between_but_can_be_told_apart(lsl_outlet):
    lsl_outlet("titta", "--source-id", "one")
    lsl_outlet("app_tobii_pro", "--source-id", "two")
    with pytest.raises(SourceError, match="Several LSL gaze streams"):
        source(others_s=3.0).open()
    chosen = source(stream="two")
    assert chosen.open().detail["source_id"] == "two"
    chosen.close()


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


def test_a_stream_that_falls_silent_shows_within_a_second_and_leaves_a_gap(lsl_outlet, tmp_path):
    lsl_outlet("app_tobii_pro", "--mute-after", "150", "--real-stamps")
    clock, seen = RealClock(), []
    with open_store(tmp_path) as store:
        session = record_session(store, source(), 3.0, clock=clock, display=DISPLAY, watch=seen.append)
        gaps = store.recording(session.id).gaps()
    stalled = [status for status in seen if status.message.startswith("No gaze for")]
    assert stalled
    assert all(0.5 < status.last_sample_age_s < 3.5 for status in stalled)
    assert GapCause.STALL in [gap.cause for gap in gaps]

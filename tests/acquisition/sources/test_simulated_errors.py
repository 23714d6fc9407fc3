"""What a simulated tracker does wrong: as much as was asked, the same every time, and named in the ledger."""

import numpy as np
import pytest
from recording_doubles import HandSink, HandSource

from acquisition.clock import VirtualClock, fit_offset
from acquisition.domain import Display, Event, Gap, GapCause
from acquisition.errors import SourceError
from acquisition.geometry import binocular_point
from acquisition.intake import Intake
from acquisition.quality import data_loss, data_loss_from_expected
from acquisition.recorder import Recorder
from acquisition.sources import open_source
from acquisition.sources.base import Batch, Eyes
from acquisition.sources.simulated import LATENCY_NS
from acquisition.sources.simulated_errors import Outage, TrackerErrors, parse_errors
from acquisition.store import RawGaze
from acquisition.store.gaze import gaze_of

DISPLAY = Display(1920, 1080, 527.0, 296.0)
QUIET = "blinks=0,lost=0"
RATE_HZ = 120.0


def read(words, seconds, step_s=0.1):
    """The batches of a source read every `step_s`, and when it was opened."""
    clock = VirtualClock()
    name = f"simulated:{words}"
    source = open_source(name, clock=clock, display=DISPLAY, rate_hz=RATE_HZ, seed=2)
    opened_ns = clock.now_ns()
    source.open()
    batches = []
    for _ in range(round(seconds / step_s)):
        clock.advance(step_s)
        batches.append(source.read(0.0))
    return batches, opened_ns


def joined(batches):
    """(samples, source stamps, arrivals, pairs, events) of all batches."""
    samples, stamps, arrivals = (
        np.concatenate([getattr(batch, name) for batch in batches])
        for name in ("samples", "source_time_s", "host_time_ns")
    )
    pairs = [pair for batch in batches for pair in batch.clock_pairs]
    return samples, stamps, arrivals, pairs, [event for batch in batches for event in batch.events]


def test_words_become_errors():
    words = "noise=0.3, offset=1.0,drift=50,jitter=2,blinks=12,lost=1,skips=0.5,disconnect=20,overflow=30/0.5"
    assert parse_errors(words) == TrackerErrors(
        noise_deg=0.3,
        offset_deg=(1.0, 0.0),
        drift_ppm=50.0,
        jitter_ms=2.0,
        blinks_per_min=12.0,
        lost_per_min=1.0,
        skips_percent=0.5,
        disconnect=Outage(20.0, 3.0),
        overflow=Outage(30.0, 0.5),
    )
    assert parse_errors("offset=0.6/-0.8,eyes=left") == TrackerErrors(offset_deg=(0.6, -0.8), eyes=Eyes.LEFT)
    assert parse_errors("") == TrackerErrors()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("nose=1", r"no error 'nose': choose of noise \(degrees RMS-S2S, 0 to 10\), offset"),
        ("noise", "simulated:noise: give noise= in degrees"),
        ("noise=loud", "simulated:noise=loud: give noise= in degrees"),
        ("noise=nan", "give noise="),
        ("noise=-1", "give noise="),
        ("offset=1/", None),
        ("offset=1/2/3", "RIGHT/DOWN"),
        ("eyes=three", "both, left or right"),
        ("disconnect=1/0", "after S s, or S/LASTING"),
        ("skips=95", "% of the samples, 0 to 90"),
    ],
)
def test_what_is_no_error_ends_in_a_sentence(words, sentence):
    if sentence is None:
        assert parse_errors(words).offset_deg == (1.0, 0.0)
        return
    with pytest.raises(SourceError, match=sentence):
        open_source(f"simulated:{words}", display=DISPLAY)


def test_errors_do_not_depend_on_how_often_the_tracker_is_read():
    words = "jitter=5,skips=3,disconnect=2/1,overflow=4.5/0.3,blinks=30,lost=5"
    often, seldom = (joined(read(words, 8.0, step_s)[0]) for step_s in (0.01, 0.5))
    n = min(len(often[0]), len(seldom[0]))
    assert n > 600
    for fine, coarse in zip(often[:3], seldom[:3], strict=True):
        assert fine[:n].tobytes() == coarse[:n].tobytes()
    assert often[4] == seldom[4]


def test_jitter_delays_arrival_and_nothing_else():
    calm, shaken = (joined(read(words, 60.0)[0]) for words in (QUIET, f"jitter=2,{QUIET}"))
    n = min(len(calm[0]), len(shaken[0]))
    assert calm[0][:n].tobytes() == shaken[0][:n].tobytes()
    late_ms = (shaken[2][:n] - calm[2][:n]) * 1e-6
    assert (late_ms >= 0).all()
    assert np.sqrt(np.mean(late_ms**2)) == pytest.approx(2.0, rel=0.1)
    assert (np.diff(shaken[2]) >= 0).all()


def test_drift_is_found_by_the_pairs():
    pairs = joined(read("drift=-120", 120.0)[0])[3]
    assert fit_offset(pairs).drift_ppm == pytest.approx(-120.0, abs=2.0)


def test_skips_are_seen_only_against_what_was_owed():
    samples, stamps, arrivals, _, _ = joined(read(f"skips=10,{QUIET}", 120.0)[0])
    info = open_source("simulated", clock=VirtualClock(), display=DISPLAY).open()
    points = binocular_point(gaze_of(RawGaze(info.channels, samples, stamps, arrivals), ()))
    assert data_loss(*points.T) == 0.0
    assert data_loss_from_expected(*points.T, 120.0, RATE_HZ) == pytest.approx(10.0, abs=1.0)


def test_the_eyes_that_are_not_seen_have_no_gaze():
    samples = joined(read("eyes=right,blinks=0,lost=0", 2.0)[0])[0]
    assert not samples["left_gaze_point_validity"].any()
    assert np.isnan(samples["left_gaze_point_on_display_area_x"]).all()
    assert samples["right_gaze_point_validity"].all()


def test_a_disconnect_is_said_and_silent():
    batches, opened_ns = read(f"disconnect=7/6,{QUIET}", 20.0)
    _, _, arrivals, pairs, events = joined(batches)
    gone_ns, back_ns = opened_ns + 7_000_000_000, opened_ns + 13_000_000_000
    assert [(event.kind, event.host_time_ns) for event in events] == [
        ("disconnect", gone_ns),
        ("reconnect", back_ns),
    ]
    captured_ns = arrivals - LATENCY_NS
    assert not ((captured_ns >= gone_ns) & (captured_ns < back_ns)).any()
    assert len(captured_ns) == pytest.approx(14 * RATE_HZ, abs=3)
    assert [round((pair.host_time_ns - opened_ns) * 1e-9) for pair in pairs] == [0, 5, 15, 20]


def test_events_divide_batches():
    batches, _ = read(f"disconnect=2.25/1,overflow=4.33/0.1,{QUIET}", 8.0, step_s=0.5)
    for i, batch in enumerate(batches):
        for event in batch.events:
            assert all((b.host_time_ns - LATENCY_NS < event.host_time_ns).all() for b in batches[:i])
            assert (batch.host_time_ns - LATENCY_NS >= event.host_time_ns).all()
    assert sum(len(batch.events) for batch in batches) == 3


def test_the_ledger_names_the_cause():
    clock, sink = VirtualClock(), HandSink()
    name = f"simulated:disconnect=2/1,overflow=5/0.06,{QUIET}"
    source = open_source(name, clock=clock, display=DISPLAY, rate_hz=RATE_HZ)
    opened_ns = clock.now_ns()
    recorder = Recorder(lambda _: sink, source, clock)
    recorder.start()
    recorder.wait_until_open()
    for _ in range(80):
        clock.advance(0.1)
        assert recorder.wait_for(clock.now_ns(), 20.0)
    recorder.stop()
    gaps = [((g.start_ns - opened_ns) * 1e-9, (g.end_ns - g.start_ns) * 1e-9, g.cause) for g in sink.of(Gap)]
    causes = {cause: (start_s, lasting_s) for start_s, lasting_s, cause in gaps}
    assert set(causes) == {GapCause.DISCONNECT, GapCause.OVERFLOW}
    assert len(gaps) == 2
    assert causes[GapCause.DISCONNECT] == pytest.approx((2.0, 1.0), abs=0.02)
    assert causes[GapCause.OVERFLOW] == pytest.approx((5.0, 0.06), abs=0.02)
    said = [event for batch in sink.of(Batch) for event in batch.events]
    assert said[-1] == Event(opened_ns + 5_060_000_000, "overflow", {"stream": "gaze", "simulated": True})


def test_an_overflow_that_lost_nothing_of_gaze_is_no_gap():
    source, sink = HandSource(), HandSink()
    intake = Intake(source.info, sink, 0)
    for numbers, events in ((range(50), ()), (range(50, 99), [Event(500_000_000, "overflow", {})])):
        source.send(numbers, events=events)
        intake.take_batch(source.read(0.0))
    intake.finish(990_000_000)
    sink.commit()
    assert sink.of(Gap) == []
    assert "overflow" in sink.event_kinds()

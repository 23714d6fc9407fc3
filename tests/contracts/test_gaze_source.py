"""What `GazeSource` promises, asked of every source that ships."""

import json
import threading
from dataclasses import dataclass

import numpy as np
import pytest

from acquisition.clock import RealClock, VirtualClock
from acquisition.domain import IDENTITY, Display, Panel, ViewState
from acquisition.sources import SOURCES, open_source
from acquisition.sources.base import CanBeCalibrated, WatchesScreen, sample_dtype
from acquisition.sources.lsl import LslSource
from acquisition.sources.replay import END, SOURCE_EVENTS
from acquisition.store import RawGaze
from acquisition.store.gaze import gaze_of
from tests.acquisition.recorded import record

DISPLAY = Display(1920, 1080, 527.0, 296.0)


@dataclass
class Bench:
    """One source on one clock."""

    source: object
    clock: object
    has_gaze: bool = True

    def read_for(self, seconds):
        """Batches of so much time of the source's clock."""
        if isinstance(self.clock, VirtualClock):
            batches = []
            for _ in range(round(seconds / 0.1)):
                self.clock.advance(0.1)
                batches.append(self.source.read(0.0))
            return batches
        end_ns = self.clock.now_ns() + round(seconds * 1e9)
        batches = []
        while self.clock.now_ns() < end_ns:
            batches.append(self.source.read(0.02))
        return batches


def simulated(words=""):
    return lambda _, clock: open_source(f"simulated:{words}", clock=clock, display=DISPLAY)


def lsl(request, clock):
    request.getfixturevalue("lsl_outlet")("titta", "--rate", "120", "--real-stamps")
    return LslSource(clock, DISPLAY, others_s=0.1)


def tobii(request, clock):
    request.getfixturevalue("fake_tobii")()
    return open_source("tobii", clock=clock, display=DISPLAY)


def replay(suffix=""):
    def make(request, clock):
        path = record(request.getfixturevalue("tmp_path"), ERRORS, 5.0)
        return open_source(f"replay:{path}{suffix}", clock=clock, display=DISPLAY)

    return make


def none(_, clock):
    return open_source("none", clock=clock, display=DISPLAY)


ERRORS = "simulated:jitter=2,skips=5,disconnect=0.3/0.2,overflow=0.7/0.05,blinks=20"
BENCHES = {
    "simulated on a real clock": simulated(),
    "simulated on a virtual clock": simulated(),
    "simulated with errors on a virtual clock": simulated(ERRORS.partition(":")[2]),
    "lsl": lsl,
    "tobii": tobii,
    "replay on a real clock": replay(),
    "replay on a virtual clock": replay(),
    "replay at four times the speed on a virtual clock": replay("@4"),
    "none": none,
}
"""By a name that begins with the source's: how it is made, not yet opened."""


@pytest.fixture(params=BENCHES)
def bench(request):
    clock = VirtualClock() if "virtual" in request.param else RealClock()
    source = BENCHES[request.param](request, clock)
    bench = Bench(source, clock, has_gaze=request.param != "none")
    yield bench
    bench.source.close()


def test_every_source_that_ships_is_asked():
    assert {name.split()[0] for name in BENCHES} == set(SOURCES)


def test_batches_are_what_the_channel_table_says(bench):
    info = bench.source.open()
    batches = bench.read_for(1.0)
    dtype = sample_dtype(info.channels)
    for batch in batches:
        assert batch.samples.dtype == dtype
        assert batch.source_time_s.dtype == np.float64
        assert batch.host_time_ns.dtype == np.int64
        assert len(batch.samples) == len(batch.source_time_s) == len(batch.host_time_ns)
    assert bench.has_gaze == (sum(len(batch.samples) for batch in batches) > 0)
    assert bench.has_gaze == bool(info.channels)


def test_the_source_says_what_it_is(bench):
    info = bench.source.open()
    assert info.name
    assert info.nominal_rate_hz >= 0.0
    assert all(isinstance(text, str) for pair in info.detail.items() for text in pair)


def test_what_it_says_of_itself_is_known_to_the_replay_and_never_in_the_future(bench):
    bench.source.open()
    for batch in bench.read_for(1.0):
        for event in batch.events:
            assert event.kind in SOURCE_EVENTS | {END}
            assert event.host_time_ns <= bench.clock.now_ns()
            json.dumps(dict(event.detail))


def test_time_goes_forward_and_arrival_is_never_in_the_future(bench):
    bench.source.open()
    batches = []
    for batch in bench.read_for(1.0):
        assert (batch.host_time_ns <= bench.clock.now_ns()).all()
        batches.append(batch)
    assert (np.diff(np.concatenate([batch.host_time_ns for batch in batches])) >= 0).all()
    assert (np.diff(np.concatenate([batch.source_time_s for batch in batches])) > 0).all()


def test_the_first_clock_pair_comes_soon_and_places_the_samples_before_their_arrival(bench):
    bench.source.open()
    batches = bench.read_for(1.0)
    pairs = [pair for batch in batches for pair in batch.clock_pairs]
    assert bench.has_gaze == bool(pairs)
    for pair in pairs:
        assert 0 <= pair.uncertainty_ns < 50_000_000
        assert pair.host_time_ns <= bench.clock.now_ns() + pair.uncertainty_ns
        for batch in batches:
            capture_ns = (batch.source_time_s - pair.source_time_s) * 1e9 + pair.host_time_ns
            assert (capture_ns <= batch.host_time_ns + pair.uncertainty_ns).all()


def test_roles_are_fields_of_gaze_and_labels_are_unique(bench):
    info = bench.source.open()
    batches = bench.read_for(0.5)
    gaze = gaze_of(
        RawGaze(
            info.channels,
            np.concatenate([batch.samples for batch in batches]),
            np.concatenate([batch.source_time_s for batch in batches]),
            np.concatenate([batch.host_time_ns for batch in batches]),
        ),
        (),
    )
    assert bench.has_gaze == bool(gaze["left_valid"].any() or gaze["right_valid"].any())
    labels = [channel.label for channel in info.channels]
    assert len(set(labels)) == len(labels)


def test_nothing_new_is_an_empty_batch(bench):
    bench.source.open()
    bench.source.read(0.0)
    assert len(bench.source.read(0.0).samples) < 20


def test_it_may_be_closed_twice_and_unopened(bench):
    before = set(threading.enumerate())
    bench.source.close()
    bench.source.open()
    bench.source.close()
    bench.source.close()
    assert set(threading.enumerate()) <= before


def test_a_source_that_watches_the_screen_takes_any_view(bench):
    bench.source.open()
    if isinstance(bench.source, WatchesScreen):
        panel = Panel("img_1", (0.0, 0.0, 1920.0, 1080.0), IDENTITY)
        bench.source.observe(ViewState(bench.clock.now_ns(), (panel,)))
        bench.source.observe(ViewState(bench.clock.now_ns(), ()))
    assert bench.has_gaze == (sum(len(batch.samples) for batch in bench.read_for(0.5)) > 0)


@pytest.mark.parametrize("bench", ["simulated on a virtual clock", "tobii"], indirect=True)
def test_a_calibration_that_is_given_up_leaves_gaze_flowing(bench):
    bench.source.open()
    assert isinstance(bench.source, CanBeCalibrated)
    for _ in range(2):
        bench.source.calibrator.enter()
        bench.source.calibrator.leave()
    assert sum(len(batch.samples) for batch in bench.read_for(0.5)) > 0

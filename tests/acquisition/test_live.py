from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_doubles import CHANNELS, PERIOD_NS, RATE_HZ

from acquisition.domain import Gap, GapCause
from acquisition.live import LiveGaze
from acquisition.quality import find_gaps
from acquisition.sources.base import Batch, ClockPair, SourceInfo, sample_dtype

INFO = SourceInfo("hand", CHANNELS, RATE_HZ, is_simulated=True)


def batch_of(time_ns, xy):
    samples = np.zeros(len(time_ns), dtype=sample_dtype(CHANNELS))
    samples["x"], samples["y"] = xy[:, 0], xy[:, 1]
    return Batch(samples, time_ns / 1e9, time_ns)


@given(
    st.lists(st.sampled_from(["good", "bad", "off", "silent"]), min_size=1, max_size=120),
    st.lists(st.integers(0, 600), max_size=30),
)
def test_gaps_found_on_the_way_are_those_found_at_the_end(kinds, cuts):
    blocks = np.repeat(kinds, 5)
    sent = blocks != "silent"
    time_ns = np.arange(len(blocks), dtype=np.int64)[sent] * PERIOD_NS
    xy = np.full((len(blocks), 2), 0.5)
    xy[blocks == "bad"], xy[blocks == "off"] = np.nan, 1.5
    xy = xy[sent]
    end_ns = len(blocks) * PERIOD_NS
    live, found = LiveGaze(INFO, 0), []
    for piece in np.split(np.arange(len(time_ns)), sorted(cuts)):
        batch = batch_of(time_ns[piece], xy[piece])
        live.add(batch, live.capture_ns(batch))
        found += live.settled_gaps()
    found += live.last_gaps(end_ns)
    assert found == find_gaps(time_ns, xy, RATE_HZ, since_ns=0, until_ns=end_ns)


def test_capture_times_follow_the_clock_pairs_once_there_are_some():
    live = LiveGaze(INFO, 0)
    batch = batch_of(np.array([1_000_000_000]), np.full((1, 2), 0.5))
    assert live.capture_ns(batch).tolist() == [1_000_000_000]
    paired = Batch(batch.samples, batch.source_time_s, batch.host_time_ns, (ClockPair(5_000, 0.0, 1),))
    assert live.capture_ns(paired).tolist() == [1_000_005_000]


def test_capture_times_follow_a_clock_that_starts_anew():
    live, nothing = LiveGaze(INFO, 0), batch_of(np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
    live.capture_ns(replace(nothing, clock_pairs=(ClockPair(0, 5000.0, 1),)))
    late_ns, stamp_s = np.array([60_003_000_000]), np.array([1.0])
    after = replace(batch_of(late_ns, np.full((1, 2), 0.5)), source_time_s=stamp_s)
    assert live.capture_ns(after).tolist() == [60_003_000_000], "nothing is known yet of the new clock"
    paired = replace(after, clock_pairs=(ClockPair(60_500_000_000, 1.5, 1),))
    assert live.capture_ns(paired).tolist() == [60_000_000_000]


def test_a_pause_is_not_owed_and_a_disconnect_is():
    time_ns = np.r_[0:100, 200:300, 400:500] * PERIOD_NS
    live = LiveGaze(INFO, 0)
    for piece in np.split(time_ns, 30):
        live.add(batch_of(piece, np.full((len(piece), 2), 0.5)), piece)
    assert live.tally(0, 500 * PERIOD_NS).loss == pytest.approx(0.4, abs=0.01)
    live.explain(Gap(100 * PERIOD_NS, 200 * PERIOD_NS, GapCause.PAUSE))
    live.explain(Gap(300 * PERIOD_NS, 400 * PERIOD_NS, GapCause.DISCONNECT))
    assert live.tally(0, 500 * PERIOD_NS).loss == pytest.approx(0.25, abs=0.01)
    assert live.tally(0, 500 * PERIOD_NS).n_samples == 300


def test_a_source_without_gaze_has_no_gaps_and_no_quality():
    live = LiveGaze(SourceInfo("none", (), 0.0, is_simulated=False), 0)
    assert live.settled_gaps() == []
    assert live.last_gaps(10**9) == []
    assert live.recent_quality() == (None, 0.0)
    assert live.tally(0, 10**9) == (0, None, None)

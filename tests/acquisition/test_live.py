from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_doubles import CHANNELS, PERIOD_NS, RATE_HZ

from acquisition.domain import Gap, GapCause
from acquisition.gaps import find_gaps
from acquisition.live import LiveGaze
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


def live_with(time_ns, xy, pieces=30):
    live = LiveGaze(INFO, 0)
    for piece in np.array_split(np.arange(len(time_ns)), pieces):
        live.add(batch_of(time_ns[piece], xy[piece]), time_ns[piece])
        live.settled_gaps()
    return live


def test_the_longest_gap_of_a_reading_is_its_own_part_and_counts_what_is_still_open():
    time_ns = np.arange(1000) * PERIOD_NS
    xy = np.full((1000, 2), 0.5)
    xy[100:300] = np.nan
    xy[900:] = np.nan
    live = live_with(time_ns, xy)
    assert live.tally(0, 1000 * PERIOD_NS).longest_gap_s == pytest.approx(2.0, abs=0.02)
    assert live.tally(200 * PERIOD_NS, 500 * PERIOD_NS).longest_gap_s == pytest.approx(1.0, abs=0.02)
    assert live.tally(400 * PERIOD_NS, 800 * PERIOD_NS).longest_gap_s == 0.0
    assert live.tally(400 * PERIOD_NS, 1000 * PERIOD_NS).longest_gap_s == pytest.approx(1.0, abs=0.02)
    silent_until_ns = 1400 * PERIOD_NS
    assert live.tally(400 * PERIOD_NS, silent_until_ns).longest_gap_s == pytest.approx(4.0, abs=0.02)


def test_neither_a_pause_nor_a_look_beside_the_display_is_a_gap_of_the_reading():
    time_ns = np.r_[0:300, 700:1000] * PERIOD_NS
    xy = np.full((600, 2), 0.5)
    xy[100:250] = 1.5
    live = live_with(time_ns, xy)
    live.explain(Gap(300 * PERIOD_NS, 700 * PERIOD_NS, GapCause.PAUSE))
    paused = LiveGaze(INFO, 0)
    paused.add(batch_of(time_ns[:300], xy[:300]), time_ns[:300])
    paused.pause(300 * PERIOD_NS)
    assert paused.tally(0, 700 * PERIOD_NS).longest_gap_s == pytest.approx(0.0, abs=0.02)
    assert live.ledger.n[GapCause.PAUSE] == 1
    assert live.ledger.n[GapCause.OFF_SCREEN] == 1


def test_recent_gaze_is_owed_from_the_end_of_a_pause_and_while_the_source_is_silent():
    time_ns = np.arange(1000) * PERIOD_NS
    live = live_with(time_ns, np.full((1000, 2), 0.5))
    recent = live.recent(1000 * PERIOD_NS)
    assert (len(recent.gaze), recent.end_ns - recent.start_ns) == (500, 500 * PERIOD_NS)
    silent = live.recent(1200 * PERIOD_NS)
    assert (len(silent.gaze), silent.end_ns) == (300, 1200 * PERIOD_NS)
    live.explain(Gap(700 * PERIOD_NS, 900 * PERIOD_NS, GapCause.PAUSE))
    assert live.recent(1000 * PERIOD_NS).start_ns == 900 * PERIOD_NS


def test_counting_stays_small_and_exact_however_small_the_pieces():
    time_ns = np.arange(2000) * PERIOD_NS
    xy = np.full((2000, 2), 0.5)
    xy[::4] = np.nan
    live = live_with(time_ns, xy, pieces=2000)
    assert live.tally(0, 2000 * PERIOD_NS).n_samples == pytest.approx(2000, abs=10)
    assert live.tally(0, 2000 * PERIOD_NS).loss == pytest.approx(0.25, abs=0.01)

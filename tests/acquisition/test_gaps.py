import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Gap, GapCause
from acquisition.gaps import find_gaps

MS = 1_000_000
RATE_HZ = 100.0
PERIOD_NS = 10 * MS


def gaze_of(n, bad=(), off=()):
    """n samples at 100 Hz in the middle of the display, without an eye or off screen in these ranges."""
    time_ns = np.arange(n, dtype=np.int64) * PERIOD_NS
    xy = np.full((n, 2), 0.5)
    for start, stop in bad:
        xy[start:stop] = np.nan
    for start, stop in off:
        xy[start:stop] = (1.2, 0.5)
    return time_ns, xy


def gap(start, stop, cause):
    return Gap(start * PERIOD_NS, stop * PERIOD_NS, cause)


def test_each_cause_is_told_from_the_others():
    time_ns, xy = gaze_of(1000, bad=[(100, 115), (200, 300), (500, 503)], off=[(600, 650)])
    assert find_gaps(time_ns, xy, RATE_HZ) == [
        gap(100, 115, GapCause.BLINK),
        gap(200, 300, GapCause.LOST_FACE),
        gap(600, 650, GapCause.OFF_SCREEN),
    ]


def test_silence_is_a_stall_also_when_nothing_ends_it():
    time_ns, xy = gaze_of(1000)
    kept = np.r_[0:400, 450:900]
    found = find_gaps(time_ns[kept], xy[kept], RATE_HZ, until_ns=1000 * PERIOD_NS)
    assert found == [gap(400, 450, GapCause.STALL), gap(900, 1000, GapCause.STALL)]


def test_what_events_explain_is_not_found_again():
    time_ns, xy = gaze_of(1000)
    kept = np.r_[0:400, 900:1000]
    pause = gap(400, 880, GapCause.PAUSE)
    assert find_gaps(time_ns[kept], xy[kept], RATE_HZ, explained=[pause]) == [gap(880, 900, GapCause.STALL)]
    whole = gap(400, 900, GapCause.DISCONNECT)
    assert find_gaps(time_ns[kept], xy[kept], RATE_HZ, explained=[whole]) == []


def test_a_blink_beside_a_silence_is_a_gap_of_its_own():
    time_ns, xy = gaze_of(1000, bad=[(380, 400), (450, 470)])
    kept = np.r_[0:400, 450:1000]
    assert [g.cause for g in find_gaps(time_ns[kept], xy[kept], RATE_HZ)] == [
        GapCause.BLINK,
        GapCause.STALL,
        GapCause.BLINK,
    ]


def test_a_source_that_never_spoke_was_silent_all_the_time():
    nothing = np.zeros(0, dtype=np.int64), np.zeros((0, 2))
    (found,) = find_gaps(*nothing, RATE_HZ, since_ns=0, until_ns=1000 * PERIOD_NS)
    assert (found.cause, found.end_ns) == (GapCause.STALL, 1000 * PERIOD_NS)
    time_ns, xy = gaze_of(1000)
    (found,) = find_gaps(time_ns[50:], xy[50:], RATE_HZ, since_ns=0)
    assert (found.cause, found.end_ns) == (GapCause.STALL, 50 * PERIOD_NS)


def test_no_samples_no_gaps():
    assert find_gaps(np.zeros(0, dtype=np.int64), np.zeros((0, 2)), RATE_HZ) == []


@given(st.lists(st.sampled_from(["good", "bad", "off", "silent"]), max_size=300))
def test_gaps_never_overlap_and_hold_no_usable_sample(kinds):
    blocks = [kind for kind in kinds for _ in range(5)]
    sent = np.array([kind != "silent" for kind in blocks], dtype=bool)
    time_ns, xy = gaze_of(len(blocks))
    xy[[kind == "bad" for kind in blocks]] = np.nan
    xy[[kind == "off" for kind in blocks]] = (0.5, -0.1)
    found = find_gaps(time_ns[sent], xy[sent], RATE_HZ)
    for one, other in itertools.pairwise(found):
        assert one.end_ns <= other.start_ns
    good_ns = time_ns[[kind == "good" for kind in blocks]]
    for one in found:
        assert not ((good_ns >= one.start_ns) & (good_ns < one.end_ns)).any()

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Gap, GapCause
from acquisition.quality import (
    accuracy,
    data_loss,
    data_loss_from_expected,
    find_gaps,
    reading_loss,
    rms_s2s,
    std,
)

MS = 1_000_000
RATE_HZ = 100.0
PERIOD_NS = 10 * MS


def test_published_oracle_values():
    """Values printed by ETDQualitizer's own documentation."""
    assert accuracy([1, 2], [1, 2], 0, 0) == pytest.approx((2.1211587, 1.4995430, 1.5002284), abs=1e-6)
    assert rms_s2s([1, 2, 3], [1, 2, 3]) == pytest.approx((2**0.5, 1.0, 1.0))
    assert std([1, 2, 3], [1, 2, 3]) == pytest.approx(((4 / 3) ** 0.5, (2 / 3) ** 0.5, (2 / 3) ** 0.5))
    nan = np.nan
    assert data_loss([1, nan, 3], [1, 2, nan]) == pytest.approx(200 / 3)
    assert data_loss_from_expected([1, nan, 3], [1, 2, nan], 1.0, 3.0) == pytest.approx(200 / 3)


def test_white_noise_has_the_precision_it_was_made_with():
    """RMS-S2S of white noise is sqrt 2 times its STD: the textbook relation."""
    azi, ele = np.random.default_rng(0).normal(0, 0.1, (2, 50_000))
    assert std(azi, ele)[0] == pytest.approx(0.1414, rel=0.02)
    assert rms_s2s(azi, ele)[0] == pytest.approx(0.2, rel=0.02)


def test_steps_over_a_missing_sample_do_not_count():
    assert rms_s2s([0, 1, np.nan, 9, 10], [0, 0, 0, 0, 0])[0] == pytest.approx(1.0)


@given(st.floats(-30, 30), st.floats(-25, 25), st.floats(0.01, 5))
def test_accuracy_of_a_steady_eye_is_the_angle_it_is_off(azi, ele, off):
    total, across, up = accuracy([azi + off], [ele], azi, ele)
    ahead = [
        np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
        for a, e in np.radians([[azi, ele], [azi + off, ele]])
    ]
    assert total == pytest.approx(np.degrees(np.arccos(np.clip(ahead[0] @ ahead[1], -1, 1))), abs=1e-5)
    assert total == pytest.approx(np.hypot(across, up))
    assert across > 0


def test_accuracy_on_the_target_is_nought():
    assert accuracy([3.0], [4.0], 3.0, 4.0) == pytest.approx((0, 0, 0), abs=1e-12)


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


def view_of(time_ns, xy):
    names = ("time_ns", "<i8"), ("both_x", "<f8"), ("both_y", "<f8"), ("both_valid", "?")
    gaze = np.zeros(len(time_ns), dtype=list(names))
    gaze["time_ns"], gaze["both_x"], gaze["both_y"] = time_ns, xy[:, 0], xy[:, 1]
    gaze["both_valid"] = np.isfinite(xy[:, 0])
    return gaze


def test_reading_loss_counts_what_was_owed():
    gaze = view_of(*gaze_of(1000, bad=[(100, 200)]))
    assert reading_loss(gaze, 0, 1000 * PERIOD_NS, RATE_HZ) == pytest.approx(0.1)
    assert reading_loss(gaze[500:], 0, 1000 * PERIOD_NS, RATE_HZ) == pytest.approx(0.5)
    assert reading_loss(gaze[500:], 0, 1000 * PERIOD_NS, RATE_HZ, [gap(0, 500, GapCause.PAUSE)]) == 0.0
    assert reading_loss(gaze, 0, 1000 * PERIOD_NS, 0.0) == pytest.approx(0.1)
    assert reading_loss(gaze[:0], 0, 1000 * PERIOD_NS, RATE_HZ) == 1.0
    assert reading_loss(gaze[:0], 0, 1000 * PERIOD_NS, 0.0) == 0.0

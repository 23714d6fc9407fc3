import threading

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from acquisition.clock import MAX_EARLY_NS, MAX_LATE_NS, RealClock, VirtualClock, fit_offset, source_clock
from acquisition.sources.base import ClockPair

BOOT_NS = 5_000_000_000_000


def pairs_of(drift_ppm, n=120, every_s=5.0, jitter_ns=100_000, seed=0):
    """Pairs as LSL gives them: the error of each is within its uncertainty."""
    rng = np.random.default_rng(seed)
    source_s = 1e6 + every_s * np.arange(n)
    true_ns = BOOT_NS + (source_s - 1e6) * 1e9 * (1 + drift_ppm * 1e-6)
    error_ns = rng.uniform(-jitter_ns, jitter_ns, n)
    return [
        ClockPair(int(host), float(source), jitter_ns)
        for host, source in zip(true_ns + error_ns, source_s, strict=True)
    ]


@pytest.mark.parametrize("drift_ppm", [0.0, 50.0, -120.0])
def test_a_drifting_jittering_clock_is_placed_within_a_fifth_of_a_millisecond(drift_ppm):
    fit = fit_offset(pairs_of(drift_ppm))
    source_s = np.linspace(1e6, 1e6 + 600, 1001)
    true_ns = BOOT_NS + (source_s - 1e6) * 1e9 * (1 + drift_ppm * 1e-6)
    assert np.abs(fit.to_host_ns(source_s) - true_ns).max() < 200_000
    assert fit.drift_ppm == pytest.approx(drift_ppm, abs=2.0)


def test_uncertain_pairs_and_outliers_do_not_bend_the_line():
    pairs = pairs_of(50.0)
    slow = [ClockPair(p.host_time_ns + 20_000_000, p.source_time_s, 40_000_000) for p in pairs[::3]]
    lying = [ClockPair(p.host_time_ns - 9_000_000, p.source_time_s, p.uncertainty_ns) for p in pairs[::10]]
    fit, clean = fit_offset([*pairs, *slow, *lying]), fit_offset(pairs)
    source_s = np.array([1e6, 1e6 + 600])
    assert np.abs(fit.to_host_ns(source_s) - clean.to_host_ns(source_s)).max() < 200_000
    assert fit.n_pairs_used <= len(pairs)


def test_a_short_stretch_gives_an_offset_and_no_drift():
    fit = fit_offset(pairs_of(50.0, n=4, every_s=0.5))
    assert fit.drift_ppm == 0.0
    assert abs(int(fit.to_host_ns(np.array([1e6]))[0]) - BOOT_NS) < 300_000


def test_one_pair_is_enough_and_none_is_too_few():
    fit = fit_offset([ClockPair(2_000_000_000, 1.0, 10)])
    assert fit.to_host_ns(np.array([1.5])).tolist() == [2_500_000_000]
    assert fit.offset_ns == 1e9
    with pytest.raises(ValueError, match="no clock pairs"):
        fit_offset([])


def test_a_virtual_clock_wakes_who_waits_and_never_goes_back():
    clock = VirtualClock(start_ns=0)
    woken = []
    waiter = threading.Thread(target=lambda: woken.append(clock.wait_until(1_000_000_000, 30.0)))
    waiter.start()
    clock.advance(1.0)
    waiter.join()
    assert woken == [True]
    assert not clock.wait_until(2_000_000_000, 0.0)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-1.0)


def test_the_real_clock_waits_no_longer_than_asked():
    clock = RealClock()
    assert clock.wait_until(clock.now_ns() - 1, 0.0)
    assert not clock.wait_until(clock.now_ns() + 3_600_000_000_000, 0.001)


def run_of(first_s, n, source_zero_s, drift_ppm=0.0, every_s=5.0):
    """Exact pairs from `first_s` of host time on, of a clock that shows `source_zero_s` at host time 0."""
    host_s = first_s + every_s * np.arange(n)
    source_s = source_zero_s + host_s / (1 + drift_ppm * 1e-6)
    return [ClockPair(round(h * 1e9), float(s), 1000) for h, s in zip(host_s, source_s, strict=True)]


def test_slow_drift_over_hours_is_one_line():
    clock = source_clock(pairs_of(100.0, n=3000))
    assert len(clock.segments) == 1
    assert clock.segments[0].fit == fit_offset(pairs_of(100.0, n=3000))


def test_a_clock_that_started_anew_has_two_lines():
    pairs = run_of(0.0, 20, source_zero_s=5000.0) + run_of(110.0, 20, source_zero_s=-103.0)
    clock = source_clock(pairs)
    assert [(segment.first_ns, segment.last_ns) for segment in clock.segments] == [
        (0, 95_000_000_000),
        (110_000_000_000, 205_000_000_000),
    ]
    # Before the reset, between the reset and the first pair after it, and long after; 3 ms on their way.
    captured_s = np.array([50.0, 102.9, 103.1, 109.0, 150.0])
    stamps_s = np.where(captured_s < 103, captured_s + 5000.0, captured_s - 103.0)
    captured_ns = np.round(captured_s * 1e9).astype(np.int64)
    assert np.abs(clock.capture_ns(stamps_s, captured_ns + 3_000_000) - captured_ns).max() <= 1


def test_what_the_old_clock_stamped_may_arrive_after_the_restart():
    clock = source_clock(run_of(0.0, 20, 5000.0) + run_of(110.0, 20, -103.0))
    arrival_ns = np.array([115_000_000_000])
    assert abs(int(clock.capture_ns(np.array([5090.0]), arrival_ns)[0]) - 90_000_000_000) <= 1


def test_one_lying_pair_is_no_restart():
    pairs = run_of(0.0, 20, 5000.0)
    lie = ClockPair(pairs[9].host_time_ns + 1, pairs[9].source_time_s + 40.0, 1000)
    assert source_clock([*pairs[:10], lie, *pairs[10:]]) == source_clock(pairs)
    assert source_clock([ClockPair(0, float("nan"), 1000), *pairs]) == source_clock(pairs)


def test_a_pair_that_was_read_too_slowly_to_tell_is_no_restart():
    pairs = run_of(0.0, 20, 5000.0)
    slow = ClockPair(pairs[-1].host_time_ns + 5_000_000_000, 5000.0 + 103.0, 4_000_000_000)
    assert len(source_clock([*pairs, slow]).segments) == 1


@pytest.mark.parametrize("stamp_s", [np.nan, np.inf, -np.inf, 1e300, -1e300, 5400.0, 0.0])
def test_a_stamp_that_cannot_be_was_captured_when_it_arrived(stamp_s):
    clock = source_clock(run_of(0.0, 20, 5000.0))
    arrival_ns = np.array([90_000_000_000])
    assert clock.capture_ns(np.array([stamp_s]), arrival_ns).tolist() == arrival_ns.tolist()


def test_without_pairs_capture_is_arrival():
    arrival_ns = np.array([3, 1, 2])
    assert source_clock([]).capture_ns(np.array([1.0, np.nan, 2.0]), arrival_ns).tolist() == [3, 1, 2]


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(-100, 100), st.integers(3, 9)), min_size=1, max_size=4
    ),
    st.integers(0, 2**32 - 1),
)
def test_after_any_restarts_each_sample_is_placed_by_its_own_clock(restarts, seed):
    rng = np.random.default_rng(seed)
    pairs, stamps_s, captured_s, begin_s = [], [], [], 0.0
    for source_zero_s, drift_ppm, n in restarts:
        end_s = begin_s + 5.0 * n
        # The first pair comes up to 4 s after the restart.
        pairs += run_of(begin_s + rng.uniform(0, 4), n, source_zero_s, drift_ppm)
        inside_s = np.sort(rng.uniform(begin_s, end_s, 50))
        stamps_s.append(source_zero_s + inside_s / (1 + drift_ppm * 1e-6))
        captured_s.append(inside_s)
        begin_s = end_s
    zeros_s = np.array([restart[0] for restart in restarts])
    assume((np.abs(np.diff(zeros_s)) > 2.0).all() and (np.abs(zeros_s[2:] - zeros_s[:-2]) > 2.0).all())
    captured_ns = np.round(np.concatenate(captured_s) * 1e9).astype(np.int64)
    arrival_ns = captured_ns + rng.integers(0, 50_000_000, len(captured_ns))
    clock = source_clock(pairs)
    assert len(clock.segments) == len(restarts)
    # Over less than 30 s no drift is fitted: 100 ppm of that are 3 ms.
    placed_ns = clock.capture_ns(np.concatenate(stamps_s), arrival_ns)
    assert np.abs(placed_ns - captured_ns).max() < 6_000_000


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.floats(), st.integers(0, 10**9)), max_size=12),
    st.lists(st.tuples(st.floats(), st.integers(-(2**62), 2**62)), min_size=1, max_size=20),
)
def test_nothing_that_a_source_says_of_time_breaks_the_clock(pairs, samples):
    clock = source_clock([ClockPair(*pair) for pair in sorted(pairs, key=lambda pair: pair[0])])
    stamps_s = np.array([stamp_s for stamp_s, _ in samples])
    arrival_ns = np.array([arrived_ns for _, arrived_ns in samples])
    placed_ns = clock.capture_ns(stamps_s, arrival_ns)
    assert (placed_ns - arrival_ns <= MAX_EARLY_NS).all()
    assert (arrival_ns - placed_ns <= MAX_LATE_NS).all()
    finite_s = stamps_s[np.isfinite(stamps_s)]
    extremes = (finite_s.min(), finite_s.max()) if len(finite_s) else (np.nan, np.nan)
    first_ns, last_ns = clock.span_ns(
        *(np.array([stamp_s]) for stamp_s in extremes),
        *(np.array([arrived_ns]) for arrived_ns in (arrival_ns.min(), arrival_ns.max())),
    )
    assert first_ns[0] <= placed_ns.min()
    assert placed_ns.max() <= last_ns[0]

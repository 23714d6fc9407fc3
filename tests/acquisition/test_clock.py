import threading

import numpy as np
import pytest

from acquisition.clock import RealClock, VirtualClock, fit_offset
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

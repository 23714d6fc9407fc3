"""How well gaze is placed on the host clock: 50 ppm of drift, 2 ms of jitter, and an outlier each minute.

    python benchmarks/clock.py [--hours 1] [--seeds 20]

A pair is one question to the source and one answer; either takes up to 2 ms more than the fastest, and
once a minute something else holds the answer up for 20 to 200 ms. *Final* is the fit over all pairs, which
the store uses; *live* is the fit over the pairs up to then, which the recorder shows, after the first
minute. Beside them, from the same pairs: the mean offset, and a fit that is told nothing of how long each
answer took while each pair is off by a Gaussian 2 ms.
"""

import argparse

import numpy as np

from acquisition.clock import fit_offset, source_clock
from acquisition.sources.base import ClockPair

DRIFT_PPM = 50.0
JITTER_NS = 2e6
PAIR_EVERY_S = 5.0
FASTEST_NS = 2e5
SOURCE_ZERO_S, HOST_ZERO_NS = 86_400.0, 5_000_000_000_000
REACH_MS = 0.2


def host_ns_of(source_s):
    """The truth."""
    return HOST_ZERO_NS + (source_s - SOURCE_ZERO_S) * 1e9 * (1 + DRIFT_PPM * 1e-6)


def asked_pairs(hours, rng):
    """Pairs as a driver gets them: stamped in the middle between question and answer."""
    source_s = SOURCE_ZERO_S + np.arange(0, 3600 * hours, PAIR_EVERY_S)
    there_ns, back_ns = FASTEST_NS / 2 + rng.uniform(0, JITTER_NS, (2, len(source_s)))
    is_outlier = np.arange(len(source_s)) % round(60 / PAIR_EVERY_S) == rng.integers(60 / PAIR_EVERY_S)
    back_ns = back_ns + is_outlier * rng.uniform(20e6, 200e6, len(source_s))
    middle_ns = host_ns_of(source_s) + (back_ns - there_ns) / 2
    return [
        ClockPair(round(middle), float(source), round(half))
        for middle, source, half in zip(middle_ns, source_s, (there_ns + back_ns) / 2, strict=True)
    ]


def blind_pairs(hours, rng):
    """Pairs that are off by a Gaussian 2 ms and do not know it; each minute one by 20 to 200 ms."""
    source_s = SOURCE_ZERO_S + np.arange(0, 3600 * hours, PAIR_EVERY_S)
    error_ns = rng.normal(0, JITTER_NS, len(source_s))
    is_outlier = np.arange(len(source_s)) % round(60 / PAIR_EVERY_S) == rng.integers(60 / PAIR_EVERY_S)
    error_ns = error_ns + is_outlier * rng.uniform(20e6, 200e6, len(source_s))
    return [
        ClockPair(round(host), float(source), round(JITTER_NS))
        for host, source in zip(host_ns_of(source_s) + error_ns, source_s, strict=True)
    ]


def final_errors_ms(pairs):
    stamps_s = np.linspace(pairs[0].source_time_s, pairs[-1].source_time_s, 2000)
    truth_ns = host_ns_of(stamps_s)
    clock = source_clock(pairs)
    placed_ns = clock.capture_ns(stamps_s, np.round(truth_ns).astype(np.int64) + 3_000_000)
    return np.abs(placed_ns - truth_ns) / 1e6


def live_errors_ms(pairs):
    """Just before each next pair, from the first minute on."""
    errors_ms = []
    for n in range(round(60 / PAIR_EVERY_S), len(pairs) - 1, 7):
        stamp_s = np.array([pairs[n].source_time_s])
        errors_ms.append(abs(fit_offset(pairs[:n]).to_host_ns(stamp_s)[0] - host_ns_of(stamp_s)[0]) / 1e6)
    return np.array(errors_ms)


def naive_errors_ms(pairs):
    """One offset for the whole session: the mean over all pairs."""
    offset_ns = np.mean([pair.host_time_ns - pair.source_time_s * 1e9 for pair in pairs])
    stamps_s = np.linspace(pairs[0].source_time_s, pairs[-1].source_time_s, 2000)
    return np.abs(stamps_s * 1e9 + offset_ns - host_ns_of(stamps_s)) / 1e6


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=1.0, help="length of a session")
    parser.add_argument("--seeds", type=int, default=20, help="sessions")
    options = parser.parse_args()
    sessions = [asked_pairs(options.hours, np.random.default_rng(seed)) for seed in range(options.seeds)]
    blind = [blind_pairs(options.hours, np.random.default_rng(seed)) for seed in range(options.seeds)]
    for name, errors_ms, reach in (
        ("clock error, final", [final_errors_ms(pairs) for pairs in sessions], f" (< {REACH_MS} ms)"),
        ("clock error, live", [live_errors_ms(pairs) for pairs in sessions], ""),
        ("clock error, mean offset instead", [naive_errors_ms(pairs) for pairs in sessions], ""),
        ("clock error, final, Gaussian 2 ms and no word of it", [final_errors_ms(p) for p in blind], ""),
    ):
        every_ms = np.concatenate(errors_ms)
        worst_ms = max(errors.max() for errors in errors_ms)
        typical_ms = np.median([errors.max() for errors in errors_ms])
        print(
            f"{name}: p50 {np.median(every_ms):.3f} ms, max {worst_ms:.3f} ms{reach},"
            f" max of a typical session {typical_ms:.3f} ms"
        )


if __name__ == "__main__":
    main()

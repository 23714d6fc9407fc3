"""Clean samples and the common clock, held to what they say in plain Python."""

from itertools import pairwise
from math import ceil, floor, isfinite
from statistics import median

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from learning.similarity import CORRECTED
from learning.similarity.trace import at_common_rate, clean

CANVAS = (800.0, 600.0)
Row = tuple[float, float, float]

value = st.floats(-50, 900) | st.sampled_from([0.0, 600.0, 800.0, float("nan"), float("inf"), -float("inf")])
rows = st.lists(st.tuples(value, value, value), max_size=20)
steps_s = st.lists(st.floats(0, 0.5) | st.sampled_from([0.0, 1 / 60, 1 / 1200, 3.0]), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(rows)
def test_what_lies_on_the_image_stays_in_order_of_time(samples: list[Row]) -> None:
    kept = [row for row in samples if all(map(isfinite, row)) and 0 <= row[0] <= 800 and 0 <= row[1] <= 600]
    expected = np.array(sorted(kept, key=lambda row: row[2])).reshape(-1, 3)
    got = clean(np.array(samples).reshape(-1, 3), CANVAS, CORRECTED)
    np.testing.assert_array_equal(got, expected)


@settings(max_examples=100, deadline=None)
@given(st.floats(-100, 100), steps_s)
def test_a_sample_is_on_the_ticks_until_the_next_or_for_so_long(began_s: float, steps: list[float]) -> None:
    t_s = began_s + np.append(0.0, np.cumsum(steps))
    samples = np.column_stack([np.arange(len(t_s)), -np.arange(len(t_s)), t_s])
    since_s = [float(t - t_s[0]) for t in t_s]
    longest_s = max(0.1, 1.5 * median(b - a for a, b in pairwise(since_s)))
    expected = []
    for i, t in enumerate(since_s):
        is_last = i == len(since_s) - 1
        first = ceil((t - 1e-6) * 60)
        end = floor((t + 1e-6) * 60) + 1 if is_last else ceil((since_s[i + 1] - 1e-6) * 60)
        ticks = range(first, min(end, floor((t + longest_s) * 60) + 1))
        expected += [(i, -i, t_s[0] + tick / 60) for tick in ticks]
    np.testing.assert_array_equal(at_common_rate(samples), np.array(expected).reshape(-1, 3))

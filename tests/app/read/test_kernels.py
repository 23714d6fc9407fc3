"""The kernels at their limits; what they draw is judged in `test_mapping` and `test_pyramid`."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import types
from numba.core.caching import CompileResultCacheImpl

from app.read import kernels

places = st.lists(st.integers(0, 256), min_size=1, max_size=9)


@given(st.sampled_from([0, 1, 32_767, 65_534, 65_535]), places, places)
def test_an_image_of_one_value_keeps_it(value: int, rows: list[int], columns: list[int]) -> None:
    values = np.zeros((len(rows), len(columns)), np.uint16)
    y_places, x_places = (np.array(sorted(each), np.uint32) for each in (rows, columns))
    kernels.resample(np.full((2, 2), value, np.uint16), y_places, x_places, 0, 0, values)
    assert (values == value).all()


def test_weights_fill_32_bits_and_no_more() -> None:
    extremes = np.array([[0, 65_535], [65_535, 0]], np.uint16)
    values = np.zeros((257, 257), np.uint16)
    steps = np.arange(257, dtype=np.uint32)
    kernels.resample(extremes, steps, steps, 0, 0, values)
    down, right = np.meshgrid(steps.astype(np.int64), steps.astype(np.int64), indexing="ij")
    exact = 65_535 * (down * (256 - right) + (256 - down) * right)
    np.testing.assert_array_equal(values, (exact + (1 << 15)) >> 16)


def test_where_no_machine_code_may_be_kept_it_is_made_at_each_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CompileResultCacheImpl, "_locator_classes", [])

    def double(values: object) -> None:
        for i in range(values.shape[0]):  # type: ignore[attr-defined]
            values[i] *= 2  # type: ignore[index]

    values = np.arange(3, dtype=np.float64)
    kernels._compiled(types.float64[::1])(double)(values)
    np.testing.assert_array_equal(values, [0, 2, 4])

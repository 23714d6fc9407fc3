"""Bit for bit, whatever the dtype."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from acquisition.store import codec

scalars = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?"),
    hnp.complex_number_dtypes(endianness="?"),
    hnp.datetime64_dtypes(endianness="?"),
    hnp.byte_string_dtypes(min_len=1, max_len=5),
    hnp.unicode_string_dtypes(min_len=1, max_len=5, endianness="?"),
)


@st.composite
def records(draw: st.DrawFn) -> NDArray[Any]:
    """Structured arrays filled with arbitrary bytes, so also with every NaN there is."""
    kinds = draw(st.lists(scalars, max_size=6))
    dtype = np.dtype([(f"c{i}", kind) for i, kind in enumerate(kinds)], align=draw(st.booleans()))
    n = draw(st.integers(0, 40))
    noise = np.random.default_rng(draw(st.integers(0, 2**32))).bytes(n * dtype.itemsize)
    return np.frombuffer(bytearray(noise), dtype) if dtype.itemsize else np.zeros(n, dtype)


@given(records())
@settings(max_examples=200, deadline=None)
def test_round_trip_keeps_every_bit(array: NDArray[Any]) -> None:
    decoded = np.empty_like(array)
    codec.decode(codec.encode(array), decoded)
    assert decoded.dtype == array.dtype
    assert decoded.tobytes() == array.tobytes()


@given(records())
@settings(max_examples=100, deadline=None)
def test_columns_are_the_fields_bit_for_bit(array: NDArray[Any]) -> None:
    array = array.astype(np.dtype([(name, array.dtype[name]) for name in array.dtype.names or ()]))
    columns = [np.empty(len(array), array.dtype[name]) for name in array.dtype.names or ()]
    half = len(array) // 2
    decoder = codec.Decoder(*columns)
    decoder.fill(codec.encode(array[half:]), half, len(array))
    decoder.fill(codec.encode(array[:half]), 0, half)
    for name, column in zip(array.dtype.names or (), columns, strict=True):
        assert column.tobytes() == array[name].tobytes()


def test_payload_of_nan_survives() -> None:
    bits = np.array([0x7FC00001, 0xFFC0ABCD, 0x7F800001], np.uint32)
    decoded = np.empty(3, "<f4")
    codec.decode(codec.encode(bits.view("<f4")), decoded)
    assert decoded.view(np.uint32).tolist() == bits.tolist()


def test_bytes_are_grouped_by_column_and_place() -> None:
    array = np.array([(0x0102, 3), (0x0405, 6)], [("a", ">u2"), ("b", "u1")])
    import zstandard

    assert zstandard.ZstdDecompressor().decompress(codec.encode(array)) == bytes([1, 4, 2, 5, 3, 6])


def test_a_strided_array_is_encoded_by_its_values() -> None:
    array = np.arange(20, dtype="<i4")[::2]
    decoded = np.empty(10, "<i4")
    codec.decode(codec.encode(array), decoded)
    assert decoded.tolist() == list(range(0, 20, 2))


def test_objects_are_refused() -> None:
    with pytest.raises(TypeError, match="objects cannot be stored"):
        codec.encode(np.array([{}], object))


def test_bytes_that_are_no_chunk_are_refused() -> None:
    with pytest.raises(ValueError, match="does not decompress"):
        codec.decode(b"nonsense", np.empty(3, "<f8"))


def test_a_chunk_of_another_size_is_refused() -> None:
    data = codec.encode(np.zeros(2, "<f8"))
    with pytest.raises(ValueError, match="16 bytes instead of 24"):
        codec.decode(data, np.empty(3, "<f8"))

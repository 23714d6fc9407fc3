"""JPEG lossless, the commonest compression of mammograms, against an encoder written from ISO 10918-1 H."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from dicom_files import make_dataset, write_compressed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydicom import uid

from acquisition.dicom import read_image
from acquisition.dicom.decoders import DECODERS, decompress
from acquisition.dicom.workers import FileWorkers
from acquisition.errors import FileRefused

START, END, FRAME, TABLE, RESTARTS, SCAN = (bytes([0xFF, code]) for code in b"\xd8\xd9\xc3\xc4\xdd\xda")


def segment(marker: bytes, content: bytes) -> bytes:
    return marker + struct.pack(">H", len(content) + 2) + content


def compressed(
    pixels: NDArray[np.uint16], bits: int, predictor: int, rows_per_restart: int = 0, shift: int = 0
) -> bytes:
    """A picture of one component; every difference has a code of 5 bits that says how many bits follow."""
    n_rows, n_columns = pixels.shape
    codes = b"\0" + bytes([0, 0, 0, 0, 17]) + bytes(11) + bytes(range(17))
    frame = struct.pack(">BHHB", bits, n_rows, n_columns, 1) + b"\1\x11\0"
    out = START + segment(FRAME, frame) + segment(TABLE, codes)
    if rows_per_restart:
        out += segment(RESTARTS, struct.pack(">H", rows_per_restart * n_columns))
    out += segment(SCAN, bytes([1, 1, 0, predictor, 0, shift]))
    rows = (pixels.astype(int) >> shift).tolist()
    step = rows_per_restart or n_rows
    for number, first in enumerate(range(0, n_rows, step)):
        if number:
            out += bytes([0xFF, 0xD0 + (number - 1) % 8])
        out += entropy_coded(rows[first : first + step], predictor, 1 << (bits - shift - 1))
    return out + END


def entropy_coded(rows: list[list[int]], predictor: int, middle: int) -> bytes:
    text = ""
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            difference = (value - predicted(rows, row, column, predictor, middle)) & 0xFFFF
            difference -= 0x10000 if difference > 0x8000 else 0
            size = abs(difference).bit_length()
            text += f"{size:05b}"
            if 0 < size < 16:
                text += f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}"
    text += "1" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big").replace(b"\xff", b"\xff\0")


def predicted(rows: list[list[int]], row: int, column: int, predictor: int, middle: int) -> int:
    """Table H.1, and H.1.2.1 for the first row and column."""
    if row == 0:
        return rows[0][column - 1] if column else middle
    above = rows[row - 1][column]
    if column == 0:
        return above
    left, corner = rows[row][column - 1], rows[row - 1][column - 1]
    return (
        left,
        above,
        corner,
        left + above - corner,
        left + ((above - corner) >> 1),
        above + ((left - corner) >> 1),
        (left + above) >> 1,
    )[predictor - 1]


@pytest.fixture(scope="module")
def workers() -> Iterator[FileWorkers]:
    workers = FileWorkers(1)
    yield workers
    workers.close()


@st.composite
def pictures(draw: st.DrawFn) -> tuple[NDArray[np.uint16], int]:
    bits = draw(st.integers(2, 16))
    seed = draw(st.integers(0, 2**32 - 1))
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    return np.random.default_rng(seed).integers(0, 2**bits, shape).astype(np.uint16), bits


@pytest.mark.filterwarnings("ignore:The number of bytes of compressed pixel data")
@pytest.mark.parametrize("decoder", DECODERS[uid.JPEGLossless])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pictures(), st.integers(1, 7), st.integers(0, 3), st.integers(0, 1))
def test_every_predictor_depth_and_restart_gives_the_values_back(
    decoder: str, drawn: tuple[NDArray[np.uint16], int], predictor: int, rows_per_restart: int, shift: int
) -> None:
    pixels, bits = drawn
    picture = compressed(pixels, bits, predictor, rows_per_restart, shift)
    dataset = make_dataset(pixels, bits)
    decoded = decompress(decoder, picture, uid.JPEGLossless, dataset)
    np.testing.assert_array_equal(decoded, pixels >> shift << shift)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pictures(), st.booleans())
def test_a_file_gives_its_stored_values_back_whatever_their_sign(
    tmp_path: Path, drawn: tuple[NDArray[np.uint16], int], is_signed: bool
) -> None:
    pixels, bits = drawn
    dataset = make_dataset(pixels, bits, PixelRepresentation=int(is_signed))
    picture = compressed(pixels, bits, predictor=1)
    image = read_image(write_compressed(tmp_path / "film.dcm", picture, uid.JPEGLosslessSV1, dataset))
    is_negative = is_signed & (pixels >= 2 ** (bits - 1))
    np.testing.assert_array_equal(image.pixels, pixels.astype(int) - (is_negative * 2**bits))


FILM = (np.arange(30 * 20) * 31 % 4096).astype(np.uint16).reshape(30, 20)
SOUND = compressed(FILM, 12, predictor=1)
OTHER_FRAME = segment(FRAME, struct.pack(">BHHB", 12, 60_000, 60_000, 1) + b"\1\x11\0")
AT_TABLE, AT_SCAN = SOUND.index(TABLE), SOUND.index(SCAN)
DEPTH = FRAME + b"\0\x0b\x0c"


@pytest.mark.parametrize(
    ("picture", "reason"),
    [
        (SOUND[:-2], "is truncated: its compressed picture has no end"),
        (SOUND.replace(DEPTH + b"\0\x1e", DEPTH + b"\xff\xff"), "its compressed picture 20 x 65535"),
        (SOUND[:AT_TABLE] + OTHER_FRAME + SOUND[AT_TABLE:], "damaged"),
        (SOUND[:AT_TABLE] + SOUND[AT_SCAN:], "damaged"),
        (SOUND[:AT_SCAN] + END, "damaged"),
        (SOUND.replace(DEPTH, DEPTH[:-1] + b"\x11"), "17 bits are compressed to fit into 16"),
    ],
    ids=["no end", "other size", "two frames", "no table", "no scan", "too deep"],
)  # fmt: skip
def test_a_damaged_picture_costs_a_sentence(
    workers: FileWorkers, tmp_path: Path, picture: bytes, reason: str
) -> None:
    path = write_compressed(tmp_path / "film.dcm", picture, uid.JPEGLosslessSV1, make_dataset(FILM, 12))
    with pytest.raises(FileRefused, match=reason):
        workers.read_image(path)

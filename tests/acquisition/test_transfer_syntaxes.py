"""Every transfer syntax gives the stored values back; one frame of many is read without the others."""

import base64
import struct
from pathlib import Path

import numpy as np
import pytest
from dicom_files import make_dataset, recompressed, write_compressed, write_extended
from numpy.typing import NDArray
from pydicom import dcmread, uid
from pydicom.encaps import encapsulate, generate_frames

from acquisition.dicom import looks_like_dicom, read_header, read_image
from acquisition.dicom.decoders import IMAGECODECS
from acquisition.errors import FileRefused

BY_GDCM = {
    "RLELossless": uid.RLELossless,
    "JPEGLosslessProcess14": uid.JPEGLossless,
    "JPEGLosslessProcess14_1": uid.JPEGLosslessSV1,
    "JPEGLSLossless": uid.JPEGLSLossless,
    "JPEG2000Lossless": uid.JPEG2000Lossless,
}

HTJ2K = base64.b85decode(
    "|4;u>04YEK0000W0000O00000000000000W0000O0000000000009pH0sl|{2mk^A000XAQUDA90ssL31q1{@0smY86Cj9?k"
    "dTm&kdTm&kdTmwh=~7W02crOPjF>!N>E53R%LP^FfKASE;BCwkN^q*00002MgRf-lfVEbq4fm^bO68r62JfwfI$NXbO5UYhj"
    "akI02NRG1mJ)C(av`M0YS6?DNX4BqBH=&02Z_W0c!vsA3uJ4^bxPTe*E}|*8tDvFo3bR03RPeetdj<e5g<b6;${FPjd)BF}M"
    "K002g%t0A1L}@pv4^aU92S9B~8-EF8z<aU92S9LI6Q5iGE99FNCw9LI4S#}P-cz`_~Y{blpD`pb?Y#^f=-0LSro9LI4S$8j9"
    "TaU93vaU92S9LI4S$8iMR5p+k;9YJ>l-4S$0&>cbd2OuEw10UC~)?bju<T0=TzyL3(-~boZAQ59kL_|bHL_|bHL_|bHh=2e="
    "#266~5fKp)5fKp)5fKq0AV3f?MnptJL_|bHL_|bHM1%+k5JZd-5fKp)5fKp)5fKp)Ap!yf5o1I|L_|bHL_|bHL_|c0fB-?n7"
    "!eT>5fKp)5fKp)5fLIFK=1(0*X!5o*Xu8xuh*~Fuhw5XU$0-UU#z}%zh1vyzgc|ke!YIZezM{c#-kdHYB90{5o1I|L_|bHL_"
    "|bHL_|bHM2ry;5fKp)5fKp)5fKp)5iv$YL_|bHL_|bHL_|bHM8p^o5fKp)5fKp)5fKp)5fNiVL_|bHL_|bHL_|bHL`2|4;6>"
    "m?;6>m?;6>m?;6>m?;6>m?;6>m?;6>m?;Qasq0tf&AAb<b@2mk;v{d)a+{d)an{d)a+{d)an{d)a+{d)an{d)a+{d)an=*FW"
    "OjA}8r1OM3"
)
"""Codestream of a foreign encoder: (24, 32), 16 bits, 9 ((x - 16)^2 + (y - 12)^2)."""


def picture(bits: int, is_signed: bool, seed: int = 1) -> NDArray[np.generic]:
    """Noise on a slope over all the values that there are, its ends among them."""
    rng = np.random.default_rng(seed)
    values = np.linspace(0, 2**bits - 1, 40 * 50) + rng.integers(-9, 9, 40 * 50)
    values = np.clip(values, 0, 2**bits - 1).astype(np.int64) - (2 ** (bits - 1) if is_signed else 0)
    kind = f"{'i' if is_signed else 'u'}{1 if bits <= 8 else 2}"
    return values.astype(kind).reshape(40, 50)


def written(path: Path, pixels: NDArray[np.generic], bits: int, **attributes) -> Path:
    make_dataset(pixels, bits, **attributes).save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", BY_GDCM)
@pytest.mark.parametrize(
    ("bits", "is_signed"), [(8, False), (10, False), (12, False), (12, True), (16, False), (16, True)]
)
def test_lossless_compression_gives_the_stored_values_back(tmp_path, syntax, bits, is_signed):
    pixels = picture(bits, is_signed)
    path = recompressed(written(tmp_path / "plain.dcm", pixels, bits), syntax, tmp_path / "small.dcm")
    assert dcmread(path).file_meta.TransferSyntaxUID == BY_GDCM[syntax]
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, pixels)
    assert image.pixels.dtype == (np.int16 if is_signed else np.uint16)


def test_high_throughput_jpeg_2000_is_read(tmp_path):
    y, x = np.mgrid[0:24, 0:32]
    dataset = make_dataset(np.zeros((24, 32), np.uint16), 16)
    dataset.PixelData = encapsulate([HTJ2K])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.HTJ2KLossless
    dataset.save_as(tmp_path / "ht.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read_image(tmp_path / "ht.dcm").pixels, 9 * ((x - 16) ** 2 + (y - 12) ** 2))


def test_baseline_jpeg_is_read(tmp_path):
    smooth = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
    plain = written(tmp_path / "plain.dcm", smooth, 8)
    path = recompressed(plain, "JPEGBaselineProcess1", tmp_path / "small.dcm")
    np.testing.assert_allclose(read_image(path).pixels.astype(int), smooth, atol=4)


@pytest.mark.parametrize("is_signed", [False, True])
def test_extended_jpeg_of_twelve_bits_is_read(tmp_path, is_signed):
    smooth = (np.add.outer(np.arange(40), np.arange(50)) * 46).astype(np.uint16)
    path = write_extended(tmp_path / "twelve.dcm", smooth, PixelRepresentation=int(is_signed))
    header, pixels = read_header(path), read_image(path).pixels.astype(int)
    assert (header.bits, header.width_px, header.height_px) == (12, 50, 40)
    assert pixels.min() >= (-2048 if is_signed else 0)
    np.testing.assert_allclose(pixels & 0xFFF, smooth, atol=2)


def test_extended_jpeg_of_eight_bits_is_read(tmp_path):
    smooth = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
    plain = written(tmp_path / "plain.dcm", smooth, 8)
    dataset = dcmread(recompressed(plain, "JPEGBaselineProcess1", tmp_path / "baseline.dcm"))
    [jpeg] = generate_frames(dataset.PixelData, number_of_frames=1)
    extended = jpeg.replace(b"\xff\xc0", b"\xff\xc1", 1)
    path = write_compressed(tmp_path / "extended.dcm", extended, uid.JPEGExtended12Bit, dataset)
    np.testing.assert_allclose(read_image(path).pixels.astype(int), smooth, atol=4)


def test_a_compression_that_nobody_reads_is_refused_by_name(tmp_path):
    path = write_compressed(
        tmp_path / "parts.dcm",
        b"\xff\xd8\xff\xd9",
        uid.JPEG2000MCLossless,
        make_dataset(picture(12, False), 12),
    )
    for read in (read_header, read_image):
        with pytest.raises(FileRefused, match=r"is compressed as JPEG 2000 Part 2 .* cannot be decoded"):
            read(path)


def test_where_one_decoder_fails_the_next_is_asked(tmp_path, monkeypatch):
    asked = []

    def fail(picture: bytes) -> None:
        asked.append(picture)
        raise RuntimeError

    pixels = picture(12, is_signed=True)
    plain = written(tmp_path / "plain.dcm", pixels, 12)
    path = recompressed(plain, "JPEGLosslessProcess14_1", tmp_path / "small.dcm")
    monkeypatch.setitem(IMAGECODECS, uid.JPEGLosslessSV1, fail)
    np.testing.assert_array_equal(read_image(path).pixels, pixels)
    assert len(asked) == 1


@pytest.mark.parametrize("high_bit", [11, 13, 15])
@pytest.mark.parametrize("is_signed", [False, True])
def test_the_value_lies_where_the_high_bit_says(tmp_path, high_bit, is_signed):
    pixels = picture(12, is_signed)
    around = (pixels.view(np.uint16) & 0x0FFF) << (high_bit - 11)
    noise = np.random.default_rng(2).integers(0, 1 << 16, pixels.shape).astype(np.uint16)
    mask = np.uint16(0x0FFF << (high_bit - 11))
    words = (around & mask | noise & ~mask).astype(np.uint16)
    path = written(tmp_path / "high.dcm", words, 12, HighBit=high_bit, PixelRepresentation=int(is_signed))
    np.testing.assert_array_equal(read_image(path).pixels, pixels)


@pytest.mark.parametrize("bits", [9, 10, 11, 13, 14, 15])
@pytest.mark.parametrize("is_signed", [False, True])
def test_all_depths_between_are_read(tmp_path, bits, is_signed):
    pixels = picture(bits, is_signed)
    image = read_image(written(tmp_path / "deep.dcm", pixels, bits))
    np.testing.assert_array_equal(image.pixels, pixels)
    assert len(image.lut()) == 2**bits


def test_big_endian_frames_of_an_odd_number_of_bytes(tmp_path):
    frames = np.arange(3 * 15, dtype=np.uint8).reshape(3, 3, 5)
    dataset = make_dataset(frames, 8, NumberOfFrames=3)
    swapped = np.append(frames.ravel(), np.uint8(0)).view("<u2").astype(">u2").tobytes()
    dataset.PixelData = swapped
    dataset["PixelData"].VR = "OW"
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRBigEndian
    dataset.save_as(tmp_path / "big.dcm", enforce_file_format=True)
    for n in range(3):
        np.testing.assert_array_equal(read_image(tmp_path / "big.dcm", frame=n).pixels, frames[n])


def test_a_big_endian_data_set_without_meta_header_is_read(tmp_path):
    pixels = picture(12, is_signed=False)
    dataset = make_dataset(pixels.byteswap(), 12)
    del dataset.file_meta
    dataset.save_as(tmp_path / "naked", implicit_vr=False, little_endian=False)
    assert looks_like_dicom(tmp_path / "naked")
    np.testing.assert_array_equal(read_image(tmp_path / "naked").pixels, pixels)


# --- frames ---------------------------------------------------------------------------------------------


STACK = np.stack([picture(12, False, seed=n) for n in range(4)]).astype(np.uint16)


def compressed_by_hand(
    frames: list[bytes], pixels, syntax, fragments_per_frame: int = 1, has_table: bool = True
):
    dataset = make_dataset(pixels, 12, **({"NumberOfFrames": len(frames)} if len(frames) > 1 else {}))
    dataset.PixelData = encapsulate(frames, fragments_per_frame, has_bot=has_table)
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def stack_of(syntax: uid.UID) -> list[bytes]:
    """The frames of `STACK`, each compressed."""
    dataset = make_dataset(STACK, 12, NumberOfFrames=len(STACK))
    dataset.compress(syntax)
    return list(generate_frames(dataset.PixelData, number_of_frames=len(STACK)))


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless, uid.JPEG2000Lossless])
@pytest.mark.parametrize(("fragments", "has_table"), [(1, True), (1, False), (3, True)])
def test_any_frame_of_a_compressed_stack_is_read_by_itself(tmp_path, syntax, fragments, has_table):
    dataset = compressed_by_hand(stack_of(syntax), STACK, syntax, fragments, has_table)
    dataset.save_as(tmp_path / "stack.dcm", enforce_file_format=True)
    assert read_header(tmp_path / "stack.dcm").n_frames == 4
    for n in (3, 0, 2):
        image = read_image(tmp_path / "stack.dcm", frame=n)
        np.testing.assert_array_equal(image.pixels, STACK[n])
        assert (image.frame, image.n_frames) == (n, 4)


def test_one_damaged_frame_leaves_the_others_readable(tmp_path):
    frames = stack_of(uid.JPEGLSLossless)
    frames[1] = b"\xff" * len(frames[1])
    dataset = compressed_by_hand(frames, STACK, uid.JPEGLSLossless)
    dataset.save_as(tmp_path / "stack.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read_image(tmp_path / "stack.dcm", frame=2).pixels, STACK[2])
    with pytest.raises(FileRefused, match="compressed picture has no beginning"):
        read_image(tmp_path / "stack.dcm", frame=1)


def test_a_single_frame_may_lie_in_many_fragments_without_a_table(tmp_path):
    [frame, *_] = stack_of(uid.JPEGLSLossless)
    dataset = compressed_by_hand(
        [frame], STACK[0], uid.JPEGLSLossless, fragments_per_frame=5, has_table=False
    )
    dataset.save_as(tmp_path / "one.dcm", enforce_file_format=True)
    np.testing.assert_array_equal(read_image(tmp_path / "one.dcm").pixels, STACK[0])


def test_frames_that_cannot_be_told_apart_are_refused(tmp_path):
    frames = stack_of(uid.RLELossless)
    dataset = compressed_by_hand(frames, STACK, uid.RLELossless, fragments_per_frame=2, has_table=False)
    dataset.save_as(tmp_path / "stack.dcm", enforce_file_format=True)
    with pytest.raises(FileRefused, match="does not say where its frames begin"):
        read_image(tmp_path / "stack.dcm", frame=1)


@pytest.mark.parametrize("n_frames", [5, 10**9])
def test_more_frames_than_there_are_pixels_are_refused(tmp_path, n_frames):
    compressed = compressed_by_hand(stack_of(uid.RLELossless), STACK, uid.RLELossless)
    compressed.NumberOfFrames = n_frames
    plain = make_dataset(STACK, 12, NumberOfFrames=n_frames)
    for name, dataset in (("compressed.dcm", compressed), ("plain.dcm", plain)):
        dataset.save_as(tmp_path / name, enforce_file_format=True)
        with pytest.raises(FileRefused, match=r"it claims|claims 1000000000 frames"):
            read_header(tmp_path / name)


# --- pictures that lie ----------------------------------------------------------------------------------


def broken(tmp_path: Path, change) -> Path:
    """A JPEG 2000 file whose codestream went through `change`."""
    plain = written(tmp_path / "plain.dcm", picture(12, False), 12)
    dataset = dcmread(recompressed(plain, "JPEG2000Lossless", tmp_path / "sound.dcm"))
    [codestream] = generate_frames(dataset.PixelData, number_of_frames=1)
    dataset.PixelData = encapsulate([change(bytearray(codestream))])
    dataset.save_as(tmp_path / "broken.dcm", enforce_file_format=True)
    return tmp_path / "broken.dcm"


def with_size(codestream: bytearray, width: int) -> bytes:
    struct.pack_into(">L", codestream, 8, width)
    return bytes(codestream)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda stream: bytes(stream[: len(stream) // 2]), "its compressed picture has no end"),
        (lambda stream: bytes(stream[:30]), "its compressed picture has no beginning"),
        (lambda stream: bytes(len(stream)), "no beginning"),
        (lambda stream: with_size(stream, 51), "header says 50 x 40 pixels, its compressed picture 51 x 40"),
        (lambda stream: with_size(stream, 2**31), "its compressed picture 2147483648 x 40"),
        (lambda stream: bytes(stream[:42] + b"\x1f" + stream[43:]), "32 bits are compressed to fit into 16"),
        (lambda stream: bytes(stream[:40] + b"\0\3" + stream[42:]), "compressed picture of 3 colours"),
        (lambda stream: bytes(stream[:60]) + b"\xff\xd9", "damaged"),
    ],
)  # fmt: skip
def test_truncated_and_inconsistent_jpeg_2000_is_refused(tmp_path, change, reason):
    path = broken(tmp_path, change)
    assert read_header(path).width_px == 50
    with pytest.raises(FileRefused, match=reason):
        read_image(path)


def test_values_beyond_the_bits_stored_take_the_nearest_that_is_not(tmp_path):
    pixels = picture(12, is_signed=False)
    path = recompressed(written(tmp_path / "plain.dcm", pixels, 12), "JPEGLSLossless", tmp_path / "ls.dcm")
    dataset = dcmread(path)
    dataset.BitsStored, dataset.HighBit = 10, 9
    dataset.save_as(path, enforce_file_format=True)
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, np.minimum(pixels, 1023))
    assert image.display().max() == 255


@pytest.mark.parametrize("syntax", BY_GDCM)
def test_the_sign_is_what_the_header_says_whatever_the_picture_thinks(tmp_path, syntax):
    pixels = picture(12, is_signed=False).astype(np.int64)
    path = recompressed(
        written(tmp_path / "plain.dcm", pixels.astype(np.uint16), 12), syntax, tmp_path / "s.dcm"
    )
    dataset = dcmread(path)
    dataset.PixelRepresentation = 1
    dataset.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(read_image(path).pixels, np.where(pixels > 2047, pixels - 4096, pixels))


def test_a_spacing_of_zero_is_no_spacing(tmp_path):
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        path = written(tmp_path / "zero.dcm", STACK[0], 12, **{keyword: [0.0, 0.0]})
        assert read_header(path).spacing_mm.value is None
    path = written(tmp_path / "next.dcm", STACK[0], 12, PixelSpacing=[0, 0], ImagerPixelSpacing=[0.1, 0.1])
    assert read_header(path).spacing_mm.where == "ImagerPixelSpacing"

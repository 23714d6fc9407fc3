"""Hostile files read apart: each costs one sentence, and the next file is read as if nothing had been."""

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dicom_files import write_extended
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from acquisition.dicom import read_header, read_image
from acquisition.dicom.limits import Limits
from acquisition.dicom.shared_memory import discard, hand_over, receive
from acquisition.dicom.workers import FileWorkers
from acquisition.errors import FileRefused

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)
MIB = 2**20


@pytest.fixture(scope="module")
def workers() -> Iterator[FileWorkers]:
    workers = FileWorkers(1)
    yield workers
    workers.close()


@pytest.fixture
def strict_workers() -> Iterator[FileWorkers]:
    """Less memory and time than users get, so that the test need not spend it."""
    workers = FileWorkers(1, Limits(memory_bytes=400 * MIB, time_s=1))
    yield workers
    workers.close()


def lut(n: int, explanation: str) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [n, 0, 12])
    item.add_new("LUTData", "US", list(range(n)))
    item.LUTExplanation = explanation
    return item


def test_what_comes_from_a_worker_is_what_is_read_here(workers, write_dicom):
    signed = (RAMP.astype(np.int16) - 2048)[:50]
    path = write_dicom(
        signed,
        ImageLaterality="L",
        ViewPosition="MLO",
        PatientOrientation=["A", "FR"],
        PixelSpacing=[0.1, 0.2],
        ModalityLUTSequence=Sequence([lut(4096, "modality")]),
        VOILUTSequence=Sequence([lut(64, "narrow"), lut(4096, "wide")]),
        WindowCenter=[100, 200],
        WindowWidth=[10, 20],
        WindowCenterWidthExplanation=["SOFT", "HARD"],
        VOILUTFunction="SIGMOID",
        PixelPaddingValue=-2048,
        overlays=[{"bits": np.eye(20, 30), "origin": (3, -4), "kind": "R", "label": "ring"}],
    )
    here, there = read_image(path), workers.read_image(path)
    assert there.header == here.header == workers.read_header(path) == read_header(path)
    np.testing.assert_array_equal(there.pixels, here.pixels)
    assert there.pixels.dtype == here.pixels.dtype
    assert there.voi_names == here.voi_names == ("narrow", "wide", "SOFT", "HARD")
    for voi in range(4):
        np.testing.assert_array_equal(there.lut(voi), here.lut(voi))
    assert there.stored.padding == here.stored.padding
    [mine], [theirs] = here.overlays, there.overlays
    np.testing.assert_array_equal(mine.bits, theirs.bits)
    assert replace(theirs, bits=mine.bits) == mine


def test_pixels_outlive_the_workers_that_read_them(write_dicom):
    workers = FileWorkers(1)
    image = workers.read_image(write_dicom(RAMP))
    workers.close()
    np.testing.assert_array_equal(image.pixels, RAMP)
    assert not image.pixels.flags.owndata


def test_a_refusal_is_the_sentence_it_is_here(workers, write_dicom, tmp_path):
    cut = write_dicom(RAMP)
    cut.write_bytes(cut.read_bytes()[:-9])
    for path in (cut, tmp_path / "gone.dcm"):
        with pytest.raises(FileRefused) as here:
            read_image(path)
        with pytest.raises(FileRefused) as there:
            workers.read_image(path)
        assert str(there.value) == str(here.value)


def test_many_threads_share_the_workers(write_dicom):
    paths = [write_dicom(np.roll(RAMP, n), name=f"{n}.dcm") for n in range(12)]
    workers = FileWorkers(2)
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(workers.read_image, paths))
    workers.close()
    for n, image in enumerate(images):
        np.testing.assert_array_equal(image.pixels, np.roll(RAMP, n))


def test_no_thread_and_no_shared_memory_is_left(workers, write_dicom, tmp_path, crashing_dicom, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    before = set(threading.enumerate()), set(shared_names())
    workers.read_image(write_dicom(RAMP))
    crashing_dicom(tmp_path / "crash.dcm")
    with pytest.raises(FileRefused):
        workers.read_image(tmp_path / "crash.dcm")
    assert (set(threading.enumerate()), set(shared_names())) == before


def shared_names() -> list[str]:
    return [path.name for path in Path("/dev/shm").glob("gazeroom-*")]


def test_arrays_of_all_kinds_are_handed_over_whole():
    arrays = [RAMP, np.array(7.5), np.zeros((0, 3), np.int16), RAMP[::2, ::3], np.array([True, False])]
    received = receive("gazeroom-test-arrays", hand_over("gazeroom-test-arrays", arrays))
    for mine, theirs in zip(arrays, received, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        assert mine.dtype == theirs.dtype
        assert not theirs.flags.writeable


def test_what_is_discarded_is_gone_and_may_be_discarded_again():
    places = hand_over("gazeroom-test-discarded", [RAMP])
    for _ in range(2):
        discard("gazeroom-test-discarded")
    with pytest.raises(OSError, match="gazeroom-test-discarded"):
        receive("gazeroom-test-discarded", places)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="cannot tell beforehand whether there is room")
def test_where_memory_is_full_the_disk_has_to_do(tmp_path, monkeypatch):
    tried: list[int] = []

    def full_at_first(file: int, start: int, n_bytes: int) -> None:
        tried.append(n_bytes)
        if len(tried) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        os.truncate(file, n_bytes)

    monkeypatch.setattr("os.posix_fallocate", full_at_first)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    [received] = receive("gazeroom-test-disk", hand_over("gazeroom-test-disk", [RAMP]))
    np.testing.assert_array_equal(received, RAMP)
    assert len(tried) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_does_not_start_is_told_of(write_dicom, monkeypatch):
    monkeypatch.setattr("sys.executable", shutil.which("false"))
    workers = FileWorkers(1)
    with pytest.raises(FileRefused, match="the process that reads files does not start"):
        workers.read_image(write_dicom(RAMP))
    workers.close()


def test_a_worker_that_ended_while_idle_is_replaced_and_no_file_blamed(workers, write_dicom):
    path = write_dicom(RAMP)
    workers.read_header(path)
    [worker] = workers._alive
    worker._process.kill()
    worker._process.wait()
    np.testing.assert_array_equal(workers.read_image(path).pixels, RAMP)


def test_warming_starts_a_worker_once(write_dicom):
    workers = FileWorkers(1)
    workers.warm()
    workers.warm()
    [worker] = workers._alive
    workers.read_header(write_dicom(RAMP))
    assert workers._alive == {worker}
    workers.close()
    assert workers._alive == set()


def test_workers_end_when_whoever_asks_is_killed(write_dicom):
    program = (
        "import sys, time; from acquisition.dicom.workers import FileWorkers\n"
        f"w = FileWorkers(1); w.read_header({str(write_dicom(RAMP))!r})\n"
        "print(next(iter(w._alive))._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    worker = int(parent.stdout.readline())
    os.kill(worker, 0)
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 30
    while is_running(worker) and time.monotonic() < deadline:
        threading.Event().wait(0.02)
    assert not is_running(worker)


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- hostile files --------------------------------------------------------------------------------------


def test_a_decoder_that_ends_its_process_costs_one_sentence(workers, write_dicom, tmp_path, crashing_dicom):
    crashing_dicom(tmp_path / "crash.dcm")
    with pytest.raises(FileRefused, match=r"crash\.dcm: is damaged: its decoder crashed on it .*; fetch it"):
        workers.read_image(tmp_path / "crash.dcm")
    np.testing.assert_array_equal(workers.read_image(write_dicom(RAMP)).pixels, RAMP)


def test_a_header_without_end_is_given_up(strict_workers, write_dicom):
    path = write_dicom(RAMP)
    content = path.read_bytes()
    element = b"\x08\x00\x60\x00CS\x02\x00MG"
    item = b"\xfe\xff\x00\xe0" + len(element).to_bytes(4, "little") + element
    undefined = b"\xff\xff\xff\xff"
    sequence = b"\x08\x00\x40\x11SQ\0\0" + undefined + 400_000 * item + b"\xfe\xff\xdd\xe0\0\0\0\0"
    start = content.index(b"\x28\x00\x02\x00US")
    path.write_bytes(content[:start] + sequence + content[start:])
    with pytest.raises(FileRefused, match="takes longer than 1 s to read"):
        strict_workers.read_header(path)
    assert strict_workers.read_header(write_dicom(RAMP, name="next.dcm")).width_px == 64


def test_a_header_larger_than_the_memory_is_given_up(strict_workers, write_dicom):
    path = write_dicom(RAMP)
    content = path.read_bytes()
    start = content.index(b"\x28\x00\x02\x00US")
    n_bytes = 900 * MIB
    with path.open("wb") as file:
        file.write(content[:start] + b"\x09\x00\x10\x10OB\0\0" + n_bytes.to_bytes(4, "little"))
        file.seek(n_bytes, 1)  # a hole: takes no room on the disk
        file.write(content[start:])
    with pytest.raises(FileRefused, match="needs more memory than an image may take"):
        strict_workers.read_image(path)
    path.unlink()


def test_a_small_file_that_inflates_without_end_is_not_inflated(workers, tmp_path, dicom_dataset):
    dataset = dicom_dataset(RAMP, 12)
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    path = tmp_path / "bomb.dcm"
    dataset.save_as(path, enforce_file_format=True)
    meta = path.read_bytes()
    meta = meta[: 144 + int.from_bytes(meta[140:144], "little")]
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    million = deflater.compress(bytes(MIB)) + deflater.flush(zlib.Z_FULL_FLUSH)
    path.write_bytes(meta + 600 * million + deflater.flush())
    assert path.stat().st_size < 10**6
    for read in (read_image, workers.read_image):
        with pytest.raises(FileRefused, match="inflates to more than 256 MiB"):
            read(path)


@pytest.mark.parametrize(
    "syntax",
    ["", "JPEGLosslessProcess14_1", "JPEG2000Lossless", "JPEGLSLossless", "RLELossless", "JPEGExtended"],
)
def test_mutated_files_are_read_or_refused_in_a_sentence(workers, write_dicom, recompress, tmp_path, syntax):
    sound = write_dicom(RAMP, PatientName="Doe^Jane", WindowCenter=2000, WindowWidth=800)
    if syntax == "JPEGExtended":
        write_extended(sound, RAMP, PatientName="Doe^Jane", WindowCenter=2000, WindowWidth=800)
    elif syntax:
        sound = recompress(sound, syntax, tmp_path / "sound.dcm")
    content, path = sound.read_bytes(), tmp_path / "mutated.dcm"
    n_read = 0
    for seed in range(60):
        path.write_bytes(mutated(content, random.Random(seed)))
        sentence = ""
        try:
            image = workers.read_image(path)
            assert image.display().shape == image.pixels.shape
            n_read += 1
        except FileRefused as refusal:
            sentence = str(refusal)
        assert sentence == "" or sentence.startswith(f"{path}: ")
        assert sentence == "" or sentence.isprintable()
        assert "Doe" not in sentence
    assert 0 < n_read < 60


def mutated(content: bytes, rng: random.Random) -> bytes:
    """Up to eight bytes changed, half of the time within the header, or the end cut off."""
    if rng.random() < 0.1:
        return content[: rng.randrange(len(content))]
    changed = bytearray(content)
    end = rng.choice((1500, len(content)))
    for _ in range(rng.choice((1, 2, 8))):
        changed[rng.randrange(132, min(end, len(content)))] = rng.randrange(256)
    return bytes(changed)

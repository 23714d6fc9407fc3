"""Images of a set: decoded once, held or mapped, and never taken where they are not what they should be."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from acquisition.errors import UserError
from learning import decoded
from learning.files import Entry, SetManifest, load_set
from learning.images import Images, load_images
from tests.learning.sets import SIDE_PX, make_set

CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
Built = tuple[Path, SetManifest]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("images") / "set"
    return folder, make_set(folder)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were decoded."""
    seen: list[str] = []
    decode_one = decoded._decode

    def noted(path: Path, entry: Entry, size_px: tuple[int, int]) -> np.ndarray:
        seen.append(path.name)
        return decode_one(path, entry, size_px)

    monkeypatch.setattr(decoded, "_decode", noted)
    return seen


def only_file(folder: Path) -> Path:
    (path,) = (folder / decoded.DECODED).glob("*.npy")
    return path


def slowly(folder: Path, entries: Sequence[Entry], size: tuple[int, int]) -> np.ndarray:
    """Each image by itself, without a file."""
    made = []
    for entry in entries:
        x, y, width, height = entry.box_px
        with Image.open(folder / entry.file) as file:
            made.append(file.resize(size, Image.Resampling.BILINEAR, (x, y, x + width, y + height)))
    return np.stack([np.asarray(image) for image in made])


@pytest.mark.parametrize("size", [(24, 24), (48, 20)])
def test_images_have_the_width_and_height_asked_for(built: Built, size: tuple[int, int]) -> None:
    folder, manifest = built
    images = load_images(folder, manifest.entries[:5], size)
    assert images.shape == (5, size[1], size[0])
    np.testing.assert_array_equal(images, slowly(folder, manifest.entries[:5], size))


def test_a_set_is_decoded_once_for_a_size(built: Built, counted: list[str]) -> None:
    folder, manifest = built
    first = load_images(folder, manifest.entries, 30)
    assert len(counted) == len(manifest.entries)
    np.testing.assert_array_equal(load_images(folder, manifest.entries, 30), first)
    assert len(counted) == len(manifest.entries)
    load_images(folder, manifest.entries, 31)
    assert len(counted) == 2 * len(manifest.entries)


def test_too_many_for_memory_are_mapped(built: Built) -> None:
    folder, manifest = built
    held = load_images(folder, manifest.entries, 26)
    mapped = load_images(folder, manifest.entries, 26, memory_gib=0)
    assert isinstance(mapped, np.memmap)
    assert not isinstance(held, np.memmap)
    np.testing.assert_array_equal(mapped, held)
    batches = torch.tensor([[3, 0], [5, 5], [1, 2]]).unbind()
    for pixels in (held, mapped):
        fetched = list(Images(pixels, CPU).batches(batches))
        assert [images.shape for images, _ in fetched] == [(2, 1, 26, 26)] * 3
        for batch, (images, waited_s) in zip(batches, fetched, strict=True):
            np.testing.assert_array_equal(images[:, 0].numpy(), held[batch.numpy()])
            assert waited_s >= 0
    assert list(Images(mapped, CPU).batches(())) == []


class Copies(TorchDispatchMode):
    """The copies to another device: whether each lets whoever asks for it go on at once."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on: list[bool] = []

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is torch.ops.aten._to_copy.default and kwargs.get("device", args[0].device) != args[0].device:
            self.go_on.append(kwargs.get("non_blocking", False))
        return func(*args, **kwargs)


class AtOnce(Executor):
    """An executor without threads: fake tensors of one mode are not for two of them at a time."""

    def __init__(self, _: int) -> None:
        pass

    def submit(self, work: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **named))
        return done


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[Copies]:
    """Those to a GPU that is none: tensors have a device and a shape, but no content."""

    def pin_memory(tensor: Tensor) -> Tensor:
        if tensor.device.type != "cpu":
            raise RuntimeError("cannot pin: only dense CPU tensors can be pinned")
        return tensor

    monkeypatch.setattr(Tensor, "pin_memory", pin_memory)
    monkeypatch.setattr("learning.images.ThreadPoolExecutor", AtOnce)
    with FakeTensorMode(), Copies() as seen:
        yield seen


def stored(path: Path, *, is_mapped: bool) -> np.ndarray:
    np.save(path, np.zeros((6, 8, 10), np.uint8))
    held: np.ndarray = np.load(path, mmap_mode="c" if is_mapped else None)
    return held


@pytest.mark.parametrize("is_mapped", [False, True])
def test_images_in_the_memory_of_a_gpu_are_taken_there_without_a_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies, is_mapped: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (2**30, 2**30))
    images = Images(stored(tmp_path / "x.npy", is_mapped=is_mapped), GPU)
    given = images.batches([torch.zeros(size, dtype=torch.int64) for size in (2, 3, 2)])
    first, _ = next(given)
    n_before = len(copies.go_on)
    others = [batch for batch, _ in given]
    assert [(batch.device, batch.shape) for batch in (first, *others)] == [
        (GPU, (size, 1, 8, 10)) for size in (2, 3, 2)
    ]
    assert len(copies.go_on) == n_before


@pytest.mark.parametrize("is_mapped", [False, True])
def test_images_too_many_for_a_gpu_are_fetched_pinned_and_copied_without_a_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: Copies, is_mapped: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (0, 2**30))
    images = Images(stored(tmp_path / "x.npy", is_mapped=is_mapped), GPU)
    given = list(images.batches([torch.zeros(size, dtype=torch.int64) for size in (2, 3)]))
    assert [(batch.device, batch.shape) for batch, _ in given] == [(GPU, (size, 1, 8, 10)) for size in (2, 3)]
    assert copies.go_on == [True, True]


@pytest.mark.parametrize("change", ["torn", "altered", "empty"])
def test_a_decoded_file_that_is_not_sound_is_made_anew(tmp_path: Path, change: str) -> None:
    folder = tmp_path / "set"
    entries = make_set(folder, n_patients=4, n_evaluate=2).entries
    right = load_images(folder, entries, 20)
    path = only_file(folder)
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes({"torn": content[:-40], "altered": content, "empty": b""}[change])
    np.testing.assert_array_equal(load_images(folder, entries, 20), right)
    assert decoded._is_sound(path)


def test_a_set_built_anew_with_other_pixels_is_decoded_anew(tmp_path: Path) -> None:
    before = make_set(tmp_path / "set", n_patients=4, n_evaluate=2, seed=0)
    first = load_images(tmp_path / "set", before.entries, 20)
    for path in (tmp_path / "set").rglob("*"):
        if path.is_file() and path.parent.name != decoded.DECODED:
            path.unlink()
    (tmp_path / "set" / "images").rmdir()
    after = make_set(tmp_path / "set", n_patients=4, n_evaluate=2, seed=1)
    assert [entry.id for entry in after.entries] == [entry.id for entry in before.entries]
    second = load_images(tmp_path / "set", after.entries, 20)
    assert not np.array_equal(first, second)


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_without_space_for_the_file_images_are_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "set"
    entries = make_set(folder, n_patients=4, n_evaluate=2).entries
    monkeypatch.setattr("os.fsync", full)
    with caplog.at_level(logging.WARNING):
        images = load_images(folder, entries, (20, 18))
    np.testing.assert_array_equal(images, slowly(folder, entries, (20, 18)))
    assert "keeps no decoded images" in caplog.text
    assert not list((folder / decoded.DECODED).iterdir())
    with pytest.raises(UserError, match=r"fill more than 0 GiB of memory, and .* takes no file of them"):
        load_images(folder, entries, 20, memory_gib=0)


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_set_that_may_not_be_written_to_is_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    folder = tmp_path / "set"
    entries = make_set(folder, n_patients=4, n_evaluate=2).entries

    def refused(*_: object) -> None:
        raise OSError(number, "Not here")

    monkeypatch.setattr("os.mkdir", refused)
    with caplog.at_level(logging.WARNING):
        images = load_images(folder, entries, (20, 18))
    np.testing.assert_array_equal(images, slowly(folder, entries, (20, 18)))
    assert "keeps no decoded images" in caplog.text
    with pytest.raises(UserError, match=r"takes no file of them\. .* make it writable, with space"):
        load_images(folder, entries, 20, memory_gib=0)


def test_a_disk_that_fails_is_not_taken_for_one_that_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "set"
    entries = make_set(folder, n_patients=4, n_evaluate=2).entries

    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        load_images(folder, entries, 20)


def test_a_black_image_is_refused_by_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    entries = make_set(folder, n_patients=4, n_evaluate=2).entries
    Image.fromarray(np.zeros((SIDE_PX, SIDE_PX), np.uint8)).save(folder / entries[1].file)
    with pytest.raises(UserError, match=rf"{entries[1].id}\.png is of one grey all over"):
        load_images(folder, entries, 20)
    assert not list((folder / decoded.DECODED).iterdir())


def test_whoever_watches_can_stop_the_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "set"
    entries = make_set(folder, n_patients=4, n_evaluate=2).entries
    monkeypatch.setattr(decoded, "AT_ONCE", 2)
    seen: list[int] = []

    def stop(n_decoded: int) -> None:
        seen.append(n_decoded)
        if n_decoded == 3:
            raise UserError("enough")

    with pytest.raises(UserError, match="enough"):
        load_images(folder, entries, 20, each=stop)
    assert seen == [1, 2, 3]
    assert not list((folder / decoded.DECODED).iterdir())


def test_decoded_images_leave_the_set_sound(built: Built) -> None:
    folder, manifest = built
    load_images(folder, manifest.entries, 22)
    assert load_set(folder) == manifest

import errno
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from acquisition.errors import UserError
from learning.checkpoint import load_checkpoint, save_checkpoint
from learning.config import make_config
from learning.encoder import create_encoder, n_features, seeded
from learning.images import Images
from learning.methods import Made, Method, create_method
from learning.optimise import create_optimiser
from learning.pairs import Likeness
from learning.records import EpochMetrics
from learning.storage import written_whole
from learning.training import Place, Training
from learning.watch import warning

pytestmark = pytest.mark.usefixtures("one_thread")


def training(**settings: object) -> Training:
    """Byol on 12 noisy images in batches of 4."""
    base: dict[str, object] = {"backbone": "test_resnet", "image_size_px": 32, "batch_size": 4}
    config = make_config(**base | {"precision": "float32", "embedding": 16} | settings)
    with seeded(0):
        encoder = create_encoder(config.backbone, 32)
        method = create_method(config, encoder, n_features(encoder))
    pixels = np.random.default_rng(0).integers(256, size=(12, 32, 32), dtype=np.uint8)
    images = Images(pixels, torch.device("cpu"))
    pairs = torch.from_numpy(np.kron(np.eye(3), np.ones((4, 4))).astype(bool)).fill_diagonal_(False)
    optimiser = create_optimiser(method, config)
    return Training(config, torch.device("cpu"), method, optimiser, images, Likeness(pairs, 0.5), 4)


def without_memory_for(method: Method, n_images: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The method runs out of memory above a number of images; what it was given."""
    given: list[int] = []
    forward = method.forward

    def limited(view_1: torch.Tensor, view_2: torch.Tensor) -> Made:
        given.append(len(view_1))
        if len(view_1) > n_images:
            raise torch.OutOfMemoryError("out of memory")
        return forward(view_1, view_2)

    monkeypatch.setattr(method, "forward", limited)
    return given


def test_without_memory_batches_go_in_two_parts_from_then_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    short = training()
    given = without_memory_for(short.method, 2, monkeypatch)
    steps: list[None] = []
    step = short.optimiser.step
    monkeypatch.setattr(short.optimiser, "step", lambda: steps.append(step()))
    with caplog.at_level(logging.WARNING):
        figures = short.epoch(0, Place())
    assert figures is not None
    # Each part goes through twice: for the loss of the whole batch, and for its gradient.
    assert given == [4, *[2, 2, 2, 2] * 3]
    assert len(steps) == 3
    assert "from now on batches go in two parts, 2 images at a time" in caplog.text


def test_parts_are_the_same_step_as_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without batch norm, which sees the parts, nothing differs: neither pairs nor the loss's normalisation.
    settings: dict[str, object] = {"method": "moco", "backbone": "test_vit", "optimiser": "sgd"}
    short, whole = training(**settings), training(**settings)
    without_memory_for(short.method, 2, monkeypatch)
    figures = [each.epoch(0, Place()) for each in (short, whole)]
    assert figures[0] is not None
    assert figures[1] is not None
    for name in ("loss", "pairs_per_anchor", "embedding_spread"):
        assert figures[0][name] == pytest.approx(figures[1][name], abs=1e-5)
    for name, tensor in short.method.state_dict().items():
        torch.testing.assert_close(tensor, whole.method.state_dict()[name], atol=1e-5, rtol=1e-4)


def test_without_memory_for_half_a_batch_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    short = training()
    without_memory_for(short.method, 1, monkeypatch)
    with pytest.raises(UserError, match="Memory does not suffice for 2 images of 32 px at a time"):
        short.epoch(0, Place())


def test_accumulating_equals_the_mean_gradient_of_the_batches() -> None:
    settings: dict[str, object] = {"optimiser": "sgd", "learning_rate": 0.1, "weight_decay": 0}
    together = training(accumulate=3, **settings)
    gradients = []
    for i in range(3):
        apart = training(**settings)
        before = [p.detach().clone() for p in apart.method.parameters()]
        place = Place(n_done=4 * i)
        place.streams = streams_after(i)
        apart.should_pause = lambda: True
        apart.epoch(0, place)
        gradients.append([a - b for a, b in zip(apart.method.parameters(), before, strict=True)])
    start = [p.detach().clone() for p in together.method.parameters()]
    together.epoch(0, Place())
    for i, parameter in enumerate(together.method.parameters()):
        if parameter.requires_grad:
            expected = start[i] + sum(each[i] for each in gradients) / 3
            torch.testing.assert_close(parameter, expected, atol=1e-5, rtol=1e-4)


def streams_after(n_batches: int) -> dict[str, torch.Tensor] | None:
    """Where the random streams stand after some batches of the first epoch."""
    ahead, place, left = training(), Place(), iter(range(n_batches, -1, -1))
    if not n_batches:
        return None
    next(left)
    ahead.should_pause = lambda: next(left) == 0
    ahead.epoch(0, place)
    return place.streams


@pytest.mark.parametrize(("n_batches", "seconds"), [(1, 3), (3, 3 * 8)])
def test_asking_and_checking_are_part_of_the_time(
    monkeypatch: pytest.MonkeyPatch, n_batches: int, seconds: float
) -> None:
    now_s, n_asked = 0.0, 0

    def clock() -> float:
        return now_s

    def ask() -> bool:
        nonlocal now_s, n_asked
        now_s, n_asked = now_s + 3, n_asked + 1
        return n_asked == n_batches < 3

    def check(_: Place) -> bool:
        nonlocal now_s
        now_s += 5
        return False

    monkeypatch.setattr("learning.training.time", SimpleNamespace(perf_counter=clock))
    monkeypatch.setattr("learning.images.perf_counter", clock)
    timed, place = training(), Place()
    timed.should_pause = ask
    monkeypatch.setattr(timed, "_is_lost", check)
    figures = timed.epoch(0, place)
    assert (place.seconds, place.waited_s) == (seconds, 0)
    assert (figures is None) == (n_batches < 3)
    assert figures is None or figures["images_per_s"] == 12 / seconds


def line(**changes: Any) -> EpochMetrics:
    base: dict[str, Any] = {
        "epoch": 0,
        "loss": 0.0,
        "pairs_per_anchor": 1.0,
        "embedding_spread": 0.8,
        "knn_auc": 0.9,
        "images_per_s": 1.0,
        "learning_rate": 0.1,
    }
    return EpochMetrics.model_validate(base | changes)


def test_collapse_and_merging_are_told() -> None:
    assert warning([line(), line()]) is None
    assert warning([line(), line(knn_auc=None)]) is None
    assert warning([line(), line(knn_auc=0.81)]) is None
    assert "collapse (spread 0.05)" in (warning([line(embedding_spread=0.05)]) or "")
    merged = warning([line(), line(knn_auc=0.8), line(knn_auc=0.75)]) or ""
    assert "fell from 0.90 to 0.75" in merged
    assert "fewer pairs" in merged


def test_without_pairs_nobody_is_told_to_choose_fewer() -> None:
    lost = warning([line(pairs_per_anchor=0), line(pairs_per_anchor=0, knn_auc=0.75)]) or ""
    assert "fell from 0.90 to 0.75" in lost
    assert "larger images" in lost
    collapsed = warning([line(pairs_per_anchor=0, embedding_spread=0.05)]) or ""
    assert "collapse" in collapsed
    assert "pairs" not in lost.replace("without any pairs", "") + collapsed


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, 1, {"weight": torch.ones(3)})
    files = sorted(path.name for path in tmp_path.iterdir())

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match=r"The disk of .* is full; nothing there was damaged"):
        save_checkpoint(tmp_path, 2, {"weight": torch.zeros(3)})
    assert sorted(path.name for path in tmp_path.iterdir()) == files
    found = load_checkpoint(tmp_path)
    assert found is not None
    assert found[0] == 1


def test_another_failure_of_the_disk_is_not_called_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="Input/output"), written_whole(tmp_path / "x") as file:
        file.write(b"x")
    assert not list(tmp_path.iterdir())

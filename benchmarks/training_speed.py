"""Images a second: ours beside a plain loop and lightly's, and what gaze pairing takes of a step."""

from __future__ import annotations

import statistics

import numpy as np
import torch
from torch import Tensor
from training_peers import LightlyByol, PlainByol, has_lightly
from training_timing import Scale, in_turn, median_ms, tell

from learning.config import RunConfig, make_config
from learning.draws import Draws
from learning.encoder import create_encoder, n_features, seeded
from learning.images import Images
from learning.methods import create_method
from learning.optimise import create_optimiser
from learning.pairs import Likeness
from learning.training import Place, Training

PAIR_RATE = 0.075
N_IMAGES = 6000
BATCHES = (32, 64, 128, 256)
LOOPED = (32, 64)
MOCO_BATCH = 64
QUEUES = (1280, 4096, 16384)
STEPS_A_ROUND = 2


def settings(scale: Scale, **more: object) -> RunConfig:
    base = {"backbone": scale.backbone, "image_size_px": scale.side_px, "batch_size": scale.batch_size}
    return make_config(**base, gaze="gzpt", augmentation="mammography-published", momentum=0.99, **more)


def some_images(scale: Scale, n_batches: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    shape = (scale.batch_size * n_batches, scale.side_px, scale.side_px)
    return rng.integers(256, size=shape, dtype=np.uint8)


def some_pairs(n_images: int) -> Tensor:
    upper = (torch.rand(n_images, n_images, generator=torch.Generator().manual_seed(0)) < PAIR_RATE).triu(1)
    return upper | upper.T


class Ours:
    """Our training on the same images, gaze pairs and all."""

    def __init__(self, pixels: np.ndarray, config: RunConfig, device: torch.device) -> None:
        with seeded(0):
            encoder = create_encoder(config.backbone, config.image_size_px)
            method = create_method(config, encoder, n_features(encoder))
        method.to(device).to(memory_format=torch.channels_last)
        likeness = Likeness(some_pairs(len(pixels)).to(device), config.drop)
        optimiser = create_optimiser(method, config)
        self.training = Training(config, device, method, optimiser, Images(pixels, device), likeness, 10**6)
        self.n_epochs, self.waiting_share = 0, 0.0

    def __call__(self) -> int:
        figures = self.training.epoch(self.n_epochs, Place())
        self.n_epochs += 1
        assert figures is not None
        self.waiting_share = figures["waiting_share"]
        return len(self.training.images)


def speed(scale: Scale) -> None:
    """Images a second of all contestants in turn."""
    pixels = some_images(scale, STEPS_A_ROUND)
    images, device = torch.from_numpy(pixels).unsqueeze(1), scale.device
    config = settings(scale)
    float32 = settings(scale, precision="float32")
    ours, ours_float32 = Ours(pixels, config, device), Ours(pixels, float32, device)
    plain = PlainByol(images, config, device, n_workers=scale.n_workers)
    tuned = PlainByol(images, config, device, n_workers=scale.n_workers, is_tuned=True)
    contestants = {
        "ours": ours,
        "ours in float32": ours_float32,
        "plain loop": plain,
        "plain loop, bfloat16 and channels last": tuned,
    }
    if has_lightly():
        contestants["lightly's parts"] = LightlyByol(images, config, device, n_workers=scale.n_workers)
    else:
        print("lightly is not installed: not compared", flush=True)
    rates = in_turn(contestants, scale)
    what = f"BYOL {scale.backbone} at {scale.side_px} px, batch {scale.batch_size}"
    for name, each in rates.items():
        tell(f"{what}, {name}:", statistics.median(each), "images/s")
    reach = ">= 1.3 x" if device.type == "cuda" else ">= 1.0 x"
    for one in ("ours", "ours in float32"):
        for peer in [name for name in rates if not name.startswith("ours")]:
            by_round = [a / b for a, b in zip(rates[one], rates[peer], strict=True)]
            tell(f"  {one} / {peer}", statistics.median(by_round), "x", reach if one == "ours" else "")
    tell("  waiting for images, of the time", 100 * ours.waiting_share, "%", "<= 3 %")


def looped(pairs: Tensor, batch: Tensor, keys: Tensor | None, drop: float, draw: torch.Generator) -> Tensor:
    """As published: every pair by itself, of a batch (where `keys` is None) or of a batch and a queue."""
    others = batch if keys is None else keys
    u = torch.rand(len(batch), len(others), generator=draw)
    positives = torch.zeros(len(batch), len(others), dtype=torch.bool)
    for i in range(len(batch)):
        for j in range(i + 1 if keys is None else 0, len(others)):
            if pairs[batch[i], others[j]] and u[i, j] > drop:
                positives[i, j] = True
    return positives | positives.T if keys is None else positives


def step_ms(scale: Scale, method: str, batch_size: int) -> float:
    """A step of that many images, from one of the scale's own batch: the work grows with the images."""
    ours = Ours(some_images(scale, 1), settings(scale, method=method, queue_size=1280), scale.device)
    return median_ms(ours, scale.n_rounds, scale) * batch_size / scale.batch_size


def pairing(scale: Scale) -> None:
    """What drawing the positives of a step takes beside the step."""
    pairs, draws = some_pairs(N_IMAGES).to(scale.device), Draws.of_epoch(0, 0)
    likeness = Likeness(pairs, 0.5)
    order = torch.randperm(N_IMAGES, generator=draws.order).to(scale.device)
    a_step_ms = step_ms(scale, "byol", 1)
    for n in BATCHES:
        batch = order[:n]
        ours = median_ms(lambda batch=batch: likeness.within(batch, draws.drops), 50, scale)
        tell_share(f"pairing, BYOL batch {n}:", ours, a_step_ms * n)
        if n in LOOPED:
            loop = median_ms(lambda batch=batch: looped(pairs, batch, None, 0.5, draws.drops), 3, scale)
            tell("  the published loop", loop, "ms")
    a_step_ms = step_ms(scale, "moco", MOCO_BATCH)
    batch = order[:MOCO_BATCH]
    for n_keys in QUEUES:
        keys = torch.randint(N_IMAGES, (n_keys,), generator=draws.order).to(scale.device)
        ours = median_ms(lambda keys=keys: likeness.across(batch, keys, draws.drops), 20, scale)
        tell_share(f"pairing, MoCo batch {MOCO_BATCH} x queue {n_keys}:", ours, a_step_ms)
        if n_keys == QUEUES[0]:
            loop = median_ms(lambda keys=keys: looped(pairs, batch, keys, 0.5, draws.drops), 1, scale)
            tell("  the published loop", loop, "ms")


def tell_share(name: str, ours_ms: float, a_step_ms: float) -> None:
    tell(
        f"{name} {ours_ms:.3f} ms of a step of {a_step_ms:.0f} ms,",
        100 * ours_ms / a_step_ms,
        "%",
        "<= 0.5 %",
    )

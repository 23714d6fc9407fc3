"""What gaze pairing costs beside the step it belongs to.

    python benchmarks/training.py [--backbone resnet50] [--side 224] [--batch 32] [--images 6000] [--steps 1]

The step is one of BYOL, views and all, on a set of that many noisy images of which 7.5 % of the pairs are
alike; it is timed once warm. Pairs are drawn for the batches and queues named, half of them dropped; the
published loop over all pairs of a batch stands beside, with the same result. One thread or many as torch
has them: set OMP_NUM_THREADS.
"""

import argparse
import statistics
import time

import torch

from learning.config import make_config
from learning.draws import Draws
from learning.encoder import create_encoder, n_features, seeded
from learning.methods import create_method
from learning.optimise import create_optimiser
from learning.pairs import Likeness
from learning.training import Place, Training

PAIR_RATE = 0.075
REACH_PERCENT = 0.5
BATCHES = (32, 64, 128, 256)
QUEUES = (1280, 4096, 16384)


def some_pairs(n_images):
    upper = (torch.rand(n_images, n_images, generator=torch.Generator().manual_seed(0)) < PAIR_RATE).triu(1)
    return upper | upper.T


def median_ms(work, n_times):
    taken = []
    for _ in range(n_times):
        started_s = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started_s) * 1e3)
    return statistics.median(taken)


def looped(pairs, batch, drop, draw):
    """As published: every pair of the batch by itself."""
    u = torch.rand(len(batch), len(batch), generator=draw)
    positives = torch.eye(len(batch), dtype=torch.bool)
    for i in range(len(batch)):
        for j in range(i + 1, len(batch)):
            if pairs[batch[i], batch[j]] and u[i, j] > drop:
                positives[i, j] = positives[j, i] = True
    return positives


def step_ms(options, pairs):
    """The median of steps of the whole machinery, after a first one."""
    config = make_config(
        backbone=options.backbone, image_size_px=options.side, batch_size=options.batch, gaze="gzpt"
    )
    with seeded(0):
        encoder = create_encoder(config.backbone, options.side)
        method = create_method(config, encoder, n_features(encoder)).to(memory_format=torch.channels_last)
    images = torch.randint(256, (options.batch, 1, options.side, options.side), dtype=torch.uint8)
    training = Training(
        config,
        torch.device("cpu"),
        method,
        create_optimiser(method, config),
        images,
        Likeness(pairs[: options.batch, : options.batch], config.drop),
        99,
    )
    training.epoch(0, Place())
    return median_ms(lambda: training.epoch(1, Place()), options.steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--steps", type=int, default=1)
    options = parser.parse_args()

    pairs = some_pairs(options.images)
    likeness, draws = Likeness(pairs, 0.5), Draws.of_epoch(0, 0)
    order = torch.randperm(options.images, generator=draws.order)
    a_step_ms = step_ms(options, pairs)
    print(f"step of {options.backbone} at {options.side} px, batch {options.batch}  {a_step_ms:.0f} ms")
    for n in BATCHES:
        batch = order[:n]
        ours = median_ms(lambda batch=batch: likeness.within(batch, draws.drops), 50)
        # A step of n images takes n / batch times as long.
        share = 100 * ours / (a_step_ms * n / options.batch)
        told = f"{ours:.3f} ms = {share:.4f} % of the step (<= {REACH_PERCENT} %)"
        if n <= 64:
            loop = median_ms(lambda batch=batch: looped(pairs, batch, 0.5, draws.drops), 3)
            told += f"; the published loop {loop:.1f} ms"
        print(f"pairing, batch {n}  {told}")
    for n_keys in QUEUES:
        keys = torch.randint(options.images, (n_keys,), generator=draws.order)
        ours = median_ms(lambda keys=keys: likeness.across(order[:64], keys, draws.drops), 20)
        # MoCo goes 4 times through the network forward where BYOL goes 8 times (backward counted as two).
        share = 100 * ours / (a_step_ms * 64 / options.batch / 2)
        print(
            f"pairing, MoCo batch 64 x queue {n_keys}  {ours:.3f} ms = {share:.4f} % of the step "
            f"(<= {REACH_PERCENT} %)"
        )


if __name__ == "__main__":
    main()

"""The loop over batches, and the place in an epoch from which it can go on.

Letters: n images to learn from, B images of a batch, S side of an image in px.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor

from acquisition.errors import UserError
from learning.augment import find_augmentation, random_views
from learning.config import RunConfig
from learning.device import uses_bfloat16
from learning.draws import Draws
from learning.methods import Method, direction_spread
from learning.optimise import learning_rate_at, momentum_at, set_learning_rate
from learning.pairs import Likeness

_log = logging.getLogger("gazeroom.learning")


@dataclass
class Place:
    """How far an epoch has come."""

    n_done: int = 0
    """Images."""
    totals: Tensor = field(default_factory=lambda: torch.zeros(3))
    """(3,) of loss, pairs per anchor and embedding spread, summed over those images."""
    seconds: float = 0.0
    streams: dict[str, Tensor] | None = None
    """States of the random streams; None where the epoch has not begun."""

    def state(self) -> dict[str, Any]:
        """Tensors and figures for a checkpoint."""
        return {
            "n_done": self.n_done,
            "totals": self.totals.cpu(),
            "seconds": self.seconds,
            "streams": self.streams,
        }

    @classmethod
    def of_state(cls, state: dict[str, Any]) -> Self:
        """The place that a checkpoint holds."""
        return cls(**state)


@dataclass
class Training:
    """One run's networks, data and settings."""

    config: RunConfig
    device: torch.device
    method: Method
    optimiser: torch.optim.Optimizer
    images: Tensor
    """(n, 1, S, S) uint8."""
    likeness: Likeness
    n_scheduled: int
    """Epochs of the schedules."""
    should_stop: Callable[[], bool] = lambda: False

    n_parts: int = 1
    """Parts of a batch that go through the networks one by one: 2 where whole batches find no memory."""

    def epoch(self, epoch: int, place: Place) -> dict[str, float] | None:
        """Take the networks through the rest of an epoch.

        Args:
            epoch: its number, those of the start counted.
            place: where to begin; it moves along.

        Returns:
            figures of an `EpochMetrics`, or None where it was stopped at `place`.
        """
        config = self.config
        n_used = len(self.images) // config.batch_size * config.batch_size
        n_at_once = config.batch_size * config.accumulate
        draws = Draws.of_epoch(config.seed, epoch)
        order = torch.randperm(len(self.images), generator=draws.order)[:n_used]
        if place.streams:
            draws.restore(place.streams)
        place.totals = place.totals.to(self.device)
        self.method.train()
        while place.n_done < n_used:
            started_s = time.perf_counter()
            done = epoch + place.n_done / n_used
            set_learning_rate(self.optimiser, self._learning_rate(done))
            chosen = order[place.n_done : place.n_done + n_at_once].to(self.device)
            place.totals += self._step_in_memory(chosen, draws)
            self.method.update_target(self._momentum(done))
            place.n_done += len(chosen)
            place.seconds += time.perf_counter() - started_s
            if self.should_stop():
                place.streams = draws.states()
                return None
        started_s = time.perf_counter()
        loss, pairs_per_anchor, spread = (place.totals / n_used).tolist()
        place.seconds += time.perf_counter() - started_s
        return {
            "loss": loss,
            "pairs_per_anchor": pairs_per_anchor,
            "embedding_spread": spread,
            "images_per_s": n_used / place.seconds,
            "learning_rate": self._learning_rate(epoch + 1 - config.batch_size / n_used),
        }

    def _learning_rate(self, done: float) -> float:
        return learning_rate_at(done, self.n_scheduled, self.config.learning_rate, self.config.rise_epochs)

    def _momentum(self, done: float) -> float:
        start = self.config.target_momentum
        return momentum_at(done, self.n_scheduled, start) if self.method.momentum_rises else start

    def _step_in_memory(self, images: Tensor, draws: Draws) -> Tensor:
        """One step; where memory runs out, once more with every batch in two parts, and so from then on."""
        streams = draws.states()
        try:
            return self._step(images, draws)
        except torch.OutOfMemoryError as error:
            n_part = self.config.batch_size // (2 * self.n_parts)
            if self.n_parts > 1 or n_part < 2:
                raise UserError(
                    f"Memory does not suffice for {self.config.batch_size // self.n_parts} images of "
                    f"{self.config.image_size_px} px at a time; choose a smaller --batch-size with more "
                    "--accumulate, smaller images or a smaller backbone."
                ) from error
        _log.warning("out of memory: from now on batches go in two parts, %d images at a time", n_part)
        self.n_parts = 2
        self.optimiser.zero_grad(set_to_none=True)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        draws.restore(streams)
        return self._step_in_memory(images, draws)

    def _step(self, images: Tensor, draws: Draws) -> Tensor:
        """One step of the optimiser over whole batches of images (m,); (3,) their summed figures."""
        self.optimiser.zero_grad(set_to_none=True)
        totals = torch.zeros(3, device=self.device)
        for batch in torch.split(images, math.ceil(self.config.batch_size / self.n_parts)):
            totals += len(batch) * self._gradient(batch, draws, len(batch) / len(images))
        self.optimiser.step()
        return totals

    def _gradient(self, batch: Tensor, draws: Draws, weight: float) -> Tensor:
        """Add a batch's (B,) gradient; (3,) loss, pairs per anchor and spread."""
        augmentation = find_augmentation(self.config.augmentation)
        views = [random_views(self.images[batch], augmentation, draws.views) for _ in range(2)]
        views = [view.contiguous(memory_format=torch.channels_last) for view in views]
        positives = self.method.positives(self.likeness, batch, draws.drops)
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=uses_bfloat16(self.config, self.device)
        ):
            made = self.method(*views)
        loss = self.method.loss(made, positives)
        torch.autograd.backward(loss * weight)
        self.method.remember(made, batch)
        others = self.method.n_others(positives) / len(batch)
        return torch.stack([loss.detach(), others, direction_spread(made.target[0])])

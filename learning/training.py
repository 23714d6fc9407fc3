"""The loop over batches, and the place in an epoch from which it can go on.

Letters: n images to learn from, B images of a batch, H and W height and width of an image in px.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import torch
from torch import Tensor

from acquisition.errors import BugError, UserError
from learning.augment import find_augmentation, random_views
from learning.config import RunConfig
from learning.device import uses_bfloat16
from learning.draws import Draws
from learning.images import Images
from learning.methods import Made, Method, direction_spread
from learning.optimise import learning_rate_at, momentum_at, set_learning_rate
from learning.pairs import Likeness
from learning.ranks import ALONE, Ranks
from learning.sizes import told_size

BATCHES_BETWEEN_CHECKS = 16
"""Of the loss for being a number: each makes a GPU wait."""

Views = tuple[Tensor, ...]

_log = logging.getLogger("gazeroom.learning")


@dataclass
class Place:
    """How far an epoch has come."""

    n_done: int = 0
    """Images."""
    totals: Tensor = field(default_factory=lambda: torch.zeros(3))
    """(3,) of loss, pairs per anchor and embedding spread, summed over those images."""
    seconds: float = 0.0
    waited_s: float = 0.0
    """Of those seconds: without images to compute on."""
    streams: dict[str, Tensor] | None = None
    """States of the random streams; None where the epoch has not begun."""
    gradients: list[Tensor | None] | None = None
    """Of the parameters in order, where the batches of a step are not all done."""

    def state(self) -> dict[str, Any]:
        """Tensors and figures for a checkpoint."""
        return vars(self) | {"totals": self.totals.cpu()}

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
    images: Images
    likeness: Likeness
    n_scheduled: int
    """Epochs of the schedules."""
    should_pause: Callable[[], bool] = lambda: False
    """Asked after every batch; says the same in all processes."""
    ranks: Ranks = ALONE

    n_parts: int = 1
    """Parts of a batch that go through the networks one by one: 2 where whole batches find no memory."""

    def epoch(self, epoch: int, place: Place) -> dict[str, float] | None:
        """Take the networks through the rest of an epoch.

        Args:
            epoch: its number, those of the start counted.
            place: where to begin; it moves along.

        Returns:
            figures of an `EpochMetrics`, or None where it paused at `place`: it was asked to, or the loss is
            no number.
        """
        size = self.config.batch_size
        n_used = len(self.images) // size * size
        draws = Draws.of_epoch(self.config.seed, epoch)
        order = torch.randperm(len(self.images), generator=draws.order)[:n_used]
        batches = torch.split(order, size)
        left = batches[place.n_done // size :]
        self.method.train()
        self._take_up(place, draws)
        own = [batch[self.ranks.part(len(batch))] for batch in left]
        before_s = time.perf_counter()
        for batch, (images, waited_s) in zip(left, self.images.batches(own), strict=True):
            self._batch(batch, images, draws, place, epoch, n_used)
            # Both wait for the device or for other processes: for work of this batch.
            is_over = self.should_pause() or self._is_lost(place)
            place.waited_s += waited_s
            now_s = time.perf_counter()
            place.seconds, before_s = place.seconds + now_s - before_s, now_s
            if is_over:
                self._lay_down(place, draws)
                return None
        return self._figures(place, n_used, epoch)

    def _figures(self, place: Place, n_used: int, epoch: int) -> dict[str, float]:
        started_s = time.perf_counter()
        loss, pairs_per_anchor, spread = (place.totals / n_used).tolist()
        place.seconds += time.perf_counter() - started_s
        return {
            "loss": loss,
            "pairs_per_anchor": pairs_per_anchor,
            "embedding_spread": spread,
            "images_per_s": n_used / place.seconds,
            "waiting_share": place.waited_s / place.seconds,
            "learning_rate": self._learning_rate(epoch + 1 - self.config.batch_size / n_used),
        }

    def _take_up(self, place: Place, draws: Draws) -> None:
        """Go on where the place says."""
        place.totals = place.totals.to(self.device)
        self.optimiser.zero_grad(set_to_none=True)
        if place.streams:
            draws.restore(place.streams)
        if place.gradients and self.ranks.is_first:
            self._set_gradients(place.gradients)

    def _lay_down(self, place: Place, draws: Draws) -> None:
        """Note all that a later `_take_up` needs, be it of more processes or fewer."""
        self.ranks.sum_gradients(self.method.parameters())
        place.streams, place.gradients = draws.states(), self._gradients()

    def _gradients(self) -> list[Tensor | None]:
        return [None if each.grad is None else each.grad.clone() for each in self.method.parameters()]

    def _set_gradients(self, gradients: list[Tensor | None]) -> None:
        for parameter, gradient in zip(self.method.parameters(), gradients, strict=True):
            parameter.grad = None if gradient is None else gradient.to(parameter.device)

    def _is_lost(self, place: Place) -> bool:
        """Whether the loss is seen to be no number. Looking makes a GPU wait: not after every batch."""
        is_due = place.n_done // self.config.batch_size % BATCHES_BETWEEN_CHECKS == 0
        return (is_due or self.device.type == "cpu") and not bool(place.totals.isfinite().all())

    def _learning_rate(self, done: float) -> float:
        return learning_rate_at(done, self.n_scheduled, self.config.learning_rate, self.config.rise_epochs)

    def _momentum(self, done: float) -> float:
        start = self.config.target_momentum
        return momentum_at(done, self.n_scheduled, start) if self.method.momentum_rises else start

    def _batch(
        self, batch: Tensor, images: Tensor, draws: Draws, place: Place, epoch: int, n_used: int
    ) -> None:
        """Add the gradient of one batch; the last of a step moves the networks, too.

        No step goes beyond its epoch: the last is the mean of the batches that are left.
        """
        n_at_once = self.config.batch_size * self.config.accumulate
        step_begins = place.n_done // n_at_once * n_at_once
        step_ends = min(step_begins + n_at_once, n_used)
        weight = len(batch) / (step_ends - step_begins)
        figures = self._gradient_in_memory(batch.to(self.device), images, draws, weight)
        place.totals += len(batch) * figures
        place.n_done += len(batch)
        if place.n_done == step_ends:
            done = epoch + step_begins / n_used
            set_learning_rate(self.optimiser, self._learning_rate(done))
            self.ranks.sum_gradients(self.method.parameters())
            self.optimiser.step()
            self.optimiser.zero_grad(set_to_none=True)
            self.method.update_target(self._momentum(done))

    def _gradient_in_memory(self, batch: Tensor, images: Tensor, draws: Draws, weight: float) -> Tensor:
        """`_gradient`; where memory runs out, once more in two parts, and so from then on."""
        streams = draws.states()
        # Memory of the CPU does not run out with an exception: there is nothing to go back to.
        gradients = None if self.device.type == "cpu" else self._gradients()
        try:
            return self._gradient(batch, images, draws, weight)
        except torch.OutOfMemoryError as error:
            n_at_once = self.config.batch_size // (self.n_parts * self.ranks.n)
            n_part = n_at_once // 2
            # Other processes are in the middle of the same batch and wait for this one.
            if self.n_parts > 1 or self.ranks.n > 1 or n_part < 2:
                raise UserError(
                    f"Memory does not suffice for {n_at_once} images of "
                    f"{told_size(self.config.image_size_px)} px at a time; choose a smaller --batch-size "
                    "with more --accumulate, smaller images or a smaller backbone."
                ) from error
        _log.warning("out of memory: from now on batches go in two parts, %d images at a time", n_part)
        self.n_parts = 2
        if gradients is not None:
            torch.cuda.empty_cache()
            self._set_gradients(gradients)
        draws.restore(streams)
        return self._gradient_in_memory(batch, images, draws, weight)

    def _gradient(self, batch: Tensor, images: Tensor, draws: Draws, weight: float) -> Tensor:
        """Add what images of a batch (B,) give of its gradient; (3,) loss, pairs per anchor and spread.

        The images (b, 1, H, W) are this process's part of the batch.
        """
        augmentation = find_augmentation(self.config.augmentation)
        part = self.ranks.part(len(batch))
        views = [random_views(images, augmentation, draws.views, len(batch), part) for _ in range(2)]
        views = [view.contiguous(memory_format=torch.channels_last) for view in views]
        positives = self.method.positives(self.likeness, batch, draws.drops)
        parts = list(zip(*(view.chunk(self.n_parts) for view in views), strict=True))
        made = self._made(views) if len(parts) == 1 else self._made_in_parts(parts)
        whole = self._of_all(made, len(batch))
        loss = self.method.loss(whole, positives)
        torch.autograd.backward(loss * weight)
        if len(parts) > 1:
            self._gradient_in_parts(parts, made)
        others = self.method.n_others(positives, batch) / len(batch)
        self.method.remember(whole, batch)
        return torch.stack([loss.detach(), others, direction_spread(whole.target[0])])

    def _of_all(self, made: Made, n_images: int) -> Made:
        """What the networks of all processes made of the batch."""
        predicted, target = (
            tuple(self.ranks.whole(rows, n_images) for rows in each) for each in (made.predicted, made.target)
        )
        return Made(predicted, target)

    def _made(self, views: Sequence[Tensor]) -> Made:
        coarsely = uses_bfloat16(self.config, self.device)
        with (
            self.ranks.statistics_of_all(self.device),
            torch.autocast(self.device.type, torch.bfloat16, enabled=coarsely),
        ):
            made: Made = self.method(*views)
        return made

    def _made_in_parts(self, parts: Sequence[Views]) -> Made:
        """What the networks make of the parts, for the loss of the whole batch; batch norm sees the parts."""
        with torch.no_grad():
            made = [self._made(part) for part in parts]
        predicted, target = (
            tuple(torch.cat(each) for each in zip(*(getattr(part, name) for part in made), strict=True))
            for name in ("predicted", "target")
        )
        return Made(tuple(each.requires_grad_() for each in predicted), target)

    def _gradient_in_parts(self, parts: Sequence[Views], made: Made) -> None:
        """Add what the loss's gradient at `made` means for the parameters, computing each part anew."""
        n_part = len(parts[0][0])
        by_part = zip(*(torch.split(_gradient_of(each), n_part) for each in made.predicted), strict=True)
        for part, gradients in zip(parts, by_part, strict=True):
            torch.autograd.backward(self._made(part).predicted, gradients)


def _gradient_of(tensor: Tensor) -> Tensor:
    if tensor.grad is None:
        raise BugError("The loss says nothing of what the networks made.")
    return tensor.grad

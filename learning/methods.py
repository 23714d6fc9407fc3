"""Self-supervised methods: networks, what they make of two views, and their loss.

Letters: B images of a batch, S side of an image in px, D dimensions of an embedding, K places of a queue.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import normalize

from learning.config import Normalisation, RunConfig
from learning.losses import contrastive_loss, positive_cosine_loss
from learning.pairs import Likeness

HIDDEN = 4096
"""Width of BYOL's predictor, as published for every backbone."""
SIMSIAM_BOTTLENECK = 512


@dataclass(frozen=True)
class Made:
    """What the networks made of two views of a batch."""

    predicted: tuple[Tensor, ...]
    """(B, D) each."""
    target: tuple[Tensor, ...]
    """(B, D) each: what the prediction at the same place shall meet."""


class Method(nn.Module, ABC):
    """A method around an encoder that turns images (B, 1, S, S) into features (B, n_features)."""

    encoder: nn.Module
    momentum_rises = True
    """Whether the target's momentum rises to 1 along a cosine."""

    @abstractmethod
    def forward(self, view_1: Tensor, view_2: Tensor) -> Made:
        """Both views (B, 1, S, S) through the networks; batch norm sees one view at a time."""

    @abstractmethod
    def loss(self, made: Made, positives: Tensor) -> Tensor:
        """The loss of a batch, from `positives` as this method draws them."""

    def positives(self, likeness: Likeness, batch: Tensor, draw: Generator) -> Tensor:
        """Which images are positives of the batch's (B,) at this step; (B, B) unless a method has a queue."""
        return likeness.within(batch, draw)

    def n_others(self, positives: Tensor, batch: Tensor) -> Tensor:  # noqa: ARG002
        """How many positives of a batch (B,) are other images."""
        return positives.sum() - len(positives)

    def at_constant_rate(self) -> Iterable[nn.Parameter]:
        """Parameters whose learning rate never falls."""
        return ()

    def update_target(self, momentum: float) -> None:
        """Move the target's parameters towards the encoder's; batch-norm statistics are its own."""

    def remember(self, made: Made, batch: Tensor) -> None:
        """Keep what later batches are compared with."""

    def forget(self) -> None:
        """Drop what was kept: it was of another set."""


class Byol(Method):
    """Bootstrap your own latent (Grill et al. 2020, arXiv 2006.07733) with many positives.

    With a momentum that starts at 0 it is what McGIP's tree calls SimSiam, and SimSiam it is not.
    """

    def __init__(
        self, encoder: nn.Module, n_features: int, n_out: int = 256, normalisation: Normalisation = "global"
    ) -> None:
        super().__init__()
        self.normalisation: Normalisation = normalisation
        self.encoder = encoder
        self.projector = head(n_features, 2 * n_features, n_out)
        self.predictor = head(n_out, HIDDEN, n_out)
        self.target = copy.deepcopy(nn.Sequential(self.encoder, self.projector)).requires_grad_(False)

    def forward(self, view_1: Tensor, view_2: Tensor) -> Made:
        """Both views through both networks."""
        with torch.no_grad():
            target_1, target_2 = self.target(view_1), self.target(view_2)
        predicted = tuple(self.predictor(self.projector(self.encoder(view))) for view in (view_1, view_2))
        return Made(predicted, (target_2, target_1))

    def loss(self, made: Made, positives: Tensor) -> Tensor:
        """2 (L(1, 2) + L(2, 1)), in [-4, 4]; `positives` (B, B) serves both directions."""
        return 2 * _both_ways(made, positives, self.normalisation)

    def update_target(self, momentum: float) -> None:
        """Parameters alone."""
        _follow(self.target, [self.encoder, self.projector], momentum)


class SimSiam(Method):
    """Simple siamese learning (Chen and He 2021, arXiv 2011.10566) with many positives: no target network."""

    def __init__(
        self, encoder: nn.Module, n_features: int, n_out: int = 2048, normalisation: Normalisation = "global"
    ) -> None:
        super().__init__()
        self.normalisation: Normalisation = normalisation
        self.encoder = encoder
        self.projector = nn.Sequential(
            *_layer(n_features, n_out),
            *_layer(n_out, n_out),
            nn.Linear(n_out, n_out, bias=False),
            nn.BatchNorm1d(n_out, affine=False),
        )
        self.predictor = nn.Sequential(
            *_layer(n_out, SIMSIAM_BOTTLENECK), nn.Linear(SIMSIAM_BOTTLENECK, n_out)
        )

    def forward(self, view_1: Tensor, view_2: Tensor) -> Made:
        """Both views through the one network."""
        projected = [self.projector(self.encoder(view)) for view in (view_1, view_2)]
        predicted = tuple(self.predictor(each) for each in projected)
        return Made(predicted, (projected[1].detach(), projected[0].detach()))

    def loss(self, made: Made, positives: Tensor) -> Tensor:
        """(L(1, 2) + L(2, 1)) / 2, in [-1, 1]; `positives` (B, B) serves both directions."""
        return _both_ways(made, positives, self.normalisation) / 2

    def at_constant_rate(self) -> Iterable[nn.Parameter]:
        """The predictor's, as published."""
        return self.predictor.parameters()


class Moco(Method):
    """Momentum contrast with an MLP head (Chen et al. 2020, arXiv 2003.04297) and many positives.

    The queue starts empty and holds the ids of its images, so that no key is a positive by chance.
    """

    momentum_rises = False

    def __init__(
        self,
        encoder: nn.Module,
        n_features: int,
        n_out: int = 128,
        normalisation: Normalisation = "global",
        *,
        queue_size: int = 1280,
        temperature: float = 0.2,
    ) -> None:
        super().__init__()
        self.normalisation: Normalisation = normalisation
        self.temperature = temperature
        self.encoder = encoder
        self.projector = nn.Sequential(
            nn.Linear(n_features, n_features), nn.ReLU(), nn.Linear(n_features, n_out)
        )
        self.target = copy.deepcopy(nn.Sequential(self.encoder, self.projector)).requires_grad_(False)
        self.queue: Tensor
        self.queue_ids: Tensor
        self.next_place: Tensor
        self.register_buffer("queue", torch.zeros(queue_size, n_out))
        self.register_buffer("queue_ids", torch.full((queue_size,), -1))
        self.register_buffer("next_place", torch.zeros((), dtype=torch.long))

    def forward(self, view_1: Tensor, view_2: Tensor) -> Made:
        """The first view asks, the second answers."""
        with torch.no_grad():
            key = self.target(view_2)
        return Made((self.projector(self.encoder(view_1)),), (key,))

    def positives(self, likeness: Likeness, batch: Tensor, draw: Generator) -> Tensor:
        """(B, K) the places of the queue that hold an image like each of the batch's."""
        return likeness.across(batch, self.queue_ids, draw)

    def n_others(self, positives: Tensor, batch: Tensor) -> Tensor:
        """Those in the queue, but for older keys of the same image."""
        return (positives & (batch[:, None] != self.queue_ids)).sum()

    def loss(self, made: Made, positives: Tensor) -> Tensor:
        """Cross entropy over the own key and the queue."""
        return contrastive_loss(
            made.predicted[0],
            made.target[0],
            self.queue,
            positives,
            self.queue_ids >= 0,
            self.temperature,
            self.normalisation,
        )

    def update_target(self, momentum: float) -> None:
        """Parameters alone."""
        _follow(self.target, [self.encoder, self.projector], momentum)

    @torch.no_grad()
    def remember(self, made: Made, batch: Tensor) -> None:
        """The batch's keys take the places of the oldest."""
        places = (self.next_place + torch.arange(len(batch), device=batch.device)) % len(self.queue)
        self.queue.index_copy_(0, places, normalize(made.target[0].to(self.queue.dtype), dim=1))
        self.queue_ids.index_copy_(0, places, batch)
        self.next_place.add_(len(batch)).remainder_(len(self.queue))

    def forget(self) -> None:
        """An empty queue."""
        self.queue_ids.fill_(-1)
        self.next_place.zero_()


def create_method(config: RunConfig, encoder: nn.Module, n_features: int) -> Method:
    """The method of a run around its encoder."""
    n_out = config.embedding_size
    if config.method == "byol":
        return Byol(encoder, n_features, n_out, config.normalisation)
    if config.method == "simsiam":
        return SimSiam(encoder, n_features, n_out, config.normalisation)
    return Moco(
        encoder,
        n_features,
        n_out,
        config.normalisation,
        queue_size=config.queue_size,
        temperature=config.temperature,
    )


def head(n_in: int, n_hidden: int, n_out: int) -> nn.Sequential:
    """Linear, batch norm, ReLU, linear; the last layer has no bias, as published."""
    return nn.Sequential(
        nn.Linear(n_in, n_hidden), nn.BatchNorm1d(n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_out, bias=False)
    )


def _layer(n_in: int, n_out: int) -> tuple[nn.Module, ...]:
    return nn.Linear(n_in, n_out, bias=False), nn.BatchNorm1d(n_out), nn.ReLU()


def _both_ways(made: Made, positives: Tensor, normalisation: Normalisation) -> Tensor:
    there, back = (
        positive_cosine_loss(predicted, target, positives, normalisation)
        for predicted, target in zip(made.predicted, made.target, strict=True)
    )
    return there + back


@torch.no_grad()
def _follow(target: nn.Module, leaders: Iterable[nn.Module], momentum: float) -> None:
    leading = [parameter for module in leaders for parameter in module.parameters()]
    for slow, fast in zip(target.parameters(), leading, strict=True):
        slow.lerp_(fast, 1 - momentum)


def direction_spread(embeddings: Tensor) -> Tensor:
    """How far the directions of embeddings (B, D) spread: 0 where all are one, 1 on the whole sphere."""
    return normalize(embeddings.detach().float(), dim=1).var(dim=0, correction=0).sum().sqrt()

"""Self-supervised methods: networks, what they make of two views, and their loss."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from learning.losses import positive_cosine_loss


def head(n_in: int, n_hidden: int, n_out: int) -> nn.Sequential:
    """Linear, batch norm, ReLU, linear; the last layer has no bias, as published."""
    return nn.Sequential(
        nn.Linear(n_in, n_hidden), nn.BatchNorm1d(n_hidden), nn.ReLU(), nn.Linear(n_hidden, n_out, bias=False)
    )


@dataclass(frozen=True)
class Views:
    """What the networks made of two views of a batch; each (B, D)."""

    predicted_1: Tensor
    predicted_2: Tensor
    target_1: Tensor
    target_2: Tensor


class Byol(nn.Module):
    """Bootstrap your own latent (Grill et al. 2020, arXiv 2006.07733) with many positives."""

    def __init__(self, encoder: nn.Module, n_features: int) -> None:
        """Wrap an encoder that turns images (B, 1, S, S) into features (B, n_features)."""
        super().__init__()
        self.encoder = encoder
        self.projector = head(n_features, 2 * n_features, 256)
        self.predictor = head(256, 4096, 256)
        self.target = copy.deepcopy(nn.Sequential(self.encoder, self.projector)).requires_grad_(False)

    def forward(self, view_1: Tensor, view_2: Tensor) -> Views:
        """Both views (B, 1, S, S) through both networks; batch norm sees one view at a time."""
        with torch.no_grad():
            target_1, target_2 = self.target(view_1), self.target(view_2)
        return Views(
            self.predictor(self.projector(self.encoder(view_1))),
            self.predictor(self.projector(self.encoder(view_2))),
            target_1,
            target_2,
        )

    @staticmethod
    def loss(views: Views, positives: Tensor) -> Tensor:
        """2 (L(1, 2) + L(2, 1)), in [-4, 4]; `positives` (B, B) serves both directions."""
        forth = positive_cosine_loss(views.predicted_1, views.target_2, positives)
        back = positive_cosine_loss(views.predicted_2, views.target_1, positives)
        return 2 * (forth + back)

    @torch.no_grad()
    def update_target(self, momentum: float) -> None:
        """Move the target's parameters towards the encoder's; batch-norm statistics are its own."""
        online = [*self.encoder.parameters(), *self.projector.parameters()]
        for slow, fast in zip(self.target.parameters(), online, strict=True):
            slow.lerp_(fast, 1 - momentum)


METHODS = {"byol": Byol}


def direction_spread(embeddings: Tensor) -> Tensor:
    """How far the directions of embeddings (B, D) spread: 0 where all are one, 1 on the whole sphere."""
    return normalize(embeddings.detach().float(), dim=1).var(dim=0, correction=0).sum().sqrt()


def momentum_at(epoch: float, n_epochs: int, start: float) -> float:
    """Momentum of the target: from `start` to 1 along a cosine, by steps (fractions of an epoch)."""
    return 1 - (1 - start) * (math.cos(math.pi * epoch / n_epochs) + 1) / 2


def learning_rate_at(epoch: float, n_epochs: int, base: float, rise_epochs: int) -> float:
    """Learning rate: a cosine by whole epochs, below a straight rise over the first `rise_epochs`."""
    cosine = base * (1 + math.cos(math.pi * math.floor(epoch) / n_epochs)) / 2
    if epoch >= rise_epochs:
        return cosine
    return cosine * (1 - (1 - epoch / rise_epochs) * (1 - 1e-4))

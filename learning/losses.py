"""Losses over many positives. Letters: B images of a batch, D dimensions of an embedding."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import normalize


def positive_cosine_loss(predicted: Tensor, target: Tensor, positives: Tensor) -> Tensor:
    """Minus the mean cosine over all positive pairs of the batch, in [-1, 1].

    L = -(1 / P) sum_ij A_ij cos(predicted_i, target_j), P = sum_ij A_ij: normalised by the pairs of the
    whole batch and not per anchor (McGIP, AAAI 2024). No gradient reaches the targets.

    Args:
        predicted: (B, D).
        target: (B, D).
        positives: (B, B) bool, A.
    """
    cosine = normalize(predicted.float(), dim=1) @ normalize(target.detach().float(), dim=1).T
    return -(positives * cosine).sum() / positives.sum()

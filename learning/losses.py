"""Losses over many positives.

Letters: B images of a batch, K places of a queue, D dimensions of an embedding.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import normalize

from learning.config import Normalisation


def positive_cosine_loss(
    predicted: Tensor, target: Tensor, positives: Tensor, normalisation: Normalisation = "global"
) -> Tensor:
    """Minus the mean cosine over all positive pairs of the batch, in [-1, 1].

    L = -(1 / P) sum_ij A_ij cos(predicted_i, target_j), P = sum_ij A_ij: normalised by the pairs of the
    whole batch and not per anchor (McGIP, AAAI 2024). No gradient reaches the targets.

    Args:
        predicted: (B, D).
        target: (B, D).
        positives: (B, B) bool, A; no row is empty.
        normalisation: `per_anchor` averages over each anchor's positives first.
    """
    cosine = normalize(_exact(predicted), dim=1) @ normalize(_exact(target.detach()), dim=1).T
    return -(_weights(positives, cosine.dtype, normalisation) * cosine).sum()


def contrastive_loss(
    query: Tensor,
    key: Tensor,
    queue: Tensor,
    positives: Tensor,
    known: Tensor,
    temperature: float,
    normalisation: Normalisation = "global",
) -> Tensor:
    """Cross entropy of a query with its own key and the keys of a queue, some of them positives, too.

    l = [q.k+, q.queue] / T, y = [1, A]; L = -(1 / sum y) sum y log softmax(l): other positives stay in
    the denominator (McGIP's MoCo head; Khosla et al. 2020, arXiv 2004.11362, averages per anchor). With
    no A it is InfoNCE (He et al. 2020, arXiv 1911.05722). No gradient reaches the keys.

    Args:
        query: (B, D).
        key: (B, D) of the other view of the same images.
        queue: (K, D) keys of earlier batches.
        positives: (B, K) bool, A.
        known: (K,) bool, the places of the queue that hold a key; the others take no part.
        temperature: T.
        normalisation: `per_anchor` averages over each anchor's positives first.
    """
    query = normalize(_exact(query), dim=1)
    key = normalize(_exact(key.detach()), dim=1)
    own = (query * key).sum(dim=1, keepdim=True)
    others = (query @ normalize(_exact(queue), dim=1).T).masked_fill(~known, -torch.inf)
    chances = torch.cat([own, others], dim=1).div(temperature).log_softmax(dim=1)
    labels = torch.cat([positives.new_ones(len(query), 1), positives & known], dim=1)
    # A place without a key has log 0, which no weight of 0 could take out of a sum.
    return -(_weights(labels, chances.dtype, normalisation) * chances.masked_fill(~labels, 0)).sum()


def _exact(embeddings: Tensor) -> Tensor:
    """At least single precision."""
    return embeddings if embeddings.dtype == torch.float64 else embeddings.float()


def _weights(positives: Tensor, dtype: torch.dtype, normalisation: Normalisation) -> Tensor:
    """What each pair weighs; all weights together are 1."""
    weights = positives.to(dtype)
    if normalisation == "global":
        return weights / weights.sum()
    return weights / weights.sum(dim=1, keepdim=True) / len(weights)

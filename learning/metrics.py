"""Figures that judge embeddings and predictions. Numpy alone.

Letters: n images, D dimensions, C classes.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NEIGHBOUR_TEMPERATURE = 0.1


def unit_rows(features: NDArray[np.floating]) -> FloatArray:
    """(n, D) rows of length 1; a row of zeros stays."""
    rows = features.astype(np.float64)
    unit: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit


def neighbour_scores(
    queries: FloatArray,
    bank: FloatArray,
    bank_classes: IntArray,
    n_classes: int,
    k: int,
    barred: NDArray[np.bool_],
) -> FloatArray:
    """(n, C) shares of the votes of the k nearest neighbours by cosine, weighted by exp(cosine / 0.1).

    Args:
        queries: (n, D) unit rows.
        bank: (m, D) unit rows.
        bank_classes: (m,).
        n_classes: C.
        k: fewer where the bank has fewer.
        barred: (n, m) who may not vote, for instance images of the same patient.
    """
    cosine = np.where(barred, -np.inf, queries @ bank.T)
    k = min(k, bank.shape[0])
    nearest = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
    # The largest cosine is taken out of the exponent, it cancels below.
    strength = np.take_along_axis(cosine, nearest, axis=1)
    votes = np.exp((strength - cosine.max(axis=1, keepdims=True)) / NEIGHBOUR_TEMPERATURE)
    scores = np.zeros((len(queries), n_classes))
    for column in range(k):
        scores[np.arange(len(queries)), bank_classes[nearest[:, column]]] += votes[:, column]
    scores /= scores.sum(axis=1, keepdims=True)
    return scores


def held_out_neighbour_auc(
    features: NDArray[np.floating], classes: IntArray, patients: NDArray[np.str_]
) -> float:
    """Macro one-vs-rest AUC of 10 neighbours, each image being judged by other patients' images."""
    rows = unit_rows(features)
    scores = neighbour_scores(
        rows, rows, classes, int(classes.max()) + 1, 10, patients[:, None] == patients[None, :]
    )
    return macro_auc(scores, classes)


def auc(scores: FloatArray, is_positive: NDArray[np.bool_]) -> float:
    """Area under the ROC curve; NaN where one of the two sides is missing."""
    n_positive = int(is_positive.sum())
    n_negative = len(scores) - n_positive
    if not n_positive or not n_negative:
        return float("nan")
    rank_sum = rankdata(scores)[is_positive].sum()
    return float((rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def macro_auc(scores: FloatArray, classes: IntArray) -> float:
    """Mean over the classes of the AUC of one class against the rest; scores are (n, C)."""
    return float(np.mean([auc(scores[:, c], classes == c) for c in range(scores.shape[1])]))


def hand_till_auc(scores: FloatArray, classes: IntArray) -> float:
    """Mean over all pairs of classes of the AUC within the pair (Hand and Till 2001).

    Each class of a pair is told from the other by its own score, and the two are averaged.
    """
    n_classes = scores.shape[1]
    found = []
    for one, other in combinations(range(n_classes), 2):
        in_pair = (classes == one) | (classes == other)
        for c in (one, other):
            found.append(auc(scores[in_pair, c], classes[in_pair] == c))
    return float(np.mean(found))


def accuracy(scores: FloatArray, classes: IntArray) -> float:
    """Share of the images that score highest on their class."""
    return float((scores.argmax(axis=1) == classes).mean())


def mean_absolute_grade_error(scores: FloatArray, classes: IntArray, grades: FloatArray) -> float:
    """Mean distance of the grade that scores highest from the image's own; `grades` (C,) by class."""
    return float(np.abs(grades[scores.argmax(axis=1)] - grades[classes]).mean())


def balanced_accuracy(scores: FloatArray, classes: IntArray) -> float:
    """Mean over the classes of the share of their images that score highest on them; NaN without one."""
    right = scores.argmax(axis=1) == classes
    shares = [right[classes == c].mean() if (classes == c).any() else np.nan for c in range(scores.shape[1])]
    return float(np.mean(shares))

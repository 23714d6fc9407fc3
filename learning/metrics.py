"""Figures that judge embeddings and predictions. Numpy alone.

Letters: n images, D dimensions, C classes, B samples of the images.

A metric takes predictions and weights (B, n), which say how often each image counts in each sample, and
gives (B,) figures: thousands of bootstrap samples are one call. `once` is the images as they are.

An AUC compares images of one fold alone. Each fold has a model of its own, and a model that learnt from few
images of a class, since many were held out, scores all of it low: compared across folds, even noise falls
below 0.5 (Forman and Scholz 2010, "Apples-to-apples in cross-validation studies").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Weights = NDArray[np.number]
"""(B, n) how often each image counts."""

NEIGHBOUR_TEMPERATURE = 0.1


@dataclass(frozen=True)
class Predictions:
    """What every image scored once, by the model of its fold.

    scores: (n, C)
    classes: (n,)
    folds: (n,) images of one number were scored by one model
    """

    scores: FloatArray
    classes: IntArray
    folds: IntArray


@dataclass(frozen=True)
class Metric:
    """A figure from 0 to `highest`, called with predictions and weights."""

    figures: Callable[[Predictions, Weights], FloatArray]
    highest: float = 1.0

    def __call__(self, predictions: Predictions, weights: Weights) -> FloatArray:
        """(B,) figures."""
        return self.figures(predictions, weights)


def once(n_images: int) -> IntArray:
    """(1, n) weights: every image counts once."""
    return np.ones((1, n_images), np.int64)


def one_fold(n_images: int) -> IntArray:
    """(n,) folds: one model scored every image."""
    return np.zeros(n_images, np.int64)


def metrics_for(names: tuple[str, ...]) -> dict[str, Metric]:
    """The metrics of a label by their full names.

    A class `malignant` has its own AUC, which comes first; more than two classes are also compared in
    pairs; where all are whole numbers they are grades, and an error has a size.
    """
    metrics: dict[str, Metric] = {}
    if "malignant" in names:
        malignant = names.index("malignant")
        metrics["Malignant-vs-rest AUC"] = Metric(
            lambda predictions, weights: one_class_auc(predictions, malignant, weights)
        )
    metrics["Macro one-vs-rest AUC"] = Metric(macro_auc)
    if len(names) > 2:
        metrics["Hand–Till one-vs-one AUC"] = Metric(hand_till_auc)
    metrics |= {"Balanced accuracy": Metric(balanced_accuracy), "Accuracy": Metric(accuracy)}
    if all(name.isdecimal() for name in names):
        grades = np.array(names, np.float64)
        metrics["Mean absolute error of the grade"] = Metric(
            lambda predictions, weights: mean_absolute_grade_error(predictions, weights, grades),
            highest=float(np.ptp(grades)),
        )
    return metrics


def auc(scores: FloatArray, is_positive: NDArray[np.bool_], folds: IntArray) -> float:
    """Area under the ROC curve of scores (n,) within the folds (n,); NaN where none has both sides."""
    return float(weighted_auc(scores, is_positive, once(len(scores)), folds)[0])


def weighted_auc(
    scores: FloatArray, is_positive: NDArray[np.bool_], weights: Weights, folds: IntArray
) -> FloatArray:
    """(B,) shares of the pairs of a positive and a negative of one fold that are in the right order.

    Within a single fold that is the area under the ROC curve; every fold counts by its pairs.

    Args:
        scores: (n,); a pair of equal scores is half right.
        is_positive: (n,).
        weights: (B, n).
        folds: (n,).

    Returns:
        NaN where no fold of a sample has both sides.
    """
    order = np.lexsort((scores, folds))
    starts_fold = np.diff(folds[order], prepend=np.nan) != 0
    # Ties stand together.
    starts = np.flatnonzero(starts_fold | (np.diff(scores[order], prepend=np.nan) != 0))
    sides = weights[:, order] * np.stack([is_positive[order], ~is_positive[order]])[:, None, :]
    positive, negative = np.add.reduceat(sides, starts, axis=2, dtype=np.float64)
    first_of_fold = np.flatnonzero(starts_fold[starts])
    n_positive, n_negative = (np.add.reduceat(side, first_of_fold, axis=1) for side in (positive, negative))
    below = negative.cumsum(axis=1) - negative / 2
    in_folds_before = n_negative.cumsum(axis=1) - n_negative
    n_right = (positive * below).sum(axis=1) - (n_positive * in_folds_before).sum(axis=1)
    return _share(n_right, (n_positive * n_negative).sum(axis=1))


def one_class_auc(predictions: Predictions, one: int, weights: Weights) -> FloatArray:
    """(B,) AUC of one class against the rest, by its own score."""
    scores, classes = predictions.scores, predictions.classes
    return weighted_auc(scores[:, one], classes == one, weights, predictions.folds)


def macro_auc(predictions: Predictions, weights: Weights) -> FloatArray:
    """(B,) means over the classes of the AUC of one class against the rest."""
    n_classes = predictions.scores.shape[1]
    return np.asarray(np.mean([one_class_auc(predictions, c, weights) for c in range(n_classes)], axis=0))


def hand_till_auc(predictions: Predictions, weights: Weights) -> FloatArray:
    """(B,) means over all pairs of classes of the AUC within the pair (Hand and Till 2001).

    Each class of a pair is told from the other by its own score, and the two are averaged.
    """
    scores, classes, folds = predictions.scores, predictions.classes, predictions.folds
    found = []
    for one, other in combinations(range(scores.shape[1]), 2):
        is_in = (classes == one) | (classes == other)
        pair = Predictions(scores[is_in], classes[is_in], folds[is_in])
        found += [one_class_auc(pair, c, weights[:, is_in]) for c in (one, other)]
    return np.asarray(np.mean(found, axis=0))


def accuracy(predictions: Predictions, weights: Weights) -> FloatArray:
    """(B,) shares of the images that score highest on their class."""
    is_right = predictions.scores.argmax(axis=1) == predictions.classes
    return _share(weights @ is_right, weights.sum(axis=1))


def balanced_accuracy(predictions: Predictions, weights: Weights) -> FloatArray:
    """(B,) means over the classes of the share that scores highest on them; NaN where one is missing."""
    is_of = np.eye(predictions.scores.shape[1])[predictions.classes]
    is_right = (predictions.scores.argmax(axis=1) == predictions.classes)[:, None]
    return np.asarray(_share(weights @ (is_of * is_right), weights @ is_of).mean(axis=1))


def mean_absolute_grade_error(predictions: Predictions, weights: Weights, grades: FloatArray) -> FloatArray:
    """(B,) mean distances of the grade that scores highest from the image's own; `grades` (C,) by class."""
    errors = np.abs(grades[predictions.scores.argmax(axis=1)] - grades[predictions.classes])
    return _share(weights @ errors, weights.sum(axis=1))


def _share(part: NDArray[np.number], whole: NDArray[np.number]) -> FloatArray:
    """Part of the whole; NaN where there is none."""
    share: FloatArray = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
    return share


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
    predictions = Predictions(scores, classes, one_fold(len(classes)))
    return float(macro_auc(predictions, once(len(classes)))[0])

"""How frozen features are judged: folds by patient, neighbours and a linear probe.

Letters: n images, D features, C classes, R repeats of the folds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from acquisition.errors import UserError
from learning.evaluation.bootstrap import Scores
from learning.labels import Labelled
from learning.metrics import FloatArray, IntArray, neighbour_scores, unit_rows

NEIGHBOURS = (5, 10, 20)
LINEAR_PROBE = "Linear probe"
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""C of the probe's logistic regression; the inner folds choose."""
USUAL_STRENGTH = 1e-2
"""Where there are too few patients to choose."""
N_INNER_FOLDS = 3
SMALLEST_CHANCE = 1e-6


@dataclass(frozen=True)
class Folds:
    """Which images are judged together: `test[r, i]` is image i's fold in repeat r; patients stay whole."""

    test: IntArray
    """(R, n)."""
    n_folds: int


def make_folds(held_out: Labelled, n_folds: int, n_repeats: int, seed: int) -> Folds:
    """Stratified folds grouped by patient.

    Raises `UserError` with fewer than two classes, fewer patients of a class than folds, or where patients
    cannot be parted so that two classes are left to learn from.
    """
    if len(held_out.names) < 2:
        raise UserError(
            f"All evaluation images carry the label {held_out.names[0] if held_out.names else '(none)'}; "
            "at least two classes are needed to judge an encoder."
        )
    for position, name in enumerate(held_out.names):
        n_patients = len(set(held_out.patients[held_out.classes == position].tolist()))
        if n_patients < n_folds:
            raise UserError(
                f"Only {n_patients} evaluation patients have a {name} image and there are {n_folds} folds; "
                "choose fewer --folds or keep more patients for evaluation."
            )
    test = np.empty((n_repeats, len(held_out.classes)), np.int64)
    for repeat in range(n_repeats):
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed + repeat)
        splits = splitter.split(held_out.classes, held_out.classes, held_out.patients)
        for fold, (train, chosen) in enumerate(splits):
            test[repeat, chosen] = fold
            if len(np.unique(held_out.classes[train])) < 2:
                raise UserError(
                    "The evaluation patients cannot be parted so that every fold learns from two classes; "
                    "keep more patients for evaluation."
                )
    return Folds(test, n_folds)


def inner_splits(
    classes: IntArray, patients: NDArray[np.str_], n_folds: int
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """(train, validation) positions within a training fold, patients whole, two classes on the train side.

    As many as there are patients of the rarest class, `n_folds` at most; none where that is one.
    """
    n_patients = [len(np.unique(patients[classes == c])) for c in np.unique(classes)]
    n_folds = min(n_folds, *n_patients)
    if n_folds < 2:
        return []
    splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=0)
    splits = splitter.split(classes, classes, patients)
    return [(train, test) for train, test in splits if len(test) and len(np.unique(classes[train])) > 1]


def out_of_fold(features: NDArray[np.float32], held_out: Labelled, folds: Folds) -> Scores:
    """Scores of every image by models that never saw its patient, in every repeat.

    Args:
        features: (n, D).
        held_out: the images.
        folds: who is judged together.

    Returns:
        (R, n, C) of each protocol; scores of different folds are of different models.
    """
    rows, n_classes = unit_rows(features), len(held_out.names)
    # In single precision the probe's solver can stall on a line search.
    exact = features.astype(np.float64)
    shape = (len(folds.test), len(rows), n_classes)
    scores = {protocol: np.zeros(shape) for protocol in PROTOCOLS}
    for repeat, test in enumerate(folds.test):
        barred = test[:, None] == test[None, :]
        for k in NEIGHBOURS:
            made = neighbour_scores(rows, rows, held_out.classes, n_classes, k, barred)
            scores[neighbours(k)][repeat] = made
        for fold in range(folds.n_folds):
            is_test = test == fold
            probe = _fit_probe(exact[~is_test], held_out.classes[~is_test], held_out.patients[~is_test])
            # A class may be missing from a training fold; its score stays 0 there.
            place = np.ix_(is_test, probe.classes_)
            scores[LINEAR_PROBE][repeat][place] = probe.predict_proba(exact[is_test])
    return scores


def neighbours(k: int) -> str:
    """The name of a neighbours' protocol."""
    return f"kNN, k = {k}"


PROTOCOLS = (*map(neighbours, NEIGHBOURS), LINEAR_PROBE)


def _fit_probe(
    features: FloatArray, classes: IntArray, patients: NDArray[np.str_]
) -> Pipeline | GridSearchCV:
    """Logistic regression on standardised features, its strength chosen on folds of its own."""
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=USUAL_STRENGTH, max_iter=2000))
    splits = inner_splits(classes, patients, N_INNER_FOLDS)
    if not splits:
        return probe.fit(features, classes)
    grid = {"logisticregression__C": STRENGTHS}
    search = GridSearchCV(probe, grid, scoring=_log_likelihood, cv=splits, error_score="raise")
    return search.fit(features, classes)


def _log_likelihood(probe: Pipeline, features: FloatArray, classes: IntArray) -> float:
    """Mean over the images; a class that the probe never saw has the smallest chance."""
    known = {name: column for column, name in enumerate(probe.classes_)}
    chances = probe.predict_proba(features)
    own = [chances[row, known[c]] if c in known else 0.0 for row, c in enumerate(classes)]
    return float(np.log(np.maximum(own, SMALLEST_CHANCE)).mean())

"""How features are judged: folds by patient, neighbours and linear probe, metrics with intervals.

Letters: n images, C classes, R repeats of the folds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from acquisition.errors import UserError
from learning.labels import Labelled
from learning.metrics import (
    accuracy,
    auc,
    balanced_accuracy,
    hand_till_auc,
    macro_auc,
    mean_absolute_grade_error,
    neighbour_scores,
    unit_rows,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Scores = dict[str, FloatArray]
"""Protocol to out-of-fold scores (n, C)."""

NEIGHBOURS = (5, 10, 20)
LINEAR_PROBE = "Linear probe"
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""C of the probe's logistic regression; the inner folds choose."""
USUAL_STRENGTH = 1e-2
"""Where there are too few patients to choose."""
N_INNER_FOLDS = 3
STANDARD_ERRORS_TO_DETECT = 1.96 + 0.84


@dataclass(frozen=True)
class Folds:
    """Which images are judged together: `test[r, i]` is image i's fold in repeat r; patients stay whole."""

    test: IntArray
    """(R, n)."""
    n_folds: int


def make_folds(held_out: Labelled, n_folds: int, n_repeats: int, seed: int) -> Folds:
    """Stratified folds grouped by patient.

    Raises `UserError` with fewer than two classes, or fewer patients of a class than folds.
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
        for fold, (_, chosen) in enumerate(
            splitter.split(held_out.classes, held_out.classes, held_out.patients)
        ):
            test[repeat, chosen] = fold
    return Folds(test, n_folds)


def out_of_fold(features: NDArray[np.float32], held_out: Labelled, folds: Folds) -> Scores:
    """Scores of every image by models that never saw its patient, averaged over the repeats."""
    rows, n_classes = unit_rows(features), len(held_out.names)
    # In single precision the probe's solver can stall on a line search.
    exact = features.astype(np.float64)
    protocols = [*(f"kNN, k = {k}" for k in NEIGHBOURS), LINEAR_PROBE]
    scores = {protocol: np.zeros((len(rows), n_classes)) for protocol in protocols}
    for test in folds.test:
        for k in NEIGHBOURS:
            barred = test[:, None] == test[None, :]
            scores[f"kNN, k = {k}"] += neighbour_scores(rows, rows, held_out.classes, n_classes, k, barred)
        for fold in range(folds.n_folds):
            is_test = test == fold
            probe = _fit_probe(exact[~is_test], held_out.classes[~is_test], held_out.patients[~is_test])
            # A class may be missing from a training fold; its score stays 0 there.
            known = probe[-1].classes_
            scores[LINEAR_PROBE][np.ix_(is_test, known)] += probe.predict_proba(exact[is_test])
    return {protocol: total / len(folds.test) for protocol, total in scores.items()}


def _fit_probe(features: FloatArray, classes: IntArray, patients: NDArray[np.str_]) -> Pipeline:
    """Logistic regression on standardised features, its strength chosen on folds of its own."""
    n_patients = [len(np.unique(patients[classes == c])) for c in np.unique(classes)]
    n_folds = min(N_INNER_FOLDS, *n_patients)
    if n_folds < 2:
        return _probe(USUAL_STRENGTH).fit(features, classes)
    inner = StratifiedGroupKFold(n_folds, shuffle=True, random_state=0)
    losses = np.zeros(len(STRENGTHS))
    for train, test in inner.split(features, classes, patients):
        for i, strength in enumerate(STRENGTHS):
            probe = _probe(strength).fit(features[train], classes[train])
            chances = np.full((len(test), classes.max() + 1), 1e-6)
            chances[:, probe[-1].classes_] = probe.predict_proba(features[test])
            losses[i] -= np.log(np.maximum(chances[np.arange(len(test)), classes[test]], 1e-6)).sum()
    return _probe(STRENGTHS[int(losses.argmin())]).fit(features, classes)


def _probe(strength: float) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))


Metric = Callable[[FloatArray, IntArray], float]


def metrics_for(names: tuple[str, ...]) -> dict[str, Metric]:
    """The metrics of a label by their full names.

    A class `malignant` has its own AUC, which comes first; more than two classes are also compared in
    pairs; where all are whole numbers they are grades, and an error has a size.
    """
    metrics: dict[str, Metric] = {}
    if "malignant" in names:
        malignant = names.index("malignant")
        metrics["Malignant-vs-rest AUC"] = lambda scores, classes: auc(
            scores[:, malignant], classes == malignant
        )
    metrics["Macro one-vs-rest AUC"] = macro_auc
    if len(names) > 2:
        metrics["Hand–Till one-vs-one AUC"] = hand_till_auc
    metrics |= {"Balanced accuracy": balanced_accuracy, "Accuracy": accuracy}
    if all(name.isdecimal() for name in names):
        grades = np.array(names, np.float64)
        metrics["Mean absolute error of the grade"] = lambda scores, classes: mean_absolute_grade_error(
            scores, classes, grades
        )
    return metrics


def resample_patients(patients: NDArray[np.str_], n: int, seed: int) -> list[IntArray]:
    """`n` bootstrap samples of images: patients are drawn with replacement, each with all its images."""
    names, patient = np.unique(patients, return_inverse=True)
    images_of = [np.flatnonzero(patient == i) for i in range(len(names))]
    rng = np.random.default_rng(seed)
    return [
        np.concatenate([images_of[i] for i in rng.integers(len(names), size=len(names))]) for _ in range(n)
    ]


@dataclass(frozen=True)
class Sampled:
    """A figure on the patients as they are and on every bootstrap sample of them."""

    value: float
    samples: FloatArray

    def minus(self, other: Sampled) -> Sampled:
        """The difference on the same patients, sample by sample."""
        return Sampled(self.value - other.value, self.samples - other.samples)

    def detectable(self) -> float:
        """The smallest true value that so many patients would show at 5 % in four of five studies.

        2.8 standard errors: 1.96 for the test and 0.84 for a power of 80 %.
        """
        sound = self.samples[np.isfinite(self.samples)]
        return STANDARD_ERRORS_TO_DETECT * float(sound.std(ddof=1)) if len(sound) > 1 else float("nan")

    def interval(self, level: float) -> tuple[float, float]:
        """Percentile interval; samples that lack a class say nothing."""
        sound = self.samples[np.isfinite(self.samples)]
        if not len(sound):
            return float("nan"), float("nan")
        low, high = np.quantile(sound, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


Judged = Mapping[tuple[str, str], Sampled]
"""(protocol, metric) to figure."""


def judge(scores: Scores, held_out: Labelled, samples: list[IntArray]) -> Judged:
    """Every metric of every protocol."""
    judged = {}
    for protocol, made in scores.items():
        for name, metric in metrics_for(held_out.names).items():
            drawn = [metric(made[chosen], held_out.classes[chosen]) for chosen in samples]
            judged[protocol, name] = Sampled(metric(made, held_out.classes), np.array(drawn))
    return judged

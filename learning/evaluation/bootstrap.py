"""Intervals: patients are drawn with all their images, pretraining seeds vary as Student's t says.

Patients are many, so that samples of them show what another choice would do, skewed or not. Seeds are few:
no sample of two or three says how far others may lie, and the mean of a few draws is close to normal. The
two are put together by the squares of their distances from the value, for each end of the interval alone
(Zou and Donner 2008, "Construction of confidence limits about effect measures: a general approach").
Arms are compared on the same patients and, where they were matched, on the same seeds.

Letters: n images, B bootstrap samples, S seeds, R repeats of the folds, C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from learning.metrics import FloatArray, IntArray, Metric, Predictions, once

SIZE, POWER = 0.05, 0.80
"""Of the test behind a smallest detectable difference."""
CELLS_AT_ONCE = 2_000_000
UNLIMITED = (-np.inf, np.inf)


def resample_patients(patients: NDArray[np.str_], n: int, seed: int) -> IntArray:
    """(B, n) how often each image counts in `n` samples of as many patients, drawn with replacement."""
    names, patient = np.unique(patients, return_inverse=True)
    rng = np.random.default_rng(seed)
    drawn: IntArray = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=n)
    return drawn[:, patient]


@dataclass(frozen=True)
class BySeed:
    """A figure of one arm, or of the difference between two, under each of its seeds.

    seeds: (S,)
    values: (S,) on the patients as they are
    samples: (S, B) on every sample of patients
    limits: what it can be at least and at most
    """

    seeds: tuple[int, ...]
    values: FloatArray
    samples: FloatArray
    limits: tuple[float, float] = UNLIMITED

    def minus(self, other: BySeed, *, is_fixed: bool = False) -> BySeed:
        """The difference on the same patients, seed by seed, over the seeds that both have.

        Args:
            other: the baseline.
            is_fixed: it has no seeds, so that it is the baseline of all.
        """
        common = self.seeds if is_fixed else tuple(seed for seed in self.seeds if seed in other.seeds)
        mine = [self.seeds.index(seed) for seed in common]
        theirs = [0] * len(common) if is_fixed else [other.seeds.index(seed) for seed in common]
        return BySeed(
            common,
            self.values[mine] - other.values[theirs],
            self.samples[mine] - other.samples[theirs],
            (self.limits[0] - other.limits[1], self.limits[1] - other.limits[0]),
        )

    def over_seeds(self) -> Sampled:
        """The mean over the seeds. A single seed has no spread to see."""
        n_seeds = len(self.values)
        error = float(self.values.std(ddof=1)) / np.sqrt(n_seeds) if n_seeds > 1 else 0.0
        return Sampled(float(self.values.mean()), self.samples.mean(axis=0), error, n_seeds, self.limits)


@dataclass(frozen=True)
class Sampled:
    """The mean of a figure over seeds, and how far it may be off.

    value: on the patients as they are
    samples: (B,) on every sample of patients, under the same seeds; NaN where it lacks a class
    error_of_seeds: standard error of the mean by the choice of seeds; 0 of a single one
    n_seeds: that it was taken from
    limits: what the figure can be at least and at most
    """

    value: float
    samples: FloatArray
    error_of_seeds: float = 0.0
    n_seeds: int = 1
    limits: tuple[float, float] = UNLIMITED

    def interval(self, level: float) -> tuple[float, float]:
        """Percentiles of the patients' samples, moved out by Student's t of the seeds; within the limits."""
        sound = self._sound()
        if not len(sound):
            return float("nan"), float("nan")
        low, high = np.quantile(sound, [(1 - level) / 2, (1 + level) / 2])
        margin = self._margin_of_seeds((1 + level) / 2)
        # With skewed samples the value itself may be outside the percentiles.
        down = np.hypot(max(self.value - low, 0.0), margin)
        up = np.hypot(max(high - self.value, 0.0), margin)
        return max(self.value - float(down), self.limits[0]), min(self.value + float(up), self.limits[1])

    def detectable(self) -> float:
        """The smallest true difference that as many patients and seeds would show.

        At 5 %, in four of five studies: about 2.8 standard errors, more with few seeds. NaN where nothing
        varies, as where every arm is without fault.
        """
        sound = self._sound()
        if len(sound) < 2:
            return float("nan")
        error_of_patients = float(sound.std(ddof=1))
        distances = [
            float(np.hypot(norm.ppf(share) * error_of_patients, self._margin_of_seeds(share)))
            for share in (1 - SIZE / 2, POWER)
        ]
        return sum(distances) or float("nan")

    def _margin_of_seeds(self, share: float) -> float:
        """How far the seeds alone move the value in that share of studies, to one side."""
        if self.n_seeds == 1:
            return 0.0
        return float(t.ppf(share, self.n_seeds - 1)) * self.error_of_seeds

    def _sound(self) -> FloatArray:
        return self.samples[np.isfinite(self.samples)]


Scores = dict[str, FloatArray]
"""Protocol to scores (R, n, C)."""
Figures = dict[tuple[str, str], BySeed]
"""(protocol, metric) to figure."""


def figures_of(
    by_seed: dict[int, Scores],
    classes: IntArray,
    folds: IntArray,
    metrics: dict[str, Metric],
    weights: IntArray,
) -> Figures:
    """Every metric of every protocol of one arm, the mean of what it is in every repeat of the folds.

    Args:
        by_seed: what the arm's encoder of each seed scored.
        classes: (n,).
        folds: (R, n) of every repeat.
        metrics: by their names.
        weights: (B, n), see `resample_patients`.
    """
    seeds = tuple(sorted(by_seed))
    figures = {}
    for protocol in by_seed[seeds[0]]:
        made = [
            [Predictions(each, classes, fold) for each, fold in zip(scores, folds, strict=True)]
            for scores in (by_seed[seed][protocol] for seed in seeds)
        ]
        for name, metric in metrics.items():
            values = [_over_repeats(metric, repeats, once(len(classes)))[0] for repeats in made]
            samples = [_sampled(metric, repeats, weights) for repeats in made]
            limits = (0.0, metric.highest)
            figures[protocol, name] = BySeed(seeds, np.array(values), np.stack(samples), limits)
    return figures


def _over_repeats(metric: Metric, repeats: Sequence[Predictions], weights: IntArray) -> FloatArray:
    """(B,)."""
    return np.asarray(np.mean([metric(each, weights) for each in repeats], axis=0))


def _sampled(metric: Metric, repeats: Sequence[Predictions], weights: IntArray) -> FloatArray:
    """(B,) a few samples at a time, for the memory's sake."""
    n_blocks = 1 + weights.size // CELLS_AT_ONCE
    return np.concatenate(
        [_over_repeats(metric, repeats, block) for block in np.array_split(weights, n_blocks)]
    )

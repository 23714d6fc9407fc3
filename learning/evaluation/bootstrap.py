"""Intervals: patients are drawn with all their images, pretraining seeds with all that came of them.

Patients and seeds are crossed random effects, each patient being judged under each seed, so that both are
drawn anew for every bootstrap sample and independently of each other (Owen 2007, "The pigeonhole bootstrap").
Arms are compared on the same patients and, where they were matched, on the same seeds.

Letters: n images, B bootstrap samples, S seeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, t

from learning.metrics import FloatArray, IntArray, Metric, once

SIZE, POWER = 0.05, 0.80
"""Of the test behind a smallest detectable difference."""
CELLS_AT_ONCE = 2_000_000


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
    """

    seeds: tuple[int, ...]
    values: FloatArray
    samples: FloatArray

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
            common, self.values[mine] - other.values[theirs], self.samples[mine] - other.samples[theirs]
        )

    def over_seeds(self, seed: int) -> Sampled:
        """The mean over the seeds; every sample draws its seeds, too. A single seed has no spread to see.

        S - 1 of S are drawn, which makes the spread of the mean right on average with few seeds, too (Rao
        and Wu 1988).
        """
        n_seeds, n_samples = self.samples.shape
        shares = np.ones((n_samples, 1))
        if n_seeds > 1:
            rng = np.random.default_rng(seed)
            even = np.full(n_seeds, 1 / n_seeds)
            shares = rng.multinomial(n_seeds - 1, even, size=n_samples) / (n_seeds - 1)
        samples = np.einsum("bs,sb->b", shares, self.samples)
        return Sampled(float(self.values.mean()), samples, self._degrees_of_freedom(samples))

    def _degrees_of_freedom(self, samples: FloatArray) -> float:
        """How well the spread is known (Satterthwaite): patients are many, few seeds tell little."""
        n_seeds, variance = len(self.values), float(np.nanvar(samples))
        if n_seeds == 1 or not variance:
            return np.inf
        share_of_seeds = min(float(np.var(self.values, ddof=1)) / n_seeds / variance, 1.0)
        return (n_seeds - 1) / share_of_seeds**2 if share_of_seeds else np.inf


@dataclass(frozen=True)
class Sampled:
    """A figure and what it is on every bootstrap sample.

    value: on the patients as they are, the mean of all seeds
    samples: (B,); NaN where a sample lacks a class
    degrees_of_freedom: of the spread
    """

    value: float
    samples: FloatArray
    degrees_of_freedom: float = np.inf

    def interval(self, level: float) -> tuple[float, float]:
        """Percentile interval, expanded by as much as Student's t exceeds the normal (Hesterberg 2015)."""
        sound = self._sound()
        if not len(sound):
            return float("nan"), float("nan")
        expanded = norm.cdf(t.ppf((1 + level) / 2, self.degrees_of_freedom))
        low, high = np.quantile(sound, [1 - expanded, expanded])
        return float(low), float(high)

    def detectable(self) -> float:
        """The smallest true difference that as many patients and seeds would show.

        At 5 %, in four of five studies: about 2.8 standard errors, more with few seeds. NaN where nothing
        varies, as where every arm is without fault.
        """
        sound = self._sound()
        if len(sound) < 2 or not sound.std():
            return float("nan")
        n_errors = sum(float(t.ppf(share, self.degrees_of_freedom)) for share in (1 - SIZE / 2, POWER))
        return n_errors * float(sound.std(ddof=1))

    def _sound(self) -> FloatArray:
        return self.samples[np.isfinite(self.samples)]


Scores = dict[str, FloatArray]
"""Protocol to scores (n, C)."""
Figures = dict[tuple[str, str], BySeed]
"""(protocol, metric) to figure."""


def figures_of(
    by_seed: dict[int, Scores], classes: IntArray, metrics: dict[str, Metric], weights: IntArray
) -> Figures:
    """Every metric of every protocol of one arm.

    Args:
        by_seed: what the arm's encoder of each seed scored.
        classes: (n,).
        metrics: by their names.
        weights: (B, n), see `resample_patients`.
    """
    seeds = tuple(sorted(by_seed))
    figures = {}
    for protocol in by_seed[seeds[0]]:
        for name, metric in metrics.items():
            scores = [by_seed[seed][protocol] for seed in seeds]
            values = [metric(each, classes, once(len(classes)))[0] for each in scores]
            samples = [_sampled(metric, each, classes, weights) for each in scores]
            figures[protocol, name] = BySeed(seeds, np.array(values), np.stack(samples))
    return figures


def _sampled(metric: Metric, scores: FloatArray, classes: IntArray, weights: IntArray) -> FloatArray:
    """(B,) a few samples at a time, for the memory's sake."""
    n_blocks = 1 + weights.size // CELLS_AT_ONCE
    return np.concatenate([metric(scores, classes, block) for block in np.array_split(weights, n_blocks)])

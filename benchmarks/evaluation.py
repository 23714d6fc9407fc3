"""How often the interval of a difference between two arms holds the truth, by seeds and by what varies.

    python benchmarks/evaluation.py [--patients 60] [--studies 400] [--samples 500]

Studies are made up: patients of two images whose scores come from a normal model of each arm and seed, so
that the true difference in AUC over all patients and seeds is known. Each study is judged as
`learning.evaluation.judging` does. A 95 % interval is to hold the truth in at least 95 of 100 studies,
with two seeds or more.
"""

import argparse
import time

import numpy as np
from scipy.stats import norm

from learning.evaluation.bootstrap import figures_of, resample_patients
from learning.metrics import metrics_for, one_fold

TRUE_GAIN = 0.3
PATIENT_SD, IMAGE_SD = 0.8, 0.5
WORLDS = {"mostly patients": (0.0, 0.4), "both": (0.2, 0.4), "mostly seeds": (0.6, 0.2)}
"""Standard deviation of the gain by seed, and of each patient's and image's score by seed."""
NAMES = ("benign", "malignant")
METRIC = "Malignant-vs-rest AUC"


def study(rng, patients, n_seeds, seed_sd, own_sd):
    """Scores (n, 2) by seed of both arms, and the classes; patients are alternately of one class."""
    n_patients = len(np.unique(patients))
    classes = np.arange(n_patients)[patients] % 2
    common = rng.normal(0, PATIENT_SD, n_patients)[patients] + rng.normal(0, IMAGE_SD, len(patients))
    arms = []
    for gain in (1 + TRUE_GAIN, 1.0):
        by_seed = {}
        for seed in range(n_seeds):
            own = rng.normal(0, own_sd, n_patients)[patients] + rng.normal(0, own_sd, len(patients))
            score = (gain + rng.normal(0, seed_sd)) * classes + common + own
            by_seed[seed] = {"made up": np.column_stack([-score, score])[None]}
        arms.append(by_seed)
    return arms, classes


def truth(rng, seed_sd, own_sd):
    """The difference in AUC over all patients and seeds."""
    sd = np.sqrt(2 * (PATIENT_SD**2 + IMAGE_SD**2 + 2 * own_sd**2))
    shifts = rng.normal(0, seed_sd, 1_000_000)
    return float((norm.cdf((1 + TRUE_GAIN + shifts) / sd) - norm.cdf((1 + shifts) / sd)).mean())


def coverage(options, n_seeds, seed_sd, own_sd):
    """Share of the studies whose interval holds the truth, and the median width."""
    rng = np.random.default_rng(options.seed)
    true = truth(rng, seed_sd, own_sd)
    patients = np.repeat(np.arange(options.patients), 2)
    metrics = {METRIC: metrics_for(NAMES)[METRIC]}
    n_held, widths = 0, []
    for number in range(options.studies):
        arms, classes = study(rng, patients, n_seeds, seed_sd, own_sd)
        weights = resample_patients(patients.astype(str), options.samples, number)
        arm, baseline = (
            figures_of(by_seed, classes, one_fold(len(classes))[None], metrics, weights)["made up", METRIC]
            for by_seed in arms
        )
        low, high = arm.minus(baseline).over_seeds().interval(0.95)
        n_held += low <= true <= high
        widths.append(high - low)
    return 100 * n_held / options.studies, float(np.median(widths))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=60)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--seeds-of-an-arm", type=int, nargs="+", default=(1, 2, 3, 5, 10))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    started_s = time.perf_counter()
    for name, (seed_sd, own_sd) in WORLDS.items():
        for n_seeds in options.seeds_of_an_arm:
            held, width = coverage(options, n_seeds, seed_sd, own_sd)
            reach = " (95)" if n_seeds > 1 else ""
            print(f"truth held, {name}, {n_seeds} seeds {held:.0f} %{reach}")
            print(f"median width, {name}, {n_seeds} seeds {width:.3f} AUC")
    print(f"{options.studies} studies of {options.patients} patients {time.perf_counter() - started_s:.0f} s")


if __name__ == "__main__":
    main()

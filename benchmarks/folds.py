"""What an AUC says of an encoder that knows nothing: within folds, over all folds, and summed over repeats.

    python benchmarks/folds.py [--patients 40] [--studies 60]

One feature of noise, three patients in ten malignant, 5 folds drawn 3 times, the linear probe. 0.5 is right.
"""

import argparse

import numpy as np

from learning.evaluation.frozen import LINEAR_PROBE, make_folds, out_of_fold
from learning.files import Entry
from learning.labels import labelled
from learning.metrics import auc, one_fold

N_FOLDS, N_REPEATS, SHARE_MALIGNANT = 5, 3, 0.3


def patients(n):
    """One image of each patient."""
    n_malignant = round(SHARE_MALIGNANT * n)
    return labelled([entry(number, number < n_malignant) for number in range(n)], "pathology")


def entry(number, is_malignant):
    """An image without pixels."""
    return Entry(
        id=f"i{number}",
        patient=f"p{number}",
        part="evaluate",
        file=f"{number}.png",
        width_px=1,
        height_px=1,
        box_px=(0, 0, 1, 1),
        labels={"pathology": "malignant" if is_malignant else "benign"},
    )


def judged(held_out, number):
    """The AUC of noise: within folds, over all folds, and of scores summed over the repeats."""
    rng = np.random.default_rng(number)
    features = rng.normal(size=(len(held_out.classes), 1)).astype(np.float32)
    folds = make_folds(held_out, N_FOLDS, N_REPEATS, number)
    column = held_out.names.index("malignant")
    scores = out_of_fold(features, held_out, folds)[LINEAR_PROBE][:, :, column]
    is_positive, whole = held_out.classes == column, one_fold(len(held_out.classes))
    within = [auc(each, is_positive, test) for each, test in zip(scores, folds.test, strict=True)]
    over_all = [auc(each, is_positive, whole) for each in scores]
    return np.mean(within), np.mean(over_all), auc(scores.sum(axis=0), is_positive, whole)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patients", type=int, default=40)
    parser.add_argument("--studies", type=int, default=60)
    options = parser.parse_args()
    held_out = patients(options.patients)
    found = np.mean([judged(held_out, number) for number in range(options.studies)], axis=0)
    for name, value in zip(("within folds", "over all folds", "summed over repeats"), found, strict=True):
        print(f"folds AUC of noise, {name} {value:.3f} (0.5)")


if __name__ == "__main__":
    main()

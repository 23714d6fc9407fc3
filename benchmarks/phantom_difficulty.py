"""How hard the phantoms are: a linear probe on encoders that were never trained, one line a figure.

A figure far above 0.8 means that there is nothing left to learn, one near 0.5 that there is nothing to see.

    python benchmarks/phantom_difficulty.py
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import timm
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from acquisition.dicom import read_image
from acquisition.simulation.phantom import Phantom, make_phantoms


def load_images(phantoms: list[Phantom], size_px: int) -> torch.Tensor:
    """(N, 1, size, size): what a reader would see, averaged down and standardised over all patches."""
    shown = np.stack([read_image(phantom.path).display() for phantom in phantoms])
    step = shown.shape[1] // size_px
    small = shown.reshape(len(shown), size_px, step, size_px, step).mean(axis=(2, 4))
    return torch.from_numpy((small - small.mean()) / small.std()).float()[:, None]


@torch.inference_mode()
def untrained_features(images: torch.Tensor, seed: int) -> np.ndarray:
    """(N, 512): features of a random ResNet-18 in evaluation mode."""
    torch.manual_seed(seed)
    encoder = timm.create_model("resnet18", pretrained=False, in_chans=1, num_classes=0).eval()
    return torch.cat([encoder(batch) for batch in images.split(64)]).numpy()


def probe_auc(features: np.ndarray, phantoms: list[Phantom]) -> float:
    """Area under the ROC of a logistic regression over five folds that never split a patient."""
    labels = np.array([phantom.lesion.malignant for phantom in phantoms])
    patients = np.array([phantom.patient for phantom in phantoms])
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    scores = cross_val_predict(
        probe, features, labels, groups=patients, cv=GroupKFold(5), method="decision_function"
    )
    return float(roc_auc_score(labels, scores))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--patients", type=int, default=120)
    parser.add_argument("--pools", type=int, default=4, help="sets of phantoms, each of another seed")
    parser.add_argument("--encoders", type=int, default=3, help="random encoders per set")
    parser.add_argument("--size", type=int, default=64, help="side of the images in px")
    parser.add_argument("--contrast", type=float, default=None, help="default: that of the generator")
    options = parser.parse_args()
    aucs = []
    for pool in range(options.pools):
        with tempfile.TemporaryDirectory() as folder:
            extra = {} if options.contrast is None else {"contrast": options.contrast}
            phantoms = make_phantoms(Path(folder), options.patients, seed=pool, **extra)
            images = load_images(phantoms, options.size)
        pixels = images[:, 0].reshape(len(images), -1).numpy()
        print(f"phantom_difficulty pool={pool} mean_brightness_auc={brightness_auc(pixels, phantoms):.3f}")
        for encoder in range(options.encoders):
            auc = probe_auc(untrained_features(images, encoder), phantoms)
            aucs.append(auc)
            print(f"phantom_difficulty pool={pool} encoder={encoder} untrained_probe_auc={auc:.3f}")
    print(
        f"phantom_difficulty untrained_probe_auc mean={np.mean(aucs):.3f} sd={np.std(aucs, ddof=1):.3f} "
        f"min={min(aucs):.3f} max={max(aucs):.3f} (n={len(aucs)}, {2 * options.patients} patches each)"
    )


def brightness_auc(pixels: np.ndarray, phantoms: list[Phantom]) -> float:
    """Area under the ROC of the mean brightness alone: 0.5 where brightness says nothing of the label."""
    return float(roc_auc_score([phantom.lesion.malignant for phantom in phantoms], pixels.mean(axis=1)))


if __name__ == "__main__":
    main()

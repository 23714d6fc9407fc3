"""Labelled images without pixels, and runs without training, for what needs no more of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from learning.config import make_config, save_config
from learning.encoder import create_encoder, save_encoder, seeded
from learning.files import Entry, RunRecord, SetManifest, save_run
from learning.labels import Labelled, labelled
from learning.records import ENCODER

NAMES = ("benign", "malignant", "normal")


def held_out(n_patients: int = 20, n_classes: int = 2, seed: int = 0) -> Labelled:
    """Two images of each patient, each with a label of its own."""
    classes = np.random.default_rng(seed).integers(n_classes, size=2 * n_patients)
    return labelled([entry(f"i{i}", f"p{i // 2}", NAMES[c]) for i, c in enumerate(classes)], "pathology")


def entry(name: str, patient: str, pathology: str | None) -> Entry:
    return Entry(
        id=name,
        patient=patient,
        part="evaluate",
        file=f"{name}.png",
        width_px=1,
        height_px=1,
        box_px=(0, 0, 1, 1),
        labels={"pathology": pathology} if pathology else {},
    )


def finished_run(folder: Path, manifest: SetManifest, **settings: object) -> Path:
    """A run that learnt nothing: its encoder is as it began, its record says that it was trained."""
    usual: dict[str, object] = {"backbone": "test_resnet", "image_size_px": 32, "batch_size": 6, "epochs": 2}
    config = make_config(**(usual | settings))
    with seeded(config.seed + 1000):
        encoder = create_encoder(config.backbone, config.image_size_px)
    save_config(folder, config)
    record = RunRecord(
        set_sha256=manifest.learnt_sha256,
        graph_sha256=manifest.graph_sha256(config.scheme) if config.uses_scheme else None,
        patients=tuple(sorted({entry.patient for entry in manifest.of_part("pretrain")})),
        gaze_is_simulated=manifest.gaze_is_simulated,
        method=config.method,
        gaze=config.gaze,
        scheme=config.scheme if config.uses_scheme else None,
        threshold=config.threshold,
        pair_rate=config.pair_rate,
        pairs_per_image=None if config.pair_rate is None else 100 * config.pair_rate,
        label="pathology" if config.gaze == "labels" else None,
        seed=config.seed,
        n_epochs=config.epochs,
        backbone=config.backbone,
        image_size_px=config.image_size_px,
        matching_sha256=config.matching_sha256,
        encoder_sha256=save_encoder(folder / ENCODER, encoder),
    )
    save_run(folder, record)
    return folder

"""Small made-up sets, straight into files: dots whose size is the label, gaze that knows it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from learning.files import TRACES, Entry, Lineage, SetManifest, Traces, load_set, save_set, save_traces
from learning.graph import Recipe, relate_set
from learning.storage import file_hash

SIDE_PX = 40


def make_set(
    folder: Path, *, n_patients: int = 12, n_evaluate: int = 6, per_patient: int = 2, seed: int = 0
) -> SetManifest:
    """Patients with two images each; those of the last `n_evaluate` are kept for evaluation, without gaze."""
    rng = np.random.default_rng(seed)
    entries, traces = [], []
    (folder / "images").mkdir(parents=True)
    for number in range(n_patients * per_patient):
        patient = number // per_patient
        is_malignant = bool(rng.random() < 0.5) if number > 1 else bool(number)
        entry = Entry(
            id=f"{number:016x}",
            patient=f"{patient:016d}",
            part="evaluate" if patient >= n_patients - n_evaluate else "pretrain",
            file=f"images/{number:016x}.png",
            width_px=SIDE_PX,
            height_px=SIDE_PX,
            box_px=(2.0, 0.0, SIDE_PX - 4.0, float(SIDE_PX)),
            labels={"pathology": "malignant" if is_malignant else "benign"},
            is_simulated=True,
        )
        Image.fromarray(picture(rng, is_malignant)).save(folder / entry.file)
        entries.append(entry)
        if entry.part == "pretrain":
            traces.append(gaze(rng, is_malignant))
    read = [entry.id for entry in entries if entry.part == "pretrain"]
    save_traces(
        folder / TRACES,
        Traces(
            samples=np.concatenate(traces),
            offsets=np.append(0, np.cumsum([len(trace) for trace in traces])).astype(np.int64),
            image_ids=np.array(read),
            reader_ids=np.array(["f" * 16] * len(read)),
            canvas_px=np.full((len(read), 2), float(SIDE_PX)),
        ),
    )
    save_set(
        folder,
        SetManifest(
            gaze_is_simulated=True,
            entries=tuple(entries),
            files={name: file_hash(folder / name) for name in (TRACES, *(entry.file for entry in entries))},
            lineage=Lineage(
                n_readings=len(read), n_readers=1, n_images=len(entries), pixels="made up", split="last"
            ),
        ),
    )
    relate_set(folder, Recipe())
    return load_set(folder)


def picture(rng: np.random.Generator, is_malignant: bool) -> NDArray[np.uint8]:
    """Noise with a disc, large where malignant."""
    rows, columns = np.indices((SIDE_PX, SIDE_PX))
    row, column = rng.uniform(12, SIDE_PX - 12, 2)
    disc = (rows - row) ** 2 + (columns - column) ** 2 < (10 if is_malignant else 4) ** 2
    return np.clip(rng.normal(90, 25, disc.shape) + 110 * disc, 0, 255).astype(np.uint8)


def gaze(rng: np.random.Generator, is_malignant: bool) -> NDArray[np.float64]:
    """4 s at 60 Hz, in one place where malignant, in three where benign."""
    n_places = 1 if is_malignant else 3
    places = rng.uniform(8, SIDE_PX - 8, (n_places, 2))
    place = np.arange(240) * n_places // 240
    return np.column_stack([places[place] + rng.normal(0, 0.5, (240, 2)), np.arange(240) / 60])

"""A pretraining set of phantoms, straight into files: known lesions, and gaze of simulated readers.

Two readers look at every image for the same time. One treats malignant and benign differently
(`information` 1: its graphs are `tima` and `moments`), of the other the class says nothing
(`information` 0: its graph is `uninformed`, by TIMA as well). The tracker adds noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from acquisition.dicom import read_image
from acquisition.domain import Display, Panel, ViewState
from acquisition.geometry import apply, deg_to_px, px_to_deg
from acquisition.simulation.phantom import Phantom, make_phantoms
from acquisition.simulation.reader import Habits, SceneKnowledge, SimulatedReader
from learning.files import (
    TRACES,
    Entry,
    Lineage,
    Part,
    SetManifest,
    Traces,
    load_set,
    save_relation,
    save_set,
    save_traces,
)
from learning.graph import Recipe, relate_set
from learning.relating import relate
from learning.storage import file_hash

PATCH_PX = 256
DISPLAY = Display(1920, 1080, 527.0, 296.5)
SHOWN_PX = 1000.0
"""Side of a patch on the display."""
GAZE_HZ = 60.0
NOISE_DEG = 0.3
UNINFORMED = "uninformed"
HELD_OUT_SEED = 10_000
"""Added to the seed of the patients that encoders are judged on."""


@dataclass(frozen=True)
class Cast:
    """Who takes part in one repetition of the study."""

    n_patients: int = 120
    n_held_out: int = 150
    contrast: float = 2.5
    reading_s: float = 12.0


def make_set(folder: Path, cast: Cast, seed: int) -> None:
    """Write a set with the graphs `tima`, `moments` and `uninformed`; the same arguments, the same set."""
    learnt = make_phantoms(folder / "dicom", cast.n_patients, seed=seed, contrast=cast.contrast)
    judged = make_phantoms(
        folder / "held-out", cast.n_held_out, seed=seed + HELD_OUT_SEED, contrast=cast.contrast
    )
    (folder / "images").mkdir()
    entries = [
        *(_add(folder, phantom, "pretrain", number) for number, phantom in enumerate(learnt)),
        *(_add(folder, phantom, "evaluate", len(learnt) + number) for number, phantom in enumerate(judged)),
    ]
    ids = [entry.id for entry in entries[: len(learnt)]]
    save_traces(folder / TRACES, _traces(learnt, ids, cast, seed, information=1.0))
    manifest = SetManifest(
        gaze_is_simulated=True,
        entries=tuple(entries),
        files={name: file_hash(folder / name) for name in (TRACES, *(entry.file for entry in entries))},
        lineage=Lineage(
            n_readings=len(learnt),
            n_readers=1,
            n_images=len(entries),
            pixels="8 bit through the display pipeline at the default window of each file",
            split="by patient; evaluate: patients drawn apart, whom nobody read",
        ),
    )
    save_set(folder, manifest)
    for scheme in ("tima", "moments"):
        relate_set(folder, Recipe(scheme))
    _add_uninformed(folder, _traces(learnt, ids, cast, seed, information=0.0))


def _add(folder: Path, phantom: Phantom, part: Part, number: int) -> Entry:
    """Put one patch into the set."""
    entry = Entry(
        id=f"{number:016x}",
        patient=phantom.patient,
        part=part,
        file=f"images/{number:016x}.png",
        width_px=PATCH_PX,
        height_px=PATCH_PX,
        box_px=(0.0, 0.0, PATCH_PX, PATCH_PX),
        labels={"pathology": phantom.pathology},
        is_simulated=True,
    )
    Picture.fromarray(read_image(phantom.path).display()).save(folder / entry.file)
    return entry


def _traces(phantoms: list[Phantom], ids: list[str], cast: Cast, seed: int, *, information: float) -> Traces:
    """Gaze of one reader on every patch, one after the other."""
    samples = [
        look_at(phantom, cast.reading_s, np.random.SeedSequence([seed, number]), information)
        for number, phantom in enumerate(phantoms)
    ]
    return Traces(
        samples=np.concatenate(samples),
        offsets=np.append(0, np.cumsum([len(each) for each in samples])).astype(np.int64),
        image_ids=np.array(ids),
        reader_ids=np.array(["f" * 16] * len(ids)),
        canvas_px=np.full((len(ids), 2), float(PATCH_PX)),
    )


def look_at(
    phantom: Phantom, reading_s: float, seed: np.random.SeedSequence, information: float
) -> NDArray[np.float64]:
    """(n, 3) x_px, y_px, t_s: one patch, read in the middle of the display; what is lost is left out."""
    paths, noise = seed.spawn(2)
    scale = PATCH_PX / SHOWN_PX
    left_px, top_px = (DISPLAY.width_px - SHOWN_PX) / 2, (DISPLAY.height_px - SHOWN_PX) / 2
    to_image = (scale, 0.0, -left_px * scale, 0.0, scale, -top_px * scale)
    knowledge = SceneKnowledge((phantom.lesion,), (0.0, 0.0, PATCH_PX, PATCH_PX))
    reader = SimulatedReader(
        DISPLAY,
        lambda _: knowledge,
        seed=int(paths.generate_state(1)[0]),
        habits=Habits(information=information),
    )
    panel = Panel("patch", (left_px, top_px, SHOWN_PX, SHOWN_PX), to_image)
    reader.observe(ViewState(0, (panel,)))
    t_s = np.arange(0.0, reading_s, 1 / GAZE_HZ)
    on_display, is_seen = reader.look((t_s * 1e9).astype(np.int64))
    angles = px_to_deg(on_display, DISPLAY)
    angles += np.random.default_rng(noise).normal(0.0, NOISE_DEG, angles.shape)
    x_y = apply(to_image, deg_to_px(angles, DISPLAY))
    is_on_image = ((x_y >= 0) & (x_y < PATCH_PX)).all(axis=1)
    return np.column_stack([x_y, t_s])[is_seen & is_on_image]


def _add_uninformed(folder: Path, traces: Traces) -> None:
    """The graph of the reader whose gaze says nothing of the class, under its own name."""
    name = f"relations/{UNINFORMED}.npz"
    save_relation(folder / name, relate(traces, Recipe("tima")))
    manifest = load_set(folder, verify=False)
    files = manifest.files | {name: file_hash(folder / name)}
    relations = manifest.relations | {UNINFORMED: name}
    save_set(folder, manifest.model_copy(update={"files": files, "relations": relations}))

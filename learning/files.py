"""The files that learning leaves: sets, relation graphs and runs. Needs numpy and pydantic, nothing more.

A **pretraining set** is a folder that is safe to send: pseudonyms instead of names, no UID, date or path.

    set.json                manifest: entries, hashes, lineage
    images/<id>.png         8-bit images
    traces.npz              gaze of the `pretrain` part, see `Traces`
    relations/<scheme>.npz  relation graphs, see `Relation`

A **run** is a folder with config.toml, metrics.jsonl, checkpoints/, encoder.safetensors and, once it is
finished, run.json. An evaluation is a folder with results.json and report.html.

Every load function checks what it reads and raises `FileRefused` with one sentence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from acquisition.errors import FileRefused, UserError
from learning.records import (
    ArmResult,
    Difference,
    EpochMetrics,
    Results,
    RunRecord,
    Score,
    load_metrics,
    load_results,
    load_run,
    save_results,
    save_run,
)
from learning.storage import (
    FORMAT_VERSION,
    SOFTWARE,
    Document,
    check_version,
    file_hash,
    load_arrays,
    load_json,
    save_arrays,
    write_text,
)

__all__ = [
    "ArmResult",
    "Difference",
    "Entry",
    "EpochMetrics",
    "Lineage",
    "Part",
    "Relation",
    "Results",
    "RunRecord",
    "Score",
    "SetManifest",
    "Traces",
    "load_metrics",
    "load_relation",
    "load_results",
    "load_run",
    "load_set",
    "load_traces",
    "save_relation",
    "save_results",
    "save_run",
    "save_set",
    "save_traces",
]

MANIFEST = "set.json"
TRACES = "traces.npz"

Part = Literal["pretrain", "evaluate"]


class Entry(Document):
    """One image of a set."""

    id: str
    """Pseudonym; also the name of the file."""
    patient: str
    """Pseudonym of the patient, by which folds are grouped."""
    part: Part
    """Encoders learn from `pretrain` patients and are judged on `evaluate` patients; no patient is both."""
    file: str
    width_px: int
    height_px: int
    box_px: tuple[float, float, float, float]
    """(x, y, width, height) of the breast or exposed part."""
    labels: dict[str, str] = Field(default_factory=dict)
    is_simulated: bool = False


class Lineage(Document):
    """Where a set came from, as far as may be told."""

    n_readings: int
    n_readers: int
    n_images: int
    n_samples_on_other_frames: int = 0
    """Gaze left out: it fell on frames of a stack that are not its picture."""
    pseudonyms: str = "HMAC-SHA256 under a key that stays in the store"
    pixels: str
    split: str
    """How the patients were parted, in one sentence."""


class SetManifest(Document):
    """`set.json`: what is in the folder, and how to know that it is unaltered."""

    format: Literal["gazeroom-set"] = "gazeroom-set"
    version: int = FORMAT_VERSION
    software: str = SOFTWARE
    gaze_is_simulated: bool
    gaze_is_ordered: bool = True
    """False where gaze came as heat maps: it is known where it was, but not when."""
    entries: tuple[Entry, ...]
    relations: dict[str, str] = Field(default_factory=dict)
    """Scheme to file."""
    files: dict[str, str]
    """Every other file of the set (relative, with /) to its SHA-256."""
    lineage: Lineage
    sha256: str = ""
    """Hash of this document without this field: it names the set."""

    def sealed(self) -> Self:
        """The same manifest with its hash."""
        return self.model_copy(update={"sha256": self.content_hash()})

    def content_hash(self) -> str:
        """SHA-256 of everything but `sha256`, and but for the order of gaze where there is one, as always."""
        left_out = {"sha256", "gaze_is_ordered"} if self.gaze_is_ordered else {"sha256"}
        return hashlib.sha256(self.model_dump_json(exclude=left_out).encode()).hexdigest()

    @property
    def learnt_sha256(self) -> str:
        """Hash of all but the graphs, so that one may be added; it ties runs to sets."""
        graphs = set(self.relations.values())
        files = {name: sha256 for name, sha256 in self.files.items() if name not in graphs}
        return self.model_copy(update={"relations": {}, "files": files}).content_hash()

    def graph_sha256(self, scheme: str) -> str | None:
        """Hash of the graph of a scheme; None where there is none."""
        return self.files.get(self.relations.get(scheme, ""))

    def of_part(self, part: Part) -> tuple[Entry, ...]:
        """The entries of one part, in order of their ids."""
        return tuple(entry for entry in self.entries if entry.part == part)


@dataclass(frozen=True)
class Traces:
    """Gaze on images, one trace after the other.

    samples: float64 (sum n, 3) x_px, y_px in the image's frame, t_s since the reading opened
    offsets: int64 (n_traces + 1,), trace k is samples[offsets[k]:offsets[k + 1]]
    image_ids: str (n_traces,)
    reader_ids: str (n_traces,), pseudonyms
    canvas_px: float64 (n_traces, 2) width and height of the image
    """

    samples: NDArray[np.float64]
    offsets: NDArray[np.int64]
    image_ids: NDArray[np.str_]
    reader_ids: NDArray[np.str_]
    canvas_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.image_ids)

    def split(self) -> list[NDArray[np.float64]]:
        """The traces one by one, (n, 3) each."""
        return np.split(self.samples, self.offsets[1:-1]) if len(self) else []


@dataclass(frozen=True)
class Relation:
    """Similarities of images, one edge per unordered pair.

    ids: str (n,), the images that have gaze, sorted
    rows, columns: int32 (n_edges,), positions in ids, rows < columns
    values: float32 (n_edges,), in [0, 1]
    floor: pairs at or below it were dropped; -1 where all pairs were kept
    """

    ids: NDArray[np.str_]
    rows: NDArray[np.int32]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]
    scheme: str
    profile: str
    parameters: Mapping[str, str | bool | float | None]
    collapse: str
    """How several readings of an image became one value: mean or max."""
    floor: float = -1.0

    @property
    def n_pairs(self) -> int:
        """Number of unordered pairs of images, with or without an edge."""
        return len(self.ids) * (len(self.ids) - 1) // 2

    def threshold_at(self, pair_rate: float) -> float:
        """The threshold above which at most this share of all pairs lies, as near to it as ties allow.

        Raises `UserError` where the edges kept are too few to tell.
        """
        n_wanted = round(pair_rate * self.n_pairs)
        if n_wanted >= len(self.values):
            if self.floor >= 0:
                raise UserError(
                    f"The {self.scheme} graph was cut at {self.floor:g} and holds fewer than "
                    f"{pair_rate:.1%} of all pairs; choose a lower pair rate, or cut the graph lower."
                )
            return self.floor
        return float(np.sort(self.values)[::-1][n_wanted])

    def rate_above(self, threshold: float) -> float:
        """The share of all pairs above a threshold. Raises `UserError` for one below the floor."""
        if threshold < self.floor:
            raise UserError(
                f"The threshold {threshold:g} lies below {self.floor:g}, where the {self.scheme} graph was "
                "cut; raise the threshold or make the graph again with a lower one."
            )
        return float((self.values > np.float32(threshold)).sum() / max(self.n_pairs, 1))


# --- sets -----------------------------------------------------------------------------------------


def load_set(folder: Path, *, verify: bool = True) -> SetManifest:
    """The manifest of a set; every file of it is there and unaltered.

    Args:
        folder: the set.
        verify: read every file and compare its hash; False looks at the manifest alone.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise FileRefused(
            f"{folder} is no pretraining set: it has no {MANIFEST}. Make one with learning.build."
        )
    manifest = load_json(path, SetManifest)
    if manifest.sha256 != manifest.content_hash():
        raise FileRefused(f"{path} was altered after the set was built; build the set again.")
    for name, expected in manifest.files.items() if verify else ():
        _check_inside(folder, name)
        file = folder / name
        if not file.is_file():
            raise FileRefused(f"{file} is missing from the set; copy the set again or build it anew.")
        if file_hash(file) != expected:
            raise FileRefused(
                f"{file} was altered after the set was built; copy the set again or build it anew."
            )
    return manifest


def _check_inside(folder: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or PurePosixPath(name).is_absolute() or ":" in name or "\\" in name:
        raise FileRefused(
            f"{folder / MANIFEST} names the file '{name}' outside the set; do not use this set."
        )


def save_set(folder: Path, manifest: SetManifest) -> SetManifest:
    """Write the manifest with its hash, whole or not at all."""
    sealed = manifest.sealed()
    write_text(folder / MANIFEST, sealed.model_dump_json(indent=1))
    return sealed


def save_traces(path: Path, traces: Traces) -> None:
    """Write `traces.npz`."""
    save_arrays(
        path,
        {
            "samples": traces.samples,
            "offsets": traces.offsets,
            "image_ids": traces.image_ids,
            "reader_ids": traces.reader_ids,
            "canvas_px": traces.canvas_px,
        },
    )


def load_traces(path: Path) -> Traces:
    """Read `traces.npz`."""
    arrays = load_arrays(
        path, {"samples": "f", "offsets": "i", "image_ids": "U", "reader_ids": "U", "canvas_px": "f"}
    )
    n = len(arrays["image_ids"])
    if (
        len(arrays["offsets"]) != n + 1
        or len(arrays["reader_ids"]) != n
        or arrays["canvas_px"].shape != (n, 2)
    ):
        raise FileRefused(f"{path} is damaged: its arrays do not belong together.")
    return Traces(**arrays)


# --- relations ------------------------------------------------------------------------------------


def save_relation(path: Path, relation: Relation) -> None:
    """Write a relation graph with the hash of its content."""
    header = {
        "format": "gazeroom-relation",
        "version": FORMAT_VERSION,
        "software": SOFTWARE,
        "scheme": relation.scheme,
        "profile": relation.profile,
        "parameters": dict(relation.parameters),
        "collapse": relation.collapse,
        "floor": relation.floor,
    }
    arrays = {
        "header": np.array(json.dumps(header, sort_keys=True)),
        "ids": relation.ids,
        "rows": relation.rows,
        "columns": relation.columns,
        "values": relation.values,
    }
    save_arrays(path, arrays | {"sha256": np.array(_arrays_hash(arrays))})


def load_relation(path: Path) -> Relation:
    """Read a relation graph; one of another version or with a wrong hash is refused."""
    kinds = {"header": "U", "ids": "U", "rows": "i", "columns": "i", "values": "f", "sha256": "U"}
    arrays = load_arrays(path, kinds)
    expected = str(arrays.pop("sha256"))
    if _arrays_hash(arrays) != expected:
        raise FileRefused(
            f"{path} was altered after it was written; make the graph again with learning.graph."
        )
    header = json.loads(str(arrays.pop("header")))
    check_version(path, header, "gazeroom-relation")
    if len(set(arrays["ids"].tolist())) != len(arrays["ids"]):
        raise FileRefused(f"{path} names an image twice; make the graph again with learning.graph.")
    return Relation(
        ids=arrays["ids"],
        rows=arrays["rows"],
        columns=arrays["columns"],
        values=arrays["values"],
        scheme=header["scheme"],
        profile=header["profile"],
        parameters=header["parameters"],
        collapse=header["collapse"],
        floor=header["floor"],
    )


def _arrays_hash(arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape};".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()

"""A small store: phantoms through the importer, some of them read by a simulated reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from dicom_files import make_dataset

from acquisition.domain import Assessment, Display, Event, Image, Panel, Session, ViewState
from acquisition.geometry import px_to_display_fraction
from acquisition.interchange.importing import import_paths
from acquisition.simulation.knowledge import knowledge_of
from acquisition.simulation.phantom import make_phantoms
from acquisition.simulation.reader import SimulatedReader
from acquisition.sources.base import Batch, Channel, SourceInfo, sample_dtype
from acquisition.store import Store
from acquisition.store.recording import RecordingWriter

DISPLAY = Display(1000, 800, 340.0, 270.0)
CHANNELS = (
    Channel("x", "<f4", role="both_x"),
    Channel("y", "<f4", role="both_y"),
    Channel("valid", "|u1", role="both_valid"),
)
READING_S = 4.0
RATE_HZ = 60.0
READER_NAME = "Doctor Ottilie Zwetschge"
SIZE_PX = 64


def phantoms(store: Store, folder: Path, n_patients: int) -> None:
    """Two patches a patient, imported with their truth."""
    made = make_phantoms(folder, n_patients, 2, size_px=SIZE_PX, seed=3)
    import_paths([folder], store.catalogue, labels=made[0].path.parent / "truth.csv")


def stack(store: Store, folder: Path, n_frames: int) -> None:
    """One patient's stack of frames that differ, imported."""
    shades = (
        np.arange(n_frames * SIZE_PX * SIZE_PX, dtype=np.uint16).reshape(n_frames, SIZE_PX, SIZE_PX) % 997
    )
    folder.mkdir(parents=True)
    make_dataset(shades, 12, NumberOfFrames=n_frames).save_as(folder / "stack.dcm", enforce_file_format=True)
    import_paths([folder], store.catalogue)


def read_cases(
    store: Store,
    n_cases: int,
    *,
    session_id: str = "ses_first",
    commit_last: bool = True,
    loss: float = 0.0,
    shown: Sequence[Mapping[str, Any]] = ({},),
) -> None:
    """One session in which the first cases are read, each for four seconds; committed with this loss.

    The image is on the screen with these changes of its panel in turn, equally long.
    """
    reader = store.catalogue.ensure_reader(name=READER_NAME, pseudonym="reader-ottilie", is_simulated=True)
    session = Session(
        session_id, reader.id, reader.pseudonym, "simulated", True, DISPLAY, "2026-03-04T05:06:07Z", 0
    )
    writer = store.create_recording(SourceInfo("simulated", CHANNELS, RATE_HZ, True), session)
    gaze = SimulatedReader(DISPLAY, knowledge_of(store.catalogue), seed=len(session_id))
    for number, case in enumerate(store.catalogue.cases()[:n_cases]):
        opened_ns = round((number * (READING_S + 1) + 1) * 1e9)
        reading = store.catalogue.open_reading(session.id, reader.id, case.id, opened_ns)
        writer.event(Event(opened_ns, "reading_opened", {"reading_id": reading.id, "case_id": case.id}))
        panel = _panel(store.catalogue.images(case.id)[0])
        time_ns = opened_ns + np.arange(0, READING_S * 1e9, 1e9 / RATE_HZ).astype(np.int64)
        for changes, meanwhile_ns in zip(shown, np.array_split(time_ns, len(shown)), strict=True):
            view = ViewState(int(meanwhile_ns[0]), (replace(panel, **changes),), reading_id=reading.id)
            writer.view_state(view)
            gaze.observe(view)
            _append(writer, gaze, meanwhile_ns)
        closed_ns = int(time_ns[-1]) + 1
        writer.event(Event(closed_ns, "reading_closed", {"reading_id": reading.id, "state": "committed"}))
        if commit_last or number + 1 < n_cases:
            store.catalogue.commit_reading(
                reading.id, Assessment(reading.id, 2), closed_ns, len(time_ns), loss
            )
    writer.commit()
    writer.seal()


def _panel(image: Image) -> Panel:
    scale = image.width_px / 600
    return Panel(image.id, (200.0, 100.0, 600.0, 600.0), (scale, 0, -200 * scale, 0, scale, -100 * scale))


def _append(
    writer: RecordingWriter, gaze: SimulatedReader, time_ns: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> None:
    points, is_open = gaze.look(time_ns)
    samples = np.zeros(len(time_ns), sample_dtype(CHANNELS))
    fraction = px_to_display_fraction(points, DISPLAY)
    samples["x"], samples["y"], samples["valid"] = fraction[:, 0], fraction[:, 1], is_open
    writer.append(Batch(samples, time_ns * 1e-9, time_ns))

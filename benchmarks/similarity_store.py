"""From a store of 10,000 readings to a graph, as the command does it."""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from itertools import product
from pathlib import Path

import numpy as np
from similarity_gaze import wander

from acquisition.domain import (
    Case,
    Display,
    Image,
    Laterality,
    Panel,
    Reader,
    Reading,
    ReadingState,
    Session,
    SessionState,
    ViewState,
)
from acquisition.sources.base import Batch, Channel, SourceInfo, sample_dtype
from acquisition.store import RecordingWriter, Store, images, open_store, readings
from acquisition.store.engine import sqlite
from acquisition.store.recording_file import sha256_of

DISPLAY = Display(1000, 1000, 300.0, 300.0)
IMAGE_PX = 800
CHANNELS = (
    Channel("x", "<f4", role="both_x"),
    Channel("y", "<f4", role="both_y"),
    Channel("valid", "|u1", role="both_valid"),
)
RATE_HZ = 60.0
CHUNK_SAMPLES = 6
"""100 ms, as the recorder writes them."""
READINGS_A_SESSION = 100
SESSIONS_A_RECORDING = 10
VIEWS_A_READING = 20
"""Pans and zooms."""
PAUSE_S = 2.0


def store(scale: float) -> None:
    n_sessions = max(int(100 * scale), 1)
    with tempfile.TemporaryDirectory() as folder:
        start_s = time.perf_counter()
        make(folder, n_sessions, 2000)
        print(f"  a store of {n_sessions * READINGS_A_SESSION} readings made in "
              f"{time.perf_counter() - start_s:.0f} s", flush=True)  # fmt: skip
        command = [sys.executable, "-m", "learning.graph", "--store", folder, "--threshold", "0.95"]
        start_s = time.perf_counter()
        subprocess.run([*command, "--out", f"{folder}/graph"], check=True, stdout=subprocess.DEVNULL)
        spent_s = time.perf_counter() - start_s
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{n_sessions * READINGS_A_SESSION} readings of 2000 samples, from the store to a TIMA graph at 0.95 "
        f"{spent_s:.3g} s (<= 120 for 10000), peak {peak_mib:.0f} MiB (<= 2048)",
        flush=True,
    )


def make(folder: str, n_sessions: int, n_samples: int) -> None:
    """Sessions of 100 readings, each of an image of its own, in chunks of 100 ms.

    One session in ten is recorded; the nine after it are copies of its file under names of their own.
    """
    with open_store(folder) as opened:
        opened.catalogue.ensure_reader(name="Benchmark", pseudonym="reader-1", is_simulated=True)
        (reader,) = opened.catalogue.readers()
    recorded = range(0, n_sessions, SESSIONS_A_RECORDING)
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(record, [folder] * len(recorded), recorded, [n_samples] * len(recorded)))
    with open_store(folder) as opened:
        for number in range(n_sessions):
            if number not in recorded:
                copy(opened, Path(folder) / "recordings", session_of(number, reader), number, n_samples)
        with opened.catalogue._writing("made", "store") as connection:  # noqa: SLF001
            for number, k in product(range(n_sessions), range(READINGS_A_SESSION)):
                image = image_of(number, k)
                images.add_case(connection, Case(image.case_id, image.case_id, image.case_id))
                images.add_image(connection, image)
                readings.add_reading(connection, reading_of(number, k, reader, n_samples))


def name_of(session: int) -> str:
    """Part of the name of all that belongs to a session, and of nothing else."""
    return f"s{session:04}"


def session_of(number: int, reader: Reader) -> Session:
    return Session(
        f"ses-{name_of(number)}", reader.id, reader.pseudonym, "simulated", True, DISPLAY,
        "2026-01-01T00:00:00Z", opened_host_time_ns=0,
    )  # fmt: skip


def image_of(session: int, k: int) -> Image:
    name, number = f"{name_of(session)}-{k}", session * READINGS_A_SESSION + k
    return Image(
        f"img-{name}", f"case-{name}", "", f"{number:064x}", 1, f"1.{number}", f"2.{number}", 0,
        IMAGE_PX, IMAGE_PX, "MG", Laterality.LEFT, "CC", False, (0, 0, IMAGE_PX, IMAGE_PX), is_simulated=True,
    )  # fmt: skip


def reading_of(session: int, k: int, reader: Reader, n_samples: int) -> Reading:
    name, lasts_s = f"{name_of(session)}-{k}", n_samples / RATE_HZ
    opened_ns = round((k * (lasts_s + PAUSE_S) + 1) * 1e9)
    return Reading(
        f"rdg-{name}", f"ses-{name_of(session)}", reader.id, f"case-{name}", opened_ns,
        opened_ns + round(lasts_s * 1e9), ReadingState.COMMITTED, n_samples, 0.0, True, 0.0,
    )  # fmt: skip


def record(folder: str, number: int, n_samples: int) -> None:
    """The recording of a session."""
    with open_store(folder) as opened:
        (reader,) = opened.catalogue.readers()
        info = SourceInfo("simulated", CHANNELS, RATE_HZ, True)
        writer = opened.create_recording(info, session_of(number, reader))
        for k in range(READINGS_A_SESSION):
            record_reading(writer, image_of(number, k), reading_of(number, k, reader, n_samples))
        writer.seal()


def record_reading(writer: RecordingWriter, image: Image, reading: Reading) -> None:
    """Its views and gaze."""
    margin = (DISPLAY.width_px - IMAGE_PX) / 2
    panel = Panel(image.id, (margin, margin, IMAGE_PX, IMAGE_PX), (1, 0, -margin, 0, 1, -margin))
    for k in range(VIEWS_A_READING):
        at_ns = reading.opened_host_time_ns + round(k * reading.n_samples / RATE_HZ / VIEWS_A_READING * 1e9)
        writer.view_state(ViewState(at_ns, (panel,), reading_id=reading.id))
    gaze = wander(reading.n_samples, int(image.sha256, 16), RATE_HZ)
    samples = np.zeros(len(gaze), sample_dtype(CHANNELS))
    samples["x"], samples["y"] = ((gaze[:, :2] + margin) / DISPLAY.width_px).T
    samples["valid"] = 1
    time_ns = reading.opened_host_time_ns + (gaze[:, 2] * 1e9).astype(np.int64)
    for start in range(0, len(gaze), CHUNK_SAMPLES):
        chunk = slice(start, start + CHUNK_SAMPLES)
        writer.append(Batch(samples[chunk], time_ns[chunk] * 1e-9, time_ns[chunk]))
        writer._pending.pack(writer._counts)  # noqa: SLF001, a chunk without a commit
    writer.commit()


def copy(opened: Store, recordings: Path, session: Session, number: int, n_samples: int) -> None:
    """The recorded session before this one, under the names of this one."""
    was, now = name_of(number - number % SESSIONS_A_RECORDING), name_of(number)
    path = recordings / f"{session.id}.sqlite"
    shutil.copy(recordings / f"ses-{was}.sqlite", path)
    with closing(sqlite.connect(path)) as connection, connection:
        connection.execute("UPDATE header SET session = replace(session, ?, ?)", (was, now))
        connection.execute("UPDATE view_state SET body = replace(body, ?, ?)", (was, now))
    opened.catalogue.add_session(session)
    n_all = READINGS_A_SESSION * n_samples
    opened.catalogue.close_session(session.id, SessionState.SEALED, n_all, sha256_of(path))

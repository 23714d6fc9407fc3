"""Gaze out of a store as Parquet: one file a session, with the columns of `Store.gaze`.

What the columns do not say stands in the file's metadata under the key `gazeroom` as JSON: session,
reader's pseudonym, source, display, nominal rate, and whether the gaze is simulated.
"""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from acquisition.domain import Session
from acquisition.errors import StoreError
from acquisition.store import Store

METADATA_KEY = b"gazeroom"


def export_parquet(store: Store, out_dir: Path | str) -> list[Path]:
    """Write `gaze_<session>.parquet` for every session; a file appears only when it is complete.

    Raises:
        StoreError: the folder cannot be written, or a recording cannot be read; the others are
            written first.
    """
    folder = Path(out_dir)
    paths, refused = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for session in store.sessions():
            try:
                paths.append(_export_session(store, session, folder))
            except StoreError as error:
                refused.append(error)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written ({error.strerror}): choose another --out") from error
    if refused:
        n = len(paths) + len(refused)
        raise StoreError(f"{len(refused)} of {n} sessions were not exported: {refused[0]}") from refused[0]
    return paths


def _export_session(store: Store, session: Session, folder: Path) -> Path:
    path = folder / f"gaze_{session.id}.parquet"
    unfinished = path.with_name(path.name + ".part")
    tables = (_table(part) for part in store.gaze_parts(session.id))
    first = next(tables)
    schema = first.schema.with_metadata(_metadata(store, session))
    floats = [field.name for field in schema if pa.types.is_floating(field.type)]
    # Byte planes before zstd, as in our own chunks.
    with pq.ParquetWriter(
        unfinished, schema, compression="zstd", use_dictionary=False, use_byte_stream_split=floats
    ) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
    unfinished.replace(path)
    return path


def _table(gaze: NDArray[np.void]) -> pa.Table:
    return pa.table({name: np.ascontiguousarray(gaze[name]) for name in gaze.dtype.names or ()})


def _metadata(store: Store, session: Session) -> dict[bytes, bytes]:
    info = store.recording(session.id).info
    about = {
        "session_id": session.id,
        "reader_pseudonym": session.reader_pseudonym,
        "source": session.source_name,
        "source_detail": info.detail,
        "is_simulated": session.is_simulated,
        "display": asdict(session.display),
        "nominal_rate_hz": info.nominal_rate_hz,
        "state": str(session.state),
        "recording_sha256": session.sha256,
        "gazeroom_version": importlib.metadata.version("gazeroom"),
    }
    return {METADATA_KEY: json.dumps(about).encode()}

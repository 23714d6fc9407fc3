"""A store: the catalogue and the folder of recordings."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from acquisition import store_folder
from acquisition.assisted import FOREVER_NS, Stretch, assisted_stretches
from acquisition.clock import source_clock
from acquisition.domain import Gap, Reading, Session
from acquisition.errors import StoreError
from acquisition.sources.base import SourceInfo
from acquisition.store.catalogue import Catalogue
from acquisition.store.engine import catalogue_engine, parse_url
from acquisition.store.gaze import (
    gaze_between,
    gaze_by_clock,
    gaze_of,
    gaze_of_all,
    raw_parts,
    samples_between,
)
from acquisition.store.migrate import check_file, migrate
from acquisition.store.reconcile import reconcile
from acquisition.store.recording import RecordingWriter
from acquisition.store.recording_file import sha256_of
from acquisition.store.recording_reader import RawGaze, Recording
from acquisition.store.salvage import salvage
from acquisition.store.sound import DictatedSound, SoundWriter, dictated

CATALOGUE_NAME = "catalogue.sqlite"
ARCHIVES_NAME = "archives"


def open_store(
    url_or_path: str | os.PathLike[str], recordings: str | os.PathLike[str] | None = None
) -> Store:
    """Open a store, or make one where there is none yet.

    Args:
        url_or_path: a folder, or the URL of a database for the catalogue.
        recordings: the folder of the recordings; needed with the URL of a server.

    Raises:
        StoreError: it cannot be opened, belongs to another program or to a newer Gazeroom.
    """
    url, folder = _places(os.fspath(url_or_path), recordings)
    if url.get_backend_name() == "sqlite":
        _make(Path(url.database or "").parent)
        check_file(Path(url.database or ""))
    _make(folder)
    engine = catalogue_engine(url)
    try:
        migrate(engine)
        catalogue = Catalogue(engine)
        problems = reconcile(catalogue, folder)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, catalogue, folder, problems, _beside_catalogue(url, folder) / ARCHIVES_NAME)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror}): choose another folder") from error


def _places(text: str, recordings: str | os.PathLike[str] | None) -> tuple[sa.URL, Path]:
    """The URL of the catalogue and the folder of the recordings."""
    if "://" in text:
        url = parse_url(text)
        if recordings is not None:
            return url, Path(recordings)
        if url.get_backend_name() != "sqlite":
            raise StoreError("A store in a database needs a folder for its recordings: give --recordings DIR")
        return url, Path(url.database or "").parent / store_folder.RECORDINGS_NAME
    path = Path(text)
    try:
        is_file = path.exists() and not path.is_dir()
    except OSError as error:
        raise StoreError(f"{path} cannot be looked at ({error.strerror}): check its permissions") from error
    if is_file:
        raise StoreError(f"{path} is a file: --store takes a folder or the URL of a database")
    url = sa.URL.create("sqlite", database=str(path / CATALOGUE_NAME))
    return url, Path(recordings) if recordings is not None else path / store_folder.RECORDINGS_NAME


def _beside_catalogue(url: sa.URL, recordings: Path) -> Path:
    """The folder of the catalogue; that of the recordings where the catalogue is on a server."""
    if url.get_backend_name() == "sqlite":
        return Path(url.database or "").parent.absolute()
    return recordings.absolute()


class Store:
    """Thin: `catalogue` for everything but gaze, `recording(id)` and views of it for gaze.

    May be used from any thread; several processes may have the same store open.
    """

    def __init__(
        self, engine: sa.Engine, catalogue: Catalogue, recordings: Path, problems: list[str], archives: Path
    ) -> None:
        """Use `open_store`."""
        self._engine = engine
        self._folder = recordings
        self._problems = problems
        self._intact: set[str] = set()
        self.catalogue = catalogue
        self.archives = archives
        """The folder of images that came in archives, absolute."""

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database; recordings in progress belong to their writers and go on."""
        self._engine.dispose()

    @property
    def templates_folder(self) -> Path:
        """Where a researcher puts report templates, beside the recordings; it need not exist."""
        return store_folder.templates_folder(self._folder)

    @property
    def keys_file(self) -> Path:
        """Where readers bind keys of their own, beside the recordings; it need not exist."""
        return store_folder.keys_file(self._folder)

    @property
    def screens_file(self) -> Path:
        """Where it is remembered on which screens windows stand, beside the recordings; need not exist."""
        return store_folder.screens_file(self._folder)

    def sessions(self) -> list[Session]:
        """Oldest first."""
        return self.catalogue.sessions()

    def readings(self) -> list[Reading]:
        """Oldest first."""
        return self.catalogue.readings()

    def create_recording(self, info: SourceInfo, session: Session) -> RecordingWriter:
        """Begin the recording of a new session. For the recorder alone.

        The session is added to the catalogue, and closed there when the writer seals. Of a simulated source
        it is simulated whatever was expected: of a stream or a replay that shows when it is open.
        """
        session = replace(session, is_simulated=session.is_simulated or info.is_simulated)
        writer = RecordingWriter(self._path(session.id), info, session, self._close_session)
        try:
            self.catalogue.add_session(session)
        except BaseException:
            writer.close()
            raise
        return writer

    def create_sound(self, session_id: str, rate_hz: int) -> SoundWriter:
        """Begin the next dictation of a session that is being recorded. For `acquisition.dictation` alone."""
        return SoundWriter(self._folder, session_id, rate_hz)

    def dictations(self, session_id: str) -> list[DictatedSound]:
        """What was dictated in a session, as its recording tells; of files that are gone the times alone."""
        return dictated(self._folder, session_id, self.recording(session_id).events())

    def recording(self, session_id: str) -> Recording:
        """The recording of a session. Raises `StoreError` where it is missing or was altered."""
        session, path = self.catalogue.session(session_id), self._path(session_id)
        if session.sha256 and session_id not in self._intact and path.exists():
            if sha256_of(path) != session.sha256:
                raise StoreError(f"{path} was altered after it was sealed: restore it from a backup")
            self._intact.add(session_id)
        return Recording(path)

    def raw(self, session_or_reading_id: str) -> RawGaze:
        """Samples as sent, bit for bit, of a session or of one reading in it."""
        return self._raw(session_or_reading_id)[0]

    def gaze(self, session_or_reading_id: str) -> NDArray[np.void]:
        """Structured array (n,): the gaze of a session, or of one reading from opening to close.

        Fields: `time_ns` (capture, host clock), `host_time_ns` (arrival), `device_time_us`,
        `source_time_s`, and for left and right (and `both` for streams without sides) `..._x`, `..._y`
        (fraction of the display, (0, 0) top left, not clamped), `..._valid`, `..._pupil_mm`,
        `..._pupil_valid`, `..._origin_{x,y,z}_mm`, `..._origin_valid`, `..._point_{x,y,z}_mm`,
        `..._openness_mm`, `..._openness_valid`. NaN or False where the device has none.
        """
        reading = self._reading(session_or_reading_id)
        if reading is None:
            return gaze_of_all(self.recording(session_or_reading_id))
        raw, recording = self._raw(reading.id)
        return gaze_of(raw, recording.clock_pairs())

    def gaze_of_readings(self, session_id: str, readings: Sequence[Reading]) -> Iterator[NDArray[np.void]]:
        """The gaze of each of these readings of a session, as `gaze`; its file is opened once for all."""
        spans = [(reading.opened_host_time_ns, reading.closed_host_time_ns) for reading in readings]
        return gaze_between(self.recording(session_id), spans)

    def gaze_parts(self, session_id: str) -> Iterator[NDArray[np.void]]:
        """The gaze of a session in order, some minutes at a time; at least one array, which may be empty."""
        recording = self.recording(session_id)
        clock = source_clock(recording.clock_pairs())
        for raw in raw_parts(recording):
            yield gaze_by_clock(raw, clock)

    def salvage(self, session_id: str) -> tuple[NDArray[np.void], list[str]]:
        """The gaze (n,) of a recording without its damaged chunks, and a sentence for each of them.

        For a recording that everything else refuses. Raises `StoreError` where nothing can be read of it.
        """
        return salvage(Recording(self._path(self.catalogue.session(session_id).id)))

    def gaps(self, session_or_reading_id: str) -> list[Gap]:
        """The recorded stretches without usable gaze that touch a session or a reading."""
        reading = self._reading(session_or_reading_id)
        gaps = self.recording(reading.session_id if reading else session_or_reading_id).gaps()
        if reading is None:
            return gaps
        start_ns, end_ns = reading.opened_host_time_ns, reading.closed_host_time_ns
        return [gap for gap in gaps if gap.end_ns > start_ns and (end_ns is None or gap.start_ns < end_ns)]

    def assisted(self, session_or_reading_id: str) -> list[Stretch]:
        """From when to when gaze of a session or a reading came after a mark that was dropped by gaze."""
        reading = self._reading(session_or_reading_id)
        session_id = reading.session_id if reading else session_or_reading_id
        stretches = assisted_stretches(self.recording(session_id).events())
        if reading is None:
            return stretches
        start_ns, end_ns = reading.opened_host_time_ns, reading.closed_host_time_ns or FOREVER_NS
        own = [Stretch(max(one.start_ns, start_ns), min(one.end_ns, end_ns)) for one in stretches]
        return [one for one in own if one.start_ns < one.end_ns]

    def problems(self) -> list[str]:
        """A sentence for every recording that is missing, altered or damaged; reads all sealed files."""
        problems = list(self._problems)
        for session in self.sessions():
            try:
                problems += self.recording(session.id).header.sealed_problems
            except StoreError as error:
                problems.append(str(error))
        return list(dict.fromkeys(problems))

    def _raw(self, session_or_reading_id: str) -> tuple[RawGaze, Recording]:
        reading = self._reading(session_or_reading_id)
        recording = self.recording(reading.session_id if reading else session_or_reading_id)
        if reading is None:
            return recording.raw(), recording
        return samples_between(recording, reading.opened_host_time_ns, reading.closed_host_time_ns), recording

    def _reading(self, session_or_reading_id: str) -> Reading | None:
        """The reading of this id; None where it is a session's. Raises `StoreError` where it is neither."""
        reading = self.catalogue.find_reading(session_or_reading_id)
        if reading is None and not any(s.id == session_or_reading_id for s in self.sessions()):
            raise StoreError(f"The store holds no session or reading {session_or_reading_id}: check the id")
        return reading

    def _path(self, session_id: str) -> Path:
        return self._folder / f"{session_id}.sqlite"

    def _close_session(self, session: Session) -> None:
        self.catalogue.close_session(session.id, session.state, session.n_samples, session.sha256)

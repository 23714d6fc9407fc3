"""The one place that assembles the Read room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QWidget

from acquisition.clock import HostClock
from acquisition.dicom.workers import shared_workers
from acquisition.dictation import Dictation, SoundSink
from acquisition.domain import Display, Event, Session
from acquisition.intake import Outlet, RecordingSink
from acquisition.recorder import Recorder
from acquisition.sources.base import GazeSource, SourceInfo
from acquisition.sources.microphone import Microphone
from acquisition.store import Store
from app import assets
from app.calibrate.flow import CalibrationFlow
from app.read.display_watch import screen_display
from app.read.keeping import InTurn
from app.read.key_book import KeyBook
from app.read.lightbox import LightBox
from app.read.loading import ImageLoader
from app.read.reader_page import ReaderPage
from app.read.session import ReadingSession
from app.read.sitting import Sitting, SourceChoice
from app.read.taking_in import StoreIntake
from app.read.templates import load_templates
from app.read.window import ReadWindow

OpenSource = Callable[[Display], GazeSource]


def build_read_room(
    store: Store,
    source: SourceChoice,
    open_source: OpenSource,
    clock: HostClock,
    display: Display | None = None,
    *,
    are_readers_simulated: bool = False,
    calibrates: bool = False,
    outlet: Outlet | None = None,
    screens_file: Path | None = None,
    reader_page: ReaderPage | None = None,
) -> ReadWindow:
    """The Read room over a store.

    Args:
        store: where cases come from and readings go to
        source: the gaze source as it is spoken of; `none` records view states and marks alone
        open_source: a fresh source for each sitting, not yet opened; called outside the GUI thread
        clock: stamps gaze, view states and events
        display: the display under the tracker; None takes the screen that the window is on
        are_readers_simulated: True for the simulated readers of a demo
        calibrates: whether gaze is calibrated and checked, where the source has any
        outlet: what else is to get all that is recorded
        screens_file: where it is remembered on which screens the windows stand
        reader_page: the first page, where it is seen already
    """
    workers = shared_workers()
    workers.warm()

    def start_recorder(session: Session, consent: Event) -> Recorder:
        def open_sink(info: SourceInfo) -> RecordingSink:
            sink = store.create_recording(info, session)
            return sink if outlet is None else outlet(sink, info, session)

        recorder = Recorder(open_sink, open_source(session.display), clock)
        recorder.post(consent)
        recorder.start()
        recorder.wait_until_open()
        return recorder

    def display_of(widget: QWidget) -> Display:
        screen = screen_display(widget)
        return replace(display, scale=screen.scale, name=screen.name) if display else screen

    def dictate(sitting: Sitting) -> Dictation:
        def open_sink(rate_hz: int) -> SoundSink:
            return store.create_sound(sitting.session.id, rate_hz)

        return Dictation(Microphone(clock), open_sink, sitting.recorder.post)

    templates = load_templates(store.templates_folder, assets.path("templates"))
    session = ReadingSession(
        store.catalogue,
        start_recorder,
        clock,
        source,
        templates,
        are_readers_simulated,
        InTurn(store.catalogue),
    )
    calibration = CalibrationFlow(session, clock, asks=calibrates)
    return ReadWindow(
        session,
        ImageLoader(workers.read_image),
        LightBox(clock),
        display_of,
        calibration,
        keys=KeyBook(store.keys_file),
        screens_file=screens_file,
        intake=StoreIntake(store),
        dictate=dictate,
        reader_page=reader_page,
    )

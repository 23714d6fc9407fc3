"""The one place that assembles the Read room."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from acquisition.clock import HostClock
from acquisition.dicom import read_image
from acquisition.domain import Display, Event, Session
from acquisition.intake import Outlet, RecordingSink
from acquisition.recorder import Recorder
from acquisition.sources.base import GazeSource, SourceInfo
from acquisition.store import Store
from app.calibrate.flow import CalibrationFlow
from app.read.lightbox import LightBox
from app.read.loading import ImageLoader
from app.read.session import ReadingSession, SourceChoice
from app.read.window import ReadWindow

MM_PER_PX_AT_96_DPI = 25.4 / 96

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
    """

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
        return display or screen_display(widget)

    session = ReadingSession(store.catalogue, start_recorder, clock, source, are_readers_simulated)
    calibration = CalibrationFlow(session, clock, asks=calibrates)
    return ReadWindow(session, ImageLoader(read_image), LightBox(clock), display_of, calibration)


def screen_display(widget: QWidget) -> Display:
    """The screen that a widget is on, in physical px; 96 dots an inch where it does not tell its size."""
    screen = widget.screen()
    scale = screen.devicePixelRatio()
    width_px, height_px = round(screen.size().width() * scale), round(screen.size().height() * scale)
    size_mm = screen.physicalSize()
    return Display(
        width_px,
        height_px,
        size_mm.width() or width_px * MM_PER_PX_AT_96_DPI,
        size_mm.height() or height_px * MM_PER_PX_AT_96_DPI,
    )

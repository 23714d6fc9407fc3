"""`gazeroom read`: the workstation."""

from __future__ import annotations

import signal

import typer
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from acquisition.clock import RealClock
from acquisition.command_line import SeedOption, VerboseOption
from acquisition.errors import UserError
from acquisition.outlets import lsl_outlet
from acquisition.store import open_store
from app import theme
from app.commands.options import (
    DEFAULT_STORE,
    ChannelsOption,
    DisplayOption,
    LslOutOption,
    RateOption,
    RecordingsOption,
    SourceOption,
    StoreOption,
    parse_display,
)
from app.screen import can_open_window
from app.window import MainWindow
from app.workstation import StorePlace, Tracker, build_workstation

LET_PYTHON_IN_MS = 200


def read_command(
    store: StoreOption = DEFAULT_STORE,
    recordings: RecordingsOption = None,
    source: SourceOption = "none",
    rate: RateOption = None,
    display: DisplayOption = None,
    channels: ChannelsOption = None,
    lsl_out: LslOutOption = False,
    seed: SeedOption = 0,
    _verbose: VerboseOption = False,
) -> None:
    """Open the workstation: read cases while gaze is recorded, then learn from it.

    Example: gazeroom read --store ./store --source lsl
    """
    if not can_open_window():
        raise UserError("There is no display to open the workstation on: log in to one, or set DISPLAY.")
    tracker = Tracker(source, rate, seed, parse_display(display) if display else None, channels)
    application = QApplication.instance() or QApplication(["gazeroom"])
    assert isinstance(application, QApplication)
    theme.apply(application)
    with open_store(store, recordings) as opened:
        place = StorePlace(store, recordings)
        clock = RealClock()
        outlet = lsl_outlet(clock) if lsl_out else None
        window = build_workstation(opened, place, tracker, clock, calibrates=True, outlet=outlet)
        window.showMaximized()
        close_on_interrupt(window)
        code = application.exec()
    raise typer.Exit(code)


def close_on_interrupt(window: MainWindow) -> None:
    """Close the window, and so seal the recording, when the terminal asks the program to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    # Qt's loop runs no Python while nothing happens, and a signal handler is Python.
    idle = QTimer(window)
    idle.timeout.connect(lambda: None)
    idle.start(LET_PYTHON_IN_MS)

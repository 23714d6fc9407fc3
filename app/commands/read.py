"""`gazeroom read`: the workstation.

The store and the rooms take long to load: they are loaded behind a window that asks who reads meanwhile.
"""

from __future__ import annotations

import gc
import signal
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import typer
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from acquisition.command_line import SeedOption, VerboseOption
from acquisition.errors import UserError
from app import theme
from app.choices import StorePlace, Tracker
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
from app.entrance import Entrance
from app.screen import can_open_window, is_seen

if TYPE_CHECKING:
    from acquisition.store import Store
    from app.window import MainWindow

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
    gc.disable()  # what is loaded at the start is no garbage; looking for some takes a tenth of the time
    shown = parse_display(display) if display else None
    place, tracker = StorePlace(store, recordings), Tracker(source, rate, seed, shown, channels)
    application = QApplication.instance() or QApplication(["gazeroom"])
    assert isinstance(application, QApplication)
    theme.apply(application)
    entrance = Entrance(tracker.choice)
    entrance.show(place)
    close_on_interrupt(entrance.window)
    with ExitStack() as stack:
        try:
            _furnish(entrance, place, tracker, stack, sends_lsl=lsl_out)
        except UserError as error:
            entrance.refuse(error)
            if is_seen(application.platformName()) and not entrance.is_left:
                application.exec()
            raise
        gc.freeze()  # and no later look need go through it again
        gc.enable()
        code = 0 if entrance.is_left else application.exec()
    raise typer.Exit(code)


def _furnish(
    entrance: Entrance, place: StorePlace, tracker: Tracker, stack: ExitStack, *, sends_lsl: bool
) -> None:
    """Open the store, say whom it knows, and build the rooms; as long as nobody closes the window."""
    store, known, has_cases = entrance.wait_for(partial(_opened, place))
    stack.enter_context(store)
    entrance.page.show_readers(known, has_cases)
    entrance.wait_for(_load_rooms)
    if entrance.is_left:
        return
    from acquisition.clock import RealClock
    from acquisition.outlets import lsl_outlet
    from app.workstation import build_workstation

    clock = RealClock()
    build_workstation(
        store,
        place,
        tracker,
        clock,
        calibrates=True,
        outlet=lsl_outlet(clock) if sends_lsl else None,
        remembers_screens=True,
        entrance=entrance,
    )


def _opened(place: StorePlace) -> tuple[Store, list[str], bool]:
    """The store, whom it knows, and whether there is anything to read."""
    from acquisition.store import open_store
    from app.read.reader_list import readers

    store = open_store(place.url_or_path, place.recordings)
    known = readers(store.catalogue, are_simulated=False)
    return store, [reader.pseudonym for reader in known], bool(store.catalogue.cases())


def _load_rooms() -> None:
    """With them comes all that takes long to load."""
    import app.workstation  # noqa: F401


def close_on_interrupt(window: MainWindow) -> None:
    """Close the window, and so seal the recording, when the terminal asks the program to end."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    # Qt's loop runs no Python while nothing happens, and a signal handler is Python.
    idle = QTimer(window)
    idle.timeout.connect(lambda: None)
    idle.start(LET_PYTHON_IN_MS)

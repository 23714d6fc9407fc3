"""`gazeroom record`: one session of gaze without a case."""

from __future__ import annotations

from typing import Annotated

import typer

from acquisition.clock import RealClock
from acquisition.command_line import JsonOption, SeedOption, VerboseOption, say, show_json
from acquisition.errors import UserError
from acquisition.headless import record_session
from acquisition.sources import open_source
from acquisition.store import open_store
from app.commands.options import (
    DEFAULT_STORE,
    ChannelsOption,
    DisplayOption,
    RateOption,
    RecordingsOption,
    SourceOption,
    StoreOption,
    parse_display,
)


def record_command(
    source: SourceOption = "lsl",
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", help="How long to record.")] = 10.0,
    store: StoreOption = DEFAULT_STORE,
    recordings: RecordingsOption = None,
    rate: RateOption = None,
    display: DisplayOption = None,
    channels: ChannelsOption = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Record gaze for some seconds, without a case.

    Example: gazeroom record --source lsl --seconds 10 --store ./store
    """
    if seconds <= 0:
        raise UserError(f"--seconds {seconds:g}: record for more than no time.")
    clock = RealClock()
    screen = parse_display(display or "1920x1080")
    with open_store(store, recordings) as opened:
        gaze = open_source(source, clock=clock, display=screen, rate_hz=rate, seed=seed, channels=channels)
        session = record_session(opened, gaze, seconds, clock=clock, display=screen).session
    if as_json:
        show_json({"session": session.id, "samples": session.n_samples, "sha256": session.sha256})
    else:
        say(f"{session.id}: {session.n_samples} samples, sealed.")

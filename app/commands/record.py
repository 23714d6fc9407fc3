"""`gazeroom record`: one session of gaze without a case."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from acquisition.clock import HostClock, RealClock
from acquisition.command_line import (
    JsonOption,
    SeedOption,
    VerboseOption,
    note,
    progress_bar,
    say,
    show_json,
)
from acquisition.domain import Display, Event
from acquisition.errors import UserError
from acquisition.headless import Recorded, record_session
from acquisition.ledger import by_cause
from acquisition.outlets import lsl_outlet
from acquisition.sources import open_source
from acquisition.sources.replay import recorded_session
from acquisition.store import open_store
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
from app.commands.record_watch import Watcher
from app.read.consent import Consent

AGREED = (
    "By starting this recording you state that the person before the tracker has agreed: where they look is"
    " stored, under a pseudonym, for research."
)
COMMON_SCREEN = "1920x1080"
MAX_S = 7 * 86_400.0
STOPPED = 130
"""The exit code of a program that the keyboard ended."""


def record_command(
    source: SourceOption = "lsl",
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", help="How long to record.")] = 10.0,
    store: StoreOption = DEFAULT_STORE,
    recordings: RecordingsOption = None,
    rate: RateOption = None,
    display: DisplayOption = None,
    channels: ChannelsOption = None,
    lsl_out: LslOutOption = False,
    reader: Annotated[
        str | None, typer.Option("--reader", metavar="PSEUDONYM", help="Whose gaze it is; never a name.")
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    _verbose: VerboseOption = False,
) -> None:
    """Record gaze for some seconds, without a case. Ctrl-C ends it early, and what there is is kept.

    A recording is played again by replay:FILE, four times as fast by replay:FILE@4. The simulated tracker
    makes the errors that one names, as in simulated:noise=0.3,offset=1.0,drift=50: noise, offset, drift,
    jitter, skips, blinks, lost, disconnect, overflow, eyes; `gazeroom sources` has their units.

    Example: gazeroom record --source lsl --seconds 10 --store ./store
    """
    if not 0.0 < seconds <= MAX_S:
        raise UserError(f"--seconds {seconds:g}: record for more than no time, and at most {MAX_S:g} s.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    clock = RealClock()
    screen = _screen(source, display)
    gaze = open_source(source, clock=clock, display=screen, rate_hz=rate, seed=seed, channels=channels)
    consent = None if source == "none" else _consent(clock)
    with open_store(store, recordings) as opened, progress_bar("recording") as step:
        recorded = record_session(
            opened,
            gaze,
            seconds,
            clock=clock,
            display=screen,
            pseudonym=reader,
            consent=consent,
            outlet=lsl_outlet(clock) if lsl_out else None,
            watch=Watcher(clock, seconds, step),
        )
    _tell(recorded, as_json=as_json)
    if recorded.was_stopped:
        raise typer.Exit(STOPPED)


def _screen(source: str, display: str | None) -> Display:
    """The screen that was named, else that of the recording which is replayed, else a common one."""
    kind, _, which = source.partition(":")
    if display is None and kind == "replay":
        return recorded_session(which).display
    return parse_display(display or COMMON_SCREEN)


def _consent(clock: HostClock) -> Event:
    """Said on the terminal, and kept with the gaze."""
    note(AGREED)
    words = Consent(AGREED, "en", datetime.now(UTC).isoformat(timespec="milliseconds"))
    event = words.event(clock.now_ns())
    return replace(event, detail={**event.detail, "how": "command"})


def _tell(recorded: Recorded, *, as_json: bool) -> None:
    session, gaps = recorded.session, recorded.gaps
    if as_json:
        show_json(_document(recorded))
        return
    lost = "" if recorded.loss is None else f", {100 * recorded.loss:.1f} % lost"
    marked = " of simulated gaze" if session.is_simulated else ""
    say(
        f"{session.id}: {session.n_samples} samples{marked} in {recorded.seconds:.1f} s"
        f" ({recorded.rate_hz:.1f} Hz){lost}, sealed."
    )
    causes = [f"{cause} {n} ({gaps.seconds[cause]:.1f} s)" for cause, n in sorted(gaps.n.items())]
    say(f"gaps: {', '.join(causes) or 'none'}")


def _document(recorded: Recorded) -> dict[str, Any]:
    session = recorded.session
    return {
        "session": session.id,
        "source": session.source_name,
        "simulated": session.is_simulated,
        "samples": session.n_samples,
        "seconds": round(recorded.seconds, 3),
        "rate_hz": round(recorded.rate_hz, 3),
        "loss": None if recorded.loss is None else round(recorded.loss, 4),
        "gaps": by_cause(recorded.gaps),
        "sha256": session.sha256,
    }

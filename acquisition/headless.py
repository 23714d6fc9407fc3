"""One session recorded without a window and without a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from acquisition.clock import HostClock
from acquisition.domain import Display, Event, Session, new_id
from acquisition.errors import SourceError
from acquisition.intake import Outlet, RecordingSink
from acquisition.ledger import GapLedger, ledger_of
from acquisition.recorder import Recorder, RecorderState, RecorderStatus
from acquisition.sources.base import CanEnd, GazeSource, SourceInfo
from acquisition.store import Store

LOOK_EVERY_S = 0.1

Watch = Callable[[RecorderStatus], None]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it."""

    session: Session
    """As it was sealed."""
    seconds: float
    loss: float | None
    """Fraction (0 to 1) of the samples owed that are not usable; None where none are owed."""
    rate_hz: float
    """Samples a second."""
    gaps: GapLedger
    was_stopped: bool
    """By the keyboard, before its time."""


def record_session(
    store: Store,
    source: GazeSource,
    seconds: float,
    *,
    clock: HostClock,
    display: Display,
    pseudonym: str | None = None,
    consent: Event | None = None,
    outlet: Outlet | None = None,
    watch: Watch | None = None,
) -> Recorded:
    """Record for so long, or until the source comes to an end, and seal.

    Args:
        store: where the session goes
        source: not yet opened
        seconds: of the clock
        clock: stamps everything
        display: the screen under the tracker
        pseudonym: of the reader; None for one without a name
        consent: what the person before the tracker agreed to, stored ahead of everything else
        outlet: what else is to get all that is stored
        watch: shown the status ten times a second

    Raises:
        SourceError: the source could not be opened, or broke; what came before is sealed.
        StoreError: the session could not be stored.
        KeyboardInterrupt: stopped before anything was recorded.
    """
    opened: list[Session] = []

    def open_sink(info: SourceInfo) -> RecordingSink:
        opened.append(_new_session(store, info, clock, display, pseudonym))
        sink = store.create_recording(info, opened[0])
        return sink if outlet is None else outlet(sink, info, opened[0])

    recorder = Recorder(open_sink, source, clock)
    if consent is not None:
        recorder.post(consent)
    recorder.start()
    was_stopped, start_ns = False, clock.now_ns()
    try:
        recorder.wait_until_open()
        start_ns = clock.now_ns()
        _wait(recorder, source, clock, start_ns + round(seconds * 1e9), watch)
    except KeyboardInterrupt:
        was_stopped = True
    finally:
        end_ns = clock.now_ns()
        recorder.stop()
    if was_stopped and not opened:
        raise KeyboardInterrupt
    _raise_if_failed(recorder, opened)
    session = store.catalogue.session(opened[0].id)
    lasted_s = (end_ns - start_ns) * 1e-9
    rate_hz = session.n_samples / lasted_s if lasted_s > 0 else 0.0
    loss = recorder.tally(start_ns, end_ns).loss
    return Recorded(session, lasted_s, loss, rate_hz, ledger_of(store.gaps(session.id)), was_stopped)


def _new_session(
    store: Store, info: SourceInfo, clock: HostClock, display: Display, pseudonym: str | None
) -> Session:
    reader = store.catalogue.ensure_reader(pseudonym=pseudonym, is_simulated=info.is_simulated)
    return Session(
        id=new_id("ses"),
        reader_id=reader.id,
        reader_pseudonym=reader.pseudonym,
        source_name=info.name,
        is_simulated=info.is_simulated,
        display=display,
        opened_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
        opened_host_time_ns=clock.now_ns(),
    )


def _wait(recorder: Recorder, source: GazeSource, clock: HostClock, end_ns: int, watch: Watch | None) -> None:
    while not clock.wait_until(end_ns, LOOK_EVERY_S) and recorder.status().state is RecorderState.RECORDING:
        if watch is not None:
            watch(recorder.status())
        if isinstance(source, CanEnd) and source.is_over:
            return


def _raise_if_failed(recorder: Recorder, opened: list[Session]) -> None:
    """What ended the recording, and where what came before it is."""
    try:
        recorder.raise_if_failed()
    except SourceError as error:
        if not opened:
            raise
        raise SourceError(f"{error} What came before is sealed in session {opened[0].id}.") from error

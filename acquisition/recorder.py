"""The recording thread: source to store, and nothing that the screen does can get in its way.

    IDLE -> OPENING -> RECORDING <-> PAUSED -> STOPPED, or FAILED from any of the three in the middle

The thread alone opens, reads and closes the source and writes the recording. Others post what was painted
and what happened, and look at frozen snapshots. FAILED after RECORDING means that no more gaze comes; view
states and events are still stored, and `stop` seals what there is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from acquisition.clock import ClockFit, HostClock
from acquisition.domain import Event, ViewState
from acquisition.errors import BugError, GazeroomError, SourceError, StoreError, UserError
from acquisition.intake import Intake, RecordingSink, Turn
from acquisition.ledger import GapLedger
from acquisition.live import RECENT_S, NewestGaze, RecentGaze, Tally
from acquisition.scrutiny import Scrutiny
from acquisition.sources.base import (
    Batch,
    Calibrator,
    CanBeCalibrated,
    GazeSource,
    OffersOthers,
    SourceInfo,
    StreamOffer,
    WatchesScreen,
    sample_dtype,
)
from acquisition.store.gaze import gaze_dtype

log = logging.getLogger(__name__)

READ_S = 0.01
COMMIT_EVERY_S = 0.1
RETRY_EVERY_S = 0.5
SLOW_COMMIT_S = 1.0
"""A disk that takes longer than this for 100 ms of gaze is said to be in trouble before it says so itself."""
FINISH_S = 10.0
"""How long `stop` goes on trying to write to a store that refuses."""
MAX_WAITING_S = 600.0
"""How much gaze is kept in memory while the store refuses it."""
STALL_S = 0.5
WALL_CLOCK_EVERY_NS = 60_000_000_000
"""The monotonic clock stands still while a computer sleeps; beside the wall clock that shows."""


OpenSink = Callable[[SourceInfo], RecordingSink]


class RecorderState(Enum):
    """Where the recorder is; see the module."""

    IDLE = "idle"
    OPENING = "opening"
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RecorderStatus:
    """How the recording goes, at one moment."""

    state: RecorderState
    n_samples: int = 0
    last_sample_age_s: float | None = None
    """None where no gaze is expected: not open, paused, or a source without gaze."""
    validity: float | None = None
    """Share of the samples of the last 5 s with usable gaze; None without samples."""
    rate_hz: float = 0.0
    """Samples a second over the last 5 s."""
    owed_hz: float = 0.0
    """What the source owes; 0 where its rate is irregular."""
    clock: ClockFit | None = None
    """How the source's clock lies on the host's; None where it has none that is known."""
    gaps: GapLedger = field(default_factory=GapLedger)
    """Those found so far, by cause."""
    is_stored: bool = True
    """False while the store refuses to write; the gaze then waits in memory."""
    message: str = ""
    """A sentence where something is wrong."""
    warning: str = ""
    """A sentence of the source that holds for the whole session: gaze comes, but doubt it."""


class Recorder:
    """Records one session from a source into a sink."""

    def __init__(self, open_sink: OpenSink, source: GazeSource, clock: HostClock) -> None:
        """Nothing is opened before `start`; `open_sink` is called in the recorder's thread."""
        self._open_sink, self._source, self._clock = open_sink, source, clock
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._news = threading.Condition()
        self._posted: list[Event | ViewState | Turn] = []
        self._stopping = self._is_over = False
        self._wanted_ns = self._stored_until_ns = -1
        self._error: GazeroomError | None = None
        self._status = RecorderStatus(RecorderState.IDLE)
        self._intake: Intake | None = None
        self._is_source_broken = False
        self._refused_since_s: float | None = None
        self._trouble = ""
        self._tried_s = 0.0
        self._committing_since_s: float | None = None

    def start(self) -> None:
        """Begin to open the source and the recording, in a thread. Look at `status`, or `wait_until_open`."""
        self._publish(state=RecorderState.OPENING)
        self._thread.start()

    def wait_until_open(self, timeout_s: float = 30.0) -> None:
        """Block until gaze is being recorded; what does not open in time is given up.

        Raises:
            SourceError: the source could not be opened.
            StoreError: the recording could not be made.
        """
        with self._news:
            if not self._news.wait_for(lambda: self._status.state is not RecorderState.OPENING, timeout_s):
                self._stopping = True
                raise UserError(
                    f"The gaze source did not open within {timeout_s:g} s: check it, or choose another."
                )
        self.raise_if_failed()

    def raise_if_failed(self) -> None:
        """Raise what ended the recording, if something did."""
        if self._error is not None:
            raise self._error

    def post(self, item: Event | ViewState) -> None:
        """Store this in order with the samples; a source that watches the screen is told of view states.

        What comes after the end has no recording to go to and is left out.
        """
        if isinstance(item, ViewState) and isinstance(self._source, WatchesScreen):
            self._source.observe(item)
        with self._news:
            self._posted.append(item)

    def pause(self) -> None:
        """Discard gaze from this moment on."""
        self._turn(is_pause=True)

    def resume(self) -> None:
        """Store gaze again from this moment on; what was paused is a gap."""
        self._turn(is_pause=False)

    def stop(self) -> None:
        """Store what there is, seal the recording and end the thread. May be called twice."""
        self._stopping = True
        if self._thread.ident is not None:
            self._thread.join()

    def status(self) -> RecorderStatus:
        """How it goes."""
        status = self._status
        intake = self._intake
        since_s = self._committing_since_s
        if since_s is not None and (waited_s := time.monotonic() - since_s) > SLOW_COMMIT_S:
            message = f"Gaze waits in memory: the disk has not answered for {waited_s:.0f} s; check it."
            status = replace(status, is_stored=False, message=message)
        if status.state is not RecorderState.RECORDING or intake is None or not intake.live.has_gaze:
            return status
        age_s = max(0, self._clock.now_ns() - intake.last_arrival_ns) * 1e-9
        message = status.message
        if age_s > STALL_S and not message:
            message = f"No gaze for {age_s:.1f} s: check the tracker."
        if age_s > RECENT_S:
            status = replace(status, validity=None, rate_hz=0.0)
        return replace(status, last_sample_age_s=age_s, message=message)

    def newest(self, seconds: float) -> NewestGaze:
        """The samples of the last seconds, at most 5, for a monitor."""
        if self._intake is None:
            return NewestGaze(np.zeros(0, dtype=np.int64), np.zeros((0, 2)))
        return self._intake.live.newest(seconds)

    def recent(self) -> RecentGaze:
        """The gaze of the last 5 s and what was owed of it, for a monitor."""
        now_ns = self._clock.now_ns()
        if self._intake is None:
            return RecentGaze(np.zeros(0, gaze_dtype(())), now_ns, now_ns, 0.0)
        return self._intake.live.recent(now_ns)

    def between(self, start_ns: int, end_ns: int) -> NDArray[np.void]:
        """Gaze as from `Store.gaze`, captured in [start, end) host ns; of the last seconds only.

        To be sure that all of it has arrived, `wait_for` its end and a little more first.
        """
        if self._intake is None:
            return np.zeros(0, gaze_dtype(()))
        return self._intake.live.between(start_ns, end_ns)

    @property
    def rate_hz(self) -> float:
        """What the opened source owes; 0 before that, and where its rate is irregular."""
        return 0.0 if self._intake is None else self._info.nominal_rate_hz

    @property
    def calibrator(self) -> Calibrator | None:
        """The tracker's, once it is open; None where it cannot be calibrated from here."""
        return self._source.calibrator if isinstance(self._source, CanBeCalibrated) else None

    def offers(self) -> tuple[StreamOffer, ...]:
        """Other streams that the operator could go on with, while the source's own is gone or silent."""
        return self._source.offers if isinstance(self._source, OffersOthers) else ()

    def take(self, offer_id: str) -> None:
        """Go on with one of the `offers`.

        Raises:
            SourceError: it is gone, or its channels are not those of this session.
        """
        if isinstance(self._source, OffersOthers):
            self._source.take(offer_id)

    def tally(self, start_ns: int, end_ns: int) -> Tally:
        """How many samples a stretch has, and how much of it is lost, for a reading that closes."""
        return Tally(0, None) if self._intake is None else self._intake.live.tally(start_ns, end_ns)

    def wait_for(self, host_time_ns: int, timeout_s: float) -> bool:
        """Block until all that arrived and was posted up to this time is durable; say whether it is."""
        with self._news:
            self._wanted_ns = max(self._wanted_ns, host_time_ns)
            self._news.wait_for(lambda: self._stored_until_ns >= host_time_ns or self._is_over, timeout_s)
            return self._stored_until_ns >= host_time_ns

    def _turn(self, *, is_pause: bool) -> None:
        with self._news:
            # Stamped under the lock: no sample that was read before can have been taken after.
            self._posted.append(Turn(self._clock.now_ns(), is_pause))

    def _publish(self, **changes: object) -> None:
        with self._news:
            self._status = replace(self._status, **changes)  # type: ignore[arg-type]
            self._news.notify_all()

    # From here on everything runs in the recorder's thread.

    def _run(self) -> None:
        try:
            info = self._source.open()
            self._sink = self._open_sink(info)
            try:
                self._begin(info)
                while not self._stopping:
                    self._step(READ_S)
                self._finish()
            except BaseException:
                self._rescue()
                raise
            finally:
                self._sink.close()
        except UserError as error:
            self._fail(error)
        except Exception as error:
            log.exception("the recorder broke down")
            self._fail(BugError(f"The recording ended by a fault of Gazeroom ({error}); the log has more."))
        finally:
            self._close_source()
            with self._news:
                self._is_over = True
                self._news.notify_all()

    def _rescue(self) -> None:
        """Something broke: store what was taken in until then, if that is possible."""
        try:
            self._sink.commit()
        except Exception:
            log.exception("what was not stored yet is lost")

    def _close_source(self) -> None:
        try:
            self._source.close()
        except Exception:
            log.exception("the gaze source could not be closed")

    def _fail(self, error: GazeroomError) -> None:
        self._error = error
        self._publish(state=RecorderState.FAILED, is_stored=False, message=str(error))

    def _begin(self, info: SourceInfo) -> None:
        self._info = info
        self._next_wall_clock_ns = opened_ns = self._clock.now_ns()
        self._scrutiny = Scrutiny(info, opened_ns)
        self._intake = Intake(info, self._sink, opened_ns)
        self._publish(state=RecorderState.RECORDING)

    def _step(self, timeout_s: float) -> None:
        """Read once, and commit when it is time."""
        horizon_ns = self._clock.now_ns()
        is_awaited = self._stored_until_ns < self._wanted_ns <= horizon_ns and not self._trouble
        batch = self._read(0.0 if is_awaited else timeout_s)
        is_urgent = self._take_posted()
        self._the_intake().take_batch(batch)
        self._note_wall_clock()
        if is_urgent or is_awaited or time.monotonic() - self._tried_s >= COMMIT_EVERY_S:
            is_stored = self._commit()
            self._show()
            if is_stored:
                with self._news:
                    self._stored_until_ns = horizon_ns
                    self._news.notify_all()

    def _read(self, timeout_s: float) -> Batch:
        """What the source sent; a source that breaks ends the gaze, not the recording."""
        if not self._is_source_broken:
            try:
                return self._scrutiny.look(self._source.read(timeout_s), self._clock.now_ns())
            except UserError as error:
                self._lose_source(str(error))
            except Exception:
                log.exception("the gaze source broke down")
                self._lose_source("The gaze source broke down (the log has more): start it anew.")
        self._clock.wait_until(self._clock.now_ns() + round(timeout_s * 1e9), timeout_s)
        dtype = sample_dtype(self._info.channels)
        return Batch(np.zeros(0, dtype=dtype), np.zeros(0), np.zeros(0, dtype=np.int64))

    def _lose_source(self, message: str) -> None:
        self._is_source_broken = True
        self._error = SourceError(message)
        self._the_intake().lose_source(self._clock.now_ns(), message)

    def _take_posted(self) -> bool:
        """Hand on what was posted; says whether some of it must be durable at once."""
        with self._news:
            posted, self._posted = self._posted, []
        for item in posted:
            self._the_intake().take(item)
        return any(not isinstance(item, ViewState) for item in posted)

    def _note_wall_clock(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns >= self._next_wall_clock_ns:
            self._the_intake().take(Event(now_ns, "clock", {"unix_ns": time.time_ns()}))
            self._next_wall_clock_ns = now_ns + WALL_CLOCK_EVERY_NS

    def _commit(self) -> bool:
        """Make what there is durable; a store that refuses is asked again, and the samples wait."""
        now_s = time.monotonic()
        if self._refused_since_s is not None and now_s - self._tried_s < RETRY_EVERY_S:
            return False
        self._tried_s = now_s
        self._the_intake().digest()
        self._committing_since_s = now_s
        try:
            self._sink.commit()
        except StoreError as error:
            if self._refused_since_s is None:
                log.warning("the store refuses to write: %s", error)
                self._refused_since_s = now_s
                self._the_intake().take(
                    Event(self._clock.now_ns(), "storing_refused", {"message": str(error)})
                )
            if now_s - self._refused_since_s > MAX_WAITING_S:
                raise
            self._trouble = f"Gaze waits in memory, it is not stored: {error}"
            return False
        finally:
            self._committing_since_s = None
        if self._refused_since_s is not None:
            waited_s = round(now_s - self._refused_since_s, 3)
            self._refused_since_s, self._trouble = None, ""
            self._the_intake().take(Event(self._clock.now_ns(), "storing_again", {"waited_s": waited_s}))
        return True

    def _show(self) -> None:
        """Publish how it goes."""
        intake = self._the_intake()
        state = RecorderState.PAUSED if intake.is_paused else RecorderState.RECORDING
        validity, rate_hz = intake.live.recent_quality()
        self._publish(
            state=RecorderState.FAILED if self._is_source_broken else state,
            n_samples=intake.n_samples,
            validity=validity,
            rate_hz=rate_hz,
            owed_hz=self._info.nominal_rate_hz,
            clock=intake.live.clock_fit(),
            gaps=intake.live.ledger,
            is_stored=not self._trouble,
            message=self._trouble or intake.notice or self._scrutiny.notice(self._clock.now_ns()),
            warning=intake.warning,
        )

    def _finish(self) -> None:
        """Take in what is left, close the gaps that are open, and seal."""
        batch = self._read(0.0)
        self._take_posted()
        intake = self._the_intake()
        intake.take_batch(batch)
        end_ns = self._clock.now_ns()
        intake.finish(end_ns)
        deadline_s = time.monotonic() + FINISH_S
        while not self._commit():
            if time.monotonic() > deadline_s:
                raise StoreError(self._trouble)
            time.sleep(RETRY_EVERY_S)
        self._sink.seal()
        self._show()
        with self._news:
            self._stored_until_ns = max(self._stored_until_ns, end_ns)
        self._publish(state=RecorderState.STOPPED)

    def _the_intake(self) -> Intake:
        assert self._intake is not None
        return self._intake

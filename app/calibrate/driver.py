"""Carries out what the procedure of `acquisition.calibration` orders. Has no widgets.

The screen asks where the target is (`target`), paints it and says so (`painted`); only what was painted is
told to the recording, and only then does the target rest. Calls into the tracker block, so one thread beside
makes them in order. What was begun before the reader gave up is finished, but what comes of it is forgotten,
and the tracker's calibration mode is left whatever happens.
"""

from __future__ import annotations

import logging
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from acquisition.calibration import (
    LOOK_S,
    REST_S,
    Aborted,
    Accepted,
    Begun,
    Collected,
    Computed,
    Do,
    Failed,
    Happening,
    Judged,
    Order,
    Procedure,
    RedoAll,
    Rested,
    Stage,
    after,
)
from acquisition.clock import HostClock
from acquisition.domain import (
    Display,
    Event,
    TargetQuality,
    Validation,
    ValidationKind,
    ViewState,
)
from acquisition.errors import SourceError, UserError
from acquisition.sources.base import Calibrator
from acquisition.validation import Point, judge_target, validation_to_values
from app.background import Background
from app.calibrate.account import calibration_values, validation_of
from app.calibrate.motion import has_travelled, shrunk, travelled
from app.read.ports import RecorderPort
from app.read.sitting import Sitting
from app.texts import Text, say

log = logging.getLogger(__name__)

FRAME_MS = 16
ARRIVAL_NS = 50_000_000
"""Gaze is looked for again so often ..."""
N_ARRIVALS = 10
"""... and so many times, until a sample taken later shows that all of it has come."""
STORE_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be painted now."""

    x: float
    y: float
    """Fractions of the display."""
    size: float
    """1 when it comes, less when it has rested."""
    has_arrived: bool


@dataclass(frozen=True, slots=True)
class Look:
    """Gaze at one target of a validation, and what was made of it."""

    gaze: NDArray[np.void]
    quality: TargetQuality


Outcome = Collected | Computed | Look | bytes | None
"""What comes back from the thread beside."""


@dataclass(slots=True)
class _Showing:
    """A target on its way or at rest."""

    origin: Point
    target: Point
    start_ns: int
    painted_ns: int | None = None
    """When it was first painted where it rests."""


class CalibrationDriver(QObject):
    """One sitting's tracker, recording and procedure."""

    changed = Signal(object)
    """The Procedure, whenever something happened."""
    moved = Signal()
    """The target is to be painted anew."""
    kept = Signal(object)
    """The Validation, once it is in the recording."""

    def __init__(self, sitting: Sitting, clock: HostClock, parent: QObject | None = None) -> None:
        """Nothing is under way. `close` it before the recorder of the sitting is stopped."""
        super().__init__(parent)
        self._sitting, self._clock = sitting, clock
        self._background = Background("calibration", 1, self)
        self._orders: deque[Order] = deque()
        self._running: Order | None = None
        self._showing: _Showing | None = None
        self._at: Point | None = None
        self._epoch = 0
        self.is_held = False
        """Whether something else is asked meanwhile."""
        self._is_closed = False
        self._is_spoilt = False
        """Whether the tracker collected while the reader was not looking."""
        self._kind = ValidationKind.VALIDATION
        self._ground_grey = 0
        self._now = Procedure((), ())
        self.looks: dict[Point, Look] = {}
        """The last look at each target of the validation."""
        self._timer = QTimer(self, interval=FRAME_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._on_frame)

    @property
    def procedure(self) -> Procedure:
        """What is."""
        return self._now

    @property
    def display(self) -> Display:
        """The display under the tracker."""
        return self._sitting.session.display

    @property
    def calibrator(self) -> Calibrator | None:
        """The tracker's; None where it is calibrated in its own program."""
        return self._recorder.calibrator

    @property
    def validation(self) -> Validation:
        """What was judged so far."""
        return validation_of(self._sitting, self._kind, self._now.judged, self._clock.now_ns())

    def prepare(
        self, procedure: Procedure, ground_grey: int, kind: ValidationKind = ValidationKind.VALIDATION
    ) -> None:
        """Take up a procedure, shown on this grey (0 to 255); it waits for `Begun`."""
        self._forget()
        self._now, self._kind, self._at = procedure, kind, None
        self._ground_grey = ground_grey
        self.looks.clear()
        self.changed.emit(procedure)

    def happen(self, happening: Happening) -> None:
        """Something happened: do what follows from it."""
        before = self._now
        self._now, orders = after(before, happening)
        if self._now is before and not orders:
            return
        if isinstance(happening, Aborted | Failed | RedoAll):
            self._forget()
        self._note(before, happening)
        self._orders.extend(orders)
        if self._now.target is None:
            self._clear_screen()
        self.changed.emit(self._now)
        if self._now.stage is Stage.RESULT and self._kind is ValidationKind.DRIFT:
            self.happen(Accepted())
        self._work()

    def hold(self) -> None:
        """Stand still while something else is asked; a target that was being looked at comes again."""
        self.is_held = True
        self._showing = None
        doing = None if self._running is None else self._running.do
        if doing in (Do.COLLECT, Do.LOOK):
            self._epoch += 1
        self._is_spoilt = doing is Do.COLLECT

    def go_on(self) -> None:
        """Go on where `hold` stood still."""
        self.is_held = False
        target = self._now.target
        is_shown_next = any(order.do is Do.SHOW for order in self._orders)
        if target is not None and not is_shown_next and self._is_at_target:
            if self._is_spoilt:
                self._orders.append(Order(Do.DISCARD, target))
            self._orders.append(Order(Do.SHOW, target))
        self._work()

    def target(self) -> Target | None:
        """What is to be painted now; None for the bare background."""
        showing = self._showing
        if showing is None:
            return None
        elapsed_s = (self._clock.now_ns() - showing.start_ns) * 1e-9
        x, y = travelled(showing.origin, showing.target, elapsed_s)
        rested_s = 0.0 if showing.painted_ns is None else (self._clock.now_ns() - showing.painted_ns) * 1e-9
        if not has_travelled(showing.origin, showing.target, elapsed_s):
            return Target(x, y, 1.0, has_arrived=False)
        return Target(*showing.target, shrunk(rested_s), has_arrived=True)

    def painted(self, target: Target, x_display_px: float, y_display_px: float) -> None:
        """The target is on the screen, there; the first time that it rests is told to the recording."""
        showing = self._showing
        if showing is None or not target.has_arrived or showing.painted_ns is not None:
            return
        showing.painted_ns = self._clock.now_ns()
        layout = "drift" if self._kind is ValidationKind.DRIFT else str(self._now.stage)
        layout = {"calibrating": "calibration", "validating": "validation"}.get(layout, layout)
        self._recorder.post(ViewState(showing.painted_ns, (), layout, target_px=(x_display_px, y_display_px)))

    def close(self) -> None:
        """Leave the tracker's calibration mode if it is in it, and end the thread. May be called twice."""
        if self._is_closed:
            return
        self._is_closed = True
        self._forget()
        is_leaving = any(order.do is Do.LEAVE for order in self._orders)
        if (self._now.is_entered or is_leaving) and self.calibrator is not None:
            self._background.run(partial(_leave, self.calibrator), lambda _: None)
        self._background.close()

    # One order after the other

    @property
    def _recorder(self) -> RecorderPort:
        return self._sitting.recorder

    @property
    def _is_at_target(self) -> bool:
        """Whether the procedure waits for a target, not for the tracker to enter, forget or compute."""
        waiting = [order.do for order in (self._running, *self._orders) if order is not None]
        return not {Do.ENTER, Do.DISCARD, Do.COMPUTE}.intersection(waiting)

    def _forget(self) -> None:
        """Nothing that was asked for counts any more, but the tracker's mode is still left."""
        self._epoch += 1
        self.is_held = False
        self._showing = None
        self._timer.stop()
        self._orders = deque(order for order in self._orders if order.do is Do.LEAVE)

    def _work(self) -> None:
        if self._running is not None or self.is_held or self._is_closed or not self._orders:
            return
        order = self._orders.popleft()
        if order.do is Do.SHOW and order.target is not None:
            origin = self._at or order.target
            self._showing = _Showing(origin, order.target, self._clock.now_ns())
            self._at = order.target
            self._timer.start()
            self._on_frame()
            return
        if order.do is Do.COMPUTE:
            self._clear_screen()
        self._running = order
        work = partial(self._carry_out, order, self._clock.now_ns())
        self._background.run(work, partial(self._on_done, order, self._epoch))

    def _carry_out(self, order: Order, start_ns: int) -> Outcome:
        """Runs in the thread beside."""
        calibrator, (x, y) = self.calibrator, order.target or (0.0, 0.0)
        if order.do is Do.LOOK:
            return self._look((x, y), start_ns)
        if order.do is Do.KEEP:
            return _retrieved(calibrator if self._now.calibration else None)
        if calibrator is None:
            raise SourceError("This tracker cannot be calibrated from here: use its own program.")
        match order.do:
            case Do.ENTER:
                calibrator.enter()
            case Do.COLLECT:
                return Collected(calibrator.collect(x, y))
            case Do.DISCARD:
                calibrator.discard(x, y)
            case Do.COMPUTE:
                return Computed(calibrator.compute())
            case Do.LEAVE:
                _leave(calibrator)
        return None

    def _on_done(self, order: Order, epoch: int, future: Future[Outcome]) -> None:
        self._running = None
        error = future.exception()
        if epoch != self._epoch:
            self._work()
        elif error is not None:
            self.happen(Failed(_sentence(error)))
        else:
            self._take(order, future.result())
        self._work()

    def _take(self, order: Order, outcome: Outcome) -> None:
        if isinstance(outcome, Look) and order.target is not None:
            self.looks[order.target] = outcome
            self.happen(Judged(outcome.quality))
        elif isinstance(outcome, bytes):
            self._keep(outcome)
        elif isinstance(outcome, Collected | Computed):
            self.happen(outcome)

    def _clear_screen(self) -> None:
        """No target is painted any more, and the recording knows."""
        if self._showing is not None and self._showing.painted_ns is not None:
            self._recorder.post(ViewState(self._clock.now_ns(), ()))
        self._showing = None
        self.moved.emit()

    def _look(self, target: Point, start_ns: int) -> Look:
        """Runs in the thread beside."""
        end_ns = start_ns + round(LOOK_S * 1e9)
        for n in range(1, N_ARRIVALS + 1):
            now_ns = end_ns + n * ARRIVAL_NS
            self._recorder.wait_for(now_ns, LOOK_S + STORE_TIMEOUT_S)
            if len(self._recorder.between(end_ns, now_ns)):
                break
        gaze = self._recorder.between(start_ns, end_ns)
        rate_hz = self._recorder.rate_hz
        return Look(gaze, judge_target(gaze, target, start_ns, end_ns, self.display, rate_hz))

    @Slot()
    def _on_frame(self) -> None:
        showing = self._showing
        if showing is None:
            self._timer.stop()
            return
        if showing.painted_ns is not None and self._clock.now_ns() - showing.painted_ns >= REST_S * 1e9:
            self._timer.stop()
            self.happen(Rested())
        self.moved.emit()

    # What the recording is told

    def _note(self, before: Procedure, happening: Happening) -> None:
        what = "drift_check" if self._kind is ValidationKind.DRIFT else "calibration"
        if isinstance(happening, Begun | RedoAll):
            n_targets = len(self._now.calibration) + len(self._now.validation)
            self._post(f"{what}_begun", {"n_targets": n_targets, "ground_grey": self._ground_grey})
        elif isinstance(happening, Collected) and len(self._now.missed) > len(before.missed):
            x, y = self._now.missed[-1]
            self._post("calibration_target_missed", {"x": x, "y": y})
        elif isinstance(happening, Aborted):
            self._post(f"{what}_aborted", {"stage": str(before.stage)})
        if self._now.stage is Stage.TROUBLE and before.stage is not Stage.TROUBLE:
            self._post(f"{what}_failed", {"problem": self._now.problem})

    def _keep(self, blob: bytes) -> None:
        validation = self.validation
        if self._now.calibration:
            self._post("calibration", calibration_values(self._now, blob))
        self._post("validation", validation_to_values(validation))
        self.kept.emit(validation)

    def _post(self, kind: str, detail: dict[str, Any]) -> None:
        self._recorder.post(Event(self._clock.now_ns(), kind, detail))


def _leave(calibrator: Calibrator) -> None:
    """Leaving is for good: a tracker that refuses is no reason to keep the reader."""
    try:
        calibrator.leave()
    except UserError as error:
        log.warning("the calibration mode was not left: %s", error)


def _retrieved(calibrator: Calibrator | None) -> bytes:
    """The calibration in use; a tracker that will not give it is no reason to lose the validation."""
    try:
        return b"" if calibrator is None else calibrator.retrieve()
    except UserError as error:
        log.warning("the calibration was not retrieved: %s", error)
        return b""


def _sentence(error: BaseException) -> str:
    if isinstance(error, UserError):
        return str(error)
    log.error("the calibration broke down", exc_info=error)
    return say(Text.CALIBRATION_FAULT)

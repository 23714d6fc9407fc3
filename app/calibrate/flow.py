"""When the reader is calibrated and checked, and what the screens ask: between the Read room and the driver.

calibrate:  guide --begin--> targets --> result --accept--> on with the reading
              |  ^--- stop ----'            `--- redo, back to the targets
              `--skip--> on with the reading
check:      one target --> on with the reading, or the advice to calibrate first
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QWidget

from acquisition.calibration import (
    DRIFT_TARGET,
    FIVE,
    NINE,
    VALIDATION_FOUR,
    VALIDATION_NINE,
    Aborted,
    Accepted,
    Begun,
    EyesChosen,
    Procedure,
    RedoAll,
    RedoPoint,
    Stage,
)
from acquisition.clock import HostClock
from acquisition.domain import Event, Validation, ValidationKind, ViewState
from acquisition.drift import recalibration_advice
from acquisition.errors import UserError
from acquisition.recorder import RecorderStatus
from acquisition.validation import Point
from app.calibrate.checks import Checks, heard, measured
from app.calibrate.driver import CalibrationDriver
from app.calibrate.luminance import DEFAULT_GREY
from app.calibrate.page import CalibratePage
from app.calibrate.placing import outside
from app.calibrate.seat import seat_of
from app.read.key_bindings import own_bindings
from app.read.session import ReadingSession
from app.read.sitting import Sitting
from app.texts import Text, say

LOOK_EVERY_MS = 100
SEAT_NS = 400_000_000
"""The seat is the median over so much gaze."""
AT_TARGETS = (Stage.CALIBRATING, Stage.VALIDATING)

Then = Callable[[], object]


class CalibrationFlow(QObject):
    """One for the Read room; a fresh driver for every sitting."""

    opened = Signal(bool)
    """The page is to be shown; True where it must fill the display."""
    closed = Signal()
    """The page is to be put away, before what waited goes on."""

    def __init__(self, session: ReadingSession, clock: HostClock, *, asks: bool = True) -> None:
        """Nobody sits yet. One that does not `ask`, or of a source without gaze, lets everything pass."""
        super().__init__()
        self._session, self._clock = session, clock
        self.asks = asks and not session.source.is_silent
        self.page = CalibratePage(session.source)
        self.ground: Callable[[], int] = lambda: DEFAULT_GREY
        """Asked for the grey behind the targets."""
        self.is_wanted = False
        """Whether the reader has asked for a calibration before the next case."""
        self.leave_key = own_bindings().shown("leave")
        """Stops at a target."""
        self._advice: Text | None = None
        """What the reader is told before the next case."""
        self._is_in_case = False
        self._driver: CalibrationDriver | None = None
        self._checks = Checks()
        self._then: Then | None = None
        self._answers: tuple[Then, Then] = (lambda: None, lambda: None)
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)
        self._timer.timeout.connect(self._look_at_seat)
        self._connect()

    @property
    def is_active(self) -> bool:
        """Whether the page is shown."""
        return self._then is not None

    @property
    def driver(self) -> CalibrationDriver:
        """Of the sitting."""
        assert self._driver is not None, "nobody sits"
        return self._driver

    @property
    def is_due(self) -> bool:
        """Whether something comes before the next case."""
        is_due = self.is_wanted or self._advice or self._checks.is_due(self._clock.now_ns())
        return self.asks and bool(is_due) and not self._session.is_paused

    def begin(self, sitting: Sitting) -> None:
        """A reader sits down."""
        if not self.asks:
            return
        self._driver = CalibrationDriver(sitting, self._clock, self)
        self._driver.changed.connect(self._on_changed)
        self._driver.kept.connect(self._on_kept)
        self._checks, self._session.notice = Checks(), ""
        self.is_wanted, self._advice = False, None
        self.page.target.watch(self._driver)
        self.page.result.show_reader(sitting.reader.pseudonym)

    def end(self) -> None:
        """The reader gets up; a calibration under way is given up."""
        self._timer.stop()
        if self._driver is not None:
            if self._driver.procedure.stage in (*AT_TARGETS, Stage.RESULT):
                self._driver.happen(Aborted())
            self._driver.close()
            self._driver.deleteLater()
            self._driver = None
        if self.is_active:
            self._then = None
            self.closed.emit()

    def calibrate(self, then: Then) -> None:
        """Seat the reader, calibrate and validate; then go on."""
        if not self.asks:
            then()
            return
        self.is_wanted, self._advice = False, None
        self._open(then, fills=True)
        self._show_guide()

    def before_case(self, then: Then) -> None:
        """Whatever is due before a case is opened, if anything is; then go on."""
        if not self.is_due:
            then()
        elif self.is_wanted:
            self.calibrate(then)
        elif self._advice is not None:
            self._open(then, fills=False)
            self._advise(self._advice)
        else:
            self._check(then, in_case=False)

    def after_pause(self, then: Then, *, in_case: bool) -> None:
        """A check, for the reader may have moved; what it advises waits for the end of an open case."""
        if self.asks:
            self._check(then, in_case=in_case)
        else:
            then()

    def hear(self, status: RecorderStatus | None) -> None:
        """How the recording goes: a tracker that was away makes a check due."""
        self._checks = heard(self._checks, status.last_sample_age_s if status else None)

    def step_back(self) -> None:
        """Esc: ask once whether to stop; from a question back to the targets."""
        if not self.is_active:
            return
        if self.page.shown is self.page.question:
            self._answers[0 if self.driver.is_held else 1]()
        elif self.page.shown in (self.page.target, self.page.result):
            self.driver.hold()
            on, stop = (Text.GO_ON, self._go_on), (Text.STOP, self._stop)
            self._ask(Text.STOP_TITLE, say(Text.STOP_QUESTION), on, stop)

    @Slot()
    def refresh_ground(self) -> None:
        """The case hangs otherwise than before; the ground follows, unless somebody looks at a target."""
        if self.is_active and self.page.shown is not self.page.target:
            self.page.set_ground(self.ground())

    # What the pages say

    def _connect(self) -> None:
        guide, result, question = self.page.guide, self.page.result, self.page.question
        self.page.resized.connect(self.refresh_ground)
        guide.begun.connect(self._on_begun)
        guide.skipped.connect(self._on_skipped)
        question.first.connect(lambda: self._answers[0]())
        question.second.connect(lambda: self._answers[1]())
        result.accepted.connect(lambda: self.driver.happen(Accepted()))
        result.redo_all.connect(lambda: self.driver.happen(RedoAll()))
        result.redo_point.connect(lambda target: self.driver.happen(RedoPoint(target)))
        result.eyes_chosen.connect(lambda eyes: self.driver.happen(EyesChosen(eyes)))

    @Slot(bool)
    def _on_begun(self, with_nine: bool) -> None:
        calibration: tuple[Point, ...] = NINE if with_nine else FIVE
        if self.driver.calibrator is None:
            calibration = ()
        self._timer.stop()
        self.page.set_ground(self.ground())
        validation = VALIDATION_NINE if with_nine else VALIDATION_FOUR
        self.driver.prepare(Procedure(calibration, validation), self.page.ground_grey)
        self.driver.happen(Begun())

    @Slot()
    def _on_skipped(self) -> None:
        self._post("calibration_skipped")
        self._close()

    @Slot(object)
    def _on_changed(self, procedure: Procedure) -> None:
        if not self.is_active:
            return
        if procedure.stage in AT_TARGETS:
            self._show_progress(procedure)
        elif procedure.stage is Stage.TROUBLE:
            self._show_trouble(procedure.problem)
        elif procedure.stage is Stage.RESULT and procedure.validation != DRIFT_TARGET:
            self._show_result(procedure)

    @Slot(object)
    def _on_kept(self, validation: Validation) -> None:
        try:
            self._session.keep_validation(validation)
            self._session.notice = ""
        except UserError as error:
            self._session.notice = str(error)
        self._advice = self._advice_on(validation)
        if self._advice is not None and not self._is_in_case:
            self._advise(self._advice)
        else:
            self._close()

    # The pages

    def _check(self, then: Then, *, in_case: bool) -> None:
        """One target, whose result is not shown."""
        self._is_in_case = in_case
        self._open(then, fills=False)
        self.page.target.set_words(say(Text.DRIFT_HINT))
        self.page.turn_to(self.page.target)
        if outside(self.page.target, DRIFT_TARGET, self.driver.display):
            self._give_up(say(Text.DRIFT_OUTSIDE))
            return
        self.driver.prepare(Procedure((), DRIFT_TARGET), self.page.ground_grey, ValidationKind.DRIFT)
        self.driver.happen(Begun())

    def _open(self, then: Then, *, fills: bool) -> None:
        self._then = then
        self.page.set_ground(self.ground())
        self.opened.emit(fills)

    def _close(self) -> None:
        """Gaze was measured, or deliberately not: on with the reading."""
        self._timer.stop()
        self._checks = measured(self._checks, self._clock.now_ns())
        then, self._then = self._then, None
        self.closed.emit()
        if then is not None:
            then()

    def _show_guide(self) -> None:
        self.page.guide.show_source(is_calibrated_here=self.driver.calibrator is not None)
        self._turn_to(self.page.guide, "guide")
        self._timer.start()
        self._look_at_seat()

    @Slot()
    def _look_at_seat(self) -> None:
        sitting = self._session.sitting
        if sitting is None or self.page.shown is not self.page.guide:
            self._timer.stop()
            return
        now_ns = self._clock.now_ns()
        display = sitting.session.display
        self.page.guide.show_seat(seat_of(sitting.recorder.between(now_ns - SEAT_NS, now_ns)))
        n_outside = outside(self.page, NINE, display)
        warning = say(Text.TARGETS_OUTSIDE, n_outside=n_outside, n=len(NINE)) if n_outside else ""
        self.page.guide.show_warning(warning)

    def _show_progress(self, procedure: Procedure) -> None:
        if procedure.validation == DRIFT_TARGET:
            return
        every = procedure.calibration + procedure.validation
        n_left = len(procedure.to_collect) + len(procedure.to_look_at or procedure.validation)
        words = say(Text.TARGET_PROGRESS, number=len(every) - n_left + 1, n=len(every), leave=self.leave_key)
        self.page.target.set_words(words if procedure.target else say(Text.TRACKER_WORKS))
        self.page.turn_to(self.page.target)

    def _show_result(self, procedure: Procedure) -> None:
        driver = self.driver
        before = self._known()
        self.page.result.show_result(driver.validation, procedure, driver.display, driver.looks, before)
        self._turn_to(self.page.result, "result")

    def _show_trouble(self, problem: str) -> None:
        again = partial(self.driver.happen, RedoAll())
        self._ask(Text.TROUBLE_TITLE, problem, (Text.TRY_AGAIN, again), (Text.BACK, self._stop))

    def _advice_on(self, validation: Validation) -> Text | None:
        """Whether a drift check advises a calibration; the recording is told why."""
        if validation.kind is not ValidationKind.DRIFT:
            return None
        advice = recalibration_advice(self._known() or [validation], validation.session_id)
        if not advice:
            return None
        self._post("calibration_advised", advice=advice)
        return Text.SEAT_NOT_SEEN if validation.both.accuracy_deg is None else Text.ADVICE

    def _known(self) -> list[Validation]:
        """All validations of this reader; none where the store refuses, which the operator is told."""
        try:
            return self._session.validations()
        except UserError as error:
            self._session.notice = str(error)
            return []

    def _advise(self, advice: Text) -> None:
        """A quiet suggestion, without figures."""
        self._advice = None
        title = Text.ADVICE_TITLE if advice is Text.ADVICE else Text.ADVICE_UNSEEN
        calibrate, go_on = (Text.CALIBRATE_NOW, self._calibrate_now), (Text.GO_ON, self._close)
        self._ask(title, say(advice), calibrate, go_on)

    def _ask(self, title: Text, words: str, first: tuple[Text, Then], second: tuple[Text, Then]) -> None:
        self._answers = first[1], second[1]
        self.page.question.ask(title, words, first[0], second[0])
        self._turn_to(self.page.question, "question")

    def _turn_to(self, page: QWidget, layout: str) -> None:
        """Show a page without a target, and tell the recording."""
        self.page.set_ground(self.ground())
        self.page.turn_to(page)
        sitting = self._session.sitting
        if sitting is not None:
            sitting.recorder.post(ViewState(self._clock.now_ns(), (), layout))

    def _calibrate_now(self) -> None:
        self.opened.emit(True)
        self._show_guide()

    def _go_on(self) -> None:
        is_at_result = self.driver.procedure.stage is Stage.RESULT
        self.page.turn_to(self.page.result if is_at_result else self.page.target)
        self.driver.go_on()

    def _stop(self) -> None:
        """Give up what is under way: a calibration goes back to the guide, a check on with the reading."""
        is_check = self.driver.procedure.validation == DRIFT_TARGET
        self.driver.happen(Aborted())
        if is_check:
            self._close()
        else:
            self._show_guide()

    def _give_up(self, sentence: str) -> None:
        self._session.notice = sentence
        self._post("drift_check_skipped", problem=sentence)
        self._close()

    def _post(self, kind: str, **detail: str) -> None:
        sitting = self._session.sitting
        if sitting is not None:
            sitting.recorder.post(Event(self._clock.now_ns(), kind, detail))

"""The Read room: puts the parts on the screen and carries what they say to the session and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtGui import QCloseEvent, QFocusEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from acquisition.domain import Display
from acquisition.errors import UserError
from app.calibrate.flow import CalibrationFlow
from app.problem import details_of
from app.read.actions import bind_actions, make_actions, show_paused
from app.read.asides import Asides
from app.read.case_errors import AssessmentMissing
from app.read.consent import Consent
from app.read.dictating import Dictating, MakeDictation
from app.read.display_watch import DisplayWatch, screen_display
from app.read.image_actions import tie_image_actions
from app.read.key_book import KeyBook
from app.read.lightbox import LightBox
from app.read.lights import Lights
from app.read.loading import ImageLoader
from app.read.operator_panel import OperatorPanel
from app.read.pages import Pages
from app.read.reader_page import ReaderPage
from app.read.reception import Reception
from app.read.recording_bar import RecordingBar
from app.read.reporting import Reporting
from app.read.session import ReadingSession
from app.read.side_dock import SideDock
from app.read.side_panel import SidePanel
from app.read.sitting import Sitting
from app.read.stage import Stage
from app.read.storage_light import StorageLight
from app.read.taking_in import Intake
from app.read.turning import CaseTurner
from app.read.window_places import WindowPlaces
from app.read.worklist_panel import told
from app.texts import Text, say

LOOK_EVERY_MS = 500


class ReadWindow(QWidget):
    """A page of the main window; close it to end the sitting and its threads."""

    def __init__(
        self,
        session: ReadingSession,
        loader: ImageLoader,
        lightbox: LightBox,
        display_of: Callable[[QWidget], Display],
        calibration: CalibrationFlow,
        screen_of: Callable[[QWidget], Display] = screen_display,
        keys: KeyBook | None = None,
        screens_file: Path | None = None,
        intake: Intake | None = None,
        dictate: MakeDictation | None = None,
        reader_page: ReaderPage | None = None,
    ) -> None:
        """Ask who reads.

        `display_of` gives the display under the tracker, `screen_of` the screen; where the windows stand is
        remembered in `screens_file`; images are brought in through `intake`. A `reader_page` that is seen
        already becomes the first page.
        """
        super().__init__()
        self.setObjectName("readRoom")
        self.session = session
        self._loader = loader
        self.lightbox = lightbox
        self._display_of = display_of
        self.keys = keys or KeyBook()
        self.calibration = calibration
        self._is_closed = False
        self._watch = DisplayWatch(self, screen_of)
        self._reception = Reception(session, self._watch, self)
        self._reader_page = reader_page or ReaderPage(session.source)
        self._build()
        self._dictating = Dictating(session, dictate, self._actions["dictate"], self)
        self.places = WindowPlaces(session, self, self._dock, self._operator, screens_file)
        self._asides = Asides(
            self._pages,
            self._actions,
            self._reader_page,
            session,
            self.keys,
            self.places,
            intake,
            lambda: not self.calibration.is_active,
        )
        self._connect()
        self._show_readers()

    @property
    def is_case_shown(self) -> bool:
        """Whether all images of the open case were painted."""
        return self.session.open_reading is not None and self.lightbox.is_complete

    def showEvent(self, event: QShowEvent) -> None:
        """The light lies on the window that the room is in."""
        super().showEvent(event)
        self._storage_light.follow(self.window())
        self._show_light()

    def hideEvent(self, event: QHideEvent) -> None:
        """Gaze may be stored while another room is looked at."""
        super().hideEvent(event)
        self._show_light()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Pass the focus on to the page that is shown, so that its keys work."""
        super().focusInEvent(event)
        self._focus_page()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the sitting, seal its recording and wait for the threads."""
        if not self._is_closed:
            self._is_closed = True
            self.places.remember()
            self._end()
            self._operator.close()
            self._dictating.close()
            self._reporting.close()
            self._asides.close()
            self._reception.close()
            self._loader.close()
        super().closeEvent(event)

    def _build(self) -> None:
        self._pages = Pages(self)
        self._desk = QWidget()
        self._operator = OperatorPanel(self.session, self)
        self._side = SidePanel()
        self._actions = make_actions(self, self._desk, self.keys.bindings)
        self._dock = SideDock(self._side, self, [*self.actions(), *self._desk.actions()])
        self._reporting = Reporting(
            self.session, self.lightbox, self._side.findings, self._actions, self._do, self
        )
        self._bar = RecordingBar(self._actions, self.session.source.is_simulated)
        self._turner = CaseTurner(
            self.session, self.lightbox, self._loader, self.calibration, self._reporting, self._do, self
        )
        self._stage = Stage(self.lightbox)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        middle.addWidget(self._stage, stretch=1)
        middle.addWidget(self._dock)
        column = QVBoxLayout(self._desk)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(middle, stretch=1)
        column.addWidget(self._bar)
        for page in (self._reader_page, self._desk, self.calibration.page):
            self._pages.addWidget(page)
        self._storage_light = StorageLight(self)
        self._lights = Lights(self.session, self._reception, self._bar, self._storage_light)
        self._timer = QTimer(self, interval=LOOK_EVERY_MS)

    def _connect(self) -> None:
        for name, slot in {
            "trueSize": self._on_true_size,
            "previous": lambda: self._turner.step(-1),
            "next": lambda: self._turner.step(1),
            "search": self._on_search,
            "commit": self._on_commit,
            "commitFromNote": self._on_commit,
            "pause": self._on_pause,
            "panel": lambda: self._dock.show_panel(not self._dock.is_wanted),
            "operator": self._on_operator,
            "leave": self._on_leave,
            "calibrate": self._on_calibrate,
        }.items():
            self._actions[name].triggered.connect(slot)
        tie_image_actions(self._actions, self.lightbox)
        self.keys.changed.connect(self._show_keys)
        self._show_keys()
        self.lightbox.painted.connect(self.session.view_painted)
        self.lightbox.stage_shown.connect(self._bar.show_stage)
        self._turner.turned.connect(self._focus_page)
        self._reader_page.started.connect(self._on_started)
        self._reader_page.cancelled.connect(self._on_start_cancelled)
        self._asides.imported.connect(self._on_imported)
        self._pages.turned.connect(self._on_turned)
        self._side.worklist.case_chosen.connect(self.open_case)
        self._side.worklist.end_asked.connect(self._end)
        self._side.findings.commit_asked.connect(self._on_commit)
        self._dictating.told.connect(self._side.findings.show_problem)
        self._dictating.listening.connect(self._bar.show_dictation)
        self._operator.closed.connect(partial(self._actions["operator"].setChecked, False))
        self._operator.closed.connect(self.places.remember)
        self._timer.timeout.connect(self._look_at_recorder)
        self._reception.began.connect(self._on_began)
        self._reception.refused.connect(self._reader_page.show_problem)
        self._reception.interrupted.connect(self._on_interrupted)
        self._reception.sealed.connect(self._show_light)
        self._actions["calibrate"].setEnabled(self.calibration.asks)
        self.calibration.ground = lambda: self._turner.ground((self.width(), self.height()))
        self.calibration.opened.connect(self._on_calibration_opened)
        self.calibration.closed.connect(self._on_calibration_closed)
        self._loader.loaded.connect(self.calibration.refresh_ground)

    # Sittings

    @Slot(str, object)
    def _on_started(self, pseudonym: str, consent: Consent) -> None:
        self._reader_page.show_busy(True)
        self._reception.start(pseudonym, self._display_of(self), consent)

    @Slot()
    def _on_start_cancelled(self) -> None:
        self._reception.cancel()
        self._reader_page.show_busy(False)

    @Slot(object)
    def _on_began(self, sitting: Sitting) -> None:
        self._reader_page.show_busy(False)
        self.session.begin(sitting)
        self._side.worklist.show_notice("")
        self._pages.turn_to(self._desk)
        self._timer.start()
        self._look_at_recorder()
        self.calibration.begin(sitting)
        self._turner.begin()

    @Slot()
    def _end(self) -> None:
        """End the sitting; its recording is sealed in the background, or at once when the room closes."""
        if self.session.reader is None:
            return
        self._dictating.end()
        self.calibration.end()
        self._do(self._reporting.keep_note)
        self._timer.stop()
        self._turner.end()
        sitting = self.session.end()
        if sitting is not None and self._is_closed:
            sitting.stop()
        elif sitting is not None:
            self._reception.seal(sitting)
        self._show_readers()

    @Slot(str)
    def _on_interrupted(self, sentence: str) -> None:
        self._end()
        self._reader_page.show_problem(sentence)

    def _show_readers(self) -> None:
        self._on_imported()
        self._pages.turn_to(self._reader_page)

    @Slot()
    def _on_imported(self) -> None:
        names = [reader.pseudonym for reader in self.session.readers()]
        self._reader_page.show_readers(names, self.session.has_cases())

    # Cases

    @Slot(str)
    def open_case(self, case_id: str | None) -> None:
        """Put a case on the light box; None says that everything is read."""
        self._turner.open(case_id)

    @Slot()
    def _on_commit(self) -> None:
        opened = self.session.open_reading
        if opened is None:
            return
        try:
            self._reporting.keep_note()
            committed = self.session.commit()
        except AssessmentMissing as missing:
            self._dock.show_panel()
            self._side.findings.show_problem(say(Text.CHOOSE_ANSWER, question=missing.question.title))
        except UserError as error:
            self._side.findings.show_problem(str(error), details_of(error))
        else:
            self._side.worklist.show_notice(told(committed))
            self.open_case(self.session.next_unread(opened.case.id))

    @Slot()
    def _on_true_size(self) -> None:
        display = self._display_of(self)
        are_all = self.lightbox.true_size(display.width_mm / display.width_px)
        self._side.findings.show_problem("" if are_all else say(Text.NO_TRUE_SIZE))

    def _do(self, verb: Callable[[], object]) -> None:
        """Do it, show what came of it, and say it plainly where the store refused."""
        problem = "", ""
        try:
            verb()
        except UserError as error:
            problem = str(error), details_of(error)
        self._side.findings.show_problem(*problem)
        self._refresh()

    # The room

    @Slot()
    def _on_search(self) -> None:
        self._dock.take_focus()
        self._side.worklist.search()

    @Slot()
    def _on_pause(self) -> None:
        was_paused = self.session.is_paused
        self._dictating.end()
        self._do(self.session.resume if was_paused else self.session.pause)
        self._look_at_recorder()
        if was_paused:
            self.calibration.after_pause(self._refresh, in_case=self.session.open_reading is not None)

    @Slot()
    def _on_calibrate(self) -> None:
        """At once where no case is open, else before the next one."""
        self.calibration.is_wanted = self._actions["calibrate"].isChecked()
        if self.session.open_reading is None and not self.session.is_paused:
            self.calibration.calibrate(self._refresh)

    @Slot(bool)
    def _on_calibration_opened(self, fills: bool) -> None:
        self._pages.turn_to(self.calibration.page)
        if fills:
            self._actions["calibrate"].setChecked(False)
            self.calibration.page.fill_display()

    @Slot()
    def _on_calibration_closed(self) -> None:
        self.calibration.page.give_back()
        self._pages.turn_to(self._desk)

    @Slot()
    def _on_operator(self) -> None:
        self.places.show_operator(self._actions["operator"].isChecked())
        self._look_at_recorder()

    @Slot()
    def _on_leave(self) -> None:
        if self._pages.has_aside:
            self._pages.come_back()
        elif self.calibration.is_active:
            self.calibration.step_back()
        elif self.session.reader is None:
            return
        elif self._side.findings.is_writing:
            self._focus_page()
        elif self._reporting.put_tool_away():
            return
        elif self.lightbox.is_alone:
            self.lightbox.toggle_alone()

    @Slot()
    def _show_keys(self) -> None:
        """Wherever a key is named or pressed, it is the one that holds now."""
        bindings = self.keys.bindings
        bind_actions(self._actions, bindings)
        self.lightbox.bind(bindings)
        self._reader_page.show_keys(bindings)
        self._stage.show_keys(bindings)
        self._side.findings.show_keys(bindings)
        self._reporting.show_keys(bindings)
        self.calibration.leave_key = bindings.shown("leave")

    @Slot()
    def _look_at_recorder(self) -> None:
        self._watch.look()
        self.calibration.hear(self.session.status())
        self._show_light()

    @Slot()
    def _show_light(self) -> None:
        """In the bar, and over every page that has none."""
        self._lights.show(is_bar_seen=self.isVisible() and self._pages.currentWidget() is self._desk)

    def _refresh(self) -> None:
        """Show the session as it is now."""
        opened = self.session.open_reading
        self._reporting.show(opened)
        if self.session.reader is not None:
            case_id = opened.case.id if opened else None
            self._side.worklist.show_worklist(self.session.reader.pseudonym, self.session.worklist, case_id)
        show_paused(self._actions["pause"], self.session.is_paused)
        if self._stage.show_session(self.session):
            self._focus_page()

    @Slot()
    def _on_turned(self) -> None:
        self._dock.show_with_desk(self._pages.currentWidget() is self._desk)
        self._show_light()
        self._focus_page()

    def _focus_page(self) -> None:
        page = self._pages.currentWidget()
        target = self._stage.currentWidget() if page is self._desk else page
        self._dock.leave_focus_to(self.window())
        if target is not None:
            target.setFocus()

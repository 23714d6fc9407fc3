"""One sitting of one reader: opens readings, keeps marks, commits. Knows no Qt.

Everything the reader does is on its way into the store before it is shown: a mark when it is drawn, the
category when it is chosen; `kept` says when it is there. No case is left before all of it is. Leaving a
case without a commit keeps it as a draft, and coming back copies the draft into the new reading.

    no sitting --begin--> no case --open--> reading <--pause, resume--> paused
        ^------end--------'  ^----commit, leave----'
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from acquisition.assisted import GAZE_MARK
from acquisition.clock import HostClock
from acquisition.domain import (
    Annotation,
    Assessment,
    Display,
    Event,
    Image,
    MarkKind,
    Reader,
    ReadingState,
    Session,
    Validation,
    ViewState,
    new_id,
)
from acquisition.errors import BugError, StoreError
from acquisition.live import Tally
from acquisition.recorder import RecorderStatus
from app.read.case_errors import AssessmentMissing, CaseRests
from app.read.consent import Consent
from app.read.gaze_marking import NoPlace, look_begins_ns, place_of
from app.read.keeping import AtOnce, Keeper, Kept
from app.read.open_reading import OpenReading, taken_up
from app.read.ports import ReadingCatalogue
from app.read.reader_list import reader_list, readers
from app.read.report import Difference, History, Report, difference, relabelled, with_marks, without
from app.read.sitting import Sitting, SourceChoice, StartRecorder
from app.read.templates import Template, template_for, unanswered
from app.read.worklist import ONCE, WorkItem, coming, next_unread, step, updated

log = logging.getLogger(__name__)


class ReadingSession:
    """Between the window, the catalogue and the recorder."""

    def __init__(
        self,
        catalogue: ReadingCatalogue,
        start_recorder: StartRecorder,
        clock: HostClock,
        source: SourceChoice,
        templates: Sequence[Template],
        are_readers_simulated: bool = False,
        keeper: Keeper | None = None,
    ) -> None:
        """Nobody reads yet.

        `start_recorder` returns once gaze is being stored, or raises. Without a `keeper` every change is in
        the catalogue before it is shown.
        """
        self._templates = templates
        self._are_readers_simulated = are_readers_simulated
        self._catalogue = catalogue
        self._keeper = keeper or AtOnce(catalogue)
        self._start_recorder = start_recorder
        self._clock = clock
        self.source = source
        self._sitting: Sitting | None = None
        self._open: OpenReading | None = None
        self._is_paused = False
        self._worklist: tuple[WorkItem, ...] = ()
        self._assignment = ONCE
        self._view = ViewState(0, ())
        self.first_case_id: str | None = None
        """The case that the sitting begins with: the one left last time, else the next unread one."""
        self.notice = ""
        """A sentence for the operator that is no matter of the recorder's."""
        self._validations: list[Validation] = []

    @property
    def reader(self) -> Reader | None:
        """Who reads."""
        return self._sitting.reader if self._sitting else None

    @property
    def sitting(self) -> Sitting | None:
        """Who reads, and what records it."""
        return self._sitting

    @property
    def open_reading(self) -> OpenReading | None:
        """The case in front of the reader."""
        return self._open

    @property
    def is_paused(self) -> bool:
        """Whether gaze is not stored for the moment."""
        return self._is_paused

    @property
    def worklist(self) -> tuple[WorkItem, ...]:
        """Every case with what this reader made of it."""
        return self._worklist

    @property
    def kept(self) -> Kept:
        """How far what was said of the case is in the store."""
        return self._keeper.state

    def readers(self) -> list[Reader]:
        """The people who can pick themselves."""
        return readers(self._catalogue, self._are_readers_simulated)

    def has_cases(self) -> bool:
        """Whether there is anything to read."""
        return bool(self._catalogue.cases())

    def prepare(self, pseudonym: str, display: Display, consent: Consent) -> Sitting:
        """Start a recorder for this reader; slow, and may be called from another thread.

        Raises:
            ConsentMissing: the reader was not told what is stored.
            SourceError: the gaze source cannot be opened.
            StoreError: the reader or the recording cannot be stored.
        """
        now_ns = self._clock.now_ns()
        agreed = consent.event(now_ns)
        reader = self._catalogue.ensure_reader(
            pseudonym=pseudonym.strip(), is_simulated=self._are_readers_simulated
        )
        session = Session(
            id=new_id("ses"),
            reader_id=reader.id,
            reader_pseudonym=reader.pseudonym,
            source_name=self.source.name,
            is_simulated=self.source.is_simulated,
            display=display,
            opened_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
            opened_host_time_ns=now_ns,
        )
        recorder = self._start_recorder(session, agreed)
        self._catalogue.add_session(session)
        return Sitting(reader, session, recorder)

    def begin(self, sitting: Sitting) -> None:
        """The reader sits down."""
        self._sitting = sitting
        self._is_paused = False
        self._validations = self._catalogue.validations(sitting.reader.id)
        given = reader_list(self._catalogue, sitting.reader)
        self._worklist, self._assignment = given.items, given.assignment
        self.first_case_id = given.first_case_id

    def end(self) -> Sitting | None:
        """The reader gets up; an open case stays a draft. The caller stops the recorder of the sitting."""
        if self._is_paused:
            self.resume()
        try:
            self.leave()
        except StoreError as error:
            log.error("a reading was left open, the next start closes it: %s", error)
            self._open = None
        ended, self._sitting = self._sitting, None
        return ended

    def open(self, case_id: str) -> OpenReading:
        """Open a case, with the draft that this reader left there; the case open before is left."""
        sitting = self._the_sitting()
        self._refuse_resting(case_id)
        self.leave()
        case = next(case for case in self._catalogue.cases() if case.id == case_id)
        images = tuple(self._catalogue.images(case_id))
        now_ns = self._clock.now_ns()
        drafted, assessment = self._catalogue.drafts(sitting.reader.id, case_id)
        speech = tuple(self._catalogue.drafted_speech(sitting.reader.id, case_id))
        reading = self._catalogue.open_reading(sitting.session.id, sitting.reader.id, case_id, now_ns)
        template = template_for(self._templates, images)
        empty = Report(Assessment(reading.id, template=template.name))
        self._open = OpenReading(reading, case, images, template, History(empty), speech)
        self._post(now_ns, "reading_opened", self._open.opened_detail(sitting.reader))
        if drafted or assessment is not None:
            self._take_up(taken_up(drafted, assessment, reading.id, template))
        return self._the_reading()

    def _refuse_resting(self, case_id: str) -> None:
        line = next((item for item in self._worklist if item.case_id == case_id), None)
        if line is not None and line.is_resting:
            raise CaseRests(f"Case {line.number:03d} rests until {line.due_on}: read another one until then.")

    def leave(self) -> None:
        """Put the open case away without a commit; its marks stay as a draft."""
        if self._open is None:
            return
        self._keeper.settle()
        now_ns, tally = self._tally()
        self._catalogue.interrupt_reading(self._open.reading.id, now_ns, *tally)
        self._close_reading(now_ns, ReadingState.INTERRUPTED, tally)

    def commit(self) -> WorkItem:
        """Conclude the open case; its line in the worklist says whether it must be read again.

        Raises:
            AssessmentMissing: a question that must be answered is not; the case stays open.
        """
        opened = self._the_reading()
        if (missing := unanswered(opened.template, opened.assessment)) is not None:
            raise AssessmentMissing(missing)
        self._keeper.settle()
        now_ns, tally = self._tally()
        self._catalogue.commit_reading(opened.reading.id, opened.assessment, now_ns, *tally)
        self._close_reading(now_ns, ReadingState.COMMITTED, tally)
        return next(item for item in self._worklist if item.case_id == opened.case.id)

    def close(self) -> None:
        """What waits for the store is stored, where it takes it; nothing can be said any more."""
        self._keeper.close()

    def neighbour(self, by: int) -> str | None:
        """The case `by` steps further in the worklist, None at its ends."""
        current = self._open.case.id if self._open else None
        return step(self._worklist, current, by)

    def next_unread(self, after_case_id: str | None = None) -> str | None:
        """The next case without a commit, from the one given on and around; then those to be read again."""
        return next_unread(self._worklist, after_case_id)

    def coming(self, after_case_id: str, n: int) -> list[str]:
        """The `n` cases that commits lead to from the one given, as far as there are so many others."""
        others = (case_id for case_id in coming(self._worklist, after_case_id) if case_id != after_case_id)
        return list(islice(others, n))

    def images_of(self, case_id: str) -> list[Image]:
        """The images of any case, to have them ready."""
        return self._catalogue.images(case_id)

    def view_painted(self, view: ViewState) -> None:
        """Store what the screen shows from now on."""
        if self._sitting is not None:
            self._view = replace(view, reading_id=self._open.reading.id if self._open else "")
            self._sitting.recorder.post(self._view)

    def add_mark(
        self,
        image_id: str,
        kind: MarkKind,
        points_px: Sequence[tuple[float, float]],
        label: str,
        frame: int = 0,
    ) -> Annotation:
        """Mark a frame of an image; a length is a measure and has no label."""
        label = "" if kind is MarkKind.LENGTH else label
        mark = self._the_reading().new_mark(image_id, kind, points_px, label, frame, self._clock.now_ns())
        self.revise(lambda report: with_marks(report, mark))
        return mark

    def drop_mark(self, label: str) -> Annotation | NoPlace:
        """Mark the place where the reader looks; the recording is told that gaze steers from here on."""
        opened, sitting, view = self._the_reading(), self._the_sitting(), self._view
        if not self._assignment.plan.has_gaze_marks:
            return NoPlace.NOT_ALLOWED
        now_ns = self._clock.now_ns()
        gaze = sitting.recorder.between(look_begins_ns(now_ns, view), now_ns + 1)
        images = {image.id: image for image in opened.images}
        place = place_of(gaze, sitting.session.display, view, images)
        if isinstance(place, NoPlace):
            return place
        drawn = opened.new_mark(place.image_id, MarkKind.POINT, [place.at_px], label, place.frame, now_ns)
        mark = replace(drawn, is_gaze_assisted=True)
        self._post(now_ns, GAZE_MARK, {"reading_id": opened.reading.id, "mark_id": mark.id, **asdict(place)})
        self.revise(lambda report: with_marks(report, mark))
        return mark

    def relabel(self, mark_id: str, label: str) -> None:
        """Call a mark something else."""
        template = self._the_reading().template
        self.revise(lambda report: relabelled(report, mark_id, label, template))

    def delete_mark(self, mark_id: str) -> None:
        """Take a mark away; undo brings it back."""
        self.revise(lambda report: without(report, mark_id))

    def assess(self, *, birads: int | None = None, text: str | None = None) -> None:
        """Choose a category or write a note; None leaves it as it is."""
        old = self._the_reading().assessment
        new = replace(
            old,
            birads=old.birads if birads is None else birads,
            text=old.text if text is None else text,
        )
        self.revise(lambda report: replace(report, assessment=new))

    def revise(self, change: Callable[[Report], Report]) -> None:
        """Say something else of the case by a function of `app.read.report`; undo takes it back."""
        history = self._the_reading().history
        after = change(history.now)
        if after != history.now:
            self._show(history.changed(after))

    def undo(self) -> None:
        """Take back the last change, if there is one."""
        self._show(self._the_reading().history.undo())

    def redo(self) -> None:
        """Make the change again that was taken back last, if there is one."""
        self._show(self._the_reading().history.redo())

    def pause(self) -> None:
        """Stop storing gaze until `resume`."""
        if not self._is_paused:
            self._the_sitting().recorder.pause()
            self._is_paused = True

    def resume(self) -> None:
        """Store gaze again."""
        if self._is_paused:
            self._the_sitting().recorder.resume()
            self._is_paused = False

    def keep_validation(self, validation: Validation) -> None:
        """Store how gaze of this sitting was measured; the recording has it too."""
        self._catalogue.add_validation(validation)
        self._validations.append(validation)

    def validations(self) -> list[Validation]:
        """Of whoever reads, over all sittings, oldest first."""
        return list(self._validations)

    def display_changed(self, was: Display, now: Display) -> None:
        """The screen is another: no gaze is stored from here on, and the recording knows why."""
        self._the_sitting().recorder.pause()
        self._post(self._clock.now_ns(), "display_changed", {"was": asdict(was), "is": asdict(now)})

    def now_ns(self) -> int:
        """By the clock that stamps everything."""
        return self._clock.now_ns()

    def status(self) -> RecorderStatus | None:
        """How the recording goes; None while nobody reads."""
        return self._sitting.recorder.status() if self._sitting else None

    def wait_until_stored(self, timeout_s: float) -> bool:
        """Block until all gaze up to now is durable: for who moves a virtual clock, not for the window."""
        return self._the_sitting().recorder.wait_for(self._clock.now_ns(), timeout_s)

    def _the_sitting(self) -> Sitting:
        if self._sitting is None:
            raise BugError("Nobody reads: begin a sitting first.")
        return self._sitting

    def _the_reading(self) -> OpenReading:
        if self._open is None:
            raise BugError("No case is open: open one first.")
        return self._open

    def _take_up(self, draft: Report) -> None:
        """Begin with a draft; all of it is stored, also an empty conclusion, so that it is the newest."""
        self._keeper.keep(Difference(draft.marks, (), draft.assessment))
        self._open = replace(self._the_reading(), history=History(draft))

    def _show(self, history: History) -> None:
        """Hand on what changed to be stored, then show it."""
        opened = self._the_reading()
        if changes := difference(opened.report, history.now):
            self._keeper.keep(changes)
        self._open = replace(opened, history=history)

    def _tally(self) -> tuple[int, Tally]:
        """Now, and what was stored since the case was opened."""
        now_ns = self._clock.now_ns()
        opened_ns = self._the_reading().reading.opened_host_time_ns
        return now_ns, self._the_sitting().recorder.tally(opened_ns, now_ns)

    def _close_reading(self, now_ns: int, state: ReadingState, tally: Tally) -> None:
        opened = self._the_reading()
        self._post(now_ns, "reading_closed", {"reading_id": opened.reading.id, "state": str(state)})
        closed = replace(opened.reading, state=state, loss=tally.loss, longest_gap_s=tally.longest_gap_s)
        self._worklist = updated(self._worklist, closed, opened.assessment.birads, self._assignment)
        self._open = None

    def _post(self, host_time_ns: int, kind: str, detail: dict[str, Any]) -> None:
        self._the_sitting().recorder.post(Event(host_time_ns, kind, detail))

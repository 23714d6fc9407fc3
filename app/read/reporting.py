"""Carries what the hands and the findings panel say to the report, and shows what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QAction

from acquisition.domain import Annotation, MarkKind
from acquisition.shapes import Points
from app.read import templates
from app.read.commands import BIRADS
from app.read.findings import FindingsPanel, drawing_keys
from app.read.gaze_marking import NoPlace
from app.read.key_bindings import Bindings, own_bindings
from app.read.lightbox import LightBox
from app.read.mark_hands import TOOLS
from app.read.open_reading import OpenReading
from app.read.report import Report, concluded, described, linked, rated, reshaped
from app.read.session import ReadingSession
from app.texts import Text, say

NO_PLACE = {
    NoPlace.NOT_ALLOWED: Text.NO_GAZE_MARKS,
    NoPlace.UNSEEN: Text.GAZE_MARK_UNSEEN,
    NoPlace.BESIDE: Text.GAZE_MARK_BESIDE,
}


LOOK_EVERY_MS = 30
"""At what waits to be stored."""


class Reporting(QObject):
    """The marks and the conclusion of the open case, between the hands and the session."""

    def __init__(
        self,
        session: ReadingSession,
        lightbox: LightBox,
        findings: FindingsPanel,
        actions: Mapping[str, QAction],
        do: Callable[[Callable[[], object]], None],
        parent: QObject,
    ) -> None:
        """`do` does something with the session, tells what was refused, and has everything shown anew."""
        super().__init__(parent)
        self._session, self._lightbox, self._findings = session, lightbox, findings
        self._actions, self._do = actions, do
        self._bindings = own_bindings()
        self._chosen = ""
        self._label = ""
        for kind in TOOLS:
            actions[kind.value].triggered.connect(partial(self._on_tool, kind))
        for category in BIRADS:
            actions[f"birads{category}"].triggered.connect(partial(self._on_category, category))
        actions["gazeMark"].triggered.connect(self._on_gaze_mark)
        actions["delete"].triggered.connect(self._on_delete)
        actions["undo"].triggered.connect(lambda: self._turn(session.undo))
        actions["redo"].triggered.connect(lambda: self._turn(session.redo))
        lightbox.mark_drawn.connect(self._on_drawn)
        lightbox.mark_reshaped.connect(self._on_reshaped)
        lightbox.mark_chosen.connect(self._on_chosen)
        findings.mark_chosen.connect(self._on_listed)
        findings.label_chosen.connect(self._on_label)
        findings.described.connect(self._on_described)
        findings.rated.connect(self._on_rated)
        findings.partner_chosen.connect(self._on_partner)
        findings.concluded.connect(self._on_concluded)
        findings.note_paused.connect(lambda: do(self.keep_note))
        self._keeping = QTimer(self, interval=LOOK_EVERY_MS)
        self._keeping.timeout.connect(self._show_kept)

    def begin(self) -> None:
        """Another case: no tool in the hand, nothing chosen."""
        self._chosen = ""
        self._take(None)

    def show_keys(self, bindings: Bindings) -> None:
        """Which keys the sentences name."""
        self._bindings = bindings

    def show(self, opened: OpenReading | None) -> None:
        """What is said of the case now."""
        chosen = opened.report.find(self._chosen) if opened else None
        if opened is not None:
            names = [finding.name for finding in opened.template.findings]
            wanted = chosen.label if chosen is not None and chosen.label else self._label
            self._label = wanted if wanted in names else names[0]
        self._lightbox.show_marks(opened.marks if opened else (), self._chosen)
        self._findings.show_findings(opened, self._chosen, self._label)
        self._actions["undo"].setEnabled(bool(opened and opened.history.done))
        self._actions["redo"].setEnabled(bool(opened and opened.history.undone))
        self._actions["delete"].setEnabled(chosen is not None)
        for kind in TOOLS:
            self._actions[kind.value].setEnabled(opened is not None)
        self._show_kept()

    def close(self) -> None:
        """Nothing more is said: what waits for the store is stored, where it takes it."""
        self._keeping.stop()
        self._session.close()

    def put_tool_away(self) -> bool:
        """Whether there was one in the hand."""
        had_one = self._lightbox.tool is not None
        self._take(None)
        return had_one

    def keep_note(self) -> None:
        """Keep what is written by now."""
        if self._session.open_reading is not None:
            self._session.assess(text=self._findings.note)

    @Slot()
    def _show_kept(self) -> None:
        """Looked at again until everything is stored."""
        opened, kept = self._session.open_reading, self._session.kept
        is_said = opened is not None and bool(opened.marks or opened.history.done)
        self._findings.show_kept(kept if is_said else None)
        if kept.is_all:
            self._keeping.stop()
        elif not self._keeping.isActive():
            self._keeping.start()

    def _turn(self, turn: Callable[[], None]) -> None:
        """Undo or redo; what is written by now is a change of its own, and shown as one."""
        self._do(self.keep_note)
        self._do(turn)

    def _take(self, tool: MarkKind | None) -> None:
        for kind in TOOLS:
            self._actions[kind.value].setChecked(kind is tool)
        self._lightbox.take_tool(tool)

    def _revise(self, change: Callable[[Report], Report]) -> None:
        if self._session.open_reading is not None:
            self._do(self.keep_note)
            self._do(lambda: self._session.revise(change))

    def _on_tool(self, kind: MarkKind) -> None:
        self._take(kind if self._actions[kind.value].isChecked() else None)

    @Slot(str, object, object, int)
    def _on_drawn(self, image_id: str, kind: MarkKind, points_px: Points, frame: int) -> None:
        def add() -> None:
            self._chosen = self._session.add_mark(image_id, kind, points_px, self._label, frame).id

        self._do(add)

    @Slot()
    def _on_gaze_mark(self) -> None:
        """A mark where the reader looks, else one quiet sentence."""
        if self._session.open_reading is None:
            return
        found: list[Annotation | NoPlace] = []
        self._do(self.keep_note)
        self._do(lambda: found.append(self._session.drop_mark(self._label)))
        for mark in found:
            if isinstance(mark, NoPlace):
                self._findings.show_problem(self._why(mark))
            else:
                self._on_chosen(mark.id)

    def _why(self, no_place: NoPlace) -> str:
        """Why there is no mark by gaze, and which key to press."""
        key, keys = self._bindings.shown("gazeMark"), drawing_keys(self._bindings)
        return say(NO_PLACE[no_place], key=key, keys=keys)

    @Slot(str, object)
    def _on_reshaped(self, mark_id: str, points_px: Points) -> None:
        self._revise(lambda report: reshaped(report, mark_id, points_px))

    @Slot(str)
    def _on_chosen(self, mark_id: str) -> None:
        self._chosen = mark_id
        self._do(lambda: None)

    @Slot(str)
    def _on_listed(self, mark_id: str) -> None:
        """Chosen in the list: a stack turns to the frame that it is on."""
        self._on_chosen(mark_id)
        opened = self._session.open_reading
        mark = opened.report.find(mark_id) if opened else None
        if mark is not None:
            self._lightbox.turn_to(mark.image_id, mark.frame)

    @Slot()
    def _on_delete(self) -> None:
        self._do(partial(self._session.delete_mark, self._chosen))

    @Slot(str)
    def _on_label(self, name: str) -> None:
        self._label = name
        opened = self._session.open_reading
        chosen = opened.report.find(self._chosen) if opened else None
        is_finding = chosen is not None and bool(chosen.label)
        self._do(partial(self._session.relabel, self._chosen, name) if is_finding else lambda: None)

    @Slot(str, object)
    def _on_described(self, question: str, chosen: tuple[str, ...]) -> None:
        self._revise(lambda report: described(report, self._chosen, question, chosen))

    @Slot(object)
    def _on_rated(self, confidence: int | None) -> None:
        self._revise(lambda report: rated(report, self._chosen, confidence))

    @Slot(str)
    def _on_partner(self, partner_id: str) -> None:
        self._revise(lambda report: linked(report, self._chosen, partner_id))

    def _on_category(self, category: int) -> None:
        self._on_concluded(templates.BIRADS, (str(category),))

    @Slot(str, object)
    def _on_concluded(self, question: str, chosen: tuple[str, ...]) -> None:
        """Only what the template asks: a BI-RADS key means nothing to a knee."""
        opened = self._session.open_reading
        if opened is not None and opened.template.question(question) is not None:
            self._revise(lambda report: concluded(report, question, chosen))
        else:
            self._do(lambda: None)

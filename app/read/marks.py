"""The marks of a reading with their history: pure values, so that undo is a matter of looking back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from acquisition.domain import Annotation, Box


@dataclass(frozen=True, slots=True)
class Change:
    """One mark before and after; None where it was not there."""

    before: Annotation | None
    after: Annotation | None

    def reversed(self) -> Change:
        """The change back."""
        return Change(self.after, self.before)


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks as they are now, what led here, and what was undone."""

    current: tuple[Annotation, ...] = ()
    done: tuple[Change, ...] = ()
    undone: tuple[Change, ...] = ()

    def find(self, mark_id: str) -> Annotation | None:
        """The mark of that id."""
        return next((mark for mark in self.current if mark.id == mark_id), None)

    def changed(self, change: Change) -> Marks:
        """After a new change; what was undone can no longer be redone."""
        return Marks(_applied(self.current, change), (*self.done, change))

    def undo(self) -> tuple[Marks, Change | None]:
        """One step back, and the change that it made; None where there is nothing to undo."""
        if not self.done:
            return self, None
        change = self.done[-1]
        back = change.reversed()
        marks = replace(
            self, current=_applied(self.current, back), done=self.done[:-1], undone=(*self.undone, change)
        )
        return marks, back

    def redo(self) -> tuple[Marks, Change | None]:
        """One step forward again, and the change that it made; None where nothing was undone."""
        if not self.undone:
            return self, None
        change = self.undone[-1]
        marks = replace(
            self,
            current=_applied(self.current, change),
            done=(*self.done, change),
            undone=self.undone[:-1],
        )
        return marks, change


def _applied(marks: tuple[Annotation, ...], change: Change) -> tuple[Annotation, ...]:
    """In the order of drawing, so that a mark that comes back gets its old number."""
    kept = [mark for mark in marks if change.before is None or mark.id != change.before.id]
    if change.after is not None:
        kept.append(change.after)
    return tuple(sorted(kept, key=lambda mark: mark.host_time_ns))


def mark_box(mark: Annotation) -> Box:
    """The rectangle of a mark, in image px."""
    (x0, y0), (x1, y1) = mark.points_px
    return min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)


def mark_around(marks: Sequence[Annotation], image_id: str, x_image_px: float, y_image_px: float) -> str:
    """The id of the smallest mark around a point of an image; empty where there is none."""
    around = [
        (width * height, mark.id)
        for mark in marks
        if mark.image_id == image_id
        for left, top, width, height in [mark_box(mark)]
        if left <= x_image_px <= left + width and top <= y_image_px <= top + height
    ]
    return min(around)[1] if around else ""

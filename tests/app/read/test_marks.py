"""The history of marks."""

from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Annotation
from app.read.marks import Change, Marks


def mark(name: str, time_ns: int = 0, label: str = "mass") -> Annotation:
    return Annotation(name, "rdg", "img", "rectangle", ((0, 0), (1, 1)), label, time_ns)


steps = st.lists(st.sampled_from(["add", "delete", "relabel", "undo", "redo"]), max_size=30)


@given(steps)
def test_undoing_everything_and_redoing_it_gives_the_same_marks(steps: list[str]) -> None:
    marks = Marks()
    for i, step in enumerate(steps):
        oldest = marks.current[0] if marks.current else None
        if step == "add":
            marks = marks.changed(Change(None, mark(f"m{i}", i)))
        elif step == "undo":
            marks, _ = marks.undo()
        elif step == "redo":
            marks, _ = marks.redo()
        elif oldest is not None:
            after = None if step == "delete" else mark(oldest.id, oldest.host_time_ns, f"label {i}")
            marks = marks.changed(Change(oldest, after))
    end = marks.current
    back = marks
    while back.done:
        back, _ = back.undo()
    assert back.current == ()
    for _ in marks.done:
        back, _ = back.redo()
    assert back.current == end


def test_a_mark_that_comes_back_has_its_old_place() -> None:
    marks = Marks().changed(Change(None, mark("a", 1))).changed(Change(None, mark("b", 2)))
    marks, change = marks.changed(Change(mark("a", 1), None)).undo()
    assert [m.id for m in marks.current] == ["a", "b"]
    assert change == Change(None, mark("a", 1))


def test_a_new_change_ends_what_can_be_redone() -> None:
    marks, _ = Marks().changed(Change(None, mark("a"))).undo()
    marks = marks.changed(Change(None, mark("b")))
    same, change = marks.redo()
    assert change is None
    assert same == marks


def test_nothing_to_undo_changes_nothing() -> None:
    assert Marks().undo() == (Marks(), None)

"""What is said of a case: its history, and each change of it."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from reading_fakes import TEMPLATES, an_image

from acquisition.domain import Annotation, Assessment, Laterality, MarkKind
from app.read.open_reading import taken_up
from app.read.report import (
    History,
    Report,
    concluded,
    described,
    difference,
    linked,
    mark_at,
    partners,
    rated,
    relabelled,
    reshaped,
    with_marks,
    without,
)
from app.read.templates import template_for

EMPTY = Report(Assessment("rdg"))
MAMMOGRAPHY = template_for(TEMPLATES, [an_image()])


def mark(name: str, time_ns: int = 0, image: str = "R CC", **values: object) -> Annotation:
    corners = ((0, 0), (10, 10))
    drawn = Annotation(name, "rdg", image, MarkKind.RECTANGLE, corners, "mass", time_ns)
    return replace(drawn, **{"laterality": Laterality.RIGHT, **values})  # type: ignore[arg-type]


STEPS = ("add", "delete", "relabel", "describe", "rate", "reshape", "link", "conclude", "undo", "redo")


def stepped(history: History, step: str, i: int) -> History:
    """One change by that name to the oldest mark, if there is one."""
    now = history.now
    oldest = now.marks[0].id if now.marks else ""
    match step:
        case "undo":
            return history.undo()
        case "redo":
            return history.redo()
        case "add":
            return history.changed(with_marks(now, mark(f"m{i}", i)))
        case "delete":
            return history.changed(without(now, oldest))
        case "relabel":
            return history.changed(relabelled(now, oldest, "calcification", MAMMOGRAPHY))
        case "describe":
            return history.changed(described(now, oldest, "shape", ("oval",)))
        case "rate":
            return history.changed(rated(now, oldest, 1 + i % 9))
        case "reshape":
            return history.changed(reshaped(now, oldest, ((0, 0), (i + 1, i + 1))))
        case "link":
            return history.changed(linked(now, oldest, now.marks[-1].id) if len(now.marks) > 1 else now)
        case _:
            return history.changed(concluded(now, "density", ("ABCD"[i % 4],)))


def stored(before: dict[str, Annotation], old: Report, new: Report) -> dict[str, Annotation]:
    """What a store holds after the difference."""
    changes = difference(old, new)
    kept = {name: kept for name, kept in before.items() if name not in changes.deleted}
    return kept | {saved.id: saved for saved in changes.saved}


@given(st.lists(st.sampled_from(STEPS), max_size=40))
def test_undoing_everything_and_redoing_it_gives_the_same_report_and_the_same_store(steps: list[str]) -> None:
    history, store = History(EMPTY), dict[str, Annotation]()
    for i, step in enumerate(steps):
        after = stepped(history, step, i)
        store = stored(store, history.now, after.now)
        history = after
        assert store == {kept.id: kept for kept in history.now.marks}
    end, back = history.now, history
    while back.done:
        back = back.undo()
    assert back.now == EMPTY
    for _ in history.done:
        back = back.redo()
    assert back.now == end


def test_nothing_to_undo_or_to_redo_changes_nothing() -> None:
    assert History(EMPTY).undo() == History(EMPTY)
    assert History(EMPTY).redo() == History(EMPTY)


def test_a_new_change_ends_what_can_be_redone() -> None:
    undone = History(EMPTY).changed(with_marks(EMPTY, mark("a"))).undo()
    assert undone.undone
    assert undone.changed(with_marks(EMPTY, mark("b"))).undone == ()


def test_a_mark_that_comes_back_has_its_old_place() -> None:
    two = with_marks(EMPTY, mark("b", 2), mark("a", 1))
    assert [kept.id for kept in two.marks] == ["a", "b"]
    assert [kept.id for kept in with_marks(without(two, "a"), mark("a", 1)).marks] == ["a", "b"]


def test_what_was_said_of_a_mark_stays_only_where_its_new_type_asks_for_it() -> None:
    said = with_marks(
        EMPTY,
        mark("a", descriptors={"shape": ("oval",), "associated": ("calcifications",)}, confidence=7),
    )
    now = relabelled(said, "a", "distortion", MAMMOGRAPHY).find("a")
    assert now is not None
    assert (now.label, now.confidence) == ("distortion", 7)
    assert now.descriptors == {"associated": ("calcifications",)}


def test_an_empty_answer_takes_it_back() -> None:
    said = described(with_marks(EMPTY, mark("a")), "a", "shape", ("oval",))
    assert said.marks[0].descriptors == {"shape": ("oval",)}
    assert described(said, "a", "shape", ()).marks[0].descriptors == {}
    assert concluded(concluded(EMPTY, "birads", ("4",)), "birads", ()).assessment.birads is None
    assert concluded(EMPTY, "density", ("C",)).assessment.density == "C"
    assert concluded(EMPTY, "KL left", ("2",)).assessment.answers == {"KL left": ("2",)}


def test_partners_name_each_other_and_a_new_one_leaves_the_old_one_alone() -> None:
    three = with_marks(EMPTY, mark("a", 1), mark("b", 2, "R MLO"), mark("c", 3, "R ML"))
    pair = linked(three, "a", "b")
    assert [kept.partner_id for kept in pair.marks] == ["b", "a", ""]
    assert [kept.partner_id for kept in linked(pair, "a", "c").marks] == ["c", "", "a"]
    assert [kept.partner_id for kept in linked(pair, "b", "").marks] == ["", "", ""]
    assert [kept.partner_id for kept in without(pair, "b").marks] == ["", ""]


def test_a_partner_is_a_region_on_another_image_of_the_same_side() -> None:
    report = with_marks(
        EMPTY,
        mark("a", 1),
        mark("same image", 2),
        mark("other view", 3, "R MLO"),
        mark("other side", 4, "L CC", laterality=Laterality.LEFT),
        mark("measure", 5, "R MLO", label=""),
    )
    assert [found.id for found in partners(report, "a")] == ["other view"]
    assert partners(report, "measure") == partners(report, "nobody") == ()


def test_under_the_pointer_is_the_nearest_line_else_the_smallest_region() -> None:
    large = mark("large", points_px=((0, 0), (100, 100)))
    small = mark("small", points_px=((20, 20), (60, 60)), kind=MarkKind.ELLIPSE)
    measure = mark("measure", points_px=((0, 90), (90, 90)), kind=MarkKind.LENGTH)
    marks = [large, small, measure]
    assert mark_at(marks, "R CC", (40, 40), 3) == "small"
    assert mark_at(marks, "R CC", (21, 21), 1) == "large", "outside of the ellipse, inside of its box"
    assert mark_at(marks, "R CC", (99, 50), 3) == "large"
    assert mark_at(marks, "R CC", (50, 88), 3) == "measure"
    assert mark_at(marks, "R CC", (150, 50), 3) == mark_at(marks, "L CC", (40, 40), 3) == ""


def test_a_draft_that_is_taken_up_has_ids_of_its_own_and_its_partners() -> None:
    draft = linked(with_marks(EMPTY, mark("a", 1), mark("b", 2, "R MLO")), "a", "b")
    report = taken_up(draft.marks, Assessment("rdg", 4, "words", "C"), "next", MAMMOGRAPHY)
    first, second = report.marks
    assert {first.id, second.id}.isdisjoint({"a", "b"})
    assert (first.partner_id, second.partner_id) == (second.id, first.id)
    assert {kept.reading_id for kept in report.marks} == {"next"}
    assert report.assessment == Assessment("next", 4, "words", "C", template="Mammography")

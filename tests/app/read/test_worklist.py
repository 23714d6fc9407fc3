"""The worklist of one reader."""

from reading_fakes import an_image

from acquisition.domain import Assessment, Case, Reading, ReadingState
from app.read.worklist import Progress, next_unread, step, updated, worklist

CASES = [Case(f"c{i}", "malignant, of all titles", f"p{i}", i) for i in range(4)]


def a_reading(case_id: str, state: ReadingState) -> Reading:
    return Reading(f"{case_id} {state}", "ses", "rdr", case_id, 0, state=state)


READINGS = [
    a_reading("c0", ReadingState.COMMITTED),
    a_reading("c0", ReadingState.INTERRUPTED),
    a_reading("c1", ReadingState.INTERRUPTED),
]
ITEMS = worklist(
    CASES,
    [an_image("R CC", "c0"), an_image("L CC", "c0"), an_image("R CC", "c1")],
    READINGS,
    {"c0 committed": Assessment("c0 committed", 4)}.get,
)


def test_a_line_tells_number_images_and_progress() -> None:
    shown = [(item.number, item.n_images, item.progress, item.birads) for item in ITEMS]
    assert shown == [
        (1, 2, Progress.DONE, 4),
        (2, 1, Progress.DRAFT, None),
        (3, 0, Progress.NEW, None),
        (4, 0, Progress.NEW, None),
    ]


def test_steps_end_at_both_ends() -> None:
    assert step(ITEMS, "c1", 1) == "c2"
    assert step(ITEMS, "c1", -1) == "c0"
    assert step(ITEMS, "c0", -1) is None
    assert step(ITEMS, "c3", 1) is None
    assert step(ITEMS, None, 1) == "c0"
    assert step((), None, 1) is None


def test_the_next_unread_case_is_searched_around_the_end() -> None:
    assert next_unread(ITEMS, None) == "c1"
    assert next_unread(ITEMS, "c1") == "c2"
    assert next_unread(ITEMS, "c3") == "c1"
    done = ITEMS
    for case in CASES:
        done = updated(done, case.id, Progress.DONE, 1)
    assert next_unread(done, "c1") is None


def test_what_is_done_stays_done_when_it_is_looked_at_again() -> None:
    again = updated(ITEMS, "c0", Progress.DRAFT, None)
    assert again[0] == ITEMS[0]
    assert updated(ITEMS, "c2", Progress.DRAFT, 3)[2].birads == 3

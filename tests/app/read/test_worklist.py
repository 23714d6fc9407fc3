"""The worklist of one reader."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from reading_fakes import an_image

from acquisition.domain import Assessment, Case, Reading, ReadingState
from acquisition.gate import Grade, Reason
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
        done = updated(done, a_reading(case.id, ReadingState.COMMITTED), 1)
    assert next_unread(done, "c1") is None


def test_what_is_done_stays_done_when_it_is_looked_at_again() -> None:
    again = updated(ITEMS, a_reading("c0", ReadingState.INTERRUPTED), None)
    assert again[0] == ITEMS[0]
    assert updated(ITEMS, a_reading("c2", ReadingState.INTERRUPTED), 3)[2].birads == 3


def committed(case_id: str, loss: float, longest_gap_s: float = 0.2) -> Reading:
    reading = a_reading(case_id, ReadingState.COMMITTED)
    return replace(reading, loss=loss, longest_gap_s=longest_gap_s)


def test_too_little_gaze_sends_a_case_to_the_re_reads_until_a_good_reading() -> None:
    items = updated(ITEMS, committed("c2", 0.17), 4)
    assert items[2].progress is Progress.REREAD
    assert items[2].verdict.reason is Reason.LOSS
    looked_at = updated(items, a_reading("c2", ReadingState.INTERRUPTED), None)
    assert looked_at == items, "a look at it makes nothing better"
    assert updated(items, committed("c2", 0.02, 3.4), 4)[2].verdict.reason is Reason.GAP
    good = updated(items, committed("c2", 0.02), 5)
    assert (good[2].progress, good[2].birads, good[2].loss) == (Progress.DONE, 5, 0.02)
    assert updated(good, committed("c2", 0.5), 1) == good, "good gaze of a case is not lost again"


def test_new_cases_come_first_then_the_re_reads_but_none_right_after_itself() -> None:
    items = updated(ITEMS, committed("c1", 0.3), 1)
    assert next_unread(items, "c1") == "c2"
    items = updated(updated(items, committed("c2", 0.3), 1), committed("c3", 0.01), 1)
    assert next_unread(items, "c3") == "c1"
    assert next_unread(items, "c1") == "c2"
    last = updated(items, committed("c1", 0.01), 1)
    assert next_unread(last, "c2") is None, "what disturbed it is still there"
    assert next_unread(last, None) == "c2"


@given(st.lists(st.tuples(st.sampled_from(["c0", "c1"]), st.none() | st.floats(0, 1), st.booleans())))
def test_lines_kept_up_to_date_are_those_made_anew(history: list[tuple[str, float | None, bool]]) -> None:
    readings = [
        replace(
            a_reading(case_id, ReadingState.COMMITTED if is_committed else ReadingState.INTERRUPTED),
            id=f"r{number}",
            loss=loss,
        )
        for number, (case_id, loss, is_committed) in enumerate(history)
    ]
    kept = worklist(CASES, [], [], {}.get)
    for reading in readings:
        kept = updated(kept, reading, 3 if reading.state is ReadingState.COMMITTED else None)
    anew = worklist(CASES, [], readings, lambda reading_id: Assessment(reading_id, 3))
    assert kept == anew
    for item in kept:
        own = [r for r in readings if r.case_id == item.case_id and r.state is ReadingState.COMMITTED]
        is_good = any((r.loss or 0) < 0.15 for r in own)
        assert (item.progress is Progress.DONE) == is_good
        assert (item.progress is Progress.REREAD) == (bool(own) and not is_good)
        assert (item.verdict.grade is Grade.REREAD) == (item.progress is Progress.REREAD)

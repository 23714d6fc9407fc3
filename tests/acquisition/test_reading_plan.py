"""The order of readings, and how long readers forget in between."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Case, Display, Reading, Session
from acquisition.errors import UserError
from acquisition.reading_plan import MAX_READINGS, ReadingPlan, day_of, in_order
from acquisition.store import Store, open_store

CASES = [Case(f"id {n}", "", "", n) for n in range(1, 41)]


def orders(cases: list[Case], plan: ReadingPlan, pseudonym: str, nth: int = 1) -> list[int]:
    return [case.order for case in in_order(cases, plan, pseudonym, nth)]


def test_without_a_seed_all_read_in_the_order_of_the_import() -> None:
    assert in_order(CASES, ReadingPlan(), "R-07", 1) == CASES


def test_each_reader_and_each_reading_has_an_order_of_its_own() -> None:
    plan = ReadingPlan(seed=7, n_readings=2, washout_days=28)
    drawn = [orders(CASES, plan, reader, nth) for reader in ("R-07", "R-08") for nth in (1, 2)]
    drawn += [orders(CASES, ReadingPlan(seed=8), "R-07"), [case.order for case in CASES]]
    assert all(sorted(order) == sorted(drawn[0]) for order in drawn)
    assert len({tuple(order) for order in drawn}) == len(drawn)


def test_an_order_is_the_same_in_another_store_and_in_years_to_come() -> None:
    elsewhere = [Case(f"another id {n}", "", "", n) for n in range(40, 0, -1)]
    plan = ReadingPlan(seed=7)
    assert orders(elsewhere, plan, "R-07") == orders(CASES, plan, "R-07")
    assert orders(CASES[:8], plan, "R-07") == [8, 2, 7, 6, 1, 5, 4, 3]


@given(st.integers(0, 2**31), st.text(max_size=8), st.sets(st.integers(0, 39)))
def test_cases_that_come_later_leave_the_others_in_their_order(
    seed: int, reader: str, early: set[int]
) -> None:
    plan = ReadingPlan(seed=seed)
    first = orders([CASES[n] for n in sorted(early)], plan, reader)
    assert [order for order in orders(CASES, plan, reader) if order in first] == first


def test_no_place_of_the_list_is_dearer_to_a_case_than_another() -> None:
    """Over 2000 readers, each of 4 cases comes first as often, within five standard deviations."""
    firsts = Counter(orders(CASES[:4], ReadingPlan(seed=1), f"R-{n}")[0] for n in range(2000))
    assert all(abs(n - 500) < 5 * (2000 * 0.25 * 0.75) ** 0.5 for n in firsts.values())
    assert len(firsts) == 4


def test_a_washout_is_counted_in_calendar_days() -> None:
    assert ReadingPlan(n_readings=2, washout_days=28).due_on(date(2024, 2, 10)) == date(2024, 3, 9)


@pytest.mark.parametrize(
    ("n_readings", "washout_days"), [(0, 0), (MAX_READINGS + 1, 1), (2, 0), (1, 3), (2, -1)]
)
def test_a_plan_that_cannot_be_followed_is_refused(n_readings: int, washout_days: int) -> None:
    with pytest.raises(UserError):
        ReadingPlan(None, n_readings, washout_days)


@given(st.integers(0, 40 * 24 * 60))
def test_the_day_of_a_reading_follows_from_the_clock_of_its_sitting(minutes: int) -> None:
    opened = datetime(2024, 5, 1, 9, 30, tzinfo=UTC)
    session = Session("s", "r", "R", "none", False, Display(1, 1, 1.0, 1.0), opened.isoformat(), 5_000)
    closed_ns = 5_000 + minutes * 60 * 10**9
    local_day = (opened + timedelta(minutes=minutes)).astimezone().date()
    assert day_of(Reading("g", "s", "r", "c", 5_000, closed_ns), session) == local_day
    assert day_of(Reading("g", "s", "r", "c", closed_ns), session) == local_day


@pytest.fixture
def store(tmp_path):  # type: ignore[no-untyped-def]
    with open_store(tmp_path / "store") as opened:
        yield opened


def test_the_newest_plan_holds(store: Store) -> None:
    assert store.catalogue.reading_plan() == ReadingPlan()
    for plan in (ReadingPlan(seed=7), ReadingPlan(None, 2, 28)):
        store.catalogue.set_reading_plan(plan)
        assert store.catalogue.reading_plan() == plan

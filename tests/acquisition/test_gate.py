"""The gate that every reading passes, or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Reading
from acquisition.gate import GateLimits, Grade, Reason, Verdict, must_be_reread, verdict

LOSSES = st.none() | st.floats(0, 1)
GAPS_S = st.none() | st.floats(0, 600)
ORDER = [Grade.UNKNOWN, Grade.GOOD, Grade.WARN, Grade.REREAD]


@pytest.mark.parametrize(
    ("loss", "gap_s", "grade", "reason"),
    [
        (0.0, 0.0, Grade.GOOD, Reason.NOTHING),
        (0.0999, 1.49, Grade.GOOD, Reason.NOTHING),
        (0.10, 0.0, Grade.WARN, Reason.LOSS),
        (0.0, 1.5, Grade.WARN, Reason.GAP),
        (0.1499, 2.99, Grade.WARN, Reason.LOSS),
        (0.15, 0.0, Grade.REREAD, Reason.LOSS),
        (0.0, 3.0, Grade.REREAD, Reason.GAP),
        (0.12, 3.4, Grade.REREAD, Reason.GAP),
        (0.17, 3.4, Grade.REREAD, Reason.LOSS),
        (None, None, Grade.UNKNOWN, Reason.NOTHING),
        (0.2, None, Grade.REREAD, Reason.LOSS),
        (None, 0.2, Grade.GOOD, Reason.NOTHING),
    ],
)
def test_the_usual_limits(loss, gap_s, grade, reason):
    assert verdict(loss, gap_s) == Verdict(grade, reason)


@given(LOSSES, GAPS_S, st.floats(0, 1), st.floats(0, 600))
def test_more_loss_or_a_longer_gap_is_never_better(loss, gap_s, more_loss, more_s):
    before = verdict(loss, gap_s).grade
    worse = verdict(min(1.0, (loss or 0) + more_loss), (gap_s or 0) + more_s).grade
    assert ORDER.index(worse) >= ORDER.index(before)


@given(LOSSES, GAPS_S)
def test_a_reason_is_given_for_every_complaint_and_for_nothing_else(loss, gap_s):
    found = verdict(loss, gap_s)
    assert (found.reason is Reason.NOTHING) == (found.grade in (Grade.GOOD, Grade.UNKNOWN))


def test_other_limits_can_be_given():
    strict = GateLimits(warn_loss=0.01, reread_loss=0.02, warn_gap_s=0.1, reread_gap_s=0.2)
    assert verdict(0.015, 0.0, strict).grade is Grade.WARN
    assert verdict(0.0, 0.2, strict).grade is Grade.REREAD


def test_a_reading_is_judged_by_what_is_stored_of_it():
    reading = Reading("rdg", "ses", "rdr", "case", 0, loss=0.3, longest_gap_s=0.1)
    assert must_be_reread(reading)
    assert not must_be_reread(Reading("rdg", "ses", "rdr", "case", 0))

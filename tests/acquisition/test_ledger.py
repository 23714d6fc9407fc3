"""The gap ledger and the longest gap of a reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.domain import Gap, GapCause
from acquisition.ledger import N_LAST, GapLedger, longest_gap_s

GAPS = st.lists(
    st.builds(
        lambda start, length, cause: Gap(start, start + length, cause),
        st.integers(0, 100),
        st.integers(1, 60),
        st.sampled_from(GapCause),
    ),
    max_size=12,
)


@given(GAPS)
def test_the_ledger_counts_every_gap_under_its_cause_and_keeps_the_last(gaps):
    ledger = GapLedger()
    for gap in gaps:
        ledger = ledger.and_gap(gap)
    for cause in GapCause:
        own = [gap for gap in gaps if gap.cause is cause]
        assert ledger.n.get(cause, 0) == len(own)
        assert ledger.seconds.get(cause, 0) == pytest.approx(sum(g.end_ns - g.start_ns for g in own) * 1e-9)
    assert ledger.last == tuple(gaps[-N_LAST:])


@given(GAPS, st.integers(0, 80), st.integers(1, 80))
def test_the_longest_gap_is_that_of_the_slow_way(gaps, start_ns, length_ns):
    """Moment by moment: how long a run each gap has within the reading."""
    end_ns = start_ns + length_ns
    lost = [gap for gap in gaps if gap.cause not in (GapCause.PAUSE, GapCause.OFF_SCREEN)]
    runs = [sum(gap.start_ns <= t < gap.end_ns for t in range(start_ns, end_ns)) for gap in lost]
    assert longest_gap_s(gaps, start_ns, end_ns) == pytest.approx(max(runs, default=0) * 1e-9)

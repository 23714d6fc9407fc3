"""The strip of the last seconds of gaze."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from app.read.gaze_strip import COLUMN_NS, LOST, N_COLUMNS, SEEN, SILENT, Columns

END_NS = 10_000_000_000


@example([(0, True), (9_999_999_900, False)], 9_999_999_900, [])
@given(
    st.lists(st.tuples(st.integers(0, END_NS), st.booleans()), max_size=200),
    st.integers(END_NS - 2_000_000_000, END_NS),
    st.lists(st.integers(0, 200)),
)
def test_columns_are_those_of_the_slow_way(
    samples: list[tuple[int, bool]], end_ns: int, cuts: list[int]
) -> None:
    samples = sorted(sample for sample in samples if sample[0] <= end_ns)
    time_ns = np.array([t for t, _ in samples], dtype=np.int64)
    valid = np.array([is_valid for _, is_valid in samples], dtype=np.bool_)
    columns = Columns()
    for piece in np.split(np.arange(len(samples)), sorted(cuts)):
        columns.add(time_ns[piece], valid[piece])
    runs = columns.runs(end_ns)
    assert [run.start for run in runs[1:]] == [run.stop for run in runs[:-1]]
    assert (runs[0].start, runs[-1].stop) == (0, N_COLUMNS)
    last = end_ns // COLUMN_NS
    for run in runs:
        for column in range(run.start, run.stop):
            number = last - (N_COLUMNS - 1 - column)
            inside = [is_valid for t, is_valid in samples if t // COLUMN_NS == number]
            assert run.state == (SEEN if any(inside) else LOST if inside else SILENT)


def test_a_column_does_not_change_as_time_goes_on() -> None:
    time_ns = np.arange(0, END_NS, 8_333_333)
    valid = time_ns % 900_000_000 > 200_000_000

    columns = Columns()
    columns.add(time_ns, valid)

    def states(end_ns: int) -> list[int]:
        return [run.state for run in columns.runs(end_ns) for _ in range(run.start, run.stop)]

    assert states(END_NS + 10 * COLUMN_NS)[:-10] == states(END_NS)[10:]

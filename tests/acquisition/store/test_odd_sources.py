"""Whatever a source sends and says of time comes back from the store to the bit, and nothing breaks."""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made_to_order import CHANNELS, make_session

from acquisition.domain import Event, GapCause
from acquisition.intake import Intake, Turn
from acquisition.scrutiny import Scrutiny
from acquisition.sources.base import Batch, ClockPair, SourceInfo, sample_dtype
from acquisition.store import Store

INFO = SourceInfo("odd", CHANNELS, 100.0, is_simulated=True)
NOW_NS = 10**12
any_ns = st.one_of(st.integers(NOW_NS - 10**11, NOW_NS + 10**9), st.integers(-(2**62), 2**62))
any_pair = st.builds(ClockPair, st.integers(-(2**70), 2**70), st.floats(), st.integers(0, 10**9))
any_event = st.builds(
    Event, any_ns, st.sampled_from(["disconnect", "reconnect", "overflow", "notification", "other_stream"])
)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Samples of any bits, with any stamps and arrivals, pairs and events."""
    n = draw(st.integers(0, 6))
    noise = np.random.default_rng(draw(st.integers(0, 2**32))).bytes(n * sample_dtype(CHANNELS).itemsize)
    return Batch(
        np.frombuffer(bytearray(noise), sample_dtype(CHANNELS)),
        np.array(draw(st.lists(st.floats(), min_size=n, max_size=n)), dtype=np.float64),
        np.array(draw(st.lists(any_ns, min_size=n, max_size=n)), dtype=np.int64),
        tuple(draw(st.lists(any_pair, max_size=2))),
        tuple(draw(st.lists(any_event, max_size=2))),
    )


@given(st.lists(batches(), max_size=5), st.integers(0, 5))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_sent_comes_back(store: Store, sent: list[Batch], paused_after: int) -> None:
    writer = store.create_recording(INFO, make_session(store))
    scrutiny, intake = Scrutiny(INFO, NOW_NS), Intake(INFO, writer, NOW_NS)
    for number, batch in enumerate(sent):
        now_ns = NOW_NS + number * 10**8
        intake.take_batch(scrutiny.look(batch, now_ns))
        intake.digest()
        writer.commit()
    if paused_after < len(sent):
        intake.take(Turn(NOW_NS + 10**9, is_pause=True))
    intake.finish(NOW_NS + 2 * 10**9)
    writer.seal()
    check(store, writer.session.id, sent)


def check(store: Store, session_id: str, sent: list[Batch]) -> None:
    raw = store.raw(session_id)
    assert raw.samples.tobytes() == b"".join(batch.samples.tobytes() for batch in sent)
    assert raw.source_time_s.tobytes() == b"".join(batch.source_time_s.tobytes() for batch in sent)
    assert len(store.gaze(session_id)) == len(raw.samples)
    kinds = [event.kind for event in store.recording(session_id).events()]
    for batch in sent:
        for event in batch.events:
            assert event.kind in kinds
    assert all(gap.start_ns < gap.end_ns for gap in store.gaps(session_id) if gap.cause is not GapCause.PAUSE)
    assert store.recording(session_id).verify() == []

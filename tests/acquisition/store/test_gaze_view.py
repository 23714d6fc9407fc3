"""From channels as sent to fields of our own."""

from dataclasses import replace

import numpy as np
import pytest
from made_to_order import INFO, make_batch, make_session
from numpy.testing import assert_array_equal

from acquisition.domain import Gap, GapCause, Session
from acquisition.errors import StoreError
from acquisition.sources.base import Batch, Channel, ClockPair, sample_dtype
from acquisition.store import RawGaze, Store
from acquisition.store import gaze as view
from acquisition.store.gaze import gaze_of

SIDE = [
    "x",
    "y",
    "valid",
    "pupil_mm",
    "pupil_valid",
    "origin_x_mm",
    "origin_y_mm",
    "origin_z_mm",
    "origin_valid",
    "point_x_mm",
    "point_y_mm",
    "point_z_mm",
    "openness_mm",
    "openness_valid",
]


def raw_of(channels: tuple[Channel, ...], **columns: list[float]) -> RawGaze:
    n = len(next(iter(columns.values())))
    samples = np.zeros(n, sample_dtype(channels))
    for label, values in columns.items():
        samples[label] = values
    times = np.arange(n, dtype=np.int64)
    return RawGaze(channels, samples, times * 1.0, times)


def test_fields_are_those_of_the_design() -> None:
    times = ["time_ns", "host_time_ns", "device_time_us", "source_time_s"]
    gaze = gaze_of(raw_of((Channel("a", "<f4", role="left_x"),), a=[1.0]), ())
    assert list(gaze.dtype.names or ()) == times + [f"{s}_{f}" for s in ("left", "right") for f in SIDE]


def test_a_stream_without_sides_also_fills_both() -> None:
    channels = (Channel("a", "<f4", role="both_x"), Channel("b", "<f4", role="both_y"))
    gaze = gaze_of(raw_of(channels, a=[0.25, np.nan], b=[0.5, 0.5]), ())
    assert [name for name in gaze.dtype.names or () if name.startswith("both_")] == [
        f"both_{f}" for f in SIDE
    ]
    assert gaze["both_x"][0] == 0.25
    assert gaze["both_valid"].tolist() == [True, False]
    assert gaze["left_valid"].tolist() == [False, False]
    assert np.isnan(gaze["left_x"]).all()


def test_a_device_without_a_field_has_nan_and_false() -> None:
    gaze = gaze_of(raw_of((Channel("a", "<f4"),), a=[1.0]), ())
    for name in gaze.dtype.names or ():
        if gaze.dtype[name] == np.bool_:
            assert not gaze[name].any()
        elif name not in ("time_ns", "host_time_ns", "source_time_s"):
            assert np.isnan(gaze[name]).all()


def test_scales_apply_in_double_precision() -> None:
    channels = (
        Channel("p", "<f4", "m", "right_pupil_mm", 1000.0),
        Channel("t", "<i8", "ns", "device_time_us", 1e-3),
    )
    gaze = gaze_of(raw_of(channels, p=[0.003], t=[7_000_000_001_000]), ())
    assert gaze["right_pupil_mm"][0] == np.float64(np.float32(0.003)) * 1000.0
    assert gaze["device_time_us"][0] == 7_000_000_001.0


def test_a_flag_of_the_device_wins_over_finiteness() -> None:
    channels = (
        Channel("x", "<f4", role="left_x"),
        Channel("y", "<f4", role="left_y"),
        Channel("ok", "<f4", role="left_valid"),
    )
    values = [1.0, 0.0, np.nan]
    gaze = gaze_of(raw_of(channels, x=[0.5] * 3, y=[0.5] * 3, ok=values), ())
    assert gaze["left_valid"].tolist() == [True, False, False]


def test_an_unknown_role_is_named() -> None:
    with pytest.raises(StoreError, match="Channel a has the role left_ear"):
        gaze_of(raw_of((Channel("a", "<f4", role="left_ear"),), a=[1.0]), ())


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = make_batch(0, 100)
    raw = RawGaze(INFO.channels, batch.samples, batch.source_time_s, batch.host_time_ns)
    pairs = (ClockPair(0, 0.0, 1),)
    whole = gaze_of(raw, pairs)
    monkeypatch.setattr(view, "_BLOCK", 7)
    assert gaze_of(raw, pairs).tobytes() == whole.tobytes()


def test_time_is_capture_by_the_pairs_and_arrival_without(store: Store, recorded: Session) -> None:
    gaze = store.gaze(recorded.id)
    assert_array_equal(gaze["time_ns"], np.arange(100) * 10_000_000)
    assert_array_equal(gaze["host_time_ns"], np.arange(100) * 10_000_000 + 3_000_000)
    writer = store.create_recording(INFO, make_session(store))
    writer.append(make_batch(0, 5))
    writer.seal()
    without = store.gaze(writer.session.id)
    assert_array_equal(without["time_ns"], without["host_time_ns"])


@pytest.mark.parametrize(
    ("opened_ns", "closed_ns", "first", "last"),
    [
        (0, 10_000_000, 0, 0),
        (95_000_000, 310_000_000, 10, 30),
        (300_000_000, None, 30, 99),
        (990_000_000, 2_000_000_000, 99, 99),
    ],
)
def test_a_reading_has_the_gaze_captured_in_it(
    store: Store, recorded: Session, opened_ns: int, closed_ns: int | None, first: int, last: int
) -> None:
    reading = store.catalogue.open_reading(recorded.id, recorded.reader_id, "cas_1", opened_ns)
    store.catalogue.interrupt_reading(reading.id, closed_ns)
    expected = store.gaze(recorded.id)[first : last + 1]
    assert store.gaze(reading.id).tobytes() == expected.tobytes()
    assert store.raw(reading.id).samples["Counter"].tolist() == list(range(first, last + 1))


def test_a_reading_without_gaze_is_empty(store: Store, recorded: Session) -> None:
    reading = store.catalogue.open_reading(recorded.id, recorded.reader_id, "cas_1", 10**15)
    assert len(store.gaze(reading.id)) == 0


def test_late_samples_belong_to_when_they_were_captured(store: Store) -> None:
    """A buffer that is delivered a minute late is found by its time of capture."""
    writer = store.create_recording(INFO, make_session(store))
    batch = make_batch(0, 10, (ClockPair(0, 0.0, 1),))
    batch.host_time_ns[:] = 60_000_000_000
    writer.append(batch)
    writer.commit()
    reading = store.catalogue.open_reading(writer.session.id, writer.session.reader_id, "cas_1", 50_000_000)
    writer.seal()
    store.catalogue.interrupt_reading(reading.id, 80_000_000)
    assert store.raw(reading.id).samples["Counter"].tolist() == [5, 6, 7]


def test_gaps_of_a_reading_are_those_that_touch_it(store: Store) -> None:
    gaps = [Gap(0, 5, GapCause.BLINK), Gap(8, 12, GapCause.PAUSE), Gap(20, 30, GapCause.STALL)]
    writer = store.create_recording(INFO, make_session(store))
    for gap in gaps:
        writer.gap(gap)
    writer.commit()
    reading = store.catalogue.open_reading(writer.session.id, writer.session.reader_id, "cas_1", 5)
    store.catalogue.interrupt_reading(reading.id, 20)
    writer.seal()
    assert store.gaps(reading.id) == gaps[1:2]
    assert store.gaps(writer.session.id) == gaps


def test_parts_are_the_whole(store: Store, recorded: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = store.gaze(recorded.id)
    monkeypatch.setattr(view, "PART_CHUNKS", 3)
    parts = list(store.gaze_parts(recorded.id))
    assert [len(part) for part in parts] == [30, 30, 30, 10]
    assert b"".join(part.tobytes() for part in parts) == whole.tobytes()
    assert store.gaze(recorded.id).tobytes() == whole.tobytes()


def test_an_empty_recording_has_one_empty_part(store: Store) -> None:
    writer = store.create_recording(INFO, make_session(store))
    writer.seal()
    assert [len(part) for part in store.gaze_parts(writer.session.id)] == [0]


def test_a_tracker_that_restarts_keeps_its_place_in_time(store: Store) -> None:
    """Its clock jumps back by 1000 s in mid-session; the first pair after that comes half a second later."""
    writer = store.create_recording(INFO, make_session(store))
    for first in range(0, 400, 10):
        is_new, is_paired = first >= 200, first in (0, 100, 250, 350)
        batch = make_batch(first, 10)
        offset_s = 0.0 if is_new else 1000.0
        pair = ClockPair(int(batch.host_time_ns[0]), first * 0.01 + 0.003 + offset_s, 1000)
        writer.append(replace(batch, source_time_s=batch.source_time_s + offset_s))
        writer.append(Batch(batch.samples[:0], np.zeros(0), np.zeros(0, np.int64), (pair,) * is_paired))
        writer.commit()
    reading = store.catalogue.open_reading(
        writer.session.id, writer.session.reader_id, "cas_1", 1_900_000_000
    )
    writer.seal()
    store.catalogue.interrupt_reading(reading.id, 2_600_000_000)
    assert_array_equal(store.gaze(writer.session.id)["time_ns"], np.arange(400) * 10_000_000)
    assert store.raw(reading.id).samples["Counter"].tolist() == list(range(190, 260))
    parts = np.concatenate(list(store.gaze_parts(writer.session.id)))
    assert_array_equal(parts["time_ns"], np.arange(400) * 10_000_000)

"""Three streams joined into one, against the slow obvious way."""

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acquisition.sources.tobii_host import Packer
from acquisition.sources.tobii_samples import OPENNESS_WAIT_NS, Join, channels_of, unpack

MS = 1_000_000


def gaze(stamp_us, x=0.5):
    eyes = {}
    for side in ("left", "right"):
        eyes[side + "_gaze_point_on_display_area"] = (x, 0.25)
        eyes[side + "_gaze_point_in_user_coordinate_system"] = (1.0, 2.0, 3.0)
        eyes[side + "_gaze_origin_in_user_coordinate_system"] = (1.0, 2.0, 3.0)
        eyes[side + "_pupil_diameter"] = 3.0
        for what in ("gaze_point", "pupil", "gaze_origin"):
            eyes[f"{side}_{what}_validity"] = 1
    return {"device_time_stamp": stamp_us, "system_time_stamp": stamp_us + 7, **eyes}


def openness(stamp_us):
    return {
        "device_time_stamp": stamp_us,
        "system_time_stamp": 0,
        "left_eye_openness_value": stamp_us / 2,
        "left_eye_validity": 1,
        "right_eye_openness_value": stamp_us / 4,
        "right_eye_validity": 1,
    }


def position(number):
    return {
        "left_user_position": (number, 0.0, 0.0),
        "left_user_position_validity": 1,
        "right_user_position": (0.0, 0.0, number),
        "right_user_position_validity": 0,
    }


def frame(kind, items):
    packer = Packer(kind.encode())
    for arrival_ns, data in items:
        packer.add(data, arrival_ns)
    return packer.take()


def test_a_frame_is_read_as_it_was_packed():
    arrivals_ns, samples = unpack("G", frame("G", [(10, gaze(1, x=0.125)), (20, gaze(2))]))
    assert arrivals_ns.tolist() == [10, 20]
    assert samples["device_time_stamp"].tolist() == [1, 2]
    assert samples["left_gaze_point_on_display_area_x"].tolist() == [0.125, 0.5]
    assert samples["system_time_stamp"].tolist() == [8, 9]


def test_infinities_and_nan_come_through():
    odd = {**gaze(1), "left_pupil_diameter": float("inf"), "right_pupil_diameter": float("nan")}
    _, samples = unpack("G", frame("G", [(10, odd)]))
    assert samples["left_pupil_diameter"][0] == np.inf
    assert np.isnan(samples["right_pupil_diameter"][0])


def test_labels_are_those_of_the_sdk_and_types_its_own():
    channels = {channel.label: channel for channel in channels_of("GOP")}
    assert channels["left_gaze_point_on_display_area_y"].role == "left_y"
    assert channels["right_gaze_origin_in_user_coordinate_system_z"].role == "right_origin_z_mm"
    assert {(c.dtype, c.role) for c in channels.values() if c.label.endswith("eye_validity")} == {
        ("|u1", "left_openness_valid"),
        ("|u1", "right_openness_valid"),
    }
    assert channels["device_time_stamp"].dtype == "<i8"
    assert {channel.dtype for channel in channels.values()} == {"<i8", "<f4", "|u1"}
    assert len(channels_of("G")) == 26


def slow_join(events):
    """What must come out: each gaze with the openness of its stamp and the last position before it."""
    stamps = {data["device_time_stamp"] for kind, _, data in events if kind == "O"}
    newest, rows = None, []
    for kind, arrival_ns, data in events:
        if kind == "P":
            newest = data["left_user_position"][0]
        if kind == "G":
            stamp = data["device_time_stamp"]
            rows.append((arrival_ns, stamp, stamp / 2 if stamp in stamps else None, newest))
    return rows


@st.composite
def arrivals(draw):
    """Frames as they come: openness before or after its gaze within what is waited for, some never."""
    n = draw(st.integers(1, 40))
    late_ms = draw(st.lists(st.integers(-9, 9), min_size=n, max_size=n))
    has_openness = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    events = []
    for number in range(n):
        at_ns = (100 + 10 * number) * MS
        events.append(("G", at_ns, gaze(1000 * number)))
        if has_openness[number]:
            events.append(("O", at_ns + late_ms[number] * MS, openness(1000 * number)))
        if draw(st.booleans()):
            events.append(("P", at_ns + draw(st.integers(-4, 4)) * MS, position(number)))
    return sorted(events, key=lambda event: (event[1], "POG".index(event[0])))


@given(arrivals(), st.integers(1, 7))
def test_every_sample_gets_what_belongs_to_it_and_keeps_its_order(events, per_turn):
    join = Join("GOP")
    parts = []
    for start in range(0, len(events), per_turn):
        turn = events[start : start + per_turn]
        for kind in "POG":
            items = [(arrival_ns, data) for of, arrival_ns, data in turn if of == kind]
            if items:
                join.add(kind, frame(kind, items), now_ns=0)
        parts.append(join.ready(0))
    parts.append(join.ready(0, is_all=True))
    arrivals_ns = np.concatenate([part[0] for part in parts])
    samples = np.concatenate([part[1] for part in parts])
    assert len(samples) == len(slow_join(events))
    for arrival_ns, sample, expected in zip(arrivals_ns, samples, slow_join(events), strict=True):
        assert (arrival_ns, sample["device_time_stamp"]) == expected[:2]
        check(sample["left_eye_openness_value"], sample["left_eye_validity"], expected[2])
        check(sample["left_user_position_x"], sample["left_user_position_validity"], expected[3])
        assert sample["left_gaze_point_on_display_area_x"] == 0.5


def check(value, validity, expected):
    """A value that came is valid; one that did not is NaN and is not."""
    assert validity == (expected is not None)
    assert np.isnan(value) if expected is None else value == expected


def test_gaze_waits_for_its_openness_no_longer_than_promised():
    join = Join("GO")
    join.add("G", frame("G", [(0, gaze(1)), (10 * MS, gaze(2))]), now_ns=0)
    assert len(join.ready(0)[1]) == 0
    join.add("G", frame("G", [(OPENNESS_WAIT_NS, gaze(3))]), now_ns=0)
    assert join.ready(0)[1]["device_time_stamp"].tolist() == [1]
    join.add("O", frame("O", [(OPENNESS_WAIT_NS + 1, openness(2))]), now_ns=0)
    assert join.ready(0)[1]["left_eye_openness_value"].tolist() == [1.0]


def test_openness_that_found_no_gaze_is_left_over_once():
    join = Join("GO")
    join.add("O", frame("O", [(0, openness(1))]), now_ns=0)
    join.add("G", frame("G", [(1_100 * MS, gaze(2))]), now_ns=0)
    join.ready(0)
    assert join.leftover()["device_time_stamp"].tolist() == [1]
    assert len(join.leftover()) == 0


def test_when_nothing_comes_any_more_nothing_is_waited_for():
    join = Join("GO")
    join.add("G", frame("G", [(0, gaze(1))]), now_ns=0)
    assert len(join.ready(50 * MS)[1]) == 0
    assert len(join.ready(150 * MS)[1]) == 1


def test_what_is_no_sample_is_refused_and_the_next_is_packed():
    packer = Packer(b"G")
    for bad in ({}, {**gaze(1), "left_pupil_diameter": None}, {**gaze(1), "left_pupil_validity": 300}):
        try:
            packer.add(bad, 1)
        except (KeyError, struct.error):
            continue
        raise AssertionError(f"{bad} was packed")
    packer.add(gaze(2), 2)
    assert len(unpack("G", packer.take())[1]) == 1

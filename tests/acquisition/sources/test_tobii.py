import base64
import hashlib
import importlib.util
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tobii_fakes import FAKE_SDK

from acquisition.clock import RealClock
from acquisition.domain import Display, GapCause
from acquisition.errors import SourceError
from acquisition.headless import record_session
from acquisition.sources import open_source, tobii, tobii_link
from acquisition.sources.base import CanBeCalibrated, Eyes
from acquisition.sources.tobii import TobiiSource
from acquisition.sources.tobii_device import find_trackers
from acquisition.sources.tobii_host import KEYS
from acquisition.sources.tobii_python import TobiiPython
from acquisition.store import open_store

DISPLAY = Display(1920, 1080, 527.0, 296.0)
FACTORY_SHA256 = hashlib.sha256(b"of the factory").hexdigest()
SIMPLE = ["capability_has_gaze_data"]
AREA_TOO_WIDE = {
    "top_left": [-263.5, 300.0, 10.0],
    "top_right": [336.5, 300.0, 10.0],
    "bottom_left": [-263.5, 4.0, 10.0],
}
NO_POSITIONS = {"eyetracker_user_position_guide": "EyeTrackerFeatureNotSupportedError"}
AT_600_HZ_US = {1666, 1667}


@pytest.fixture
def source(fake_tobii):
    """`source(**options)` gives one that is closed at the end."""
    made = []

    def make(which="", **options):
        made.append(TobiiSource(RealClock(), options.pop("display", DISPLAY), which=which, **options))
        return made[-1]

    yield make
    for gaze in made:
        gaze.close()


def read_until(gaze, is_enough, at_most_s=20.0):
    """Batches until they are enough."""
    batches = []
    until_s = time.monotonic() + at_most_s
    while time.monotonic() < until_s:
        batches.append(gaze.read(0.02))
        if is_enough(batches):
            return batches
    raise AssertionError(f"not enough in {at_most_s} s, only {kinds(batches)}, {n_samples(batches)} samples")


def n_samples(batches):
    return sum(len(batch.samples) for batch in batches)


def samples_of(batches):
    return np.concatenate([batch.samples for batch in batches])


def events_of(batches, kind):
    return [event for batch in batches for event in batch.events if event.kind == kind]


def kinds(batches):
    return [event.kind for batch in batches for event in batch.events]


def types(batches):
    return [event.detail["type"] for event in events_of(batches, "notification")]


def has(kind):
    return lambda batches: bool(events_of(batches, kind))


def has_samples(n):
    return lambda batches: n_samples(batches) >= n


def sample_number(samples):
    """Which sample of the fake this is, by its device time stamp."""
    return np.round((samples["device_time_stamp"] - 5_000_000) * 600 / 1e6).astype(int)


def packed(sdk, kinds, n):
    """Sample n as the fake's dictionaries have it, in the order of our channels."""
    made = {"G": sdk._values_of, "O": sdk._openness_of, "P": sdk._position_of}
    values = b""
    for kind in kinds.decode():
        data = made[kind](n)
        for key, code, axes in KEYS[kind.encode()]:
            if code != "q":
                each = data[key] if axes else (data[key],)
                values += struct.pack(f"<{len(each)}{code}", *each)
    return values


@pytest.fixture
def fake_sdk(fake_tobii, monkeypatch):
    """The fake, in this process."""
    spec = importlib.util.spec_from_file_location("fake_tobii_research", FAKE_SDK / "tobii_research.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# What is recorded


def test_every_value_is_stored_bit_for_bit_with_both_clocks(source, fake_sdk, tmp_path):
    with open_store(tmp_path) as store:
        session = record_session(store, source(), 1.0, clock=RealClock(), display=DISPLAY).session
        raw, gaze = store.raw(session.id), store.gaze(session.id)
        pairs = store.recording(session.id).clock_pairs()
    assert len(raw.samples) > 400
    assert set(np.diff(raw.samples["device_time_stamp"])) == AT_600_HZ_US
    numbers = sample_number(raw.samples)
    first = raw.samples.dtype.fields["left_gaze_point_on_display_area_x"][1]
    for row, number in zip(raw.samples, numbers.tolist(), strict=True):
        assert row.tobytes()[first:] == packed(fake_sdk, b"GOP", number)
    assert (raw.source_time_s == raw.samples["device_time_stamp"] * 1e-6).all()
    assert gaze["left_valid"].all()
    assert gaze["right_openness_valid"].all()
    assert (gaze["right_openness_mm"] == 8.0).all()
    late_ms = (gaze["host_time_ns"] - gaze["time_ns"]) / 1e6
    assert late_ms.min() > -0.5
    assert len(pairs) >= 2


def test_the_clocks_are_placed_to_a_fraction_of_a_millisecond(source):
    gaze = source()
    gaze.open()
    batches = read_until(gaze, has_samples(100))
    # The fake stamps a sample with the system clock too: perf_counter and a constant.
    samples = samples_of(batches)
    captured_ns = (samples["system_time_stamp"] - 777_000_000) * 1000
    for pair in (pair for batch in batches for pair in batch.clock_pairs):
        placed_ns = pair.host_time_ns + (samples["device_time_stamp"] * 1e-6 - pair.source_time_s) * 1e9
        assert np.abs(placed_ns - captured_ns).max() <= pair.uncertainty_ns < 6_000_000


def test_a_tracker_with_gaze_alone_has_fewer_channels(source, fake_tobii):
    fake_tobii(trackers=[{"capabilities": SIMPLE}], refuse=NO_POSITIONS)
    gaze = source()
    info = gaze.open()
    assert not any("openness" in c.label or "user_position" in c.label for c in info.channels)
    assert gaze.calibrator is None
    batches = read_until(gaze, has_samples(20))
    assert events_of(batches, "stream_error")[0].detail["source"] == "eyetracker_user_position_guide"


def test_eyes_that_are_not_seen_are_nan_and_not_valid(source, fake_tobii):
    fake_tobii(timeline=[[20, "blind", 10], [40, "skip", 5]])
    gaze = source()
    gaze.open()
    samples = samples_of(read_until(gaze, has_samples(100)))
    numbers = sample_number(samples)
    unseen = samples["left_gaze_point_validity"] == 0
    assert numbers[unseen].tolist() == list(range(20, 30))
    assert np.isnan(samples["right_pupil_diameter"][unseen]).all()
    assert set(range(numbers[0], numbers[-1] + 1)) - set(numbers) == set(range(40, 45))


def test_the_session_says_which_tracker_it_was(source):
    info = source().open()
    assert (info.name, info.nominal_rate_hz, info.is_simulated) == ("tobii", 600.0, False)
    assert info.detail["serial_number"] == "FAKE-1"
    assert info.detail["tracking_mode"] == "human"
    assert info.detail["calibration_sha256"] == FACTORY_SHA256
    assert "263.5" in info.detail["display_area_mm"]


def test_nothing_is_recorded_of_the_time_before_it_was_open(source):
    gaze = source()
    gaze.open()
    batches = read_until(gaze, has_samples(100))
    n_discarded = sum(event.detail["n_discarded"] for event in events_of(batches, "warm_up"))
    arrivals_ns = np.concatenate([batch.host_time_ns for batch in batches])
    assert n_discarded == sample_number(samples_of(batches))[0]
    assert arrivals_ns[0] >= gaze._opened_ns


# What is chosen


def test_a_frequency_that_it_offers_is_set_and_another_refused(source):
    assert source(rate_hz=120.0).open().nominal_rate_hz == 120.0
    with pytest.raises(SourceError, match=r"Fake Pro \(FAKE-1\) has no 90 Hz: it offers 60, 120, 600 Hz"):
        source(rate_hz=90.0).open()


def test_a_tracking_mode_that_it_lacks_is_refused(source):
    assert source(mode="monkey").open().detail["tracking_mode"] == "monkey"
    with pytest.raises(SourceError, match=r"no tracking mode 'owl': it offers human, monkey\."):
        source(mode="owl").open()


def test_two_trackers_are_told_apart_by_serial_number_or_address(source, fake_tobii):
    there = [{"serial_number": f"S-{n}", "address": f"tet-tcp://10.0.0.{n}"} for n in (1, 2)]
    fake_tobii(trackers=there)
    with pytest.raises(SourceError, match=r"Several .* Fake Pro \(S-1\) and Fake Pro \(S-2\): .* tobii:S-1"):
        source().open()
    with pytest.raises(SourceError, match=r"called 'S-3': there is Fake Pro \(S-1\) and"):
        source("S-3").open()
    assert source("S-2").open().detail["serial_number"] == "S-2"
    gaze = open_source("tobii:tet-tcp://10.0.0.1", clock=RealClock(), display=DISPLAY)
    assert gaze.open().detail["serial_number"] == "S-1"
    gaze.close()


def test_what_is_there_can_be_looked_at(fake_tobii):
    sdk, trackers = find_trackers(TobiiPython(Path(sys.executable), ""))
    assert sdk == "2.1.0.1"
    assert [said["serial_number"] for said in trackers] == ["FAKE-1"]


# What is refused


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"trackers": []}, "No Tobii tracker was found: check its cable"),
        ({"trackers": [{"capabilities": []}]}, "sends no gaze: choose another"),
        ({"refuse": {"eyetracker_gaze_data": "EyeTrackerLicenseError"}}, "wants a licence for this"),
        ({"stream_error": "stream_error_insufficient_license"}, r"wants a licence.*gaze stream: as told"),
        ({"refuse": {"get_display_area": "EyeTrackerDisplayAreaNotValidError"}}, "does not know its display"),
        (
            {"refuse": {"find_all_eyetrackers": "EyeTrackerInternalError"}},
            "The tracker failed: check its cable",
        ),
        ({"refuse": {"set_gaze_output_frequency": "EyeTrackerConnectionFailedError"}}, "does not answer"),
    ],
)
def test_what_a_tracker_refuses_is_one_sentence(told, sentence, source, fake_tobii):
    fake_tobii(**told)
    gaze = source()
    with pytest.raises(SourceError, match=sentence) as error:
        gaze.open()
    assert str(error.value).endswith(".")


def test_an_address_where_nothing_is(source):
    with pytest.raises(SourceError, match="The tracker does not answer: check its cable"):
        source("tet-tcp://10.9.9.9").open()


def test_a_python_without_the_sdk_is_named_with_the_command_that_helps(source, monkeypatch):
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(SourceError, match=r"has no Tobii SDK .*: run `gazeroom doctor --install-tobii`"):
        source().open()


def test_a_python_that_is_none(source, tmp_path):
    with pytest.raises(SourceError, match="cannot be started"):
        source(python=tmp_path / "nothing").open()


def test_a_host_that_says_nothing_is_given_up(source, tmp_path, monkeypatch):
    (tmp_path / "tobii_research.py").write_text("import os; os._exit(1)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SourceError, match="Tobii's SDK does not start in"):
        source().open()


# What happens


def test_every_notification_and_stream_error_is_an_event(source, fake_tobii):
    fake_tobii(
        timeline=[
            [10, "device_faults", {"faults": "hot,hotter"}],
            [11, "device_warnings", {"warnings": "warm"}],
            [12, "stream_error", "stream_error_internal_error"],
            [13, "stream_buffer_overflow", {"notification_source_stream": "gaze"}],
            [14, "garbage"],
            [15, "display_area_changed", {"display_area": AREA_TOO_WIDE}],
        ]
    )
    gaze = source()
    gaze.open()
    batches = read_until(gaze, lambda batches: has("warning")(batches) and has_samples(60)(batches))
    assert {"device_faults", "device_warnings"} <= set(types(batches))
    (overflow,) = events_of(batches, "overflow")
    assert overflow.detail["stream"] == "gaze"
    errors = [event.detail["error"] for event in events_of(batches, "stream_error")]
    assert sorted(errors) == ["stream_error_internal_error", "unreadable"]
    (changed,) = events_of(batches, "tracker_display_changed")
    assert changed.detail["display_area"]["top_right"] == [336.5, 300.0, 10.0]
    assert "600 x 296 mm" in events_of(batches, "warning")[0].detail["message"]
    assert (np.diff(sample_number(samples_of(batches))) == 1).all()


def test_a_display_of_another_size_is_warned_of(source):
    gaze = source(display=Display(1920, 1080, 400.0, 296.0))
    gaze.open()
    (warning,) = events_of(read_until(gaze, has_samples(1)), "warning")
    assert "527 x 296 mm, and this one has 400 x 296 mm" in warning.detail["message"]


def test_openness_that_comes_late_delays_and_loses_nothing(source, fake_tobii):
    fake_tobii(timeline=[[100, "late_openness", 60]])
    gaze = source()
    gaze.open()
    batches = read_until(gaze, lambda batches: len(late_stamps(batches)) > 20 and has_samples(900)(batches))
    samples = samples_of(batches)
    numbers = sample_number(samples)
    assert (np.diff(numbers) == 1).all()
    without = samples["left_eye_validity"] == 0
    assert np.isnan(samples["left_eye_openness_value"][without]).all()
    assert set(numbers[without]) <= set(range(100, 160))
    assert sorted(late_stamps(batches)) == samples["device_time_stamp"][without].tolist()


def late_stamps(batches):
    """Device time stamps of the openness that found no gaze."""
    details = [event.detail for event in events_of(batches, "notification")]
    late = [detail for detail in details if detail["type"] == "eye_openness_without_gaze"]
    return [row[detail["names"].index("device_time_stamp")] for detail in late for row in detail["values"]]


def test_unplugged_and_back_the_calibration_is_applied_again(source, fake_tobii, tmp_path):
    fake_tobii(timeline=[[200, "connection_lost"], [400, "connection_restored"]])
    with open_store(tmp_path) as store:
        session = record_session(store, source(), 1.5, clock=RealClock(), display=DISPLAY).session
        recording = store.recording(session.id)
        events = [event.kind for event in recording.events()]
        types = [event.detail.get("type") for event in recording.events()]
        gaps = [gap for gap in recording.gaps() if gap.cause is GapCause.DISCONNECT]
        gaze = store.gaze(session.id)
    assert (events.count("disconnect"), events.count("reconnect")) == (1, 1)
    assert "calibration_applied_again" in types
    assert len(gaps) == 1
    assert 0.2 < (gaps[0].end_ns - gaps[0].start_ns) * 1e-9 < 0.5
    assert np.diff(gaze["device_time_us"]).max() == pytest.approx(201e6 / 600, abs=1)


def test_a_clock_that_starts_anew_is_said(source, fake_tobii):
    fake_tobii(timeline=[[50, "connection_lost"], [60, "clock_reset"], [100, "connection_restored"]])
    gaze = source()
    gaze.open()
    (reset,) = events_of(read_until(gaze, has("clock_reset")), "clock_reset")
    assert reset.detail["jump_s"] == pytest.approx(-4.0, abs=0.05)


def test_a_host_that_dies_is_replaced_and_the_calibration_goes_with_it(source, fake_tobii, monkeypatch):
    monkeypatch.setattr(tobii, "RETRY_S", 0.05)
    fake_tobii(timeline=[[100, "die"]])
    gaze = source()
    gaze.open()
    calibrate(gaze.calibrator)
    lost = read_until(gaze, has("disconnect"))
    fake_tobii()
    back = read_until(gaze, lambda batches: has("reconnect")(batches) and has_samples(50)(batches))
    assert "the process with the SDK ended" in events_of(lost, "disconnect")[0].detail["why"]
    assert types(back).count("calibration_applied_again") == 1
    assert gaze.calibrator.retrieve() == b"of 3 points"
    (reconnect,) = events_of(back, "reconnect")
    first_ns = next(batch.host_time_ns[0] for batch in back if len(batch.samples))
    assert reconnect.host_time_ns <= first_ns


def test_a_tracker_that_stays_away_is_looked_for_until_it_is_there(source, fake_tobii, tmp_path, monkeypatch):
    monkeypatch.setattr(tobii, "RETRY_S", 0.05)
    monkeypatch.setattr(tobii, "GONE_S", 0.1)
    absent = tmp_path / "absent"
    fake_tobii(absent=str(absent), timeline=[[50, "absent"], [51, "connection_lost"]])
    gaze = source()
    gaze.open()
    calibrator = gaze.calibrator
    batches = read_until(gaze, lambda batches: has("disconnect")(batches) and gaze._link is None)
    with pytest.raises(SourceError, match="The tracker is gone: wait until it is back"):
        calibrator.enter()
    absent.unlink()
    batches += read_until(gaze, has("reconnect"))
    assert kinds(batches).count("disconnect") == 1


def test_a_tracker_that_is_back_and_says_nothing_is_started_anew(source, fake_tobii, monkeypatch):
    monkeypatch.setattr(tobii, "GONE_S", 0.1)
    for_ever = 10**9
    fake_tobii(timeline=[[50, "connection_lost"], [51, "skip", for_ever], [52, "connection_restored"]])
    gaze = source()
    gaze.open()
    fake_tobii()
    batches = read_until(gaze, lambda batches: kinds(batches).count("reconnect") == 2)
    assert kinds(batches).count("disconnect") == 2
    assert n_samples(read_until(gaze, has_samples(10))) >= 10


def test_another_set_of_channels_is_not_mixed_in(source, fake_tobii, monkeypatch):
    fake_tobii(timeline=[[50, "die"]])
    gaze = source()
    gaze.open()
    fake_tobii(trackers=[{"capabilities": SIMPLE}])
    batches = read_until(gaze, has("other_stream"))
    assert "its channels have changed" in events_of(batches, "other_stream")[0].detail["why"]
    assert n_samples([gaze.read(0.05)]) == 0


def test_closing_while_it_is_away_ends_the_search(source, fake_tobii, tmp_path):
    absent = tmp_path / "absent"
    fake_tobii(absent=str(absent), timeline=[[50, "absent"], [51, "die"]])
    gaze = source()
    gaze.open()
    read_until(gaze, has("disconnect"))
    gaze.close()
    assert gaze._link is None
    assert n_samples([gaze.read(0.0)]) == 0


# A reader of the pipe that stands still


def test_nothing_is_lost_while_nobody_reads(source, monkeypatch):
    gaze = source()
    gaze.open()
    before = read_until(gaze, has_samples(50))
    receive = tobii_link.HostLink._sort
    stall = []

    def sort_late(link, kind, payload):
        if not stall:
            stall.append(time.sleep(1.5))
        receive(link, kind, payload)

    monkeypatch.setattr(tobii_link.HostLink, "_sort", sort_late)
    after = read_until(gaze, has_samples(1200))
    numbers = sample_number(samples_of(before + after))
    assert (np.diff(numbers) == 1).all()
    assert not events_of(before + after, "overflow")
    assert not (samples_of(after)["left_eye_validity"] == 0).any()


# Calibration


def calibrate(calibrator, targets=((0.5, 0.5), (0.1, 0.1), (0.9, 0.9))):
    calibrator.enter()
    seen = [calibrator.collect(x, y) for x, y in targets]
    result = calibrator.compute()
    calibrator.leave()
    return seen, result


def test_a_calibration_names_the_samples_that_were_used(source):
    gaze = source()
    gaze.open()
    assert isinstance(gaze, CanBeCalibrated)
    seen, result = calibrate(gaze.calibrator)
    assert seen == [True] * 3
    assert result.eyes is Eyes.BOTH
    # The SDK gives each target in two pieces; the samples of the right eye were not used.
    assert [(point.x, point.y) for point in result.points] == [(0.5, 0.5), (0.1, 0.1), (0.9, 0.9)]
    assert all(len(point.left) == 4 and point.right == () for point in result.points)
    assert gaze.calibrator.retrieve() == b"of 3 points"
    gaze.calibrator.apply(b"another")
    assert gaze.calibrator.retrieve() == b"another"


def test_a_point_that_collects_nothing_and_a_discarded_one_are_not_used(source, fake_tobii):
    fake_tobii(blind=[[0.1, 0.1]])
    gaze = source()
    gaze.open()
    calibrator = gaze.calibrator
    calibrator.enter()
    assert [calibrator.collect(*target) for target in ((0.5, 0.5), (0.1, 0.1), (0.9, 0.9))] == [
        True,
        False,
        True,
    ]
    calibrator.discard(0.9, 0.9)
    assert [(point.x, point.y) for point in calibrator.compute().points] == [(0.5, 0.5)]


@pytest.mark.parametrize(
    ("outcome", "capability", "eyes", "n_points"),
    [
        ("failure", "", None, 0),
        ("no points", "", Eyes.BOTH, 0),
        ("left", "capability_can_do_monocular_calibration", Eyes.LEFT, 3),
        ("success", "capability_can_do_monocular_calibration", Eyes.BOTH, 3),
    ],
)
def test_every_outcome_of_a_calibration(outcome, capability, eyes, n_points, source, fake_tobii):
    can = [*SIMPLE, "capability_can_do_screen_based_calibration", capability]
    fake_tobii(outcome=outcome, trackers=[{"capabilities": can}])
    gaze = source()
    gaze.open()
    _, result = calibrate(gaze.calibrator)
    assert result.eyes is eyes
    assert len(result.points) == n_points


def test_an_outcome_that_does_not_say_which_eyes_is_refused(source, fake_tobii):
    can = [*SIMPLE, "capability_can_do_screen_based_calibration", "capability_can_do_monocular_calibration"]
    fake_tobii(outcome="no points", trackers=[{"capabilities": can}])
    gaze = source()
    gaze.open()
    with pytest.raises(SourceError, match=r"begin the calibration again \(compute: it does not say which"):
        calibrate(gaze.calibrator)


def test_a_calibration_that_was_aborted_can_be_begun_again(source):
    gaze = source()
    gaze.open()
    gaze.calibrator.enter()
    gaze.calibrator.collect(0.5, 0.5)
    gaze.calibrator.enter()
    gaze.calibrator.collect(0.1, 0.1)
    assert len(gaze.calibrator.compute().points) == 1
    gaze.calibrator.leave()
    gaze.calibrator.leave()
    with pytest.raises(SourceError, match="begin the calibration again"):
        gaze.calibrator.collect(0.1, 0.1)


def test_what_the_tracker_refuses_while_calibrating_is_one_sentence(source, fake_tobii):
    fake_tobii(refuse={"enter_calibration_mode": "EyeTrackerInvalidOperationError"})
    gaze = source()
    gaze.open()
    with pytest.raises(SourceError, match="cannot do this now: end what other programs do with it"):
        gaze.calibrator.enter()


def test_a_calibration_that_cannot_be_read_is_an_event(source, fake_tobii):
    fake_tobii(refuse={"retrieve_calibration_data": "EyeTrackerLicenseError"})
    gaze = source()
    assert "calibration_sha256" not in gaze.open().detail
    errors = events_of(read_until(gaze, has_samples(1)), "stream_error")
    assert "wants a licence" in errors[0].detail["message"]


def test_the_calibration_at_the_start_is_kept_whole(source):
    gaze = source()
    gaze.open()
    batches = read_until(gaze, has_samples(1))
    (start,) = [e for e in events_of(batches, "notification") if e.detail["type"] == "calibration_at_start"]
    assert base64.b64decode(start.detail["blob_base64"]) == b"of the factory"

"""A `tobii_research` without a tracker: the names of the real one, and its habits.

A device thread makes samples at the device's rate and puts them into rings of 64, as the real SDK does; a
pump thread empties the rings into the callbacks. What finds its ring full is lost, and notified once. Every
value of sample n can be told from n (`_values_of`). `FAKE_TOBII` in the environment holds JSON:

    trackers   list of changes to `_TRACKER`, one tracker each
    timeline   [[n, what, ...], ...]: happens when sample n is due; see `EyeTracker._happen`
    refuse     {method: name of the error that it raises}
    absent     path: while this file exists no tracker is found
    outcome    of a calibration: success, failure, left, no points
    ring       how many samples of a stream wait for their callback; 64 as in the real SDK
    blind      [[x, y], ...]: targets at which no eye is seen
"""

import json
import math
import os
import threading
import time
from collections import deque
from pathlib import Path

__version__ = "2.1.0.1"

_CONFIG = json.loads(os.environ.get("FAKE_TOBII", "{}"))
_RING = _CONFIG.get("ring", 64)
_SYSTEM_ORIGIN_US = 777_000_000
_DEVICE_ORIGIN_US = 5_000_000

CAPABILITY_HAS_GAZE_DATA = "capability_has_gaze_data"
CAPABILITY_HAS_EYE_OPENNESS_DATA = "capability_has_eye_openness_data"
CAPABILITY_CAN_DO_SCREEN_BASED_CALIBRATION = "capability_can_do_screen_based_calibration"
CAPABILITY_CAN_DO_MONOCULAR_CALIBRATION = "capability_can_do_monocular_calibration"

EYETRACKER_GAZE_DATA = "eyetracker_gaze_data"
EYETRACKER_EYE_OPENNESS_DATA = "eyetracker_eye_openness_data"
EYETRACKER_USER_POSITION_GUIDE = "eyetracker_user_position_guide"
EYETRACKER_TIME_SYNCHRONIZATION_DATA = "eyetracker_time_synchronization_data"
EYETRACKER_STREAM_ERRORS = "eyetracker_stream_errors"
EYETRACKER_NOTIFICATION_CONNECTION_LOST = "eyetracker_notification_connection_lost"
EYETRACKER_NOTIFICATION_CONNECTION_RESTORED = "eyetracker_notification_connection_restored"
EYETRACKER_NOTIFICATION_CALIBRATION_MODE_ENTERED = "eyetracker_notification_calibration_mode_entered"
EYETRACKER_NOTIFICATION_CALIBRATION_MODE_LEFT = "eyetracker_notification_calibration_mode_left"
EYETRACKER_NOTIFICATION_CALIBRATION_CHANGED = "eyetracker_notification_calibration_changed"
EYETRACKER_NOTIFICATION_DISPLAY_AREA_CHANGED = "eyetracker_notification_display_area_changed"
EYETRACKER_NOTIFICATION_GAZE_OUTPUT_FREQUENCY_CHANGED = (
    "eyetracker_notification_gaze_output_frequency_changed"
)
EYETRACKER_NOTIFICATION_EYE_TRACKING_MODE_CHANGED = "eyetracker_notification_eye_tracking_mode_changed"
EYETRACKER_NOTIFICATION_DEVICE_FAULTS = "eyetracker_notification_device_faults"
EYETRACKER_NOTIFICATION_DEVICE_WARNINGS = "eyetracker_notification_device_warnings"
EYETRACKER_NOTIFICATION_STREAM_BUFFER_OVERFLOW = "eyetracker_notification_stream_buffer_overflow"

CALIBRATION_STATUS_FAILURE = "calibration_status_failure"
CALIBRATION_STATUS_SUCCESS = "calibration_status_success"
CALIBRATION_STATUS_SUCCESS_LEFT_EYE = "calibration_status_success_left_eye"
CALIBRATION_STATUS_SUCCESS_RIGHT_EYE = "calibration_status_success_right_eye"
VALIDITY_INVALID_AND_NOT_USED = "validity_invalid_and_not_used"
VALIDITY_VALID_BUT_NOT_USED = "validity_valid_but_not_used"
VALIDITY_VALID_AND_USED = "validity_valid_and_used"
SELECTED_EYE_BOTH = "selected_eye_both"

_TRACKER = {
    "address": "tet-tcp://10.0.0.1",
    "device_name": "reading room",
    "serial_number": "FAKE-1",
    "model": "Fake Pro",
    "firmware_version": "1.2.3",
    "runtime_version": "4.5",
    "capabilities": [
        CAPABILITY_HAS_GAZE_DATA,
        CAPABILITY_HAS_EYE_OPENNESS_DATA,
        CAPABILITY_CAN_DO_SCREEN_BASED_CALIBRATION,
    ],
    "modes": ["human", "monkey"],
    "mode": "monkey",
    "frequencies": [60.0, 120.0, 600.0],
    "frequency": 60.0,
    "area": {
        "top_left": (-263.5, 300.0, 10.0),
        "top_right": (263.5, 300.0, 10.0),
        "bottom_left": (-263.5, 4.0, 10.0),
    },
    "calibration": "of the factory",
}


class _Error(Exception):
    def __init__(self, value):
        self.value = value

    def __str__(self):
        return repr(self.value)


class EyeTrackerConnectionFailedError(_Error):
    pass


class EyeTrackerDisplayAreaNotValidError(_Error):
    pass


class EyeTrackerFeatureNotSupportedError(_Error):
    pass


class EyeTrackerInternalError(_Error):
    pass


class EyeTrackerInvalidOperationError(_Error):
    pass


class EyeTrackerLicenseError(_Error):
    pass


class EyeTrackerOperationFailedError(_Error):
    pass


class EyeTrackerUnavailableError(_Error):
    pass


def get_system_time_stamp():
    return time.perf_counter_ns() // 1000 + _SYSTEM_ORIGIN_US


def find_all_eyetrackers():
    _refuse_if_told("find_all_eyetrackers")
    return tuple(EyeTracker(changes["address"]) for changes in _attached())


def _values_of(n):
    """What sample n holds: numbers that float32 holds exactly."""
    x = (n % 1024) / 1024
    gaze = {}
    for side, shift in (("left", 0.0), ("right", 0.25)):
        gaze[side + "_gaze_point_on_display_area"] = (x + shift, 1.0 - x)
        gaze[side + "_gaze_point_in_user_coordinate_system"] = (n % 512 + shift, 100.0, 12.5)
        gaze[side + "_gaze_point_validity"] = 1
        gaze[side + "_pupil_diameter"] = 3.0 + shift
        gaze[side + "_pupil_validity"] = 1
        gaze[side + "_gaze_origin_in_user_coordinate_system"] = (-30.0 + shift, 90.0, 600.0 + n % 8)
        gaze[side + "_gaze_origin_validity"] = 1
    return gaze


def _openness_of(n):
    return {
        "left_eye_openness_value": 9.0 + (n % 4) / 4,
        "left_eye_validity": 1,
        "right_eye_openness_value": 8.0,
        "right_eye_validity": 1,
    }


def _position_of(n):
    return {
        "left_user_position": (0.5, 0.5, (n % 16) / 16),
        "left_user_position_validity": 1,
        "right_user_position": (0.25, 0.5, 0.5),
        "right_user_position_validity": 1,
    }


def _blinded(values):
    """The same, as it is of eyes that are not seen: NaN, and not valid."""
    nan = math.nan
    return {
        key: 0 if key.endswith("validity") else tuple(nan for _ in value) if isinstance(value, tuple) else nan
        for key, value in values.items()
    }


class DisplayArea:
    def __init__(self, display_area):
        self.top_left = tuple(display_area["top_left"])
        self.top_right = tuple(display_area["top_right"])
        self.bottom_left = tuple(display_area["bottom_left"])


class EyeTracker:
    def __init__(self, address):
        attached = [device for device in _attached() if device["address"] == address]
        if not attached:
            raise EyeTrackerConnectionFailedError("The connection to the eye tracker failed.")
        self._device = device = attached[0]
        self._callbacks = {}
        self._ring_counts = {}
        self._waiting = deque()
        self._notifications = deque()
        self._has_news = threading.Event()
        self._counting = threading.Lock()
        self._is_running = False
        self._first_us = self._n = self._n_blind = self._n_skipped = self._n_late = 0
        self._late_openness = deque()
        self._is_lost = False
        self._is_overrun = False
        self._device_origin_us = _DEVICE_ORIGIN_US
        self._frequency, self._mode = device["frequency"], device["mode"]
        self._calibration = device["calibration"].encode()
        self._in_calibration = False

    address = property(lambda self: self._device["address"])
    device_name = property(lambda self: self._device["device_name"])
    serial_number = property(lambda self: self._device["serial_number"])
    model = property(lambda self: self._device["model"])
    firmware_version = property(lambda self: self._device["firmware_version"])
    runtime_version = property(lambda self: self._device["runtime_version"])
    device_capabilities = property(lambda self: tuple(self._device["capabilities"]))

    def get_all_gaze_output_frequencies(self):
        _refuse_if_told("get_all_gaze_output_frequencies")
        return tuple(self._device["frequencies"])

    def get_gaze_output_frequency(self):
        return self._frequency

    def set_gaze_output_frequency(self, gaze_output_frequency):
        _refuse_if_told("set_gaze_output_frequency")
        self._frequency = float(gaze_output_frequency)
        self._notify("gaze_output_frequency_changed", gaze_output_frequency=self._frequency)

    def get_all_eye_tracking_modes(self):
        _refuse_if_told("get_all_eye_tracking_modes")
        return tuple(self._device["modes"])

    def get_eye_tracking_mode(self):
        return self._mode

    def set_eye_tracking_mode(self, eye_tracking_mode):
        self._mode = eye_tracking_mode
        self._notify("eye_tracking_mode_changed")

    def get_display_area(self):
        _refuse_if_told("get_display_area")
        return DisplayArea(self._device["area"])

    def retrieve_calibration_data(self):
        _refuse_if_told("retrieve_calibration_data")
        return self._calibration

    def apply_calibration_data(self, calibration_data):
        _refuse_if_told("apply_calibration_data")
        if not isinstance(calibration_data, bytes):
            raise ValueError("Calibration data must be applied with a bytes object.")
        self._calibration = calibration_data
        self._notify("calibration_changed")

    def subscribe_to(self, subscription_type, callback, as_dictionary=False):
        assert as_dictionary, "the fake gives dictionaries only"
        _refuse_if_told(subscription_type)
        if callback in self._callbacks.get(subscription_type, ()):
            raise EyeTrackerInvalidOperationError("The operation is invalid in this context.")
        self._callbacks.setdefault(subscription_type, []).append(callback)
        self._ring_counts.setdefault(subscription_type, 0)
        if not self._is_running:
            self._is_running = True
            for work in (self._pump, self._produce):
                threading.Thread(target=work, daemon=True).start()
        if subscription_type == EYETRACKER_GAZE_DATA and _CONFIG.get("stream_error"):
            self._error("stream_error_source_subscription_gaze_data", _CONFIG["stream_error"])

    def unsubscribe_from(self, subscription_type, callback=None):
        assert callback is None, "the fake unsubscribes all at once"
        self._callbacks.pop(subscription_type, None)

    # The device

    def _produce(self):
        while EYETRACKER_GAZE_DATA not in self._callbacks:
            time.sleep(0.001)
        self._first_us = get_system_time_stamp()
        next_sync_s = time.monotonic()
        timeline = deque(_CONFIG.get("timeline", ()))
        while True:
            due_us = self._first_us + round(self._n * 1e6 / self._frequency)
            wait_us = due_us - get_system_time_stamp()
            if wait_us > 0:
                time.sleep(wait_us / 1e6)
            while timeline and timeline[0][0] <= self._n:
                self._happen(*timeline.popleft()[1:])
            if not self._is_lost:
                self._make(self._n, due_us)
            if time.monotonic() >= next_sync_s and not self._is_lost:
                next_sync_s = time.monotonic() + 0.5
                self._synchronise()
            self._n += 1

    def _make(self, n, system_us):
        stamps = {"device_time_stamp": self._device_us(system_us), "system_time_stamp": system_us}
        if self._n_skipped:
            self._n_skipped -= 1
            return
        seen = (lambda values: values) if not self._n_blind else _blinded
        self._n_blind = max(0, self._n_blind - 1)
        self._put(EYETRACKER_USER_POSITION_GUIDE, seen(_position_of(n)))
        self._put(EYETRACKER_GAZE_DATA, {**stamps, **seen(_values_of(n))})
        openness = {**stamps, **seen(_openness_of(n))}
        if self._n_late:
            self._n_late -= 1
            self._late_openness.append(openness)
        else:
            while self._late_openness:
                self._put(EYETRACKER_EYE_OPENNESS_DATA, self._late_openness.popleft())
            self._put(EYETRACKER_EYE_OPENNESS_DATA, openness)

    def _device_us(self, system_us):
        return system_us - self._first_us + self._device_origin_us

    def _synchronise(self):
        request_us = get_system_time_stamp()
        device_us = self._device_us(request_us + 100)
        stamps = {
            "system_request_time_stamp": request_us,
            "device_time_stamp": device_us,
            "system_response_time_stamp": request_us + 200,
        }
        self._put(EYETRACKER_TIME_SYNCHRONIZATION_DATA, stamps)

    def _happen(self, what, *words):
        if what == "connection_lost":
            self._is_lost = True
            self._notify("connection_lost")
        elif what == "connection_restored":
            self._is_lost = False
            self._calibration = b""
            self._notify("connection_restored")
        elif what == "clock_reset":
            self._device_origin_us -= 4_000_000
        elif what == "blind":
            self._n_blind = words[0]
        elif what == "skip":
            self._n_skipped = words[0]
        elif what == "late_openness":
            self._n_late = words[0]
        elif what == "garbage":
            self._put(EYETRACKER_GAZE_DATA, {"device_time_stamp": 1})
        elif what == "die":
            os._exit(3)
        elif what == "absent":
            Path(_CONFIG["absent"]).touch()
        elif what == "stream_error":
            self._error("stream_error_source_stream_pump", words[0])
        else:
            self._notify(what, **words[0])

    def _put(self, stream, data):
        if stream not in self._ring_counts:
            return
        if self._ring_counts[stream] < _RING:
            with self._counting:
                self._ring_counts[stream] += 1
            self._waiting.append((stream, data))
        elif not self._is_overrun:
            self._is_overrun = True
            self._notify("stream_buffer_overflow", notification_source_stream=stream)
        self._has_news.set()

    def _notify(self, name, **more):
        kind = "eyetracker_notification_" + name
        data = {"notification_type": kind, "system_time_stamp": get_system_time_stamp(), **more}
        self._notifications.append((kind, data))
        self._has_news.set()

    def _error(self, source, error):
        data = {
            "system_time_stamp": get_system_time_stamp(),
            "error": error,
            "source": source,
            "message": "as told",
        }
        self._notifications.append((EYETRACKER_STREAM_ERRORS, data))
        self._has_news.set()

    def _pump(self):
        while True:
            self._has_news.wait()
            self._has_news.clear()
            while self._notifications:
                self._call(*self._notifications.popleft())
            while self._waiting:
                stream, data = self._waiting.popleft()
                with self._counting:
                    self._ring_counts[stream] -= 1
                self._call(stream, data)
            self._is_overrun = False

    def _call(self, stream, data):
        for callback in self._callbacks.get(stream, ()):
            callback(data)


class CalibrationEyeData:
    def __init__(self, position_on_display_area, validity):
        self.position_on_display_area, self.validity = position_on_display_area, validity


class CalibrationSample:
    def __init__(self, left_eye, right_eye):
        self.left_eye, self.right_eye = left_eye, right_eye


class CalibrationPoint:
    def __init__(self, position_on_display_area, calibration_samples):
        self.position_on_display_area = position_on_display_area
        self.calibration_samples = calibration_samples


class CalibrationResult:
    def __init__(self, status, calibration_points):
        self.status, self.calibration_points = status, calibration_points


class ScreenBasedCalibration:
    _NEEDS = (CAPABILITY_CAN_DO_SCREEN_BASED_CALIBRATION,)

    def __init__(self, eyetracker):
        if not set(self._NEEDS) <= set(eyetracker.device_capabilities):
            raise ValueError("... must be initialized with an EyeTracker that supports it.")
        self._tracker = eyetracker
        self._collected = []

    def enter_calibration_mode(self):
        _refuse_if_told("enter_calibration_mode")
        self._tracker._in_calibration = True
        self._tracker._notify("calibration_mode_entered")

    def leave_calibration_mode(self):
        self._tracker._in_calibration = False
        self._tracker._notify("calibration_mode_left")

    def collect_data(self, x, y):
        self._must_be_in()
        if [x, y] in _CONFIG.get("blind", ()):
            return CALIBRATION_STATUS_FAILURE
        self._collected.append((float(x), float(y)))
        return CALIBRATION_STATUS_SUCCESS

    def discard_data(self, x, y):
        self._must_be_in()
        self._collected = [point for point in self._collected if point != (x, y)]

    def compute_and_apply(self):
        self._must_be_in()
        outcome = _CONFIG.get("outcome", "success")
        if outcome == "failure" or not self._collected:
            return CalibrationResult(CALIBRATION_STATUS_FAILURE, ())
        self._tracker._calibration = f"of {len(self._collected)} points".encode()
        self._tracker._notify("calibration_changed")
        if outcome == "no points":
            raise ValueError("You shouldn't create CalibrationPoint objects yourself.")
        return CalibrationResult(self._status(outcome), tuple(self._points()))

    def _status(self, _outcome):
        return CALIBRATION_STATUS_SUCCESS

    def _points(self):
        """Every target in two pieces, first all the one and then all the other."""
        nan = (math.nan, math.nan)
        for position in self._collected * 2:
            used = CalibrationEyeData(position, VALIDITY_VALID_AND_USED)
            unused = CalibrationEyeData((0.0, 0.0), VALIDITY_VALID_BUT_NOT_USED)
            unseen = CalibrationEyeData(nan, VALIDITY_INVALID_AND_NOT_USED)
            yield CalibrationPoint(
                position, (CalibrationSample(used, unused), CalibrationSample(used, unseen))
            )

    def _must_be_in(self):
        if not self._tracker._in_calibration:
            raise EyeTrackerInvalidOperationError("Calibration has not been started.")


class ScreenBasedMonocularCalibration(ScreenBasedCalibration):
    _NEEDS = (CAPABILITY_CAN_DO_SCREEN_BASED_CALIBRATION, CAPABILITY_CAN_DO_MONOCULAR_CALIBRATION)

    def collect_data(self, x, y, eye_to_calibrate):
        assert eye_to_calibrate == SELECTED_EYE_BOTH
        status = super().collect_data(x, y)
        return self._status(_CONFIG.get("outcome")) if status == CALIBRATION_STATUS_SUCCESS else status

    def discard_data(self, x, y, eye_to_calibrate):
        assert eye_to_calibrate == SELECTED_EYE_BOTH
        super().discard_data(x, y)

    def _status(self, outcome):
        return CALIBRATION_STATUS_SUCCESS_LEFT_EYE if outcome == "left" else CALIBRATION_STATUS_SUCCESS


def _attached():
    if "absent" in _CONFIG and Path(_CONFIG["absent"]).exists():
        return []
    return [{**_TRACKER, **changes} for changes in _CONFIG.get("trackers", [{}])]


def _refuse_if_told(method):
    name = _CONFIG.get("refuse", {}).get(method)
    if name is not None:
        raise globals()[name]("as told")

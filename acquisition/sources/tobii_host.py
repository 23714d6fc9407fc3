"""The process that holds the tracker: run by path, in whichever Python has Tobii's SDK.

Standard library and `tobii_research` alone, Python 3.8 or newer. It speaks frames over its standard output
and input: a byte of kind, the length of what follows as uint32, and that many bytes, all little endian.

    G, O, P  gaze, eye openness, user position: n arrivals (int64, `time.perf_counter_ns`), then n records,
             packed without gaps as `layout` says
    J        one JSON object: {"hello"}, {"event"}, {"clock"} or {"answer"} from here, {"ask"} from there

The SDK's threads only append to a queue, for its own buffer holds 64 samples: 53 ms at 1200 Hz. The pump
packs what waits there every few milliseconds, and only the writer is held up when nobody reads the pipe.
The process ends when its standard input does.
"""

from __future__ import annotations

import base64
import json
import os
import platform
import queue
import struct
import sys
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Data = dict[str, Any]

FRAME = struct.Struct("<cI")
TALK = b"J"
PUMP_EVERY_S = 0.008
MAX_WAITING_BYTES = 256 * 2**20
"""Of packed samples while nobody reads: a quarter of an hour at 1200 Hz."""
REPORT_EVERY_NS = 1_000_000_000
PAIR_AT_LEAST_EVERY_NS = 30_000_000_000
SDK_UNCERTAINTY_US = 5_000
"""Of the system time that the SDK gives a sample: its offset is not published, this is a cautious guess."""
SYSTEM_CLOCK_EVERY_S = 10.0
SYSTEM_CLOCK_LOOKS = 5
FIND_TRIES = 2
END_WITHIN_S = 3.0


def _keys_of_eye(side: str) -> tuple[tuple[str, str, str], ...]:
    return (
        (side + "_gaze_point_on_display_area", "f", "xy"),
        (side + "_gaze_point_in_user_coordinate_system", "f", "xyz"),
        (side + "_gaze_point_validity", "B", ""),
        (side + "_pupil_diameter", "f", ""),
        (side + "_pupil_validity", "B", ""),
        (side + "_gaze_origin_in_user_coordinate_system", "f", "xyz"),
        (side + "_gaze_origin_validity", "B", ""),
    )


_STAMPS = (("device_time_stamp", "q", ""), ("system_time_stamp", "q", ""))
KEYS = {
    b"O": (
        *_STAMPS,
        ("left_eye_openness_value", "f", ""),
        ("left_eye_validity", "B", ""),
        ("right_eye_openness_value", "f", ""),
        ("right_eye_validity", "B", ""),
    ),
    b"P": (
        ("left_user_position", "f", "xyz"),
        ("left_user_position_validity", "B", ""),
        ("right_user_position", "f", "xyz"),
        ("right_user_position_validity", "B", ""),
    ),
    b"G": (*_STAMPS, *_keys_of_eye("left"), *_keys_of_eye("right")),
}
"""By kind of frame: the SDK's key, its code of `struct`, and its axes, a value each.
Gaze is sent last, so that whoever has it has what came before it."""
NOTIFICATIONS = (
    "CONNECTION_LOST",
    "CONNECTION_RESTORED",
    "CALIBRATION_MODE_ENTERED",
    "CALIBRATION_MODE_LEFT",
    "CALIBRATION_CHANGED",
    "DISPLAY_AREA_CHANGED",
    "GAZE_OUTPUT_FREQUENCY_CHANGED",
    "EYE_TRACKING_MODE_CHANGED",
    "DEVICE_FAULTS",
    "DEVICE_WARNINGS",
    "STREAM_BUFFER_OVERFLOW",
)
"""Of `EYETRACKER_NOTIFICATION_...`; an SDK before 2 lacks the last."""


def layout(kind: bytes) -> list[tuple[str, str]]:
    """(label, code of `struct`) of every value of a record."""
    return [
        (key + "_" + axis if axis else key, code) for key, code, axes in KEYS[kind] for axis in axes or ("",)
    ]


class Packer:
    """Samples of one stream as records."""

    def __init__(self, kind: bytes) -> None:
        self._keys = KEYS[kind]
        self._record = struct.Struct("<" + "".join(code for _, code in layout(kind)))
        self._arrivals: list[int] = []
        self._records: list[bytes] = []

    def add(self, data: Data, arrival_ns: int) -> None:
        """Pack one sample. Raises one of `UNREADABLE` for what is none."""
        values: list[Any] = []
        for key, _, axes in self._keys:
            if axes:
                values.extend(data[key])
            else:
                values.append(data[key])
        self._records.append(self._record.pack(*values))
        self._arrivals.append(arrival_ns)

    def take(self) -> bytes:
        """What a frame holds of the samples since the last time; empty without any."""
        arrivals, self._arrivals = self._arrivals, []
        records, self._records = self._records, []
        return struct.pack(f"<{len(arrivals)}q", *arrivals) + b"".join(records)


UNREADABLE = (KeyError, TypeError, ValueError, OverflowError, struct.error)


class Outbox:
    """Frames that wait for the pipe, and the thread that writes them."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._news = threading.Condition()
        self._frames: list[bytes] = []
        self._waiting_bytes = self._refused_bytes = 0
        self._is_writing = False
        threading.Thread(target=self._write, name="writer", daemon=True).start()

    def say(self, **talk: Any) -> None:
        """Send one JSON object; what JSON lacks goes as text."""
        self._put(TALK, json.dumps(talk, default=str).encode())

    def event(self, kind: str, host_time_ns: int, detail: Data) -> None:
        """Send something that happened."""
        self.say(event=kind, host_time_ns=host_time_ns, detail=detail)

    def samples(self, kind: bytes, payload: bytes, now_ns: int) -> None:
        """Send samples; they are refused, counted and reported once too much of them waits."""
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self._refused_bytes += len(payload)
            return
        if self._refused_bytes:
            detail = {"stream": "host queue", "lost_bytes": self._refused_bytes}
            self.event("overflow", now_ns, detail)
            self._refused_bytes = 0
        self._put(kind, payload)

    def drain(self) -> None:
        """Wait until all is written, or nobody reads it."""
        with self._news:
            self._news.wait_for(lambda: not (self._frames or self._is_writing), END_WITHIN_S / 2)

    def _put(self, kind: bytes, payload: bytes) -> None:
        with self._news:
            self._frames.append(FRAME.pack(kind, len(payload)) + payload)
            self._waiting_bytes += len(payload)
            self._news.notify_all()

    def _write(self) -> None:
        while True:
            with self._news:
                self._is_writing = False
                self._news.notify_all()
                self._news.wait_for(lambda: bool(self._frames))
                frames, self._frames, self._is_writing = self._frames, [], True
                self._waiting_bytes = 0
            try:
                for frame in frames:
                    _write_all(self._pipe, frame)
            except OSError:  # nobody is there to read; standard input ends as well
                return


class Refused(Exception):
    """What was asked for cannot be."""


class Tracker:
    """The tracker: its streams go into the outbox, and every public method can be asked for."""

    def __init__(self, sdk: Any, outbox: Outbox) -> None:
        self._sdk, self._outbox = sdk, outbox
        self._inbox: deque[tuple[Any, Data, int]] = deque()
        self._packers = {kind: Packer(kind) for kind in KEYS}
        self._tracker: Any = None
        self._calibration: Any = None
        self._eyes: tuple[str, ...] = ()
        self._streams: list[str] = []
        self._unreadable: list[str] = []
        self._next_report_ns = self._next_pair_ns = 0
        self._system_clock = (0, sys.maxsize)
        self.errors = (Refused, ValueError, *(thing for thing in vars(sdk).values() if _is_error(thing)))
        threading.Thread(target=self._pump, name="pump", daemon=True).start()

    def ping(self) -> int:
        """This process's clock."""
        return time.perf_counter_ns()

    def find(self) -> list[Data]:
        """The trackers that are there; the SDK looks for two seconds."""
        for _ in range(FIND_TRIES):
            self._found = self._sdk.find_all_eyetrackers()
            if self._found:
                break
        return [_description(tracker) for tracker in self._found]

    def connect(self, address: str) -> Data:
        """Take one of those, or one elsewhere, and say what it offers."""
        sdk = self._sdk
        named = [tracker for tracker in self._found if tracker.address == address]
        self._tracker = tracker = named[0] if named else sdk.EyeTracker(address)
        area, capabilities = tracker.get_display_area(), tracker.device_capabilities
        return {
            **_description(tracker),
            "has_gaze": sdk.CAPABILITY_HAS_GAZE_DATA in capabilities,
            "can_calibrate": sdk.CAPABILITY_CAN_DO_SCREEN_BASED_CALIBRATION in capabilities,
            "modes": self._modes(),
            "area_mm": {
                "top_left": area.top_left,
                "top_right": area.top_right,
                "bottom_left": area.bottom_left,
            },
        }

    def set_mode(self, mode: str) -> None:
        """Track in this mode; the frequencies on offer may change with it."""
        tracker = self._tracker
        if tracker.get_eye_tracking_mode() != mode:
            tracker.set_eye_tracking_mode(mode)

    def frequencies(self) -> list[float]:
        """What the tracker offers in its mode."""
        tracker = self._tracker
        return sorted(tracker.get_all_gaze_output_frequencies())

    def set_frequency(self, rate_hz: float) -> float:
        """Send so many samples a second; what the tracker then says."""
        tracker = self._tracker
        if tracker.get_gaze_output_frequency() != rate_hz:
            tracker.set_gaze_output_frequency(rate_hz)
        return float(tracker.get_gaze_output_frequency())

    def start(self) -> list[str]:
        """Start all streams, gaze last; the kinds of frames that will come."""
        sdk, tracker = self._sdk, self._tracker
        self.look_at_system_clock()
        self._subscribe("stream_error", sdk.EYETRACKER_STREAM_ERRORS)
        for name in NOTIFICATIONS:
            if hasattr(sdk, "EYETRACKER_NOTIFICATION_" + name):
                self._subscribe(name.lower(), getattr(sdk, "EYETRACKER_NOTIFICATION_" + name))
        self._subscribe("time", sdk.EYETRACKER_TIME_SYNCHRONIZATION_DATA)
        kinds = []
        if sdk.CAPABILITY_HAS_EYE_OPENNESS_DATA in tracker.device_capabilities:
            kinds += ["O"] * self._subscribe(b"O", sdk.EYETRACKER_EYE_OPENNESS_DATA)
        kinds += ["P"] * self._subscribe(b"P", sdk.EYETRACKER_USER_POSITION_GUIDE)
        tracker.subscribe_to(sdk.EYETRACKER_GAZE_DATA, self._keeper(b"G"), as_dictionary=True)
        self._streams.append(sdk.EYETRACKER_GAZE_DATA)
        return ["G", *kinds]

    def enter(self) -> None:
        """Begin to calibrate, each eye for itself where the device can: one eye is then enough."""
        sdk, tracker = self._sdk, self._tracker
        self.leave()
        is_monocular = sdk.CAPABILITY_CAN_DO_MONOCULAR_CALIBRATION in tracker.device_capabilities
        kind = sdk.ScreenBasedMonocularCalibration if is_monocular else sdk.ScreenBasedCalibration
        self._eyes = (sdk.SELECTED_EYE_BOTH,) if is_monocular else ()
        calibration = kind(tracker)
        calibration.enter_calibration_mode()
        self._calibration = calibration

    def collect(self, x: float, y: float) -> bool:
        """Whether any eye was seen at a target; takes as long as the tracker likes."""
        sdk, calibration = self._sdk, self._entered()
        return bool(calibration.collect_data(x, y, *self._eyes) != sdk.CALIBRATION_STATUS_FAILURE)

    def discard(self, x: float, y: float) -> None:
        """Forget what was collected at a target."""
        calibration = self._entered()
        calibration.discard_data(x, y, *self._eyes)

    def compute(self) -> Data:
        """Which eyes are calibrated now, and by which samples."""
        sdk, calibration = self._sdk, self._entered()
        try:
            result = calibration.compute_and_apply()
        except ValueError as error:
            # SDK 2.1 trips over a success that comes without points.
            if self._eyes:
                raise Refused("it does not say which eyes it calibrated") from error
            return {"eyes": "both", "points": []}
        eyes = {
            sdk.CALIBRATION_STATUS_SUCCESS: "both",
            sdk.CALIBRATION_STATUS_SUCCESS_LEFT_EYE: "left",
            sdk.CALIBRATION_STATUS_SUCCESS_RIGHT_EYE: "right",
        }
        return {"eyes": eyes.get(result.status), "points": self._used(result.calibration_points)}

    def leave(self) -> None:
        """Calibrate no longer; what was computed last stays in use."""
        calibration, self._calibration = self._calibration, None
        if calibration is not None:
            calibration.leave_calibration_mode()

    def retrieve(self) -> str:
        """The calibration in use, in base64."""
        tracker = self._tracker
        return base64.b64encode(tracker.retrieve_calibration_data() or b"").decode()

    def apply(self, blob: str) -> None:
        """Use a calibration that was retrieved."""
        tracker = self._tracker
        tracker.apply_calibration_data(base64.b64decode(blob))

    def close(self) -> None:
        """Stop the streams and send what waits."""
        tracker = self._tracker
        try:
            self.leave()
            for stream in self._streams:
                tracker.unsubscribe_from(stream)
        except self.errors as error:
            sys.stderr.write(f"while closing: {error}\n")
        time.sleep(2 * PUMP_EVERY_S)
        self._outbox.drain()

    def look_at_system_clock(self) -> None:
        """Place the SDK's clock on this process's by the shortest of some looks."""
        sdk = self._sdk
        for _ in range(SYSTEM_CLOCK_LOOKS):
            before_ns = time.perf_counter_ns()
            system_us = sdk.get_system_time_stamp()
            half_ns = (time.perf_counter_ns() - before_ns) // 2
            if half_ns <= max(self._system_clock[1], 1000):
                self._system_clock = (before_ns + half_ns - system_us * 1000, half_ns)

    # Not to be asked for

    def _modes(self) -> list[str]:
        tracker = self._tracker
        try:
            return list(tracker.get_all_eye_tracking_modes())
        except self.errors:
            return []

    def _subscribe(self, name: Any, stream: str) -> bool:
        """Without one of these there is gaze all the same."""
        tracker = self._tracker
        try:
            tracker.subscribe_to(stream, self._keeper(name), as_dictionary=True)
        except self.errors as error:
            detail = {"source": stream, "error": type(error).__name__, "message": str(error)}
            self._outbox.event("stream_error", time.perf_counter_ns(), detail)
            return False
        self._streams.append(stream)
        return True

    def _keeper(self, name: Any) -> Callable[[Data], None]:
        """The callback: everything that takes time is somebody else's."""
        append, now_ns = self._inbox.append, time.perf_counter_ns
        return lambda data: append((name, data, now_ns()))

    def _pump(self) -> None:
        while True:
            time.sleep(PUMP_EVERY_S)
            while self._inbox:
                name, data, host_time_ns = self._inbox.popleft()
                try:
                    self._take(name, data, host_time_ns)
                except UNREADABLE as error:
                    self._unreadable.append(f"{name}: {error!r} in {data!r}")
            self._send_samples()
            self._report()

    def _send_samples(self) -> None:
        for kind, packer in self._packers.items():
            payload = packer.take()
            if payload:
                self._outbox.samples(kind, payload, time.perf_counter_ns())

    def _report(self) -> None:
        now_ns = time.perf_counter_ns()
        if self._unreadable and now_ns >= self._next_report_ns:
            detail = {"error": "unreadable", "n": len(self._unreadable), "message": self._unreadable[0]}
            self._outbox.event("stream_error", now_ns, detail)
            self._unreadable, self._next_report_ns = [], now_ns + REPORT_EVERY_NS

    def _take(self, name: Any, data: Data, host_time_ns: int) -> None:
        if name in self._packers:
            self._packers[name].add(data, host_time_ns)
            if name == b"G" and host_time_ns >= self._next_pair_ns:
                # Until the SDK synchronises, or where it never says so.
                system_us, device_us = data["system_time_stamp"], data["device_time_stamp"]
                self._pair(system_us, device_us, SDK_UNCERTAINTY_US, host_time_ns)
        elif name == "time":
            there_us, back_us = data["system_request_time_stamp"], data["system_response_time_stamp"]
            half_us = (back_us - there_us) // 2
            self._pair(there_us + half_us, data["device_time_stamp"], half_us + 1, host_time_ns)
        else:
            self._send_samples()
            kind = "stream_error" if name == "stream_error" else "notification"
            self._outbox.event(kind, host_time_ns, {**data, "type": name})
            if name == "connection_restored":
                self._next_pair_ns = 0  # its clock may have started anew

    def _pair(self, system_us: int, device_us: int, uncertainty_us: int, now_ns: int) -> None:
        offset_ns, uncertainty_ns = self._system_clock
        self._next_pair_ns = now_ns + PAIR_AT_LEAST_EVERY_NS
        pair = [offset_ns + system_us * 1000, device_us, uncertainty_us * 1000 + uncertainty_ns]
        self._outbox.say(clock=pair)

    def _entered(self) -> Any:
        if self._calibration is None:
            raise Refused("it is not being calibrated")
        return self._calibration

    def _used(self, points: Any) -> list[Data]:
        """The samples that were used; the SDK may give a target in several pieces."""
        sdk = self._sdk
        used: dict[tuple[float, float], Data] = {}
        for point in points:
            x, y = point.position_on_display_area
            target = used.setdefault((x, y), {"x": x, "y": y, "left": [], "right": []})
            for sample in point.calibration_samples:
                for side, eye in (("left", sample.left_eye), ("right", sample.right_eye)):
                    if eye.validity == sdk.VALIDITY_VALID_AND_USED:
                        target[side].append(eye.position_on_display_area)
        return list(used.values())


def _description(tracker: Any) -> Data:
    return {
        "serial_number": tracker.serial_number,
        "model": tracker.model,
        "device_name": tracker.device_name,
        "address": tracker.address,
        "firmware_version": tracker.firmware_version,
        "runtime_version": tracker.runtime_version,
    }


def _is_error(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, Exception)


def _write_all(pipe: int, frame: bytes) -> None:
    while frame:
        frame = frame[os.write(pipe, frame) :]


def _listen(asks: queue.SimpleQueue[Data | None]) -> None:
    """Hand on what is asked, until nobody can ask any more."""
    while True:
        head = sys.stdin.buffer.read(FRAME.size)
        if len(head) < FRAME.size:
            break
        asks.put(json.loads(sys.stdin.buffer.read(FRAME.unpack(head)[1]).decode()))
    asks.put(None)
    time.sleep(END_WITHIN_S)
    os._exit(1)  # the SDK may hang, and nobody waits for it


def _answer(host: Tracker, ask: str, arguments: Data) -> Data:
    try:
        return {"value": getattr(host, ask)(**arguments)}
    except host.errors as error:
        return {"error": type(error).__name__, "message": str(error)}


def _serve(host: Tracker, outbox: Outbox, asks: queue.SimpleQueue[Data | None]) -> None:
    while True:
        try:
            talk = asks.get(timeout=SYSTEM_CLOCK_EVERY_S)
        except queue.Empty:
            _answer(host, "look_at_system_clock", {})
            continue
        if talk is None:
            return
        outbox.say(answer=talk["id"], **_answer(host, talk["ask"], talk["with"]))


def _own_pipe() -> int:
    """Standard output for the frames alone; what anybody prints goes to standard error."""
    pipe = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(pipe, os.O_BINARY)
        msvcrt.setmode(0, os.O_BINARY)
    return pipe


def main() -> None:
    """Serve until standard input ends."""
    outbox = Outbox(_own_pipe())
    sys.path.pop(0)  # this folder's modules are nobody's business
    hello = {"python": platform.python_version(), "sdk": "", "error": ""}
    try:
        import tobii_research as sdk
    except ImportError as error:
        outbox.say(hello={**hello, "error": str(error)})
        outbox.drain()
        return
    outbox.say(hello={**hello, "sdk": sdk.__version__})
    host = Tracker(sdk, outbox)
    asks: queue.SimpleQueue[Data | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asks,), name="listener", daemon=True).start()
    _serve(host, outbox, asks)
    host.close()


if __name__ == "__main__":
    main()

"""A sender of known gaze over LSL, run as a process of its own.

lsl_outlet.py DIALECT [--source-id ID] [--name NAME] [--rate HZ]: sends a counter-made stream until its
standard input closes, and prints "sending" when it begins.
"""

import argparse
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pylsl

NOT_GAZE = ("temperature", "humidity")


def titta_channels():
    """36 described channels, eighteen an eye, and a device time that is not described."""
    for eye in ("left", "right"):
        where = f"{eye}_eye"
        for axis in "xy":
            kind = f"Screen{axis.upper()}"
            yield f"{axis}.position_on_display_area.gaze_point.{where}", eye, kind, "normalized"
        for axis in "xyz":
            kind = f"Intersection{axis.upper()}"
            yield f"{axis}.position_in_user_coordinates.gaze_point.{where}", eye, kind, "mm"
        yield f"valid.gaze_point.{where}", eye, "ValidFlag", "bool"
        yield f"available.gaze_point.{where}", eye, "AvailableFlag", "bool"
        yield f"diameter.pupil.{where}", eye, "Diameter", "mm"
        yield f"valid.pupil.{where}", eye, "ValidFlag", "bool"
        yield f"available.pupil.{where}", eye, "AvailableFlag", "bool"
        for axis in "xyz":
            kind = f"Pupil{axis.upper()}"
            yield f"{axis}.position_in_user_coordinates.gaze_origin.{where}", eye, kind, "mm"
        yield f"valid.gaze_origin.{where}", eye, "ValidFlag", "bool"
        yield f"available.gaze_origin.{where}", eye, "AvailableFlag", "bool"
        yield f"diameter.eye_openness.{where}", eye, "EyeLidDistance", "mm"
        yield f"valid.eye_openness.{where}", eye, "ValidFlag", "bool"
        yield f"available.eye_openness.{where}", eye, "AvailableFlag", "bool"


def app_tobii_pro_channels():
    for eye in ("left", "right"):
        yield f"{eye}_x", eye, "ScreenX", "screencoords"
        yield f"{eye}_y", eye, "ScreenY", "screencoords"
        yield f"{eye}_pupil", eye, "pupilsize", ""


def pupil_channels():
    yield "x", "both", "ScreenX", "pixels"
    yield "y", "both", "ScreenY", "pixels"
    yield "diameter", "both", "Diameter", "mm"


DIALECTS = {
    # name, type, number of channels, numpy type, descriptions, the key of the kind
    "titta": ("Tobii_gaze", "Gaze", 37, "f8", list(titta_channels()), "type"),
    "app_tobii_pro": ("Tobii", "Eyetracker", 6, "f4", list(app_tobii_pro_channels()), "type"),
    "pupil": ("pupil_capture", "Gaze", 3, "f8", list(pupil_channels()), "metatype"),
    "no_gaze": ("Climate", "Gaze", 2, "f4", [(n, "", "", "") for n in NOT_GAZE], "type"),
    "text": ("Words", "Gaze", 1, "str", [("word", "", "", "")], "type"),
    "unnamed": ("Mystery", "Gaze", 3, "f4", [], "type"),
}
NUMBER_COLUMN = {"titta": 2, "app_tobii_pro": 2, "pupil": 2, "no_gaze": 0, "unnamed": 2}
"""One channel of every dialect says the number of the sample, exactly."""
STRANGE_BITS = {
    "f4": np.array([0x7FC00001, 0xFFC12345, 0x7F800000, 0xFF800000, 1, 0x80000000], "u4").view("f4"),
    "f8": np.array(
        [0x7FF8000000000001, 0xFFF8DEADBEEF0001, 0x7FF0000000000000, 0xFFF0000000000000, 1, 1 << 63], "u8"
    ).view("f8"),
}
"""NaNs with something in them, infinities, the smallest number and the negative zero."""


def made_samples(dialect, numbers):
    """(n, channels) the samples of these numbers: the receiver makes them again and compares the bits."""
    n_channels, dtype = DIALECTS[dialect][2:4]
    rows = [np.random.default_rng(int(number)).random(n_channels) for number in numbers]
    values = np.array(rows).reshape(-1, n_channels)
    if dialect == "titta":
        flags = [i for i, d in enumerate(DIALECTS["titta"][4]) if d[2].endswith("Flag")]
        values[:, flags] = values[:, flags] > 0.1
        values[:, 36] = 1000.0 + np.asarray(numbers) / 100.0
    if dialect == "pupil":
        values[:, :2] *= (1920, 1080)
    values[:, NUMBER_COLUMN[dialect]] = numbers
    return values.astype(dtype)


def made_strange(dialect, rows, first):
    """The same rows, two values of every third one anything but a number."""
    strange = STRANGE_BITS[DIALECTS[dialect][3]]
    others = [i for i in range(rows.shape[1]) if i != NUMBER_COLUMN[dialect]]
    for number, row in enumerate(rows, start=first):
        if number % 3 == 0:
            row[others[number % len(others)]] = strange[number % len(strange)]
            row[others[(number + 1) % len(others)]] = strange[(number + 1) % len(strange)]
    return rows


def strange_stamp(number, stamp):
    """Of ten stamps one is no number, one is infinite, and one goes back in time."""
    return {3: float("nan"), 5: float("inf"), 7: stamp - 100.0}.get(number % 10, stamp)


def dump_dtype(dialect):
    """What --dump writes: the stamp and the values of each sample."""
    n_channels, dtype = DIALECTS[dialect][2:4]
    return np.dtype([("stamp", "<f8"), ("values", f"<{dtype}", (n_channels,))])


def stamp_of(number):
    return 100.0 + number / 64.0


def build_outlet(options):
    default_name, kind, n_channels, dtype, descriptions, kind_key = DIALECTS[options.dialect]
    format_ = {"f8": pylsl.cf_double64, "f4": pylsl.cf_float32, "str": pylsl.cf_string}[dtype]
    name = options.name or default_name
    info = pylsl.StreamInfo(name, kind, n_channels, options.rate, format_, options.source_id)
    if options.simulated:
        info.desc().append_child_value("simulated", "true")
    info.desc().append_child("acquisition").append_child_value("manufacturer", "test")
    channels = info.desc().append_child("channels")
    for label, eye, kind_, unit in descriptions:
        channel = channels.append_child("channel")
        for key, value in (("label", label), ("eye", eye), (kind_key, kind_), ("unit", unit)):
            if value:
                channel.append_child_value(key, value)
    return pylsl.StreamOutlet(info, chunk_size=1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dialect", choices=DIALECTS)
    parser.add_argument("--source-id", default="tracker-1")
    parser.add_argument("--name", default="")
    parser.add_argument("--rate", type=float, default=100.0)
    parser.add_argument("--real-stamps", action="store_true")
    parser.add_argument("--clock-shift", type=float, default=0.0, help="seconds added to real stamps")
    parser.add_argument("--mute-after", type=int, default=0, help="stay, but send nothing after so many")
    parser.add_argument("--first", type=int, default=0, help="the number of the first sample")
    parser.add_argument("--strange", action="store_true", help="send values and stamps that are no numbers")
    parser.add_argument("--simulated", action="store_true", help="say that it is simulated")
    parser.add_argument("--dump", type=Path, help="write down what is sent, before it is")
    options = parser.parse_args()
    outlet = build_outlet(options)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    sys.stdout.write("sending\n")
    sys.stdout.flush()
    begin_s, number = time.monotonic(), options.first
    while not stop.wait(1 / options.rate):
        due = options.first + int((time.monotonic() - begin_s) * options.rate)
        if options.mute_after:
            due = min(due, options.mute_after)
        if due > number:
            send(outlet, options, number, due)
            number = due


def send(outlet, options, number, due):
    if options.dialect == "text":
        outlet.push_chunk([str(n) for n in range(number, due)])
        return
    rows = made_samples(options.dialect, range(number, due))
    stamps = [
        pylsl.local_clock() + options.clock_shift if options.real_stamps else stamp_of(n)
        for n in range(number, due)
    ]
    if options.strange:
        rows = made_strange(options.dialect, rows, number)
        stamps = [strange_stamp(n, stamp) for n, stamp in zip(range(number, due), stamps, strict=True)]
    if options.dump:
        dumped = np.zeros(len(rows), dump_dtype(options.dialect))
        dumped["stamp"], dumped["values"] = stamps, rows
        with options.dump.open("ab", buffering=0) as file:
            file.write(dumped.tobytes())
    outlet.push_chunk(rows, stamps)


if __name__ == "__main__":
    main()

"""A sender of known gaze over LSL, run as a process of its own.

outlet.py DIALECT [--source-id ID] [--name NAME] [--rate HZ]: sends a counter-made stream until its standard
input closes, and prints "sending" when it begins.
"""

import argparse
import sys
import threading
import time

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
}


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
    # One channel of every dialect says the number, exactly.
    values[:, {"titta": 2, "app_tobii_pro": 2, "pupil": 2, "no_gaze": 0}[dialect]] = numbers
    return values.astype(dtype)


def stamp_of(number):
    return 100.0 + number / 64.0


def build_outlet(dialect, source_id, name, rate_hz):
    default_name, kind, n_channels, dtype, descriptions, kind_key = DIALECTS[dialect]
    format_ = pylsl.cf_double64 if dtype == "f8" else pylsl.cf_float32
    info = pylsl.StreamInfo(name or default_name, kind, n_channels, rate_hz, format_, source_id)
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
    parser.add_argument("--mute-after", type=int, default=0, help="stay, but send nothing after so many")
    options = parser.parse_args()
    outlet = build_outlet(options.dialect, options.source_id, options.name, options.rate)
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    sys.stdout.write("sending\n")
    sys.stdout.flush()
    begin_s, number = time.monotonic(), 0
    while not stop.wait(1 / options.rate):
        due = int((time.monotonic() - begin_s) * options.rate)
        if options.mute_after:
            due = min(due, options.mute_after)
        for sample in made_samples(options.dialect, range(number, due)):
            stamp = pylsl.local_clock() if options.real_stamps else stamp_of(number)
            outlet.push_sample(sample.tolist(), stamp)
            number += 1


if __name__ == "__main__":
    main()

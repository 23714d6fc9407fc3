"""Holds the host and the fake to the real SDK; run by a Python 3.10 that has it.

Standard input: JSON {"used": [[class, name, call]], "values": {name: value}, "keys": {kind: [key]},
"fake": path}.
Standard output: JSON, a list of sentences, one for each thing that is not as the host or the fake has it.
"""

import contextlib
import importlib.util
import inspect
import json
import sys
import types

import tobii_research as real
from tobiiresearch.interop import interop

problems = []


def complain(*words):
    problems.append(" ".join(map(str, words)))


def load(path):
    spec = importlib.util.spec_from_file_location("fake", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_used(used):
    for owner, name, call in used:
        thing = getattr(real, owner, None) if owner else real
        if not hasattr(thing, name):
            complain("the SDK has no", owner, name)
        elif call is not None:
            n_positional, keywords = call
            function = getattr(thing, name)
            itself = [None] if owner else []
            try:
                inspect.signature(function).bind(*itself, *[None] * n_positional, **dict.fromkeys(keywords))
            except TypeError as error:
                complain(owner, name, "cannot be called like this:", error)


def check_fake(fake):
    for name, thing in vars(fake).items():
        is_own = getattr(thing, "__module__", "fake") == "fake" and not isinstance(thing, types.ModuleType)
        if name.startswith("_") or not is_own:
            continue
        if not hasattr(real, name):
            complain("only the fake has", name)
        elif isinstance(thing, str) and getattr(real, name) != thing:
            complain(name, "is", getattr(real, name), "and the fake's is", thing)
        elif isinstance(thing, type):
            check_class(name, thing, getattr(real, name))


def check_class(name, fake_class, real_class):
    for member, thing in vars(fake_class).items():
        if member.startswith("_"):
            continue
        if not hasattr(real_class, member):
            complain("only the fake has", name, member)
        elif inspect.isfunction(thing):
            mine, theirs = (
                list(inspect.signature(f).parameters) for f in (thing, getattr(real_class, member))
            )
            if mine != theirs:
                complain(name, member, "takes", theirs, "and the fake's", mine)


class Spy(dict):
    """Remembers what it was asked for."""

    def __init__(self, values):
        super().__init__(values)
        self.asked = set()

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)


def check_dictionaries(fake, keys):
    stamps = {"device_time_stamp": 1, "system_time_stamp": 2}
    made = {
        "G": (real.GazeData, {**stamps, **fake._values_of(3)}),
        "O": (real.EyeOpennessData, {**stamps, **fake._openness_of(3)}),
        "P": (real.UserPositionGuide, fake._position_of(3)),
    }
    for kind, (data_class, values) in made.items():
        for seen in (values, {**values, **fake._blinded(values), **{k: 1 for k in stamps if k in values}}):
            spy = Spy(seen)
            data_class(spy)
            if spy.asked != set(keys[kind]) or set(seen) != spy.asked:
                complain(data_class.__name__, "wants", sorted(spy.asked), "and the host", sorted(keys[kind]))


def check_messages(fake):
    tracker = fake.EyeTracker(fake._TRACKER["address"])
    told = []
    tracker._call = lambda stream, data: told.append((stream, data))
    area = fake._TRACKER["area"]
    for name, more in {
        "device_faults": {"faults": ""},
        "device_warnings": {"warnings": ""},
        "display_area_changed": {"display_area": area},
        "gaze_output_frequency_changed": {"gaze_output_frequency": 60.0},
        "stream_buffer_overflow": {"notification_source_stream": ""},
        "connection_lost": {},
        "connection_restored": {},
        "calibration_changed": {},
    }.items():
        tracker._notify(name, **more)
        kind, data = tracker._notifications.pop()
        data_class = "".join(word.title() for word in name.split("_")) + "Data"
        if kind != getattr(real, "EYETRACKER_NOTIFICATION_" + name.upper()):
            complain("a notification is not called", kind)
        getattr(real, data_class)(data)
    tracker._error("", "")
    real.StreamErrorData(tracker._notifications.pop()[1])
    tracker._ring_counts[fake.EYETRACKER_TIME_SYNCHRONIZATION_DATA] = 0
    tracker._synchronise()
    real.TimeSynchronizationData(tracker._waiting.pop()[1])
    real.DisplayArea(area)


def check_calibration():
    """The SDK's own handling of what a tracker answers, without a tracker."""
    for name, outcome, expected in (
        ("screen_based", (0,), ("calibration_status_failure", 0)),
        ("screen_based", (1, []), ValueError),
        (
            "screen_based",
            (1, [point(0.1), point(0.1), point(0.9), point(0.1)]),
            ("calibration_status_success", 3),
        ),
        ("screen_based_monocular", (2, [point(0.1)]), ("calibration_status_success_left_eye", 1)),
        ("screen_based_monocular", (214,), ("calibration_status_failure", 0)),
        ("screen_based_monocular", (3, []), ValueError),
    ):
        function = name + "_calibration_compute_and_apply"
        kind = "".join(word.title() for word in name.split("_")) + "Calibration"
        calibration = object.__new__(getattr(real, kind))
        setattr(calibration, "_" + kind + "__core_eyetracker", None)
        with patched(interop, function, lambda _core, outcome=outcome: outcome):
            try:
                result = calibration.compute_and_apply()
                got = result.status, len(result.calibration_points)
            except ValueError:
                got = ValueError
        if got != expected:
            complain(function, "of", outcome[0], "gives", got)


def point(x):
    made = {"position": (x, x), "left_sample_position": (x, x), "right_sample_position": (x, x)}
    return interop.TobiiProCalibrationPoint({**made, "left_validity": 1, "right_validity": -1})


@contextlib.contextmanager
def patched(module, name, replacement):
    original = getattr(module, name)
    setattr(module, name, replacement)
    try:
        yield
    finally:
        setattr(module, name, original)


def main():
    told = json.load(sys.stdin)
    fake = load(told["fake"])
    check_used(told["used"])
    for name, value in told["values"].items():
        if getattr(real, name) != value:
            complain(name, "is", getattr(real, name), "and not", value)
    check_fake(fake)
    check_dictionaries(fake, told["keys"])
    check_messages(fake)
    check_calibration()
    json.dump(problems, sys.stdout)


main()

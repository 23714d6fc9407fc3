"""What of Tobii's SDK the host uses, read from its source, and what the driver knows of it."""

import ast
import inspect

from acquisition.sources import tobii_device, tobii_host, tobii_link

OWNERS = {
    "sdk": [""],
    "tracker": ["EyeTracker"],
    "area": ["DisplayArea"],
    "kind": ["ScreenBasedCalibration", "ScreenBasedMonocularCalibration"],
    "calibration": ["ScreenBasedCalibration", "ScreenBasedMonocularCalibration"],
    "result": ["CalibrationResult"],
    "point": ["CalibrationPoint"],
    "sample": ["CalibrationSample"],
    "eye": ["CalibrationEyeData"],
}
"""By the host's name for a thing: the classes that it may be of, empty for the module itself."""


VALUES = {
    "STREAM_ERROR_SOURCE_SUBSCRIPTION_GAZE_DATA": tobii_device.OF_GAZE,
    "STREAM_ERROR_INSUFFICIENT_LICENSE": tobii_device.NO_LICENCE,
}
"""Of constants that the driver compares with."""


def used_names():
    """[class or "", name, how it is called or None]; a call is (positional arguments, keywords)."""
    found = {(owner, name, call) for node in ast.walk(_tree()) for owner, name, call in _uses(node)}
    found |= {("", "EYETRACKER_NOTIFICATION_" + name, None) for name in tobii_host.NOTIFICATIONS}
    found |= {("", name, None) for name in tobii_link.SENTENCES if name.startswith("EyeTracker")}
    return sorted(found, key=repr)


def _tree():
    return ast.parse(inspect.getsource(tobii_host))


def _uses(node):
    if isinstance(node, ast.Attribute) and _thing(node.value) in OWNERS:
        for owner in OWNERS[_thing(node.value)]:
            yield owner, node.attr, None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        for owner in OWNERS.get(_thing(node.func.value), ()):
            yield owner, node.func.attr, _call(node, owner)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "kind":
        for owner in OWNERS["kind"]:
            yield "", owner, _call(node, owner)


def _thing(node):
    """`self._tracker` and `tracker` are both a tracker."""
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.lstrip("_")


def _call(node, owner):
    """The host's `*self._eyes` is one argument of a monocular calibration and none of another."""
    stars = sum(isinstance(argument, ast.Starred) for argument in node.args)
    n_positional = len(node.args) - stars + stars * ("Monocular" in owner)
    return n_positional, tuple(keyword.arg for keyword in node.keywords)

"""Finding a Tobii tracker and setting it up: which one, its tracking mode and its frequency."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acquisition.clock import HostClock, RealClock
from acquisition.errors import SourceError
from acquisition.sources.tobii_link import HostLink, TrackerRefused
from acquisition.sources.tobii_python import TobiiPython

FIRST_GAZE_S = 2.0
"""Some trackers send nothing while they see no eyes."""
SAME_HZ = 0.5
OF_GAZE = "stream_error_source_subscription_gaze_data"
NO_LICENCE = "stream_error_insufficient_license"


@dataclass(frozen=True, slots=True)
class Device:
    """An opened tracker: what it said of itself, and what was chosen."""

    said: dict[str, Any]
    mode: str
    rate_hz: float
    kinds: str
    """Of the frames that it sends."""
    started_ns: int
    """Host clock, before its first sample."""

    @property
    def name(self) -> str:
        """For people."""
        return name_of(self.said)


def connect(
    python: Path, clock: HostClock, which: str, rate_hz: float | None, mode: str
) -> tuple[HostLink, Device]:
    """A host process with this tracker set up and streaming.

    Raises:
        SourceError: no SDK, no tracker, several, or one that lacks or refuses what is wanted.
    """
    link = HostLink(python, clock)
    try:
        said = link.ask("connect", address=_choose(link.ask("find"), which))
        if not said["has_gaze"]:
            raise SourceError(f"{name_of(said)} sends no gaze: choose another tracker.")
        mode = _choose_mode(said, mode)
        if mode:
            link.ask("set_mode", mode=mode)
        rate_hz = _choose_frequency(said, link.ask("frequencies"), rate_hz)
        rate_hz = link.ask("set_frequency", rate_hz=rate_hz)
        started_ns = clock.now_ns()
        kinds = "".join(link.ask("start"))
    except SourceError:
        link.close()
        raise
    return link, Device(said, mode, rate_hz, kinds, started_ns)


def find_trackers(python: TobiiPython) -> tuple[str, tuple[dict[str, str], ...]]:
    """(version of the SDK, what each tracker says of itself), for a look at what is there. Takes seconds.

    Raises `SourceError` where the SDK does not load.
    """
    link = HostLink(python.path, RealClock())
    try:
        return link.sdk, tuple(link.ask("find"))
    finally:
        link.close()


def name_of(said: dict[str, Any]) -> str:
    """A tracker for people: model and serial number."""
    return f"{said['model']} ({said['serial_number']})"


def _choose(found: list[dict[str, Any]], which: str) -> str:
    """The address of the tracker that is meant."""
    meant = [
        said
        for said in found
        if not which or which in (said["serial_number"], said["address"], said["device_name"])
    ]
    names = " and ".join(sorted(map(name_of, found)))
    if len(meant) == 1:
        return str(meant[0]["address"])
    if "://" in which:
        return which
    if meant:
        serial_number = min(said["serial_number"] for said in meant)
        raise SourceError(
            f"Several Tobii trackers are there, {names}: choose one, for instance tobii:{serial_number}."
        )
    if found:
        raise SourceError(f"No Tobii tracker is called {which!r}: there is {names}.")
    raise SourceError(
        "No Tobii tracker was found: check its cable and its power, and that Eye Tracker Manager sees it."
    )


def _choose_mode(said: dict[str, Any], wanted: str) -> str:
    """The mode asked for, or that for people; empty to leave it as it is."""
    offered = said["modes"]
    if wanted and wanted not in offered:
        raise SourceError(
            f"{name_of(said)} has no tracking mode {wanted!r}: it offers {', '.join(offered) or 'none'}."
        )
    return wanted or next((mode for mode in offered if mode.lower() == "human"), "")


def _choose_frequency(said: dict[str, Any], offered: list[float], wanted: float | None) -> float:
    near = [rate_hz for rate_hz in offered if wanted is None or abs(rate_hz - wanted) < SAME_HZ]
    if not near:
        names = ", ".join(f"{rate_hz:g}" for rate_hz in offered)
        raise SourceError(f"{name_of(said)} has no {wanted:g} Hz: it offers {names} Hz.")
    return near[-1]


def first_gaze(link: HostLink) -> list[tuple[str, Any]]:
    """What arrived until the first gaze did, or for `FIRST_GAZE_S`; raises where the stream is refused."""
    arrived: list[tuple[str, Any]] = []
    until_s = time.monotonic() + FIRST_GAZE_S
    while (left_s := until_s - time.monotonic()) > 0 and not any(kind in ("G", "end") for kind, _ in arrived):
        new = link.take(left_s)
        arrived += new
        for kind, content in new:
            if kind == "J" and content.get("event") == "stream_error":
                _raise_if_gaze_is_refused(content["detail"])
    return arrived


def _raise_if_gaze_is_refused(detail: dict[str, Any]) -> None:
    if detail.get("source") == OF_GAZE:
        error = "EyeTrackerLicenseError" if detail["error"] == NO_LICENCE else ""
        raise TrackerRefused("gaze stream", error, str(detail.get("message") or detail["error"]))

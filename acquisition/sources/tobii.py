"""Gaze from a Tobii tracker, by its own SDK in a process of its own (`tobii_host`).

Samples are stored as the SDK gives them: NaN or not, the validity flags are what counts. The device's clock
is placed on the host's by the SDK's time synchronisation. Every notification and stream error is an event.
When the tracker or the host process goes it is looked for until it is back, by its serial number, and given
the calibration that it had.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import math
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from acquisition.clock import HostClock
from acquisition.domain import Display, Event
from acquisition.errors import SourceError
from acquisition.sources.base import Batch, Calibrator, ClockPair, SourceInfo
from acquisition.sources.tobii_calibrator import TobiiCalibrator
from acquisition.sources.tobii_device import Device, connect, first_gaze
from acquisition.sources.tobii_link import HostLink, TrackerRefused
from acquisition.sources.tobii_python import find_tobii_python
from acquisition.sources.tobii_samples import Join, channels_of

log = logging.getLogger(__name__)

RETRY_S = 2.0
RETURN_S = 5.0
"""How long an attempt to find the tracker again is waited for at the end."""
GONE_S = 10.0
"""After so long the SDK is not trusted to find the tracker again by itself."""
CLOCK_JUMP_S = 1.0
AREA_TOLERANCE = 0.05
_OWN_KINDS = {
    "connection_lost": "disconnect",
    "connection_restored": "reconnect",
    "stream_buffer_overflow": "overflow",
    "display_area_changed": "tracker_display_changed",
}
"""Notifications that are events with a name of their own."""


class TobiiSource:
    """One Tobii tracker. Implements `GazeSource` and `CanBeCalibrated`."""

    def __init__(
        self,
        clock: HostClock,
        display: Display,
        *,
        which: str = "",
        rate_hz: float | None = None,
        mode: str = "",
        python: Path | None = None,
    ) -> None:
        """Record the only tracker, or the one of this serial number, address or name.

        rate_hz: one of the frequencies that it offers; None for the highest.
        mode: one of its tracking modes; without one that for people, where it has such.
        python: the interpreter that has the SDK; looked for if not given.
        """
        self._clock, self._display = clock, display
        self._which, self._rate_hz, self._mode = which, rate_hz, mode
        self._python = python
        self._link: HostLink | None = None
        self._calibrator: TobiiCalibrator | None = None
        self._blob = b""
        self._kept: list[tuple[str, Any]] = []
        self._said: deque[Event] = deque()
        self._closing = threading.Event()
        self._return: threading.Thread | None = None

    def open(self) -> SourceInfo:
        """Start the host process, find the tracker, set it up and start its streams.

        Raises:
            SourceError: no SDK, no tracker, several, or one that refuses.
        """
        self._closing.clear()
        self._sdk_python = self._python or find_tobii_python().path
        self._link, self._device = connect(
            self._sdk_python, self._clock, self._which, self._rate_hz, self._mode
        )
        try:
            info = self._begin(self._link, self._device)
        except SourceError:
            self.close()
            raise
        self._opened_ns = self._clock.now_ns()
        return info

    def read(self, timeout_s: float) -> Batch:
        """What arrived since the last read. A tracker that went away is an event and silence."""
        link, join, offset_ns = self._link, self._join, self._offset_ns
        if link is None:
            self._clock.wait_until(self._clock.now_ns() + round(timeout_s * 1e9), timeout_s)
            arrived: Sequence[tuple[str, Any]] = ()
        else:
            kept, self._kept = self._kept, []
            arrived = kept + link.take(0.0 if kept else timeout_s)
        now_ns = self._clock.now_ns()
        pairs = [pair for kind, content in arrived for pair in self._digest(kind, content, now_ns)]
        arrivals_ns, samples = join.ready(now_ns, is_all=any(kind == "end" for kind, _ in arrived))
        host_time_ns = np.minimum(arrivals_ns + offset_ns, now_ns)
        if early := int(np.searchsorted(host_time_ns, self._opened_ns)):
            samples, host_time_ns = samples[early:], host_time_ns[early:]
            self._say("warm_up", n_discarded=early)
        self._note_leftover(join)
        self._look_for_gone(now_ns, int(host_time_ns[-1]) if len(host_time_ns) else 0)
        events = sorted(self._heard(), key=lambda event: event.host_time_ns)
        return Batch(
            samples,
            samples["device_time_stamp"] * 1e-6,
            host_time_ns,
            tuple(pairs),
            tuple(events),
        )

    def close(self) -> None:
        """Stop streaming, let go of the tracker and end the host process."""
        self._closing.set()
        if self._return is not None:
            self._return.join(RETURN_S)
            self._return = None
        link, self._link = self._link, None
        if link is not None:
            link.close()

    @property
    def calibrator(self) -> Calibrator | None:
        """None where the opened tracker cannot be calibrated on its screen."""
        return self._calibrator

    # Opening

    def _begin(self, link: HostLink, device: Device) -> SourceInfo:
        self._offset_ns = link.offset_ns
        self._channels = channels_of(device.kinds)
        self._join = Join(device.kinds)
        self._last_pair: ClockPair | None = None
        self._is_away = False
        self._silent_since_ns: int | None = None
        self._kept = first_gaze(link)
        if device.said["can_calibrate"]:
            self._calibrator = TobiiCalibrator(self._present_link, self._keep_calibration)
            self._keep_calibration(self._calibration_at_start(self._calibrator))
        self._compare_areas(device.said["area_mm"])
        return SourceInfo("tobii", self._channels, device.rate_hz, False, self._detail(link, device))

    def _calibration_at_start(self, calibrator: TobiiCalibrator) -> bytes:
        """That of another program, or of the last session."""
        try:
            blob = calibrator.retrieve()
        except TrackerRefused as error:
            self._say("stream_error", type="calibration", message=str(error))
            return b""
        if blob:
            text = base64.b64encode(blob).decode()
            self._say("notification", type="calibration_at_start", blob_base64=text, sha256=_sha256(blob))
        return blob

    def _compare_areas(self, area_mm: dict[str, Any]) -> None:
        """Warn where the tracker is set up for another display."""
        corner = area_mm["top_left"]
        mm = (math.dist(corner, area_mm["top_right"]), math.dist(corner, area_mm["bottom_left"]))
        display_mm = (self._display.width_mm, self._display.height_mm)
        if any(abs(a - b) > AREA_TOLERANCE * b for a, b in zip(mm, display_mm, strict=True)):
            of_tracker, of_display = (f"{width:.0f} x {height:.0f} mm" for width, height in (mm, display_mm))
            message = (
                f"{self._device.name} is set up for a display of {of_tracker}, and this one has {of_display}:"
                " set it up anew in Eye Tracker Manager, or correct the size of the display."
            )
            log.warning(message)
            self._say("warning", message=message, area_mm=list(mm), display_mm=list(display_mm))

    def _detail(self, link: HostLink, device: Device) -> dict[str, str]:
        said = device.said
        detail = {
            "serial_number": said["serial_number"],
            "model": said["model"],
            "device_name": said["device_name"],
            "firmware_version": said["firmware_version"],
            "runtime_version": said["runtime_version"],
            "sdk": link.sdk,
            "sdk_python": link.python_version,
            "tracking_mode": device.mode,
            "display_area_mm": json.dumps(said["area_mm"]),
            "calibration_sha256": _sha256(self._blob) if self._blob else "",
            "clock_offset_ns": str(link.offset_ns) if link.offset_ns else "",
        }
        return {name: value for name, value in detail.items() if value}

    # Reading

    def _digest(self, kind: str, content: Any, now_ns: int) -> list[ClockPair]:
        """Take in one thing that arrived; the clock pairs of it."""
        if kind == "end":
            self._lose(now_ns, f"the process with the SDK ended ({content})")
        elif kind != "J":
            self._join.add(kind, content, now_ns)
        elif "clock" in content:
            return [self._pair(*content["clock"])]
        elif "event" in content:
            self._hear(content["event"], content["host_time_ns"] + self._offset_ns, content["detail"])
        return []

    def _pair(self, host_time_ns: int, device_us: int, uncertainty_ns: int) -> ClockPair:
        pair = ClockPair(host_time_ns + self._offset_ns, device_us * 1e-6, uncertainty_ns)
        before, self._last_pair = self._last_pair, pair
        if before is not None:
            elapsed_s = (pair.host_time_ns - before.host_time_ns) * 1e-9
            jump_s = pair.source_time_s - before.source_time_s - elapsed_s
            if abs(jump_s) > CLOCK_JUMP_S:
                self._say("clock_reset", jump_s=jump_s)
        return pair

    def _hear(self, kind: str, host_time_ns: int, detail: dict[str, Any]) -> None:
        """Something that the host says: an event, and sometimes more."""
        kind = _OWN_KINDS.get(detail.get("type", ""), kind)
        if "notification_source_stream" in detail:
            detail = {**detail, "stream": detail["notification_source_stream"]}
        self._said.append(Event(host_time_ns, kind, detail))
        if kind == "tracker_display_changed":
            self._compare_areas(detail["display_area"])
        elif kind in ("disconnect", "reconnect"):
            self._is_away, self._silent_since_ns = kind == "disconnect", host_time_ns
        if kind == "reconnect" and self._link is not None:
            arguments = (self._link, self._blob)
            threading.Thread(target=self._calibrate_again, args=arguments, daemon=True).start()

    def _note_leftover(self, join: Join) -> None:
        leftover = join.leftover()
        if len(leftover):
            names = list(leftover.dtype.names or ())
            values = [list(row) for row in leftover.tolist()]
            self._say("notification", type="eye_openness_without_gaze", names=names, values=values)

    def _look_for_gone(self, now_ns: int, newest_gaze_ns: int) -> None:
        """A silence since the tracker went or came back that lasts is taken into our own hands."""
        if self._silent_since_ns is None:
            return
        if newest_gaze_ns > self._silent_since_ns:
            # Of a tracker that is away it is a straggler.
            self._silent_since_ns = newest_gaze_ns if self._is_away else None
        elif now_ns - self._silent_since_ns > GONE_S * 1e9:
            self._lose(now_ns, "the SDK does not find the tracker again")

    def _heard(self) -> list[Event]:
        return [self._said.popleft() for _ in range(len(self._said))]

    def _say(self, kind: str, **detail: Any) -> None:
        self._said.append(Event(self._clock.now_ns(), kind, detail))

    # Losing it and finding it again

    def _lose(self, now_ns: int, why: str) -> None:
        if not self._is_away:
            self._said.append(Event(now_ns, "disconnect", {"tracker": self._device.name, "why": why}))
        log.warning("%s is gone: %s", self._device.name, why)
        link, self._link, self._is_away, self._silent_since_ns = self._link, None, True, None
        self._return = threading.Thread(
            target=self._come_back, args=(link,), name="tobii return", daemon=True
        )
        self._return.start()

    def _come_back(self, old: HostLink | None) -> None:
        """In a thread of its own: look for the same tracker until it is there again."""
        if old is not None:
            old.close()
        device = self._device
        while not self._closing.is_set():
            try:
                link, again = connect(
                    self._sdk_python, self._clock, device.said["serial_number"], device.rate_hz, device.mode
                )
            except SourceError as error:
                log.info("the tracker is not back: %s", error)
                self._closing.wait(RETRY_S)
                continue
            if again.kinds != device.kinds:
                why = "its channels have changed: begin a new session"
                self._say("other_stream", stream=again.name, why=why)
                link.close()
                return
            self._calibrate_again(link, self._blob)
            self._said.append(Event(again.started_ns, "reconnect", {"tracker": again.name}))
            self._offset_ns, self._join, self._is_away = link.offset_ns, Join(again.kinds), False
            self._link = link
            if self._closing.is_set():
                link.close()
            return

    def _calibrate_again(self, link: HostLink, blob: bytes) -> None:
        if not blob:
            return
        try:
            link.ask("apply", blob=base64.b64encode(blob).decode())
        except SourceError as error:
            self._say("stream_error", type="calibration", message=str(error))
        else:
            self._say("notification", type="calibration_applied_again", sha256=_sha256(blob))

    def _present_link(self) -> HostLink:
        if self._link is None:
            raise SourceError("The tracker is gone: wait until it is back, then begin the calibration again.")
        return self._link

    def _keep_calibration(self, blob: bytes) -> None:
        self._blob = blob


def _sha256(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()

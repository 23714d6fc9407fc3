"""Calibrates an opened Tobii tracker through its host process."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from acquisition.sources.base import CalibrationPoint, CalibrationResult, Eyes
from acquisition.sources.tobii_link import HostLink

COLLECT_S = 30.0
COMPUTE_S = 60.0


class TobiiCalibrator:
    """Implements `Calibrator`. Of a calibration in use the source is told, to apply it after a reconnect."""

    def __init__(self, link: Callable[[], HostLink], in_use: Callable[[bytes], None]) -> None:
        """`link` is the present one; it raises `SourceError` while the tracker is away."""
        self._link, self._in_use = link, in_use

    def enter(self) -> None:
        """Begin; what was collected before is gone."""
        self._link().ask("enter")

    def collect(self, x: float, y: float) -> bool:
        """Look at the eyes while the target is at this fraction of the display; False if nothing was seen."""
        return bool(self._link().ask("collect", COLLECT_S, x=x, y=y))

    def discard(self, x: float, y: float) -> None:
        """Forget what was collected at a target."""
        self._link().ask("discard", x=x, y=y)

    def compute(self) -> CalibrationResult:
        """Calibrate by what was collected, and keep the outcome for a reconnect."""
        made = self._link().ask("compute", COMPUTE_S)
        if made["eyes"] is None:
            return CalibrationResult(None)
        self._in_use(self.retrieve())
        return CalibrationResult(Eyes(made["eyes"]), tuple(map(_point, made["points"])))

    def leave(self) -> None:
        """End; the tracker goes on with the calibration that was computed last."""
        self._link().ask("leave")

    def retrieve(self) -> bytes:
        """The calibration in use; empty where the tracker has none."""
        return base64.b64decode(self._link().ask("retrieve"))

    def apply(self, blob: bytes) -> None:
        """Use a calibration that `retrieve` gave."""
        self._link().ask("apply", blob=base64.b64encode(blob).decode())
        self._in_use(blob)


def _point(made: dict[str, Any]) -> CalibrationPoint:
    left, right = (tuple((x, y) for x, y in made[side]) for side in ("left", "right"))
    return CalibrationPoint(made["x"], made["y"], left, right)

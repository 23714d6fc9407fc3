"""What is told to others of a session, as compact JSON: what was shown and what happened.

Nothing of it says who the patient or the reader is: images and readings are named by our own ids, and of
events only those listed here leave, with the fields listed here.
"""

from __future__ import annotations

import json
from typing import Any

from acquisition.domain import Event, Gap, Session, ViewState

TOLD = {
    "paused": (),
    "resumed": (),
    "disconnect": (),
    "reconnect": (),
    "silent": (),
    "heard_again": (),
    "overflow": ("stream",),
    "clock_reset": (),
    "display_changed": (),
    "calibration_begun": ("kind", "n_targets"),
    "calibration": ("eyes", "n_targets"),
}
"""Events that are told as they are, and which of their details."""


def session_marker(session: Session) -> str:
    """A session begins."""
    return _json("session", id=session.id, simulated=session.is_simulated)


def view_marker(view: ViewState) -> str:
    """What is on the screen from now on; positions in px of the display and, by `to_image`, of the image."""
    panels = [
        {
            "image": panel.image_id,
            "rect": panel.rect_px,
            "to_image": panel.screen_to_image,
            "window": [panel.window_center, panel.window_width],
            "lut": panel.lut_name,
            "inverted": panel.is_inverted,
        }
        for panel in view.panels
    ]
    target = {} if view.target_px is None else {"target": view.target_px}
    return _json("view", reading=view.reading_id, panels=panels, **target)


def event_marker(event: Event) -> str | None:
    """What happened; None where that is nobody's business."""
    detail = event.detail
    if event.kind == "reading_opened":
        images = [image.get("id") for image in detail.get("images", ())]
        return _json("case_opened", reading=detail.get("reading_id"), images=images)
    if event.kind == "reading_closed":
        kind = "case_committed" if detail.get("state") == "committed" else "case_left"
        return _json(kind, reading=detail.get("reading_id"))
    if event.kind not in TOLD:
        return None
    return _json(event.kind, **{name: detail[name] for name in TOLD[event.kind] if name in detail})


def gap_marker(gap: Gap) -> str:
    """A stretch without gaze has ended; the marker's time is when it began."""
    return _json("gap", cause=str(gap.cause), seconds=round((gap.end_ns - gap.start_ns) * 1e-9, 6))


def _json(kind: str, **values: Any) -> str:
    return json.dumps({"marker": kind, **values}, separators=(",", ":"))

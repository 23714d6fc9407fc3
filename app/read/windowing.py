"""Window and level by dragging: right is wider, up is brighter."""

from __future__ import annotations

from dataclasses import dataclass

STEPS_PER_RANGE = 1024
"""Dragging over so many pixels changes the window by its whole default range."""


@dataclass(frozen=True, slots=True)
class Window:
    """A linear window in modality units."""

    center: float
    width: float


def dragged(window: Window, default: Window, dx_px: float, dy_px: float) -> Window:
    """The window after the mouse moved by (dx, dy) px, kept within four times the default range."""
    span = max(default.width, 1.0)
    step = span / STEPS_PER_RANGE
    center = window.center + dy_px * step
    width = window.width + dx_px * step
    return Window(
        center=min(max(center, default.center - 2 * span), default.center + 2 * span),
        width=min(max(width, min(1.0, span / STEPS_PER_RANGE)), 4 * span),
    )

"""Whether there is a screen to show a window on; asked before Qt, which would abort without one."""

from __future__ import annotations

import os
import sys


def has_display() -> bool:
    """Whether a window would be seen."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def is_seen(platform: str) -> bool:
    """Whether somebody may see and close a window on this platform of Qt."""
    return platform not in ("offscreen", "minimal")


def can_open_window() -> bool:
    """Whether Qt can start: there is a display, or a platform without one was asked for."""
    return has_display() or bool(os.environ.get("QT_QPA_PLATFORM"))

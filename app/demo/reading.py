"""The stages in which a simulated reader reads, through the window's own events."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, Qt

from acquisition.clock import RealClock, VirtualClock
from acquisition.errors import BugError
from acquisition.simulation.reader import Lesion
from app.demo.hands import Hands
from app.demo.judgement import MARK_MARGIN, judge
from app.demo.scene import READER, Scene, Tell

LOOK_S, AFTER_WINDOWING_S = 5.0, 6.0
"""How long the film case is looked at in real time, before and after the window is changed."""
PATCH_S = (6.0, 10.0)
"""Shortest and longest look at a patch, on the virtual clock."""
STORE_TIMEOUT_S = 30.0


def read_film_case(scene: Scene, tell: Tell) -> str:
    """Read one case of four films in real time and leave two screenshots."""
    if scene.n_unread(scene.films) < len(scene.films):
        return "a film case was read before"
    with scene.workstation(RealClock(), scene.seed) as hands:
        hands.sit_down(READER)
        hands.wait_until_shown()
        hands.screenshot(scene.screenshot("four-films"))
        hands.live(LOOK_S)
        tell(0.5)
        _work_on_film(hands)
        hands.screenshot(scene.screenshot("case-being-read"))
        hands.live(AFTER_WINDOWING_S)
        hands.press(Qt.Key.Key_Return)
        hands.wait_until_shown()
        hands.get_up()
    return "one case of four films read, windowed, marked and committed"


def _work_on_film(hands: Hands) -> None:
    """Darken the right MLO, mark a box on it, choose BI-RADS 4."""
    pane = next(
        pane for pane in hands.read.lightbox.panes if (pane.image.view, pane.image.laterality) == ("MLO", "R")
    )
    x, y, width, height = pane.pose.box_px
    centre = QPoint(round(x + 0.85 * width), round(y + 0.45 * height))
    hands.drag(centre, centre + QPoint(-60, 40), Qt.MouseButton.RightButton)
    hands.press(Qt.Key.Key_R)
    hands.drag(centre + QPoint(-45, -40), centre + QPoint(45, 40))
    hands.press(Qt.Key.Key_R)
    hands.press(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)


def read_patches(scene: Scene, tell: Tell) -> str:
    """Read every patch that is not read yet, on a virtual clock: hours of reading in a minute."""
    n_patches = scene.n_unread(scene.patches)
    if n_patches == 0:
        return "all patches were read before"
    rng = np.random.default_rng([scene.seed, 1])
    clock = VirtualClock()
    with scene.workstation(clock, scene.seed + 1) as hands:
        hands.sit_down(READER)
        for n_read in range(scene.n_unread(scene.films + scene.patches)):
            _read_case(scene, hands, clock, rng)
            tell((n_read + 1) / n_patches)
        hands.get_up()
    return f"{n_patches} patches read, {clock.now_ns() / 60e9:.0f} minutes on the virtual clock"


def _read_case(scene: Scene, hands: Hands, clock: VirtualClock, rng: np.random.Generator) -> None:
    hands.wait_until_shown()
    clock.advance(rng.uniform(*PATCH_S))
    if not hands.read.session.wait_until_stored(STORE_TIMEOUT_S):
        raise BugError("The recorder did not keep up with the virtual clock.")
    opened = hands.read.session.open_reading
    if opened is None:
        raise BugError("No case is open.")
    judgement = judge(scene.knowledge(opened.images[0].id), rng)
    if judgement.marked is not None:
        _mark(hands, judgement.marked)
    digit = Qt.Key(Qt.Key.Key_0 + judgement.birads)
    hands.press(digit, Qt.KeyboardModifier.ControlModifier)
    hands.press(Qt.Key.Key_Return)
    hands.wait_for("the reading is committed", lambda: not _is_open(hands, opened.reading.id))


def _is_open(hands: Hands, reading_id: str) -> bool:
    opened = hands.read.session.open_reading
    return opened is not None and opened.reading.id == reading_id


def _mark(hands: Hands, lesion: Lesion) -> None:
    """Draw a box around a lesion of the only pane."""
    pane = hands.read.lightbox.panes[0]
    radius_px = MARK_MARGIN * lesion.radius_px
    left, top, _, _ = pane.pose.box_px
    start, end = (
        pane.pose.placement.to_pane(lesion.x_px + sign * radius_px, lesion.y_px + sign * radius_px)
        for sign in (-1, 1)
    )
    hands.press(Qt.Key.Key_R)
    hands.drag(
        QPoint(round(left + start[0]), round(top + start[1])),
        QPoint(round(left + end[0]), round(top + end[1])),
    )

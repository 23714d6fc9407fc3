"""A simulated radiologist: where somebody who knows the lesions would look, moment by moment.

The eye rests and jumps. Rests last log-normally with a median of 270 ms; a jump of A degrees takes
2.2 A + 21 ms (the main sequence; Carpenter 1988) and follows the minimum-jerk profile. Of the lesions 57 %
draw the eye within the first second, the rest within 15 s (Kundel et al. 2008). A reading in which the
eye dwells on the lesion is *concentrated*, one in which it roams the breast *scattered*. A fixation target
draws the eye after 0.2 s and holds it until another view is painted.

Nothing here was learnt from a radiologist, and nothing found in it says anything about one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from acquisition.domain import Box, Display, Panel, ViewState
from acquisition.geometry import apply, invert, px_to_deg
from acquisition.simulation.spells import Spells

Point = tuple[float, float]

TARGET_LATENCY_NS = 200_000_000
"""From a target that appears to the saccade to it (Carpenter 1988)."""
_UNTIL_IT_GOES_NS = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Lesion:
    """A round finding in image px."""

    x_px: float
    y_px: float
    radius_px: float
    malignant: bool


@dataclass(frozen=True, slots=True)
class SceneKnowledge:
    """What the simulated reader knows of an image: its lesions and the part worth looking at."""

    lesions: tuple[Lesion, ...]
    box_px: Box


Knowledge = Callable[[str], SceneKnowledge]
"""From image id to what is known of it; raises `KeyError` for an image that nothing is known of."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How a simulated reader looks."""

    information: float = 1.0
    """How much of the class shows in the gaze: 1 malignant always concentrated and benign always
    scattered, 0 a coin decides."""
    rest_s: float = 0.27
    rest_spread: float = 0.35
    """Standard deviation of the logarithm of a rest."""
    found_at_once: float = 0.57
    dwell_concentrated: float = 0.75
    """Share of the rests on the lesion in a concentrated reading, on average."""
    dwell_scattered: float = 0.25
    dwell_spread: float = 0.18
    """Standard deviation of these shares from one reading to the next."""
    stay_on_panel: float = 0.85
    blinks_per_min: float = 8.0
    dropouts_per_min: float = 0.3
    off_screen_per_min: float = 0.3


class _Step(NamedTuple):
    """A jump from `origin` to `target` (display px) and the rest there until the next step."""

    start_ns: int
    jump_ns: int
    origin: Point
    target: Point


class _Plan(NamedTuple):
    """What the reader means to do with one image."""

    known: SceneKnowledge
    focus: tuple[Lesion, ...]
    """Where a concentrated reading dwells: the lesions, or one made-up place where there are none."""
    dwell: float
    """Share of the rests on the focus."""
    due_ns: tuple[int, ...]
    """When each lesion first draws the eye."""


class SimulatedReader:
    """Looks at what is shown; the same seed and views give the same gaze, however often it is asked."""

    def __init__(
        self,
        display: Display,
        knowledge: Knowledge | None = None,
        *,
        seed: int = 0,
        habits: Habits | None = None,
    ) -> None:
        """Sit in front of `display`; without `knowledge` the gaze roams the images."""
        self._display = display
        self._knowledge = knowledge
        self._habits = habits or Habits()
        paths, blinks, dropouts = np.random.SeedSequence(seed).spawn(3)
        self._rng = np.random.default_rng(paths)
        self._blinks = Spells(blinks, self._habits.blinks_per_min, 0.1, 0.3)
        self._dropouts = Spells(dropouts, self._habits.dropouts_per_min, 0.8, 2.5)
        self._announced: deque[ViewState] = deque()
        self._view = ViewState(0, ())
        self._plans: dict[str, _Plan] = {}
        self._looked_at: set[tuple[str, int]] = set()
        self._panel_id = ""
        self._steps: list[_Step] = []
        self._looked_until_ns = 0

    def observe(self, view: ViewState) -> None:
        """Take notice of a painted view state; may be called from another thread."""
        self._announced.append(view)

    def look(self, time_ns: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The true point of gaze at ascending times, never before those of the last call.

        Args:
            time_ns: (n,) host times

        Returns:
            (n, 2) display px, and (n,) whether an eye is open in front of the tracker.
        """
        if len(time_ns) == 0:
            return np.zeros((0, 2)), np.zeros(0, dtype=np.bool_)
        self._walk_until(int(time_ns[0]), int(time_ns[-1]))
        starts = np.array([step.start_ns for step in self._steps], dtype=np.int64)
        jumps = np.array([step.jump_ns for step in self._steps], dtype=np.float64)
        origin = np.array([step.origin for step in self._steps])
        target = np.array([step.target for step in self._steps])
        now = np.searchsorted(starts, time_ns, side="right") - 1
        done = _minimum_jerk(np.clip((time_ns - starts[now]) / jumps[now], 0.0, 1.0))
        points = origin[now] + (target[now] - origin[now]) * done[:, np.newaxis]
        self._steps = self._steps[int(now[-1]) :]
        self._looked_until_ns = int(time_ns[-1])
        return points, ~(self._blinks.cover(time_ns) | self._dropouts.cover(time_ns))

    def _walk_until(self, first_ns: int, last_ns: int) -> None:
        """Add steps until one begins after `last_ns`. The eye begins in the middle of the display."""
        if not self._steps:
            middle = (self._display.width_px / 2, self._display.height_px / 2)
            self._steps = [_Step(first_ns, 1, middle, middle)]
            self._next_ns = first_ns + self._rest_ns()
        while (start_ns := self._next_step_ns()) <= last_ns:
            origin = self._steps[-1].target
            self._see(start_ns)
            target, rest_ns = self._choose(start_ns)
            jump_ns = self._jump_ns(origin, target)
            self._steps.append(_Step(start_ns, jump_ns, origin, target))
            self._next_ns = start_ns + jump_ns + rest_ns

    def _next_step_ns(self) -> int:
        """When the rest ends; a target that comes or goes ends it, and no other step is begun meanwhile."""
        for view in tuple(self._announced):
            if view.target_px != self._view.target_px and view.host_time_ns <= self._next_ns:
                landed_ns = self._steps[-1].start_ns + self._steps[-1].jump_ns
                return max(view.host_time_ns + TARGET_LATENCY_NS, landed_ns, self._looked_until_ns + 1)
        return self._next_ns

    def _see(self, now_ns: int) -> None:
        """Bring the view up to date; new images make new plans."""
        before = {panel.image_id for panel in self._view.panels}
        reading_before = self._view.reading_id
        while self._announced and self._announced[0].host_time_ns <= now_ns:
            self._view = self._announced.popleft()
        shown = {panel.image_id for panel in self._view.panels}
        if self._view.reading_id != reading_before or not shown & before:
            self._plans.clear()
            self._looked_at.clear()
        for panel in self._view.panels:
            if panel.image_id not in self._plans:
                self._plans[panel.image_id] = self._plan(panel, now_ns)

    def _plan(self, panel: Panel, now_ns: int) -> _Plan:
        """Decide how to read an image that has just come up."""
        known = self._known(panel)
        x, y, width, height = known.box_px
        malignant = any(lesion.malignant for lesion in known.lesions)
        informed = self._rng.random() < self._habits.information
        coin = self._rng.random() < 0.5
        spot = self._rng.uniform(0.25, 0.75, 2)
        made_up = Lesion(x + spot[0] * width, y + spot[1] * height, min(width, height) / 10, False)
        due_ns = tuple(now_ns + round(1e9 * self._first_look_s()) for _ in known.lesions)
        concentrated = malignant if informed else coin
        dwell = self._habits.dwell_concentrated if concentrated else self._habits.dwell_scattered
        dwell = min(max(dwell + self._habits.dwell_spread * float(self._rng.standard_normal()), 0.0), 1.0)
        return _Plan(known, known.lesions or (made_up,), dwell, due_ns)

    def _known(self, panel: Panel) -> SceneKnowledge:
        """What is known of the image in a panel: at worst, that there is what the panel shows."""
        if self._knowledge is not None:
            try:
                return self._knowledge(panel.image_id)
            except KeyError:
                pass
        x, y, width, height = panel.rect_px
        corners = apply(panel.screen_to_image, [(x, y), (x + width, y + height)])
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        return SceneKnowledge((), (left, top, right - left, bottom - top))

    def _first_look_s(self) -> float:
        if self._rng.random() < self._habits.found_at_once:
            return float(self._rng.uniform(0.0, 0.7))
        return float(min(1.0 + self._rng.exponential(3.0), 14.0))

    def _choose(self, now_ns: int) -> tuple[Point, int]:
        """The next target in display px and how long to rest there."""
        if self._view.target_px is not None:
            return self._view.target_px, _UNTIL_IT_GOES_NS
        steps_per_min = 60.0 / (self._habits.rest_s * 1.2)
        if self._rng.random() < self._habits.off_screen_per_min / steps_per_min:
            side = self._rng.choice((-0.15, 1.15))
            point = (side * self._display.width_px, self._rng.uniform(0.2, 0.8) * self._display.height_px)
            return point, round(self._rng.uniform(0.5, 1.5) * 1e9)
        panel, lesion = self._choose_place(now_ns)
        return self._aim(panel, lesion), self._rest_ns()

    def _choose_place(self, now_ns: int) -> tuple[Panel | None, Lesion | None]:
        """A panel and the lesion in it to look at; no lesion to roam, no panel where nothing is shown."""
        for panel in self._view.panels:
            plan = self._plans[panel.image_id]
            for i, due_ns in enumerate(plan.due_ns):
                if due_ns <= now_ns and (panel.image_id, i) not in self._looked_at:
                    self._looked_at.add((panel.image_id, i))
                    self._panel_id = panel.image_id
                    return panel, plan.known.lesions[i]
        if not self._view.panels:
            return None, None
        panels = {panel.image_id: panel for panel in self._view.panels}
        if self._panel_id not in panels or self._rng.random() > self._habits.stay_on_panel:
            self._panel_id = str(self._rng.choice(sorted(panels)))
        plan = self._plans[self._panel_id]
        if self._rng.random() < plan.dwell:
            return panels[self._panel_id], plan.focus[self._rng.integers(len(plan.focus))]
        return panels[self._panel_id], None

    def _aim(self, panel: Panel | None, lesion: Lesion | None) -> Point:
        """A point of the lesion or the box, in display px; what is scrolled out of view is not looked at."""
        if panel is None:
            x, y = self._rng.uniform(0.1, 0.9, 2) * (self._display.width_px, self._display.height_px)
            return float(x), float(y)
        left, top, width, height = panel.rect_px
        image_to_screen = invert(panel.screen_to_image)
        for _ in range(5):
            x, y = apply(image_to_screen, [self._image_point(panel, lesion)])[0]
            if left <= x < left + width and top <= y < top + height:
                return float(x), float(y)
        x, y = (left, top) + self._rng.uniform(0.05, 0.95, 2) * (width, height)
        return float(x), float(y)

    def _image_point(self, panel: Panel, lesion: Lesion | None) -> NDArray[np.float64]:
        if lesion is not None:
            return self._rng.normal((lesion.x_px, lesion.y_px), 0.3 * lesion.radius_px)
        x, y, width, height = self._plans[panel.image_id].known.box_px
        return (x, y) + self._rng.uniform(0.0, 1.0, 2) * (width, height)

    def _rest_ns(self) -> int:
        rest_s = self._habits.rest_s * np.exp(self._habits.rest_spread * self._rng.standard_normal())
        return round(max(float(rest_s), 0.08) * 1e9)

    def _jump_ns(self, origin: Point, target: Point) -> int:
        """The main sequence: 2.2 ms a degree and 21 ms."""
        amplitude_deg = float(np.hypot(*np.diff(px_to_deg([origin, target], self._display), axis=0)[0]))
        return round((2.2 * amplitude_deg + 21.0) * 1e6)


def _minimum_jerk(s: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share (n,) of the way done at the share s of the time; its peak speed is 1.875 times the mean."""
    return s**3 * (10.0 - 15.0 * s + 6.0 * s**2)

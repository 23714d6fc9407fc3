"""What every stage of the demo works with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from acquisition.clock import HostClock
from acquisition.domain import Case, Display, ReadingState
from acquisition.simulation.knowledge import knowledge_of
from acquisition.simulation.reader import Knowledge
from acquisition.store import Store
from app.choices import StorePlace, Tracker
from app.demo.hands import Hands
from app.workstation import build_workstation

DISPLAY = Display(1920, 1080, 527.0, 296.0)
READER = "SIM-01"
RATE_HZ = 120.0
PATCHES, HELD_OUT = "phantoms", "phantoms-held-out"
"""Folders of the patches that are read, and of those that are not."""

Tell = Callable[[float], None]
"""Told how much of a stage is done, 0 to 1."""


@dataclass(frozen=True)
class Scene:
    """The demo's folder and store."""

    out: Path
    store: Store
    seed: int
    n_patients: int
    """Synthetic patients whose patches are read; half as many more are kept to judge on."""

    @property
    def place(self) -> StorePlace:
        """The store as other processes open it."""
        return StorePlace(str(self.out / "store"))

    @property
    def knowledge(self) -> Knowledge:
        """What the simulated reader knows of the images."""
        return knowledge_of(self.store.catalogue)

    @property
    def films(self) -> list[Case]:
        """The cases of real films."""
        return [case for case in self.store.catalogue.cases() if not case.is_simulated]

    @property
    def patches(self) -> list[Case]:
        """The patches that are there to be read; those kept to judge on are not among them."""
        to_read = {
            image.case_id
            for image in self.store.catalogue.images()
            if Path(image.path).parent == self.out / PATCHES
        }
        return [case for case in self.store.catalogue.cases() if case.id in to_read]

    def n_unread(self, cases: list[Case]) -> int:
        """How many of these cases have no committed reading yet."""
        committed = {
            reading.case_id for reading in self.store.readings() if reading.state == ReadingState.COMMITTED
        }
        return sum(case.id not in committed for case in cases)

    def screenshot(self, name: str) -> Path:
        """Where a screenshot goes."""
        return self.out / "screenshots" / f"{name}.png"

    @contextmanager
    def workstation(self, clock: HostClock, seed: int) -> Iterator[Hands]:
        """The workstation as large as the display, and hands for it; closed at the end, as a person would."""
        window = build_workstation(
            self.store,
            self.place,
            Tracker("simulated", RATE_HZ, seed, DISPLAY),
            clock,
            are_readers_simulated=True,
        )
        window.resize(DISPLAY.width_px, DISPLAY.height_px)
        window.show()
        try:
            yield Hands(window)
        finally:
            window.close()

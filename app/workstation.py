"""The whole workstation, assembled: the Read room and the Learn room over one store."""

from __future__ import annotations

from acquisition.clock import HostClock
from acquisition.intake import Outlet
from acquisition.simulation.knowledge import knowledge_of
from acquisition.sources import open_source
from acquisition.store import Store
from app.choices import StorePlace, Tracker
from app.entrance import Entrance
from app.learn.desk import StoreDesk
from app.learn.room import LearnRoom
from app.learn.worker_process import start_worker
from app.read.build import build_read_room
from app.texts import Text, say
from app.window import MainWindow


def build_workstation(
    store: Store,
    place: StorePlace,
    tracker: Tracker,
    clock: HostClock,
    *,
    are_readers_simulated: bool = False,
    calibrates: bool = False,
    outlet: Outlet | None = None,
    remembers_screens: bool = False,
    entrance: Entrance | None = None,
) -> MainWindow:
    """Both rooms, in the window of the `entrance` or in one that is not shown yet.

    `calibrates` says whether gaze is calibrated and checked; what is recorded also goes to `outlet`. With
    `remembers_screens` the windows go to the screens where they stood last.

    Raises:
        UserError: there is no such gaze source.
    """
    source = tracker.choice
    knowledge = knowledge_of(store.catalogue)
    log = place.learning / "worker.log"
    desk = StoreDesk(store, place.learning, lambda: start_worker(place.url_or_path, place.recordings, log))
    reading = build_read_room(
        store,
        source,
        lambda display: open_source(
            tracker.source,
            display=display,
            clock=clock,
            rate_hz=tracker.rate_hz,
            seed=tracker.seed,
            knowledge=knowledge,
            channels=tracker.channels,
        ),
        clock,
        tracker.display,
        are_readers_simulated=are_readers_simulated,
        calibrates=calibrates,
        outlet=outlet,
        screens_file=store.screens_file if remembers_screens else None,
        reader_page=entrance.page if entrance else None,
    )
    rooms = [reading, LearnRoom(desk)]
    titles = [say(Text.ROOM_READ), say(Text.ROOM_LEARN)]
    window = entrance.lead_to(rooms) if entrance else MainWindow(list(zip(titles, rooms, strict=True)))
    if remembers_screens and not (entrance and entrance.is_placed):
        reading.places.put_images()
    return window

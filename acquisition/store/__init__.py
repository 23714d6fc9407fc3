"""Where images, readings and gaze are kept.

`open_store` gives a `Store`: `store.catalogue` holds everything but gaze, `store.recording(id)` reads
the gaze of one session, `store.gaze(id)` and `store.raw(id)` are views of it. The only folder that
imports SQLAlchemy.
"""

from acquisition.store.catalogue import Catalogue
from acquisition.store.recording import RecordingWriter
from acquisition.store.recording_reader import RawGaze, Recording, RecordingHeader
from acquisition.store.store import Store, open_store

__all__ = [
    "Catalogue",
    "RawGaze",
    "Recording",
    "RecordingHeader",
    "RecordingWriter",
    "Store",
    "open_store",
]

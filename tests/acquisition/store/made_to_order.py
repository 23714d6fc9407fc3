"""Sessions and samples for the tests of the store."""

import numpy as np

from acquisition.domain import Display, Event, Reading, Session, new_id
from acquisition.sources.base import Batch, Channel, ClockPair, SourceInfo, sample_dtype
from acquisition.store import Store

CHANNELS = (
    Channel("X", "<f4", "normalized", "left_x"),
    Channel("Y", "<f4", "normalized", "left_y"),
    Channel("Pupil", "<f8", "m", "left_pupil_mm", 1000.0),
    Channel("Counter", ">u2"),
)
INFO = SourceInfo("simulated", CHANNELS, 100.0, is_simulated=True, detail={"model": "test"})


def make_session(store: Store, **values: object) -> Session:
    """A simulated session whose reader is in the catalogue."""
    reader = store.catalogue.ensure_reader(pseudonym="S1", is_simulated=True)
    usual: dict[str, object] = {
        "id": new_id("ses"),
        "reader_id": reader.id,
        "reader_pseudonym": reader.pseudonym,
        "source_name": "simulated",
        "is_simulated": True,
        "display": Display(1920, 1080, 510.0, 290.0),
        "opened_utc": "2026-01-05T09:00:00+00:00",
        "opened_host_time_ns": 0,
    }
    return Session(**{**usual, **values})  # type: ignore[arg-type]


def make_batch(first: int, n: int, pairs: tuple[ClockPair, ...] = ()) -> Batch:
    """Samples `first` to `first + n` at 100 Hz: captured at 10 ms each, arrived 3 ms later."""
    index = np.arange(first, first + n)
    samples = np.zeros(n, sample_dtype(CHANNELS))
    samples["X"], samples["Y"], samples["Pupil"] = index * 1e-3, 0.5, 0.003
    samples["Counter"] = index % 65536
    return Batch(samples, index * 0.01, index * 10_000_000 + 3_000_000, pairs)


def reading_opened(reading: Reading) -> Event:
    """What the recorder writes when a reading opens."""
    detail = {"reading_id": reading.id, "case_id": reading.case_id, "reader_pseudonym": "S1", "images": []}
    return Event(reading.opened_host_time_ns, "reading_opened", detail)

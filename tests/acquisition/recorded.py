"""Recordings made in no time, on a virtual clock and without a thread."""

import numpy as np

from acquisition.clock import VirtualClock
from acquisition.domain import Display, Event, Session, ViewState, new_id
from acquisition.sources import open_source
from acquisition.store import RawGaze, open_store

DISPLAY = Display(1920, 1080, 527.0, 296.0)


def record(
    store_dir, source="simulated", seconds=3.0, *, rate_hz=120.0, start_ns=5_000_000_000, is_sealed=True
):
    """The path of the recording of a source, chosen by name or given as `make(clock)`."""
    clock = VirtualClock(start_ns)
    if isinstance(source, str):
        opened = open_source(source, clock=clock, display=DISPLAY, rate_hz=rate_hz, seed=3)
    else:
        opened = source(clock)
    info = opened.open()
    with open_store(store_dir) as store:
        reader = store.catalogue.ensure_reader(is_simulated=info.is_simulated)
        session = Session(
            new_id("ses"),
            reader.id,
            reader.pseudonym,
            info.name,
            info.is_simulated,
            DISPLAY,
            "2026-01-05T08:00:00.000+00:00",
            clock.now_ns(),
        )
        writer = store.create_recording(info, session)
        writer.event(Event(clock.now_ns(), "consent", {"how": "test"}))
        writer.view_state(ViewState(clock.now_ns(), ()))
        for _ in range(round(seconds / 0.1)):
            clock.advance(0.1)
            writer.append(opened.read(0.0))
            writer.commit()
        if is_sealed:
            writer.seal()
        writer.close()
    return store_dir / "recordings" / f"{session.id}.sqlite"


def read_on(source, clock, seconds, step_s=0.1):
    """The batches of an opened source, read every `step_s` of a virtual clock."""
    batches = []
    for _ in range(round(seconds / step_s)):
        clock.advance(step_s)
        batches.append(source.read(0.0))
    return batches


def joined(channels, batches):
    """(raw gaze, clock pairs, events) of batches."""
    samples = np.empty(sum(len(batch.samples) for batch in batches), batches[0].samples.dtype)
    np.concatenate([batch.samples for batch in batches], out=samples)
    raw = RawGaze(
        channels,
        samples,
        np.concatenate([batch.source_time_s for batch in batches]),
        np.concatenate([batch.host_time_ns for batch in batches]),
    )
    pairs = [pair for batch in batches for pair in batch.clock_pairs]
    return raw, pairs, [event for batch in batches for event in batch.events]

"""A real recorder of one session on the real clock, run by a test."""

import contextlib

from acquisition.clock import RealClock
from acquisition.domain import Display, Session, new_id
from acquisition.recorder import Recorder

DISPLAY = Display(1920, 1080, 527.0, 296.0)


@contextlib.contextmanager
def recording(store, source, outlet=None, is_simulated=False):
    """Records until the test leaves: the recorder and its session."""
    clock, reader = RealClock(), store.catalogue.ensure_reader(is_simulated=is_simulated)
    opened_utc, opened_ns = "2026-01-01T00:00:00", clock.now_ns()
    session = Session(
        new_id("ses"), reader.id, reader.pseudonym, "test", is_simulated, DISPLAY, opened_utc, opened_ns
    )
    store.catalogue.add_session(session)

    def open_sink(info):
        sink = store.create_recording(info, session)
        return outlet(sink, info, session) if outlet else sink

    recorder = Recorder(open_sink, source, clock)
    recorder.start()
    recorder.wait_until_open()
    try:
        yield recorder, session
    finally:
        recorder.stop()

"""What another process sends over LSL is stored bit for bit, also when it dies midway and comes back."""

import contextlib
import signal
import subprocess
import sys

import lsl_outlet as outlet
import numpy as np
import pytest
from lsl_streams import outlet_process, wait_until

from acquisition.clock import RealClock
from acquisition.domain import Display, GapCause
from acquisition.errors import StoreError
from acquisition.headless import record_session
from acquisition.sources import open_source
from acquisition.store import open_store
from acquisition.store.recording_reader import Recording

GAZE = ["titta", "app_tobii_pro", "pupil"]
SECOND_LIFE = 100_000
"""The first number that a restarted outlet sends."""
ENOUGH = 60
PATIENCE_S = 90.0


def as_sent(raw, dialect):
    """Raw samples as the outlet writes them down."""
    rows = np.zeros(len(raw.samples), outlet.dump_dtype(dialect))
    rows["stamp"] = raw.source_time_s
    rows["values"] = np.stack([raw.samples[channel.label] for channel in raw.channels], axis=1)
    return rows


def numbers_of(rows, dialect):
    return rows["values"][:, outlet.NUMBER_COLUMN[dialect]].astype(int)


def sent_rows(path, dialect):
    """What an outlet wrote down; a kill may have cut the last row."""
    dtype = outlet.dump_dtype(dialect)
    written = path.read_bytes()
    return np.frombuffer(written[: len(written) // dtype.itemsize * dtype.itemsize], dtype)


def recorded_numbers(store, dialect):
    """The numbers that are in the recording by now, while another process writes it."""
    with contextlib.suppress(StoreError):
        for path in (store / "recordings").glob("*.sqlite"):
            return numbers_of(as_sent(Recording(path).raw(), dialect), dialect)
    return np.zeros(0, dtype=int)


def assert_one_piece_of(received, sent, dialect):
    """All of `received` was sent in one stretch, without a hole, a change or a bit flipped."""
    assert len(received) >= ENOUGH
    start = int(numbers_of(received, dialect)[0]) - int(numbers_of(sent, dialect)[0])
    assert received.tobytes() == sent[start : start + len(received)].tobytes()


@contextlib.contextmanager
def recording_process(dialect, store):
    """`gazeroom record` of one stream, stopped by its terminal."""
    words = ["record", "--source", f"lsl:{dialect}", "--seconds", "600", "--store", str(store)]
    with subprocess.Popen(
        [sys.executable, "-m", "app", *words], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_S)


@pytest.mark.slow
def test_what_was_sent_is_stored_bit_for_bit_with_the_outlet_killed_and_restarted(lsl_on_loopback, tmp_path):
    def send(dialect, life, *options):
        dump = tmp_path / f"{dialect}-{life}"
        words = ["--source-id", dialect, "--dump", str(dump), "--real-stamps", "--strange", *options]
        return outlet_process(dialect, *words)

    def wait_for_all(first):
        for d in GAZE:
            wait_until(lambda d=d: (recorded_numbers(tmp_path / d, d) >= first).sum() >= ENOUGH)

    with contextlib.ExitStack() as stack:
        senders = [stack.enter_context(send(dialect, 1)) for dialect in GAZE]
        recorders = contextlib.ExitStack()
        stack.enter_context(recorders)
        for dialect in GAZE:
            recorders.enter_context(recording_process(dialect, tmp_path / dialect))
        wait_for_all(0)
        for sender in senders:
            sender.kill()
        for dialect in GAZE:
            stack.enter_context(send(dialect, 2, "--first", str(SECOND_LIFE)))
        wait_for_all(SECOND_LIFE)
        recorders.close()

    for dialect in GAZE:
        with open_store(tmp_path / dialect) as store:
            (session,) = store.sessions()
            received = as_sent(store.raw(session.id), dialect)
            gaps = store.recording(session.id).gaps()
            kinds = [event.kind for event in store.recording(session.id).events()]
            gaze = store.gaze(session.id)
        assert session.sha256
        is_second = numbers_of(received, dialect) >= SECOND_LIFE
        assert (np.diff(is_second.astype(int)) >= 0).all()
        for part, life in ((~is_second, 1), (is_second, 2)):
            assert_one_piece_of(received[part], sent_rows(tmp_path / f"{dialect}-{life}", dialect), dialect)
        assert [kind for kind in kinds if "connect" in kind] == ["disconnect", "reconnect"]
        assert GapCause.DISCONNECT in [gap.cause for gap in gaps]
        assert len(gaze) == len(received)


def test_values_and_stamps_that_are_no_numbers_harm_nobody(lsl_outlet, tmp_path):
    dump = tmp_path / "dump"
    lsl_outlet("titta", "--strange", "--real-stamps", "--rate", "200", "--dump", str(dump))
    clock, display = RealClock(), Display(1920, 1080, 527.0, 296.0)
    with open_store(tmp_path / "store") as store:
        source = open_source("lsl:tracker-1", display=display, clock=clock)
        session = record_session(store, source, 1.0, clock=clock, display=display).session
        received = as_sent(store.raw(session.id), "titta")
        gaze = store.gaze(session.id)
    assert_one_piece_of(received, sent_rows(dump, "titta"), "titta")
    assert np.isnan(received["stamp"]).any()
    assert np.isinf(received["stamp"]).any()
    assert (np.diff(received["stamp"]) < -50.0).any()
    assert not np.isfinite(received["values"]).all()
    # What cannot be placed in time was captured when it arrived.
    unplaced = ~np.isfinite(gaze["source_time_s"])
    assert (gaze["time_ns"][unplaced] == gaze["host_time_ns"][unplaced]).all()

"""A source and a sink that tests hold in their hands."""

import queue
import threading

import numpy as np

from acquisition.clock import VirtualClock
from acquisition.errors import StoreError
from acquisition.recorder import Recorder
from acquisition.sources.base import Batch, Channel, ClockPair, SourceInfo, sample_dtype

CHANNELS = (
    Channel("number", "<i8"),
    Channel("x", "<f8", "normalized", "both_x"),
    Channel("y", "<f8", "normalized", "both_y"),
)
RATE_HZ = 100.0
PERIOD_NS = 10_000_000
PATIENCE_S = 30.0


class HandSource:
    """Sends what it is given, the moment it is given; its clock shows host time in seconds."""

    def __init__(self):
        self.batches = queue.Queue()
        self.is_closed = False
        self.opening_error = None
        self.info = SourceInfo("hand", CHANNELS, RATE_HZ, is_simulated=True)

    def send(self, numbers, xy=(0.5, 0.5), late_ns=2_000_000, events=()):
        """Samples that were captured at number x 10 ms."""
        numbers = np.asarray(numbers, dtype=np.int64)
        samples = np.zeros(len(numbers), dtype=sample_dtype(CHANNELS))
        samples["number"] = numbers
        samples["x"], samples["y"] = xy
        capture_ns = numbers * PERIOD_NS
        pairs = (ClockPair(0, 0.0, 10),)
        self.batches.put(Batch(samples, capture_ns / 1e9, capture_ns + late_ns, pairs, tuple(events)))

    def break_with(self, error):
        self.batches.put(error)

    def open(self):
        if self.opening_error is not None:
            raise self.opening_error
        return self.info

    def read(self, timeout_s):
        """All that was sent; waits in real time whatever the clock: a test sends, and does not sleep."""
        batches = []
        try:
            batches.append(self._next(timeout_s))
            while True:
                batches.append(self._next(0.0))
        except queue.Empty:
            pass
        nothing = Batch(np.zeros(0, dtype=sample_dtype(CHANNELS)), np.zeros(0), np.zeros(0, dtype=np.int64))
        batches = [nothing, *batches]
        return Batch(
            np.concatenate([batch.samples for batch in batches]),
            np.concatenate([batch.source_time_s for batch in batches]),
            np.concatenate([batch.host_time_ns for batch in batches]),
            tuple(pair for batch in batches for pair in batch.clock_pairs),
            tuple(event for batch in batches for event in batch.events),
        )

    def _next(self, timeout_s):
        batch = self.batches.get(timeout=timeout_s) if timeout_s else self.batches.get_nowait()
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self):
        self.is_closed = True


class HandSink:
    """Remembers; can be made slow or refuse."""

    def __init__(self):
        self.pending, self.durable = [], []
        self.may_commit = threading.Event()
        self.may_commit.set()
        self.refusals_left = 0
        self.refused = threading.Event()
        self.committed = threading.Event()
        self.commits = threading.Event()
        self.is_sealed = self.is_closed = False

    def append(self, batch):
        self.pending.append(batch)

    def view_state(self, view):
        self.pending.append(view)

    def event(self, event):
        self.pending.append(event)

    def gap(self, gap):
        self.pending.append(gap)

    def commit(self):
        self.commits.set()
        assert self.may_commit.wait(PATIENCE_S)
        if self.refusals_left:
            self.refusals_left -= 1
            self.refused.set()
            raise StoreError("The disk is full: make room.")
        self.durable += self.pending
        self.pending = []
        self.committed.set()

    def seal(self):
        self.commit()
        self.is_sealed = True
        return "sha"

    def close(self):
        self.is_closed = True

    def of(self, kind):
        """All of one type that is durable."""
        return [item for item in self.durable if isinstance(item, kind)]

    def numbers(self):
        """Which samples are durable."""
        return [n for batch in self.of(Batch) for n in batch.samples["number"].tolist()]

    def event_kinds(self):
        own = [item.kind for item in self.durable if hasattr(item, "kind")]
        return own + [event.kind for batch in self.of(Batch) for event in batch.events]


class Rig:
    """A recorder on a virtual clock between a source and a sink in the test's hands."""

    def __init__(self):
        self.clock, self.source, self.sink = VirtualClock(start_ns=0), HandSource(), HandSink()
        self.recorder = Recorder(lambda _: self.sink, self.source, self.clock)

    def start(self):
        self.recorder.start()
        self.recorder.wait_until_open(PATIENCE_S)
        return self

    def send(self, numbers, **options):
        self.source.send(numbers, **options)
        behind_s = (numbers[-1] + 1) * PERIOD_NS / 1e9 - self.clock.now_ns() / 1e9
        if behind_s > 0:
            self.clock.advance(behind_s)

    def settle(self):
        """Wait until all that was sent and posted until now is durable."""
        # A moment later, for what was sent after the clock had last moved.
        self.clock.advance(1e-9)
        assert self.recorder.wait_for(self.clock.now_ns(), PATIENCE_S)

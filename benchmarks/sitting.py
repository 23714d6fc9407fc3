"""What the benchmarks of recording share: a session, and a recorder watched from inside its thread."""

import time

import numpy as np

from acquisition.domain import Display, Session, new_id
from acquisition.recorder import Recorder

DISPLAY = Display(2560, 2048, 527.0, 422.0)


def new_session(store, clock):
    """Of the simulated reader, now."""
    reader = store.catalogue.ensure_reader(is_simulated=True)
    return Session(
        id=new_id("ses"),
        reader_id=reader.id,
        reader_pseudonym=reader.pseudonym,
        source_name="simulated",
        is_simulated=True,
        display=DISPLAY,
        opened_utc="2026-01-01T00:00:00+00:00",
        opened_host_time_ns=clock.now_ns(),
    )


class WatchedSource:
    """A source whose own share of the recorder's thread is counted."""

    def __init__(self, source):
        self._source = source
        self.busy_s = 0.0

    def open(self):
        return self._source.open()

    def read(self, timeout_s):
        begin_s = time.thread_time()
        batch = self._source.read(timeout_s)
        self.busy_s += time.thread_time() - begin_s
        return batch

    def observe(self, view):
        self._source.observe(view)

    def close(self):
        self._source.close()


class WatchedSink:
    """A recording writer that notes how old each sample was once it was durable, and the thread's work."""

    def __init__(self, writer, clock, on_commit=None):
        self._writer, self._clock, self._on_commit = writer, clock, on_commit
        self._waiting_ns = []
        self.age_ms, self.commit_ms = [], []
        self.begin_s = self.end_s = self.begin_busy_s = self.end_busy_s = None

    def append(self, batch):
        self._waiting_ns.append(batch.host_time_ns)
        self._writer.append(batch)

    def commit(self):
        begin_s = time.perf_counter()
        self._writer.commit()
        self.end_s, self.end_busy_s = time.perf_counter(), time.thread_time()
        if self.begin_s is None:
            self.begin_s, self.begin_busy_s = self.end_s, self.end_busy_s
        arrived_ns = np.concatenate([np.zeros(0, np.int64), *self._waiting_ns])
        if len(arrived_ns):
            self.commit_ms.append(1e3 * (self.end_s - begin_s))
            self.age_ms.append((self._clock.now_ns() - arrived_ns) / 1e6)
            if self._on_commit is not None:
                self._on_commit(len(arrived_ns))
        self._waiting_ns = []

    @property
    def share(self):
        """Of one core that the recorder's thread needed."""
        return (self.end_busy_s - self.begin_busy_s) / (self.end_s - self.begin_s)

    def __getattr__(self, name):
        return getattr(self._writer, name)


def start(store, source, clock, session, on_commit=None):
    """A running recorder, its watched source and its watched sink."""
    sinks, watched = [], WatchedSource(source)

    def open_sink(info):
        sinks.append(WatchedSink(store.create_recording(info, session), clock, on_commit))
        return sinks[0]

    recorder = Recorder(open_sink, watched, clock)
    recorder.start()
    recorder.wait_until_open()
    return recorder, watched, sinks[0]

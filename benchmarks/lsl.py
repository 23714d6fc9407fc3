"""How soon LSL trouble is seen, and what listening costs.

    python benchmarks/lsl.py [--rounds 10] [--seconds 20] [--rate 1200]

One line a figure. A sender in a process of its own sends 37 doubles; in each round it is stopped and goes
on, is killed, and is started anew. Then it sends at full rate while nobody reads what was heard for 5 s at a
time. The sender's name is its own, so that other streams on the network do no harm.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from acquisition.clock import RealClock
from acquisition.domain import Display
from acquisition.liblsl import load_lsl
from acquisition.sources import open_source

NAME = f"gazeroom-benchmark-{os.getppid()}"
LABELS = ("x", "y", "number")
N_CHANNELS = 37
REACH_S = 1.0
STALL_S = 5.0
LISTEN_S = 0.02


def send(name, rate_hz):
    """Numbered samples for ever."""
    lsl = load_lsl()
    info = lsl.StreamInfo(name, "Gaze", N_CHANNELS, rate_hz, lsl.cf_double64, name)
    channels = info.desc().append_child("channels")
    for label in LABELS:
        channels.append_child("channel").append_child_value("label", label)
    outlet = lsl.StreamOutlet(info)
    row = np.random.default_rng(0).random(N_CHANNELS)
    begin_s, number = time.perf_counter(), 0
    print("sending", flush=True)
    while True:
        time.sleep(1 / rate_hz)
        due = int((time.perf_counter() - begin_s) * rate_hz)
        while number < due:
            row[2] = number
            outlet.push_sample(row, lsl.local_clock())
            number += 1


@contextlib.contextmanager
def sender(name, rate_hz):
    command = [sys.executable, str(Path(__file__)), "--send", name, "--rate", str(rate_hz)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def until(source, kind):
    """When an event of this kind happened."""
    while True:
        for event in source.read(LISTEN_S).events:
            if event.kind == kind:
                return event.host_time_ns


def trouble(source, first, clock, name, rate_hz):
    """Seconds from a stop, a kill and a new start to the event that says so."""
    took_s = []
    for _ in range(20):
        source.read(0.05)
    begin_ns = clock.now_ns()
    first.send_signal(signal.SIGSTOP)
    took_s.append((until(source, "silent") - begin_ns) * 1e-9)
    first.send_signal(signal.SIGCONT)
    until(source, "heard_again")
    begin_ns = clock.now_ns()
    first.kill()
    took_s.append((until(source, "disconnect") - begin_ns) * 1e-9)
    with sender(name, rate_hz):
        begin_ns = clock.now_ns()
        took_s.append((until(source, "reconnect") - begin_ns) * 1e-9)
    return took_s


def listening(source, seconds):
    """Numbers received by a reader that stalls, and the share of a core that all of it took."""
    numbers, cpu_s, begin_s = [], time.process_time(), time.perf_counter()
    while time.perf_counter() - begin_s < seconds:
        time.sleep(STALL_S)
        numbers.append(source.read(0.0).samples["number"])
    share = (time.process_time() - cpu_s) / (time.perf_counter() - begin_s)
    return np.concatenate(numbers), share


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10, help="stops, kills and new starts")
    parser.add_argument("--seconds", type=float, default=20.0, help="of listening")
    parser.add_argument("--rate", type=float, default=1200.0, help="samples a second")
    parser.add_argument("--send", metavar="NAME", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        send(options.send, options.rate)
    clock, display = RealClock(), Display(1920, 1080, 527.0, 296.0)
    took_s = []
    for number in range(options.rounds):
        name = f"{NAME}-{number}"
        source = open_source(f"lsl:{name}", display=display, clock=clock)
        with sender(name, 120.0) as first:
            source.open()
            took_s.append(trouble(source, first, clock, name, 120.0))
        source.close()
    for what, each_s in zip(
        ("stop to silent", "kill to disconnect", "new start to reconnect"),
        zip(*took_s, strict=True),
        strict=True,
    ):
        reach = "" if "new" in what else f" (< {REACH_S:g} s)"
        print(f"{what}: p50 {np.median(each_s):.3f} s, max {max(each_s):.3f} s{reach}")

    source = open_source(f"lsl:{NAME}", display=display, clock=clock)
    with sender(NAME, options.rate):
        source.open()
        numbers, share = listening(source, options.seconds)
        source.close()
    steps = np.diff(numbers)
    n_lost = int((steps[steps > 1] - 1).sum())
    print(f"lost while the reader stalls {STALL_S:g} s at a time: {n_lost} of {len(numbers)} (0)")
    print(f"duplicated or reordered: {int((steps < 1).sum())} (0)")
    print(f"listening at {options.rate:g} Hz: {100 * share:.1f} % of a core")


if __name__ == "__main__":
    main()

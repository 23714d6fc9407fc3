"""How late the Tobii host's callbacks are, beside a bare sleeping thread; and a pipe that nobody reads.

    python benchmarks/tobii_stall.py [--seconds 60] [--rate 1200] [--stall 5]

One line a figure. The SDK is the fake of the tests: a device thread that is due every 1/rate s, rings of 64
samples and a pump thread, all in Python and in the host process, so that they compete with the host's own
threads as the real SDK's do when they want the interpreter. A sample is late by its arrival in the callback
less the moment it was due. The bare thread sleeps at the same rate in a process of its own, at the same time.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from acquisition.clock import RealClock
from acquisition.domain import Display
from acquisition.sources import tobii_link
from acquisition.sources.tobii import TobiiSource

FAKE_SDK = Path(__file__).parent.parent / "tests" / "acquisition" / "sources" / "fake_sdk"
SYSTEM_ORIGIN_US = 777_000_000
BARE = """
import sys, time
rate_hz, seconds = float(sys.argv[1]), float(sys.argv[2])
begin_ns, late_ns = time.perf_counter_ns(), []
for number in range(round(rate_hz * seconds)):
    due_ns = begin_ns + round(number * 1e9 / rate_hz)
    wait_ns = due_ns - time.perf_counter_ns()
    if wait_ns > 0:
        time.sleep(wait_ns / 1e9)
    late_ns.append(time.perf_counter_ns() - due_ns)
print(*late_ns)
"""


def opened(rate_hz):
    os.environ["PYTHONPATH"] = str(FAKE_SDK)
    os.environ["FAKE_TOBII"] = json.dumps({"trackers": [{"frequencies": [rate_hz]}]})
    source = TobiiSource(RealClock(), Display(1920, 1080, 527.0, 296.0), python=Path(sys.executable))
    source.open()
    return source


def read_for(source, seconds):
    """(samples, arrivals in ns, events) of so many seconds."""
    batches, until_s = [], time.monotonic() + seconds
    while time.monotonic() < until_s:
        batches.append(source.read(0.01))
    samples = np.concatenate([batch.samples for batch in batches])
    arrivals_ns = np.concatenate([batch.host_time_ns for batch in batches])
    return samples, arrivals_ns, [event for batch in batches for event in batch.events]


def lateness_ms(samples, arrivals_ns):
    return (arrivals_ns - (samples["system_time_stamp"] - SYSTEM_ORIGIN_US) * 1000) / 1e6


def stand_still(seconds):
    """The thread that reads the pipe stops once, for so long."""
    sort, is_first = tobii_link.HostLink._sort, [True]  # noqa: SLF001

    def late(link, kind, payload):
        if is_first:
            is_first.clear()
            time.sleep(seconds)
        sort(link, kind, payload)

    tobii_link.HostLink._sort = late  # noqa: SLF001


def show(name, value, unit, reach=""):
    print(f"{name:<64} {value:>10.3f} {unit}{f'  ({reach})' if reach else ''}")


def show_lateness(seconds, rate_hz):
    """The host and the bare thread, both at once."""
    command = [sys.executable, "-c", BARE, str(rate_hz), str(seconds)]
    source = opened(rate_hz)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as bare:
        samples, arrivals_ns, events = read_for(source, seconds)
        bare_ms = np.array(bare.communicate()[0].split(), dtype=float) / 1e6
    source.close()
    host_ms = lateness_ms(samples, arrivals_ns)
    for name, late_ms in (("bare sleeping thread", bare_ms), ("callback of the host", host_ms)):
        for percent in (50, 99, 99.9, 100):
            show(f"{name} is late, p{percent:g}", np.percentile(late_ms, percent), "ms")
    over_ms = np.percentile(host_ms, 99.9) - np.percentile(bare_ms, 99.9)
    show("callback of the host over the bare thread, p99.9", over_ms, "ms", "< 5 ms")
    show("samples", len(samples), "")
    show_loss(samples, events, rate_hz)


def show_loss(samples, events, rate_hz):
    lost = round(np.ptp(samples["device_time_stamp"]) * 1e-6 * rate_hz) + 1 - len(samples)
    show("samples lost", lost, "", "0")
    show("overflows of the SDK's ring of 64", sum(event.kind == "overflow" for event in events), "", "0")


def show_stall(seconds, rate_hz):
    source = opened(rate_hz)
    stand_still(seconds)
    samples, arrivals_ns, events = read_for(source, seconds + 2.0)
    source.close()
    print(f"\nNobody reads the pipe for {seconds:g} s:")
    late_ms = lateness_ms(samples, arrivals_ns)
    show("callback of the host is late, p99.9", np.percentile(late_ms, 99.9), "ms", "53 ms fill the ring")
    show("samples", len(samples), "")
    show_loss(samples, events, rate_hz)
    show("samples without their eye openness", (samples["left_eye_validity"] == 0).sum(), "", "0")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=1200.0)
    parser.add_argument("--stall", type=float, default=5.0)
    options = parser.parse_args()
    print(f"Fake SDK, {options.rate:g} Hz, {options.seconds:g} s, Python {sys.version.split()[0]}")
    show_lateness(options.seconds, options.rate)
    show_stall(options.stall, options.rate)


if __name__ == "__main__":
    main()

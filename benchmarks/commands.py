"""The two commands of the README: how long they take, and how much memory the demo needs at its peak.

Memory is the resident size of all processes of the demo together (the window's and the worker's), sampled
twice a second; pages that they share count for each. `--tests` times the tests as well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

SAMPLE_S = 0.5


def memory_bytes(word: str) -> int:
    """Of all processes that name `word` on their command line."""
    total = 0
    for process in psutil.process_iter(["cmdline"]):
        try:
            if any(word in part for part in process.info["cmdline"] or ()):
                total += process.memory_info().rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total


def run_demo(out: Path) -> tuple[float, int]:
    """Seconds and peak bytes of one demo."""
    began_s, peak = time.monotonic(), 0
    command = [sys.executable, "-m", "app", "demo", "--out", str(out), "--no-window"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as demo:
        while demo.poll() is None:
            peak = max(peak, memory_bytes(str(out)))
            time.sleep(SAMPLE_S)
        if demo.returncode:
            sys.exit("the demo failed")
    return time.monotonic() - began_s, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="time the tests as well")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seconds, peak = run_demo(Path(folder) / "first")
        print(f"gazeroom demo, after installation: {seconds:.0f} s (at most 360 s)")
        print(f"peak memory of the demo, all processes: {peak / 2**30:.2f} GiB (at most 4 GiB)")
        again_s = time.monotonic()
        command = [sys.executable, "-m", "app", "demo", "--out", str(Path(folder) / "first"), "--no-window"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(f"gazeroom demo a second time: {time.monotonic() - again_s:.0f} s")
    if arguments.tests:
        began_s = time.monotonic()
        subprocess.run([sys.executable, "-m", "pytest", "-q"], check=True, stdout=subprocess.DEVNULL)
        print(f"pytest, all tests: {time.monotonic() - began_s:.0f} s")


if __name__ == "__main__":
    main()

